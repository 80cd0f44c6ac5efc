"""What handlers keep for a session, within bounds.

The core does not say when a session ends: what was unused longest goes when there are too many.
"""

from __future__ import annotations

from _thread import allocate_lock  # threading itself costs a server its start
from typing import Any

__all__ = ["SESSIONS_MAX", "SessionStates"]

SESSIONS_MAX = 10_000
"""Sessions whose state is kept."""


class SessionStates:
    """The states of sessions; the one unused longest goes when there are too many. Any thread."""

    def __init__(self, sessions_max: int = SESSIONS_MAX) -> None:
        self._sessions_max = sessions_max
        self._lock = allocate_lock()
        self._states: dict[str, dict[str, Any]] = {}

    def of(self, session: str) -> dict[str, Any]:
        """The state of a session; it counts as used."""
        with self._lock:
            state = self._states.pop(session, None)
            state = {} if state is None else state
            self._states[session] = state
            while len(self._states) > self._sessions_max:
                del self._states[next(iter(self._states))]
            return state

    def forget(self, session: str) -> None:
        """A session has ended."""
        with self._lock:
            self._states.pop(session, None)

    def __len__(self) -> int:
        return len(self._states)
