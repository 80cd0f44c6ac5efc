"""Calls of tools in both ways there are: inside the process, and by a client through the engine."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Callable
from typing import Any, Literal

import pytest

from mcpring import Client, FastMCP
from mcpring.client.answers import Answers
from mcpring.client.results import read_data
from mcpring.exceptions import McpringError, ToolError
from mcpring.jsonable import dumps
from mcpring.local import LocalCall
from mcpring.results import WRAP_MARK

HAS_CORE = importlib.util.find_spec("mcpring._core") is not None

needs_core = pytest.mark.skipif(not HAS_CORE, reason="the compiled part is not built")

Way = Literal["inside", "engine"]
WAYS = ["inside", pytest.param("engine", marks=needs_core)]


class Caller:
    """Calls a tool and gives what it returned."""

    def __init__(self, way: Way, version: str = "2025-11-25") -> None:
        self.way = way
        self.version = version

    def __call__(self, mcp: FastMCP, name: str = "t", **client: Any) -> Any:
        if self.way == "inside":
            return asyncio.run(call_inside(mcp, name, **client))
        return asyncio.run(self._call(mcp, name, **client))

    async def _call(self, mcp: FastMCP, name: str, **client: Any) -> Any:
        async with Client(mcp, protocol_version=self.version, **client) as c:
            return (await c.call_tool(name)).data


async def call_inside(
    mcp: FastMCP,
    name: str,
    *,
    elicitation_handler: Any = None,
    sampling_handler: Any = None,
    roots: Any = None,
    log_handler: Callable[[str, Any, str | None], None] | None = None,
    progress_handler: Any = None,
    session_id: str | None = "local",
) -> Any:
    """What `mcp.call_tool` gives, with a client's handlers."""
    answers = Answers(elicitation_handler, sampling_handler, roots)
    call = LocalCall(name, session_id)
    call.on_progress = progress_handler
    if log_handler is not None:
        hear = log_handler
        call.on_log = lambda level, data, logger: hear(level, json.loads(data), logger)

    async def answer(method: str, params: str) -> str:
        return dumps(await answers.answer(method, json.loads(params)))

    from mcpring.hosting import lifespans

    async with lifespans(mcp):
        try:
            result = await mcp.call_tool(name, call=call, answerer=answer)
        except McpringError as error:
            raise ToolError(str(error)) from error
    if result.is_error:
        raise ToolError(" ".join(one.text for one in result.content))
    tool = await mcp.get_tool(name)
    data = result.structured_content
    wraps = tool is not None and (tool.output_schema or {}).get(WRAP_MARK) and data is not None
    return read_data(data["result"] if wraps and data is not None else data)
