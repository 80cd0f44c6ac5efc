"""Threads for blocking functions that Python calls by itself: behind middleware and dependencies,
and for calls inside the process. All others run on the core's.

They are daemons, as the core's are: a program that ends does not wait for them. The executor of an
event loop would make it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any

__all__ = ["THREADS_MAX", "call_in_thread"]

THREADS_MAX = 64
"""As many as the core has unless it is told otherwise; calls beyond wait for one of them."""


class _Threads:
    """Threads that are started when work finds none that is idle."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self._idle = 0

    def submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._count < THREADS_MAX:
                self._count += 1
                threading.Thread(target=self._serve, name="mcpring-call", daemon=True).start()
            self._work.put(work)

    def _serve(self) -> None:
        while True:
            self._work.get()()
            with self._lock:
                self._idle += 1


_threads = _Threads()


def _after_fork() -> None:
    """The threads are the parent's."""
    global _threads
    _threads = _Threads()


os.register_at_fork(after_in_child=_after_fork)


async def call_in_thread(fn: Callable[..., Any], *args: Any) -> Any:
    """Calls `fn` on a thread, with the context variables of whoever awaits it."""
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = copy_context()

    def settle(value: Any, error: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def work() -> None:
        value: Any = None
        failure: BaseException | None = None
        try:
            value = context.run(fn, *args)
        except StopIteration as error:
            failure = RuntimeError("the function raised StopIteration")
            failure.__cause__ = error
        except BaseException as error:
            failure = error
        try:
            loop.call_soon_threadsafe(settle, value, failure)
        except RuntimeError:
            pass  # the loop is closed

    _threads.submit(work)
    return await future
