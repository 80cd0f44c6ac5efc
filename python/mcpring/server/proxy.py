"""One server shown by another."""

from __future__ import annotations

from typing import Any

from ..exceptions import UnsupportedError
from .fastmcp import FastMCP

__all__ = ["create_proxy"]


def create_proxy(server: FastMCP[Any], name: str | None = None, **settings: Any) -> FastMCP[Any]:
    """A server that shows another one of this process; servers elsewhere are not proxied."""
    if not isinstance(server, FastMCP):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UnsupportedError("only servers of this process can be shown by another")
    proxy: FastMCP[Any] = FastMCP(name or server.name, **settings)
    proxy.mount(server)
    return proxy
