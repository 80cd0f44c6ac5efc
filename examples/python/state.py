"""What lasts: for the server (lifespan), for a session (state), for a call (dependencies)."""

import sqlite3
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Any

from mcpring import Client, Context, CurrentContext, Depends, FastMCP, lifespan

from example import serve_or_check


@lifespan
async def database(server: FastMCP[Any]) -> AsyncIterator[dict[str, Any]]:
    """Opened before the first call, closed after the last."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("CREATE TABLE orders (item TEXT)")
    try:
        yield {"database": connection}
    finally:
        connection.close()


mcp = FastMCP("shop", "Takes orders.", lifespan=database)


@contextmanager
def transaction(ctx: Context = CurrentContext()) -> Generator[sqlite3.Connection]:
    """Opened for one call; committed when it succeeds, rolled back when it fails."""
    connection: sqlite3.Connection = ctx.lifespan_context["database"]
    with connection:
        yield connection


@mcp.tool
def order(item: str, database: sqlite3.Connection = Depends(transaction)) -> int:
    """Orders something; `database` is filled in, and hidden from the client."""
    database.execute("INSERT INTO orders VALUES (?)", [item])
    if item == "nothing":
        raise ValueError("nothing cannot be ordered")
    [[count]] = database.execute("SELECT count(*) FROM orders")
    return int(count)


@mcp.tool
async def visit(ctx: Context) -> int:
    """How often this session was here; without sessions (2026-07-28) each call is the first."""
    visits = (await ctx.get_state("visits") or 0) + 1
    await ctx.set_state("visits", visits)
    return visits


async def check(client: Client) -> None:
    """Orders stay, failed ones do not; sessions are counted where there are sessions."""
    tools = {tool.name: tool for tool in await client.list_tools()}
    assert set(tools["order"].input_schema["properties"]) == {"item"}
    first = (await client.call_tool("order", {"item": "tea"})).data
    failed = await client.call_tool("order", {"item": "nothing"}, raise_on_error=False)
    assert failed.is_error and "nothing cannot be ordered" in failed.text
    assert (await client.call_tool("order", {"item": "cake"})).data == first + 1

    visits = [(await client.call_tool("visit")).data for _ in range(3)]
    assert visits == ([1, 1, 1] if client.session.is_stateless else [1, 2, 3])


if __name__ == "__main__":
    serve_or_check(mcp, check)
