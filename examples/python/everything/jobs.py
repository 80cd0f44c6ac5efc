"""Tools whose calls may become tasks, or must."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from mcpring import Context, Field, ToolError
from mcpring.exceptions import RequestError
from mcpring.utilities.tasks import TaskConfig

from app import mcp
from keyed_questions import Who

ALWAYS = TaskConfig(mode="required")
INTERNAL_ERROR = -32603


@dataclass
class Confirmation:
    """Yes or no."""

    confirm: bool


@dataclass
class Value:
    """One value."""

    value: str


@mcp.tool
def greet(name: Annotated[str, "Whom."]) -> str:
    """Greets, and is never a task."""
    return f"Hello, {name}!"


@mcp.tool(task=True)
async def slow_compute(
    seconds: Annotated[float, Field(ge=0, le=3600, description="How long it takes.")] = 0,
    label: Annotated[str, "What it is called."] = "",
) -> str:
    """Takes its time, and may be a task."""
    await asyncio.sleep(seconds)
    return f"slow_compute({label}) done after {seconds:g}s"


@mcp.tool(task=ALWAYS)
async def failing_job() -> str:
    """Is a task, and fails as a tool fails."""
    await asyncio.sleep(1)
    raise ToolError("This job always fails")


@mcp.tool(task=True)
async def protocol_error_job() -> str:
    """May be a task, and fails as a request fails."""
    await asyncio.sleep(0.2)
    raise RequestError(
        {"code": INTERNAL_ERROR, "message": "This job never gets as far as a result"}
    )


@mcp.tool(task=ALWAYS)
async def confirm_delete(
    filename: Annotated[str, "Which file; nothing happens to it."], ctx: Context
) -> str:
    """Is a task that asks once."""
    answer = await ctx.elicit(f"Delete {filename}?", Confirmation, key="confirm")
    is_confirmed = answer.data is not None and answer.data.confirm
    return f"confirm_delete({filename}): confirmed = {str(is_confirmed).lower()}"


@mcp.tool(task=ALWAYS)
async def multi_input(ctx: Context) -> str:
    """Is a task that asks two questions at once."""
    with ctx.together():
        first = ctx.elicit("Give value a", Value, key="input-a")
        second = ctx.elicit("Give value b", Value, key="input-b")
    values = [one.data.value if one.data else "" for one in (await first, await second)]
    return f"multi_input: a = {values[0]}, b = {values[1]}"


@mcp.tool(task=TaskConfig(mode="by_handler"))
async def test_tool_with_task(ctx: Context) -> str:
    """Asks for a name, and is a task afterwards."""
    answer = await ctx.elicit("What is your name?", Who, key="user_name")
    # From here on the client may go its way, and come back for the result.
    ctx.become_task()
    return f"Hello, {answer.data.name if answer.data else ''}! (by a task)"
