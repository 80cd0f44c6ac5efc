"""The server. The modules beside this one decorate their functions with it."""

from mcpring import FastMCP, __version__

__all__ = ["mcp"]

mcp = FastMCP(
    "everything",
    title="Everything",
    version=__version__,
    instructions="Call test_simple_text first; every other tool shows one thing.",
)
