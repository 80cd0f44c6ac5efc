"""Python around every call: who called what, and rules that hold for all tools.

Times, counts and limits are the engine's own and need none of this.
"""

from typing import Any

from mcpring import Client, FastMCP, ToolError, ToolResult
from mcpring.server.middleware import CallNext, Middleware, MiddlewareContext

from example import serve_or_check

journal: list[str] = []


class Journal(Middleware):
    """Writes down what was called and what became of it."""

    async def on_call_tool(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around every call of a tool."""
        try:
            result = await call_next(context)
        except ToolError as error:
            journal.append(f"{context.message.name}: {error}")
            raise
        journal.append(f"{context.message.name}: done")
        return result


class Manners(Middleware):
    """Refuses some calls, changes the arguments of others, and answers one by itself."""

    async def on_call_tool(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around every call of a tool, inside of the journal."""
        message = context.message
        if message.arguments.get("name") == "Nobody":
            raise ToolError("Nobody is not greeted")
        if message.arguments.get("name") == "Echo":
            return ToolResult(content="Echo!")
        tidy = {**message.arguments, "name": message.arguments["name"].strip().title()}
        return await call_next(context.copy(message=message.replace(arguments=tidy)))


mcp = FastMCP("polite", "Greets.", middleware=[Journal(), Manners()])


@mcp.tool(output_schema=None)
def greet(name: str) -> str:
    """Greets somebody."""
    return f"Hello, {name}!"


@mcp.resource("journal://all")
def read_journal() -> list[str]:
    """What was written down."""
    return journal


async def check(client: Client) -> None:
    """The chain is walked from outside in, and the journal knows of everything."""

    async def greeting(name: str) -> str:
        return (await client.call_tool("greet", {"name": name}, raise_on_error=False)).text

    assert await greeting("  ann ") == "Hello, Ann!"
    assert await greeting("Echo") == "Echo!"
    assert await greeting("Nobody") == "Nobody is not greeted"
    [read] = await client.read_resource("journal://all")
    assert read.text.endswith('"greet: done","greet: done","greet: Nobody is not greeted"]')


if __name__ == "__main__":
    serve_or_check(mcp, check)
