"""FastMCP, in its fastest mode: no sessions, answers in JSON."""

import serving
import tools
from fastmcp import FastMCP
from pydantic import Field

server = FastMCP("peer")
for function in (tools.echo, tools.aecho, tools.sleep, tools.form20(Field)):
    server.tool(function)

if __name__ == "__main__":
    if serving.wants_http():
        serving.serve(server.http_app(path="/mcp", json_response=True, stateless_http=True))
    else:
        server.run(show_banner=False, log_level="WARNING")
