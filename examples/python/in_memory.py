"""Testing a server: its client in the same process, through the whole engine, without a port.

`python in_memory.py` runs the checks; with pytest they would be test functions as they stand.
"""

import asyncio
from typing import Any

from mcpring import Client, Context, FastMCP, ToolError

mcp = FastMCP("counter")
counts: dict[str, int] = {}


@mcp.tool
def increase(name: str, by: int = 1) -> int:
    """Counts."""
    if by < 1:
        raise ToolError("counts only grow")
    counts[name] = counts.get(name, 0) + by
    return counts[name]


@mcp.tool
async def reset(ctx: Context) -> str:
    """Begins anew, when the person agrees."""
    answer = await ctx.elicit("Really?", bool)
    if answer.data:
        counts.clear()
    return answer.action


async def test_counting() -> None:
    """In coroutines."""
    async with Client(mcp) as client:
        assert (await client.call_tool("increase", {"name": "a"})).data == 1
        assert (await client.call_tool("increase", {"name": "a", "by": 2})).data == 3


def test_faults() -> None:
    """Elsewhere the same methods wait by themselves."""
    with Client(mcp) as client:
        try:
            client.call_tool("increase", {"name": "a", "by": -1})
        except ToolError as error:
            assert str(error) == "counts only grow"
        else:
            raise AssertionError("a count shrank")


async def test_asking() -> None:
    """A handler stands for the person."""

    def person(question: dict[str, Any]) -> dict[str, bool]:
        assert question["message"] == "Really?"
        return {"value": True}

    async with Client(mcp, elicitation_handler=person) as client:
        assert (await client.call_tool("reset")).data == "accept" and not counts


if __name__ == "__main__":
    asyncio.run(test_counting())
    test_faults()
    asyncio.run(test_asking())
    print("ok in_memory")
