"""The official SDK's high level; its fastest way is without sessions, with answers in JSON."""

import serving  # first: it decides what others find
import asking
import tools
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resources import TextResource
from mcp.types import InputRequiredResult
from pydantic import Field

server = MCPServer("peer", log_level="INFO" if serving.MODE == "--http-plain" else "WARNING")
for function in tools.plain(Field):
    server.tool()(function)
for uri, name, text in tools.RESOURCES:
    server.add_resource(TextResource(uri=uri, name=name, mime_type=tools.KIND, text=text))
for prompt in tools.PROMPTS:
    server.prompt()(prompt)


@server.tool()
async def update_resource(uri: str, ctx: Context) -> str:
    """Reaches the streams of the stateless era; the high level has none of the other."""
    await ctx.notify_resource_updated(uri)
    return "updated"


@server.tool()
async def count_up(steps: int, ctx: Context) -> str:
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps)
    return f"counted {steps}"


@server.tool()
async def ask_model(prompt: str, ctx: Context) -> str | InputRequiredResult:
    if ctx.protocol_version != asking.STATELESS:
        return await asking.ask(ctx.session, prompt, ctx.request_id)
    replies = ctx.input_responses
    return asking.said(replies[asking.QUESTION]) if replies else asking.required(prompt)


if __name__ == "__main__":
    if serving.MODE == "--http":
        serving.serve(server.streamable_http_app(json_response=True, stateless_http=True))
    elif serving.MODE == "--http-sessions":
        app = server.streamable_http_app(max_sessions=None, session_idle_timeout=None)
        serving.serve(app)
    elif serving.MODE == "--http-plain":
        server.run("streamable-http", port=0)
    else:
        server.run()
