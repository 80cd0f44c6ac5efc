"""The server: `FastMCP`, also named `Server`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..context import Context as Context
    from .fastmcp import FastMCP as FastMCP

__all__ = ["Context", "FastMCP"]


def __getattr__(name: str) -> Any:
    if name == "FastMCP":
        from .fastmcp import FastMCP

        return FastMCP
    if name == "Context":
        from ..context import Context

        return Context
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
