"""Read by type checkers only: decorated functions keep their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from mcpring import AcceptedElicitation, Context, Depends, FastMCP, Server
from mcpring.types import ToolAnnotations

mcp = FastMCP("typed")
server: Server = mcp


@dataclass
class Form:
    name: str


@mcp.tool
def bare(a: int, b: str = "x") -> float:
    return a + len(b)


@mcp.tool()
async def empty(a: int) -> list[int]:
    return [a]


@mcp.tool("named", tags={"a"}, annotations=ToolAnnotations(read_only_hint=True))
def named(a: int, d: int = Depends(lambda: 1)) -> int:
    return a + d


@mcp.prompt
def prompt(topic: str) -> str:
    return topic


@mcp.resource("data://{id}", mime_type="text/plain")
def resource(id: int) -> str:
    return str(id)


@mcp.completion("prompt", "topic")
def topics(value: str) -> list[str]:
    return [value]


@mcp.tool
async def asks(ctx: Context) -> str:
    answer = await ctx.elicit("who?", Form)
    if answer.action == "accept":
        assert_type(answer.data, Form)
    if isinstance(answer, AcceptedElicitation):
        return answer.data.name
    choice = await ctx.elicit("which?", ["a", "b"])
    if isinstance(choice, AcceptedElicitation):
        assert_type(choice.data, str)
    many = ctx.elicit("which?", [["a", "b"]]).value
    if isinstance(many, AcceptedElicitation):
        assert_type(many.data, list[str])
    said = await ctx.sample("hi")
    assert_type(said.text, str)
    return ctx.once("n", lambda: "x")


assert_type(mcp.tool(bare, name="again")(1), float)
assert_type(bare(1), float)
assert_type(bare(1, b="y"), float)
assert_type(named(1), int)
assert_type(prompt(topic="x"), str)
assert_type(resource(1), str)
assert_type(topics("x"), list[str])


async def use() -> None:
    assert_type(await empty(1), list[int])
    assert_type(await asks(Context(mcp, None)), str)  # type: ignore[arg-type] # pyright: ignore
