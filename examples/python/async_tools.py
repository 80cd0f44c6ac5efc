"""Waiting and working: coroutines on the event loop, blocking functions on threads.

Neither keeps the server from answering others: sockets are served by threads that never wait for
Python.
"""

import asyncio
import time

from mcpring import Client, Context, FastMCP, ToolError

from example import serve_or_check

mcp = FastMCP("async", "Takes its time.")


@mcp.tool
async def count(to: int, ctx: Context) -> str:
    """Counts, and says how far it is."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to, f"{number} of {to}")
        await asyncio.sleep(0.001)
    return f"counted to {to}"


@mcp.tool
def block(seconds: float) -> str:
    """Blocks a thread of its own, as `requests.get` or a driver of a database does."""
    time.sleep(seconds)
    return "woke up"


@mcp.tool(timeout=0.05)
async def late() -> None:
    """Is answered for being late, and its coroutine is cancelled."""
    await asyncio.sleep(60)


@mcp.tool
async def gather(urls: list[str]) -> list[str]:
    """Does several things at once."""

    async def fetch(url: str) -> str:
        await asyncio.sleep(0.01)
        return url.upper()

    return await asyncio.gather(*map(fetch, urls))


async def check(client: Client) -> None:
    """Progress comes in order; sixteen sleepers take as long as one; who is late is told."""
    heard: list[str | None] = []

    def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    call = client.call_tool("count", {"to": 3}, progress_handler=hear)
    assert (await call).data == "counted to 3"
    assert heard == ["1 of 3", "2 of 3", "3 of 3"]

    start = time.monotonic()
    calls = [client.call_tool("block", {"seconds": 0.2}) for _ in range(16)]
    assert {(await one).data for one in asyncio.as_completed(calls)} == {"woke up"}
    assert time.monotonic() - start < 16 * 0.2 / 2

    assert (await client.call_tool("gather", {"urls": ["a", "b"]})).data == ["A", "B"]
    try:
        await client.call_tool("late")
    except ToolError as error:
        assert "50 ms" in str(error), error
    else:
        raise AssertionError("a call without end was answered")


if __name__ == "__main__":
    serve_or_check(mcp, check)
