"""Running a server with the core: where it listens, when it stops, what is open meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from ._record import Record
from .exceptions import ConfigError

__all__ = ["RunPlan", "lifespans", "load_core", "run", "run_async", "with_mounted"]


class RunPlan(Record):
    """How a server is to be run."""

    transport: str
    host: str
    port: int
    path: str
    options: dict[str, Any]
    shows_banner: bool

    @property
    def address(self) -> str:
        """Where it listens, as the core writes addresses."""
        if self.transport == "stdio":
            return "stdio:"
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.transport == "unix":
            return f"unix://{self.path}"
        path = self.path if self.transport == "http" else ""
        return f"{self.transport}://{host}:{self.port}{path}"


def load_core() -> Any:
    """The compiled module."""
    try:
        from . import _core
    except ImportError as error:
        raise ConfigError(
            "mcpring's compiled part is not there: it is made for Linux on x86-64 and ARM64, and "
            f"comes with `pip install mcpring` ({error})"
        ) from error
    return _core


def run(server: Any, plan: RunPlan) -> None:
    """Runs until the server is told to stop."""
    from . import adapter

    core = load_core()
    if server.lifespan is not None or any(one.lifespan for _, one, _ in server.mounts):
        import asyncio

        asyncio.run(run_async(server, plan))
        return
    running = adapter.install(core, server, plan.options)
    running.listen(plan.address)
    running.start()
    stop = _stop_on_signals(running)
    try:
        running.wait()
    finally:
        stop()


async def run_async(server: Any, plan: RunPlan) -> None:
    """Runs on the event loop that is running."""
    import asyncio

    from . import adapter

    core = load_core()
    loop = asyncio.get_running_loop()
    async with lifespans(server):
        running = adapter.install(core, server, plan.options)
        running.listen(plan.address)
        running.start(loop)
        try:
            await loop.run_in_executor(None, running.wait)
        finally:
            running.stop()


def _stop_on_signals(running: Any) -> Callable[[], None]:
    """SIGINT and SIGTERM drain; gives what restores the handlers that were there."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return lambda: None

    def stop(*_: object) -> None:
        running.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop) for number in numbers]

    def restore() -> None:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

    return restore


def lifespans(server: Any) -> Any:
    """Opens the lifespans of a server and of all that is mounted below it."""
    from contextlib import AsyncExitStack, asynccontextmanager

    @asynccontextmanager
    async def opened() -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as stack:
            for one in with_mounted(server):
                if one.lifespan is not None:
                    made = await stack.enter_async_context(_as_manager(one))
                    one.lifespan_result = {} if made is None else made
            yield

    return opened()


def _as_manager(server: Any) -> Any:
    """A lifespan is a context manager already, or a plain asynchronous generator."""
    opened = server.lifespan(server)
    if hasattr(opened, "__aenter__"):
        return opened
    from contextlib import asynccontextmanager

    return asynccontextmanager(lambda: opened)()


def with_mounted(server: Any) -> list[Any]:
    """A server and all below it."""
    found = [server]
    for _, mounted, _ in server.mounts:
        found += [one for one in with_mounted(mounted) if one not in found]
    return found
