"""The loops that run handlers: of a thread of the pool, and of an event loop.

The core prepares calls and takes answers. Whatever is the program's is called here, so that no frame
of compiled code lies between a thread and the code it runs: a thread that the ending interpreter
stops there unwinds cleanly.

How a function is called comes with each call: the function itself, its style, and what converts and
repairs its arguments and makes its results plain or encodes them. The core takes results that are
plainly JSON; what a value's own code has to say of it is asked here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

from ._narrow import kind_of
from .exceptions import RequestError
from .suspend import Suspend

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Coroutine

    from ._core import Call, LoopLane, PoolLane, Request

__all__ = ["current", "join_loop", "run_loop", "serve"]

OnError = Callable[[str, str, BaseException], str]
Run = Callable[..., Any]

current: ContextVar[Call | Request | None] = ContextVar("mcpring_call", default=None)
"""The call that a coroutine, or a thread it started, works on."""

_STARTS_EAGERLY = sys.version_info >= (3, 12)
_KEYWORDS, _CALL, _AWAITED = 0, 1, 3


def serve(lane: PoolLane) -> None:
    """A thread of the pool: one call after the other, each with context variables of its own."""
    base = lane.context()
    on_error = lane.on_error()
    for call, way, arguments in lane:
        try:
            if arguments is None:
                arguments = mended(call, way)
            if arguments is not None:
                value = entered(base.copy().run, call, way, arguments)
                if not call.finish(value):
                    if is_awaitable(value):  # it may be a wrapped coroutine function
                        call.finish_on_loop(value)
                    else:
                        finish_rest(call, way, value)
        except BaseException as error:
            report(call, error, on_error)
        call = way = arguments = value = None  # type: ignore[assignment] # waiting keeps nothing


def entered(run: Run, call: Call | Request, way: tuple[Any, ...], arguments: Any) -> Any:
    """Calls the function."""
    function, style, convert, _, _, _ = way
    if convert is not None:
        arguments = convert(arguments)
    if style == _CALL:
        return run(function, call, arguments)
    if style in (_KEYWORDS, _AWAITED):
        is_in_order = arguments.__class__ is tuple
        return run(function, *arguments) if is_in_order else run(function, **arguments)
    return run(function, call)


def _plainly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def mended(call: Call, way: tuple[Any, ...]) -> dict[str, Any] | None:
    """Arguments that fit, in the place of those that do not; without any the call is answered."""
    return call.mend(way[3](call.load()))


def is_awaitable(value: Any) -> bool:
    """As `await` sees it: what an object says when it is asked for anything is no answer."""
    return hasattr(kind_of(value), "__await__")


def finish(call: Call | Request, way: tuple[Any, ...], value: Any) -> None:
    """Answers with what was awaited."""
    if not call.finish(value):
        finish_rest(call, way, value)


def finish_rest(call: Any, way: tuple[Any, ...], value: Any) -> None:
    """Answers with what is not plainly JSON: with data that is, or with the encoder's result."""
    plain, encode = way[4], way[5]
    if encode is None:
        raise TypeError(f"a route answers with a Response, not {value!r}")
    if plain is None or not call.finish(plain(value)):
        call.finish_json(encode(value))


def report(call: Call | Request, error: BaseException, on_error: OnError) -> None:
    """Answers for an exception, or asks what it asks."""
    try:
        if isinstance(error, Suspend):
            call.ask(error.requests, error.state)  # type: ignore[union-attr] # no route asks
        elif isinstance(error, RequestError):
            _fail_request(call, error)
        else:
            call.fail(on_error(call.kind, call.name, without_first_frames(error)))
    except BaseException as later:
        import logging

        logging.getLogger("mcpring").error("the report of a failure failed", exc_info=later)
        call.fail("the handler failed, and so did the report of it")


def _fail_request(call: Any, error: RequestError) -> None:
    from .jsonable import dumps

    call.fail_request(error.code, str(error), None if error.data is None else dumps(error.data))


def run_loop(lane: LoopLane) -> None:
    """Runs a loop of the lane's own on this thread until the lane stops it."""
    import asyncio

    has_ended = False

    def end() -> None:
        nonlocal has_ended
        has_ended = True
        loop.stop()

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        join_loop(lane, loop, end)
        while not has_ended:
            try:
                loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                pass  # only the program's own threads end the program


