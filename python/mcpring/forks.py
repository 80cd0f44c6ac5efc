"""What a fork does to a server that runs: its threads stay behind, in the parent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .exceptions import ForkedError

if TYPE_CHECKING:
    from .adapter import Installed

__all__ = ["check_fork", "ended", "started"]

_running: list[tuple[Any, Installed]] = []
_is_registered = False


def started(server: Any, made: Installed) -> None:
    """A server has started in this process."""
    global _is_registered
    if not _is_registered:
        os.register_at_fork(after_in_child=_mark)
        _is_registered = True
    _running.append((server, made))


def ended(server: Any, made: Installed) -> None:
    """It has stopped: a fork from here on does it no harm."""
    if (server, made) in _running:
        _running.remove((server, made))


def _mark() -> None:
    """In the child: what runs in the parent is of no use here, and must not be touched."""
    for server, made in _running:
        server.is_forked = True
        server.running = None
        server.shared.clear()
        made.undo()
    _running.clear()


def check_fork(server: Any) -> None:
    """Refuses in a child what only the parent can do."""
    if server.is_forked:
        raise ForkedError(
            f"{server.name!r} was running when this process was forked, and its threads stayed "
            "with the parent: fork before the server starts, or start processes with "
            "multiprocessing's method 'spawn'"
        )
