"""A server and all below it."""

from __future__ import annotations

from typing import Any

__all__ = ["with_mounted"]


def with_mounted(server: Any) -> list[Any]:
    """The server first, each server once."""
    found = [server]
    for _, mounted, _ in server.mounts:
        found += [one for one in with_mounted(mounted) if one not in found]
    return found