def join_loop(lane: LoopLane, loop: AbstractEventLoop, at_end: Any = None) -> None:
    """Takes from the lane on the thread of `loop`."""
    loop.add_reader(lane.fileno(), Drain(lane, loop, at_end))


class Drain:
    """Begins what waits for the loop; called when the lane's descriptor is readable."""

    __slots__ = ("_at_end", "_cancelled", "_lane", "_loop", "_on_error", "_task")

    def __init__(self, lane: LoopLane, loop: AbstractEventLoop, at_end: Any) -> None:
        import asyncio

        self._lane = lane
        self._loop = loop
        self._at_end = at_end
        self._on_error: OnError = lane.on_error()
        self._task: Any = asyncio.Task
        self._cancelled = asyncio.CancelledError

    def __call__(self) -> None:
        items = self._lane.take()
        if len(items) > 1:
            # Tasks that need not wait answer in the next pass of the loop, before this is called.
            self._lane.hold()
            self._loop.call_soon(self._send)
        leaving: BaseException | None = None
        for item in items:
            try:
                self._handle(item)
            except (KeyboardInterrupt, SystemExit) as error:
                leaving = error  # what else was taken is begun all the same
        if leaving is not None:
            self._lane.send()
            raise leaving

    def _send(self) -> None:
        # Behind the first steps of the tasks that were made since.
        self._loop.call_soon(self._lane.send)

    def _handle(self, item: Any) -> None:
        if item is None:
            self._end()
            return
        call, work, arguments = item
        if call is None:
            work.cancel()
            return
        is_awaitable = arguments.__class__ is list
        if not is_awaitable and work[1] == _AWAITED:
            self._start(call, self._await(call, work, arguments), None)
            return
        context = copy_context()
        context.run(current.set, call)
        if is_awaitable:
            self._start(call, self._drive(call, work, arguments[0]), context)
        else:
            self._begin(call, work, arguments, context)

    def _begin(self, call: Any, way: tuple[Any, ...], arguments: Any, context: Context) -> None:
        try:
            if arguments is None:
                arguments = mended(call, way)
                if arguments is None:
                    return
            value = entered(context.run, call, way, arguments)
            if call.finish(value):
                return
            is_waiting = is_awaitable(value)
            if not is_waiting:
                finish_rest(call, way, value)
        except BaseException as error:
            report(call, error, self._on_error)
            if self._is_for_the_program(error):
                raise
        else:
            if is_waiting:
                self._start(call, self._drive(call, way, value), context)

    def _start(self, call: Any, work: Coroutine[Any, Any, None], context: Context | None) -> None:
        if _STARTS_EAGERLY:
            task = self._task(work, loop=self._loop, context=context, eager_start=True)
        else:
            task = self._loop.create_task(work, context=context)
        call.keep(task)

    async def _await(self, call: Any, way: tuple[Any, ...], arguments: Any) -> None:
        """Runs a coroutine function; the task has context variables of its own."""
        current.set(call)
        try:
            if arguments is None:
                arguments = mended(call, way)
                if arguments is None:
                    return
            finish(call, way, await entered(_plainly, call, way, arguments))
        except BaseException as error:
            self._report(call, error)

    async def _drive(self, call: Any, way: tuple[Any, ...], awaitable: Awaitable[Any]) -> None:
        """Awaits what a handler came to, and answers its call in the same step of the loop."""
        try:
            finish(call, way, await awaitable)
        except BaseException as error:
            self._report(call, error)

    def _report(self, call: Any, error: BaseException) -> None:
        report(call, error, self._on_error)
        if self._is_for_the_program(error) or isinstance(error, self._cancelled):
            raise error

    def _is_for_the_program(self, error: BaseException) -> bool:
        """Whether it ends the program, whose loop this is."""
        return self._at_end is None and isinstance(error, KeyboardInterrupt | SystemExit)

    def _end(self) -> None:
        self._lane.send()
        self._loop.remove_reader(self._lane.fileno())
        if self._at_end is not None:
            self._at_end()


def without_first_frames(error: BaseException) -> BaseException:
    """A traceback begins in the program's code, not here."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return error.with_traceback(trace)
