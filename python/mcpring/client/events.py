"""What a connection brings, in the order it came, for handlers that may take their time.

Handlers run one after the other, beside the reading. The answer of a call waits for the handlers
of what came before it, so that all progress has been heard when a call returns. A handler may ask
the server something itself: answers to that do not wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from ..exceptions import McpringError

__all__ = ["EVENTS_MAX", "Events"]

EVENTS_MAX = 10_000
"""Events that wait for their handlers; a connection that brings more is ended."""

Event = Callable[[], "Awaitable[object] | None"]

_inside: ContextVar[bool] = ContextVar("mcpring_client_events", default=False)


def is_inside() -> bool:
    """Whether a handler of a client runs here."""
    return _inside.get()


class Events:
    """A queue and the task that works it off."""

    def __init__(self) -> None:
        self._queue: deque[Event] = deque()
        self._filled = asyncio.Event()
        self._is_busy = False
        self._task: asyncio.Task[None] | None = None

    def put(self, event: Event) -> None:
        """Has `event` done in its turn."""
        if len(self._queue) >= EVENTS_MAX:
            raise McpringError(f"handlers are more than {EVENTS_MAX} events behind the server")
        self._queue.append(event)
        self._filled.set()
        if self._task is None:
            self._task = asyncio.ensure_future(self._work())

    def put_answer(self, event: Event) -> None:
        """Has an answer given: at once when no handler is behind, and else in its turn."""
        if self._is_busy or self._queue:
            self.put(event)
        else:
            event()

    async def close(self) -> None:
        """Stops the handlers."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        _inside.set(True)
        while True:
            await self._filled.wait()
            while self._queue:
                self._is_busy = True
                try:
                    told = self._queue.popleft()()
                    if told is not None:
                        await told
                except Exception:  # a handler's own; what follows is still heard
                    import logging

                    logging.getLogger("mcpring.client").exception("a handler failed")
                finally:
                    self._is_busy = False
            self._filled.clear()
