"""The server: `FastMCP`, also named `Server`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..context import Context as Context
    from .fastmcp import FastMCP as FastMCP
    from .proxy import create_proxy as create_proxy

__all__ = ["Context", "FastMCP", "create_proxy"]


def __getattr__(name: str) -> Any:
    if name == "FastMCP":
        from .fastmcp import FastMCP

        return FastMCP
    if name == "Context":
        from ..context import Context

        return Context
    if name == "create_proxy":
        from .proxy import create_proxy

        return create_proxy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
