"""One run of a server on an event loop: what is open meanwhile, and how it ends.

`mcp.run` and `mcp.run_async` are such a run with listeners; clients in the same process share one
without.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from .adapter import Installed, authorize, install
from .forks import check_fork, ended, started
from .mounted import with_mounted

__all__ = ["Hosted", "host", "lifespans", "serve"]

class Hosted:
    """A running server, for a client; given back by `release`."""

    def __init__(self, core: Any, release: Callable[[], Awaitable[None]]) -> None:
        self.core = core
        self.release = release


async def host(server: Any) -> Hosted:
    """The server as it runs in this process, or a run of it that its clients on this loop share."""
    check_fork(server)
    if server.running is not None:
        return Hosted(server.running, _nothing)
    loop = asyncio.get_running_loop()
    shared = server.shared.get(loop)
    if shared is None:
        shared = server.shared[loop] = _Shared(server, loop)
    await shared.take()
    return Hosted(shared.core, shared.give_back)


async def _nothing() -> None:
    """There is nothing to give back."""


class _Shared:
    """A run for the clients of one loop: the first starts it, the last ends it."""

    def __init__(self, server: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.core: Any = None
        self._server = server
        self._loop = loop
        self._users = 0
        self._lock = asyncio.Lock()
        self._release = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def take(self) -> None:
        async with self._lock:
            if self._task is None:
                await self._start()
            self._users += 1

    async def _start(self) -> None:
        """In a task of its own: lifespans have to be left by the task that entered them."""
        from .running import load_core
        from .server.serving import options_of

        ready: asyncio.Future[Any] = self._loop.create_future()
        made = install(load_core(), self._server, options_of(self._server))
        work = serve(
            self._server,
            made,
            (),
            on_start=ready.set_result,
            until=self._release,
            drains=False,  # nobody is left to hear answers
        )
        self._task = asyncio.ensure_future(work)
        await asyncio.wait((ready, self._task), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            self._server.shared.pop(self._loop, None)
            await self._task  # raises what kept it from starting
        self.core = made.core

    async def give_back(self) -> None:
        async with self._lock:
            self._users -= 1
            if self._users == 0 and self._task is not None:
                self._server.shared.pop(self._loop, None)
                self._release.set()
                await self._task


async def serve(
    server: Any,
    made: Installed,
    addresses: Sequence[str],
    *,
    on_start: Callable[[list[str]], None],
    until: asyncio.Event | None = None,
    drains: bool = True,
) -> None:
    """Runs until the core has stopped, or `until` is set, or the task is cancelled.

    Either way the server has stopped and all lifespans are closed when it returns. `on_start` is
    given the addresses with their real ports.
    """
    core = made.core
    loop = asyncio.get_running_loop()
    try:
        async with lifespans(server):
            for address in addresses:
                core.listen(address)
            authorize(core, server, addresses)
            core.start(loop)
            started(server, made)
            stopped = _stopped(core, loop)
            ends: list[asyncio.Future[Any]] = [stopped]
            if until is not None:
                ends.append(asyncio.ensure_future(until.wait()))
            try:
                on_start(core.addresses())
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ends[1:]:
                    one.cancel()
                if not server.is_forked:  # what runs is the parent's
                    await _stop(core, stopped, drains)
    finally:
        ended(server, made)
        made.undo()


def _stopped(core: Any, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
    """Done when the core has stopped."""
    stopped: asyncio.Future[None] = loop.create_future()
    bell = core.fileno()

    def tell() -> None:
        loop.remove_reader(bell)
        try:
            core.wait()
        except Exception as error:  # what stopped it is for whoever runs it
            stopped.set_exception(error)
        else:
            stopped.set_result(None)

    loop.add_reader(bell, tell)
    return stopped


async def _stop(core: Any, stopped: asyncio.Future[None], drains: bool) -> None:
    """Stops, and waits for it; being cancelled meanwhile ends what is still being waited for."""
    if not stopped.done():
        core.stop(not drains)
    while not stopped.done():
        try:
            await asyncio.shield(stopped)
        except asyncio.CancelledError:
            core.stop(True)


@asynccontextmanager
async def lifespans(server: Any) -> AsyncGenerator[None, None]:
    """Opens the lifespans of a server and of all that is mounted below it."""
    async with AsyncExitStack() as stack:
        for one in with_mounted(server):
            if one.lifespan is not None:
                opened = await stack.enter_async_context(_as_manager(one))
                one.lifespan_result = {} if opened is None else opened
        yield


def _as_manager(server: Any) -> Any:
    """A lifespan is a context manager already, or a plain asynchronous generator."""
    opened = server.lifespan(server)
    return opened if hasattr(opened, "__aenter__") else asynccontextmanager(lambda: opened)()
