"""The loops that run handlers: of a thread of the pool, and of an event loop.

The core prepares calls and takes answers; what it prepared is called here, so that no frame of
compiled code lies between a thread and the handlers it runs. A thread that the ending interpreter
stops in a handler unwinds cleanly then.
"""

from __future__ import annotations

import sys
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable

    from ._core import Call, LoopLane, PoolLane, Request

__all__ = ["current", "join_loop", "run_loop", "serve"]

current: ContextVar[Call | Request | None] = ContextVar("mcpring_call", default=None)
"""The call that a coroutine, or a thread it started, works on."""

_STARTS_EAGERLY = sys.version_info >= (3, 12)


def serve(lane: PoolLane) -> None:
    """A thread of the pool: one call after the other, each with context variables of its own."""
    base = lane.context()
    for call, args, kwargs in lane:
        try:
            call.finish(base.copy().run(*args, **kwargs))
        except BaseException as error:
            call.fail(without_first_frame(error))
        del call, args, kwargs  # waiting must keep nothing alive


def run_loop(lane: LoopLane) -> None:
    """Runs a loop of the lane's own on this thread until the lane stops it."""
    import asyncio

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        join_loop(lane, loop, loop.stop)
        loop.run_forever()


def join_loop(lane: LoopLane, loop: AbstractEventLoop, at_end: Any = None) -> None:
    """Takes from the lane on the thread of `loop`."""
    loop.add_reader(lane.fileno(), Drain(lane, loop, at_end))


class Drain:
    """Begins what waits for the loop; called when the lane's descriptor is readable."""

    __slots__ = ("_at_end", "_lane", "_loop", "_task")

    def __init__(self, lane: LoopLane, loop: AbstractEventLoop, at_end: Any) -> None:
        import asyncio

        self._lane = lane
        self._loop = loop
        self._at_end = at_end
        self._task: Any = asyncio.Task

    def __call__(self) -> None:
        for item in self._lane.take():
            if item is None:
                self._end()
                return
            call, work, kwargs = item
            if call is None:
                work.cancel()
            elif kwargs is None:
                self._start(call, work, copy_context())
            else:
                self._begin(call, work, kwargs)

    def _begin(self, call: Call | Request, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        context = copy_context()
        context.run(current.set, call)
        try:
            value = context.run(*args, **kwargs)
        except BaseException as error:
            call.fail(without_first_frame(error))
            if _stops_the_loop(error):
                raise
            return
        if call.finishes_later(value):
            self._start(call, value, context)

    def _start(self, call: Call | Request, awaitable: Awaitable[Any], context: Context) -> None:
        work = _drive(call, awaitable)
        if _STARTS_EAGERLY:
            task = self._task(work, loop=self._loop, context=context, eager_start=True)
        else:
            task = self._loop.create_task(work, context=context)
        call.keep(task)

    def _end(self) -> None:
        self._loop.remove_reader(self._lane.fileno())
        if self._at_end is not None:
            self._at_end()


async def _drive(call: Call | Request, awaitable: Awaitable[Any]) -> None:
    """Awaits what a handler came to, and answers its call in the same step of the loop."""
    try:
        value = await awaitable
    except BaseException as error:
        call.fail(without_first_frame(error))
        from asyncio import CancelledError

        if _stops_the_loop(error) or isinstance(error, CancelledError):
            raise
    else:
        call.finish(value)


def without_first_frame(error: BaseException) -> BaseException:
    """A traceback begins in the program's code, not here."""
    trace = error.__traceback__
    return error.with_traceback(trace.tb_next if trace is not None else None)


def _stops_the_loop(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt | SystemExit)
