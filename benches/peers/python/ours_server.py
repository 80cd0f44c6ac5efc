"""mcpring, as its documentation says; one thread serves the sockets."""

import sys

import tools
from mcpring import FastMCP, Field

server = FastMCP("ours")
for function in (tools.echo, tools.aecho, tools.sleep, tools.form20(Field)):
    server.tool(function)

if __name__ == "__main__":
    if sys.argv[1:] == ["--http"]:
        server.run("http", port=0, shards=1)
    else:
        server.run(shards=1)
