"""mcpring: MCP servers in Python, on an engine that never waits for Python.

    from mcpring import FastMCP

    mcp = FastMCP("adder")

    @mcp.tool
    def add(a: float, b: float) -> float:
        \"\"\"Adds two numbers.\"\"\"
        return a + b

    mcp.run()

Names are imported when they are first used: a server pays for what it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .asking import (
        AcceptedElicitation as AcceptedElicitation,
    )
    from .asking import (
        CancelledElicitation as CancelledElicitation,
    )
    from .asking import (
        DeclinedElicitation as DeclinedElicitation,
    )
    from .client import Client as Client
    from .context import Context as Context
    from .dependencies import CurrentContext as CurrentContext
    from .dependencies import Depends as Depends
    from .exceptions import McpringError as McpringError
    from .exceptions import ToolError as ToolError
    from .field import Field as Field
    from .lifespan import lifespan as lifespan
    from .media import Audio as Audio
    from .media import File as File
    from .media import Image as Image
    from .prompts import Message as Message
    from .resources import ResourceResult as ResourceResult
    from .results import ToolResult as ToolResult
    from .server.fastmcp import FastMCP as FastMCP
    from .server.fastmcp import FastMCP as Server
    from .settings import Settings

    settings: Settings

__all__ = [
    "AcceptedElicitation",
    "Audio",
    "CancelledElicitation",
    "Client",
    "Context",
    "CurrentContext",
    "DeclinedElicitation",
    "Depends",
    "FastMCP",
    "Field",
    "File",
    "Image",
    "McpringError",
    "Message",
    "ResourceResult",
    "Server",
    "ToolError",
    "ToolResult",
    "lifespan",
    "settings",
]

__version__ = "0.1.0"

_HOMES = {
    "AcceptedElicitation": "asking",
    "Audio": "media",
    "CancelledElicitation": "asking",
    "Client": "client",
    "Context": "context",
    "CurrentContext": "dependencies",
    "DeclinedElicitation": "asking",
    "Depends": "dependencies",
    "FastMCP": "server.fastmcp",
    "Field": "field",
    "File": "media",
    "Image": "media",
    "McpringError": "exceptions",
    "Message": "prompts",
    "ResourceResult": "resources",
    "Server": "server.fastmcp",
    "ToolError": "exceptions",
    "ToolResult": "results",
    "lifespan": "lifespan",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "settings":
        from .settings import read_settings

        value: Any = read_settings()
    elif name in _HOMES:
        module = import_module(f".{_HOMES[name]}", __name__)
        value = getattr(module, "FastMCP" if name == "Server" else name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
