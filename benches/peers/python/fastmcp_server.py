"""FastMCP; its fastest way is without sessions, with answers in JSON."""

import serving  # first: it decides what others find
import tools
from fastmcp import FastMCP
from pydantic import Field

server = FastMCP("peer")
for function in (tools.echo, tools.aecho, tools.sleep, tools.form20(Field)):
    server.tool(function)

if __name__ == "__main__":
    if serving.MODE == "--http":
        serving.serve(server.http_app(path="/mcp", json_response=True, stateless_http=True))
    elif serving.MODE == "--http-plain":
        server.run("http", port=0)
    else:
        server.run(show_banner=False, log_level="WARNING")
