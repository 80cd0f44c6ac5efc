"""Running a server with the core: where it listens, and what stops it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._record import Record
from .exceptions import ConfigError
from .mounted import with_mounted
from .waking import waking_loop, waking_wait

if TYPE_CHECKING:
    from .adapter import Installed

__all__ = ["RunPlan", "load_core", "run", "run_async"]


_EXIT_S = 5.0
"""How long a program that ends waits for a server on another thread."""


class RunPlan(Record):
    """How a server is to be run."""

    transport: str
    host: str
    port: int
    path: str
    options: dict[str, Any]
    shows_banner: bool
    workers: int = 1
    """Processes that share the port."""
    is_quiet: bool = False
    """Whether somebody else says where it listens."""
    listen: tuple[str, ...] = ()
    """Addresses in place of the one that the fields above make."""

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as the core writes addresses."""
        return list(self.listen) or [self.address]

    @property
    def address(self) -> str:
        """The one address that transport, host, port and path make."""
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
    """Runs until the server is told to stop; returns when it has stopped."""
    from .forks import check_fork

    check_fork(server)
    _refuse_inside_of_a_loop()
    if plan.workers > 1:
        from .processes import supervise

        supervise(server, plan)
        return
    run_here(server, plan)


def run_here(server: Any, plan: RunPlan, on_start: Callable[[Any], None] | None = None) -> None:
    """Runs in this process. `on_start` is given the core's server."""
    from .adapter import install

    plan = _with_port(server, plan)
    made = install(load_core(), server, plan.options)
    restore = _stop_on_signals(made.core) or _stop_at_exit(made.core)
    try:
        if made.needs_loop or any(one.lifespan for one in with_mounted(server)):
            import asyncio

            asyncio.run(_run_on_loop(server, plan, made, on_start))
        else:
            _run_without_loop(server, plan, made, on_start)
    finally:
        restore()


def _wait(core: Any) -> None:
    """Until it has stopped. Signals are handled here meanwhile, when this is the main thread.

    Not in the core's own `wait`: a daemon thread that the ending interpreter stops must not have a
    frame of the core's below it.
    """
    waking_wait(core.fileno())
    core.wait()


def _with_port(server: Any, plan: RunPlan) -> RunPlan:
    """A free port is chosen beforehand where tokens are asked for: they are for its address."""
    if plan.transport != "http" or plan.port != 0 or server.auth is None:
        return plan
    import socket

    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as free:
        free.bind((plan.host, 0))
        made: RunPlan = plan.replace(port=free.getsockname()[1])
    return made


def _refuse_inside_of_a_loop() -> None:
    asyncio = sys.modules.get("asyncio")  # who has not imported it has no loop
    if asyncio is not None and asyncio.events._get_running_loop() is not None:
        raise ConfigError("an event loop runs here already: use `await mcp.run_async(…)`")


def _run_without_loop(
    server: Any, plan: RunPlan, made: Installed, on_start: Callable[[Any], None] | None
) -> None:
    """For servers whose functions all run on threads: asyncio is not even imported."""
    from .adapter import authorize
    from .forks import ended, started

    core = made.core
    try:
        for address in plan.addresses:
            core.listen(address)
        authorize(core, server, plan.addresses)
        core.start()
        started(server, made)
        server.running = core
        announce(server, plan, core.addresses())
        if on_start is not None:
            on_start(core)
        _wait(core)
    finally:
        server.running = None
        ended(server, made)
        made.undo()


async def run_async(server: Any, plan: RunPlan) -> None:
    """Runs on the event loop that is running, until stopped or cancelled."""
    from .adapter import install
    from .forks import check_fork

    check_fork(server)
    if plan.workers > 1:
        raise ConfigError("several processes are started by `mcp.run(workers=…)` alone")
    plan = _with_port(server, plan)
    made = install(load_core(), server, plan.options)
    restore = _stop_on_signals(made.core, only_free=True)
    try:
        await _run_on_loop(server, plan, made, None)
    finally:
        if restore is not None:
            restore()


async def _run_on_loop(
    server: Any, plan: RunPlan, made: Installed, on_start: Callable[[Any], None] | None
) -> None:
    import asyncio

    from .hosting import serve

    def begun(bound: list[str]) -> None:
        server.running = made.core
        announce(server, plan, bound)
        if on_start is not None:
            on_start(made.core)

    try:
        with waking_loop(asyncio.get_running_loop()):
            await serve(server, made, plan.addresses, on_start=begun)
    finally:
        server.running = None


def announce(server: Any, plan: RunPlan, bound: list[str]) -> None:
    """Says what runs and where, on standard error: standard output may be the protocol's.

    The lines `listening KIND URL` are for programs: with port 0 nobody else knows the port.
    """
    if plan.is_quiet:
        return
    if plan.shows_banner:
        from . import __version__

        print(f"mcpring {__version__}: {server.name} {server.version}", file=sys.stderr)
    for url in bound:
        kind = url.partition(":")[0].replace("+", "-")
        if kind != "stdio":
            print(f"listening {kind} {url}", file=sys.stderr, flush=True)


def _stop_at_exit(core: Any) -> Callable[[], None]:
    """Ends a run on a thread that the program leaves behind; gives what undoes this.

    A thread that the ending interpreter stops in the middle of the core takes all with it.
    """
    import atexit
    import threading

    ended = threading.Event()

    def leave() -> None:
        try:
            core.stop(True)
        except RuntimeError:
            return  # it has not started, and does not matter
        ended.wait(_EXIT_S)

    def restore() -> None:
        ended.set()
        atexit.unregister(leave)

    atexit.register(leave)
    return restore


def _stop_on_signals(core: Any, *, only_free: bool = False) -> Callable[[], None] | None:
    """SIGINT and SIGTERM let calls end, a second one ends at once; gives what undoes this, or
    nothing on a thread that gets no signals.

    `only_free` takes SIGTERM alone, and only where nobody else has: on a loop of the program's own
    Ctrl-C cancels, as asyncio has it.
    """
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return None

    told = 0

    def stop(number: int, _: object) -> None:
        nonlocal told
        told += 1
        try:
            core.stop(told > 1)
        except RuntimeError:  # it has not started yet: there is nothing to end in good order
            raise SystemExit(128 + number) from None

    numbers = [signal.SIGTERM] if only_free else [signal.SIGINT, signal.SIGTERM]
    if only_free:
        numbers = [one for one in numbers if signal.getsignal(one) is signal.SIG_DFL]
    before = {number: signal.signal(number, stop) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore
