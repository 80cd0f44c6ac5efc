"""Signals wake the main thread, wherever it waits and whichever thread they came to.

Python handles a signal on the main thread, when that next looks. A wait in the kernel ends early
only for a signal that comes to this very thread and not in the moment before; any other would be
handled when something else happens.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

__all__ = ["quiet", "signal_bell", "waking_loop", "waking_wait"]


@contextmanager
def signal_bell() -> Generator[int | None]:
    """What becomes readable with each signal; nothing on a thread that handles none, and where
    somebody else, such as an event loop with handlers of its own, is woken already."""
    import os
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    bell, told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    try:
        if before == -1:
            yield bell
        else:
            signal.set_wakeup_fd(before)
            yield None
    finally:
        now = signal.set_wakeup_fd(-1)
        if now != told:
            signal.set_wakeup_fd(now)
        os.close(bell)
        os.close(told)


def waking_wait(descriptor: int) -> None:
    """Waits until `descriptor` is readable; signals are handled meanwhile."""
    import select

    with signal_bell() as bell:
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        if bell is not None:
            ready.register(bell, select.POLLIN)
        while descriptor not in [one for one, _ in ready.poll()]:
            quiet(bell)


@contextmanager
def waking_loop(loop: Any) -> Generator[None]:
    """Signals wake `loop`, which runs here."""
    with signal_bell() as bell:
        if bell is not None:
            loop.add_reader(bell, quiet, bell)
        try:
            yield
        finally:
            if bell is not None:
                loop.remove_reader(bell)


def quiet(bell: int | None) -> None:
    """To have been woken is enough: the handlers run before the next line."""
    import os

    if bell is not None:
        try:
            os.read(bell, 4096)
        except BlockingIOError:
            pass  # another look has read it
