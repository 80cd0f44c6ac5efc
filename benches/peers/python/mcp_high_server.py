"""The official SDK's high level; its fastest way is without sessions, with answers in JSON."""

import serving  # first: it decides what others find
import tools
from mcp.server.mcpserver import MCPServer
from pydantic import Field

server = MCPServer("peer", log_level="INFO" if serving.MODE == "--http-plain" else "WARNING")
for function in (tools.echo, tools.aecho, tools.sleep, tools.form20(Field)):
    server.tool()(function)

if __name__ == "__main__":
    if serving.MODE == "--http":
        serving.serve(server.streamable_http_app(json_response=True, stateless_http=True))
    elif serving.MODE == "--http-plain":
        server.run("streamable-http", port=0)
    else:
        server.run()
