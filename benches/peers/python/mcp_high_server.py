"""The official SDK's high level, in its fastest mode: no sessions, answers in JSON."""

import serving
import tools
from mcp.server.mcpserver import MCPServer
from pydantic import Field

server = MCPServer("peer", log_level="WARNING")
for function in (tools.echo, tools.aecho, tools.sleep, tools.form20(Field)):
    server.tool()(function)

if __name__ == "__main__":
    if serving.wants_http():
        serving.serve(server.streamable_http_app(json_response=True, stateless_http=True))
    else:
        server.run()
