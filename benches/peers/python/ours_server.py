"""mcpring, as its documentation says; one thread serves the sockets."""

import sys

import tools
from mcpring import Context, FastMCP, Field
from mcpring.resources import TextResource

LISTEN = ["http://127.0.0.1:0/mcp", "tcp://127.0.0.1:0", "tcp+line://127.0.0.1:0"]

server = FastMCP("ours")
for function in tools.plain(Field):
    server.tool(function)
for uri, name, text in tools.RESOURCES:
    server.add_resource(TextResource(uri=uri, name=name, mime_type=tools.KIND, text=text))
for prompt in tools.PROMPTS:
    server.prompt(prompt)


@server.tool
def update_resource(uri: str, ctx: Context) -> str:
    ctx.resource_updated(uri)
    return "updated"


@server.tool
def count_up(steps: int, ctx: Context) -> str:
    for step in range(1, steps + 1):
        ctx.report_progress(step, steps)
    return f"counted {steps}"


@server.tool
def ask_model(prompt: str, ctx: Context) -> str:
    return ctx.sample(prompt, max_tokens=100).value.text


if __name__ == "__main__":
    if sys.argv[1:] in (["--http"], ["--http-sessions"]):
        server.run(listen=LISTEN, shards=1)
    else:
        server.run(shards=1)
