"""What it costs to start: imports a package, makes a server with one tool, and says so.

Waits for the end of its input, so that its memory can be looked at.
"""

import sys


def mcpring() -> object:
    from mcpring import FastMCP

    return FastMCP("start").tool(echo)


def fastmcp() -> object:
    from fastmcp import FastMCP

    return FastMCP("start").tool(echo)


def mcp() -> object:
    from mcp.server.mcpserver import MCPServer

    return MCPServer("start").tool()(echo)


def bare() -> object:
    return echo


def echo(message: str) -> str:
    return message


made = {"mcpring": mcpring, "fastmcp": fastmcp, "mcp": mcp, "bare": bare}[sys.argv[1]]()
sys.stdout.write("made\n")
sys.stdout.flush()
sys.stdin.read()
