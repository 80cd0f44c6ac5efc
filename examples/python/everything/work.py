"""Tools that take time or reach beyond their call: progress, log messages, cancelling, polling, and
changes of the server that everyone hears of."""

import asyncio
from typing import Annotated

from mcpring import Context, Field

from app import mcp

STEP_S = 0.05
"""Between two words of a tool that talks while it works."""


@mcp.tool
async def test_tool_with_logging(ctx: Context) -> str:
    """Logs three messages."""
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.info(words)
        await asyncio.sleep(STEP_S)
    return "Logging test completed"


@mcp.tool
async def test_tool_with_progress(ctx: Context) -> str:
    """Reports its progress."""
    for progress, words in ((0, "Starting"), (50, "Halfway"), (100, "Complete")):
        await ctx.report_progress(progress, 100, words)
        await asyncio.sleep(STEP_S)
    return "Progress test completed"


@mcp.tool
def test_logging_tool(ctx: Context) -> str:
    """Logs one message to whoever asked for messages."""
    ctx.info("The level was asked for")
    return "Logged, if that was asked for"


@mcp.tool
async def test_reconnection(ctx: Context) -> str:
    """Lets its client come back for the answer."""
    await ctx.close_sse_stream()
    await asyncio.sleep(2 * STEP_S)
    return "Reconnection test completed"


@mcp.tool
async def sleep(ms: Annotated[int, Field(ge=0, le=600_000, description="How long.")]) -> str:
    """Waits before it answers, and stops waiting when it is cancelled."""
    await asyncio.sleep(ms / 1000)
    return f"slept {ms} ms"


@mcp.tool
def update_resource(uri: Annotated[str, "Which resource."], ctx: Context) -> str:
    """Tells the subscribers of a resource that it changed."""
    ctx.resource_updated(uri)
    return f"{uri} was updated"


def test_dynamic_tool() -> str:
    """Comes and goes."""
    return "here for now"


@mcp.tool
def test_trigger_tool_change() -> str:
    """Adds a tool, or removes it again."""
    if mcp.remove_tool("test_dynamic_tool"):
        return "A tool was removed"
    mcp.add_tool(test_dynamic_tool)
    return "A tool was added"


def test_dynamic_prompt() -> str:
    """Comes and goes."""
    return "here for now"


@mcp.tool
def test_trigger_prompt_change() -> str:
    """Adds a prompt, or removes it again."""
    if mcp.remove_prompt("test_dynamic_prompt"):
        return "A prompt was removed"
    mcp.add_prompt(test_dynamic_prompt)
    return "A prompt was added"
