"""The official SDK's low level: schemas by hand, pydantic checks the arguments.

It has no way to offer a function that blocks; `sleep` goes to a thread as its high level does it.
"""

from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import serving
import tools
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool
from pydantic import Field, TypeAdapter, validate_call

form20 = validate_call(tools.form20(Field))


def schema(**properties: str) -> dict[str, Any]:
    types = {name: {"type": kind} for name, kind in properties.items()}
    return {"type": "object", "properties": types, "required": list(properties)}


TOOLS = [
    Tool(name="echo", input_schema=schema(message="string")),
    Tool(name="aecho", input_schema=schema(message="string")),
    Tool(name="sleep", input_schema=schema(ms="integer")),
    Tool(name="form20", input_schema=TypeAdapter(tools.form20(Field)).json_schema()),
]


async def call(name: str, arguments: dict[str, Any]) -> str:
    match name:
        case "echo":
            return tools.echo(**arguments)
        case "aecho":
            return await tools.aecho(**arguments)
        case "sleep":
            return await anyio.to_thread.run_sync(partial(tools.sleep, **arguments))
        case "form20":
            return form20(**arguments)
    raise ValueError(f"no tool {name}")


async def on_call_tool(_: object, params: Any) -> CallToolResult:
    text = await call(params.name, params.arguments or {})
    return CallToolResult(content=[TextContent(type="text", text=text)])


async def on_list_tools(*_: object) -> ListToolsResult:
    return ListToolsResult(tools=TOOLS)


server = Server("peer", version="1", on_call_tool=on_call_tool, on_list_tools=on_list_tools)


async def over_stdio() -> None:
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


if __name__ == "__main__":
    if serving.MODE == "--http":
        serving.serve(server.streamable_http_app(json_response=True, stateless_http=True))
    else:
        anyio.run(over_stdio)
