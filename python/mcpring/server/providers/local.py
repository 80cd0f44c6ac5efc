"""A pool of features."""

from __future__ import annotations

from typing import Any

from ..fastmcp import FastMCP

__all__ = ["LocalProvider"]


class LocalProvider(FastMCP[Any]):
    """A server that is only ever shown by others: decorate with it, then give it to them."""

    def __init__(self, on_duplicate: Any = None) -> None:
        super().__init__("provider", on_duplicate=on_duplicate)
