"""`workers=N`: processes that serve one port, and the parent that watches over them.

The parent serves nothing. It starts the program again, N times, with the same command line; each
of these comes to `mcp.run` as the parent did, finds in its environment that it is a worker, and
serves. The kernel spreads connections over them.

When the parent is told to stop it tells the workers, once for each time. When a worker ends by
itself, the others are told to stop and the parent ends with that worker's exit code: whoever
watches over the parent sees it, and starts everything anew. When the parent dies, its workers see
that and stop.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

from ._record import Record
from .exceptions import ConfigError
from .running import RunPlan, announce, run_here
from .waking import quiet, signal_bell

__all__ = ["WORKERS_MAX", "supervise"]

WORKERS_MAX = 256
"""More processes are a mistake."""

_VARIABLE = "MCPRING_WORKER"


class _Role(Record):
    """What a worker is told."""

    port: int
    keys: tuple[str, ...]
    lifeline: int
    """Its end of a pair of sockets: it writes when it serves, and reads when the parent is gone."""


class _Worker:
    """A process, and the parent's end of its pair of sockets."""

    def __init__(self, command: list[str], port: int, keys: tuple[str, ...]) -> None:
        self.line, theirs = socket.socketpair()
        role = {"port": port, "keys": keys, "lifeline": theirs.fileno()}
        with theirs:
            # In a group of its own: Ctrl-C reaches it by its parent, and once.
            self.process = subprocess.Popen(
                command,
                env={**os.environ, _VARIABLE: json.dumps(role)},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        self.ended = os.pidfd_open(self.process.pid)

    def close(self) -> None:
        """Ends it, when it has not ended."""
        self.process.kill()
        self.process.wait()
        self.line.close()
        os.close(self.ended)


def supervise(server: Any, plan: RunPlan) -> None:
    """Runs `plan.workers` processes and waits for them; in one of these, serves."""
    said = os.environ.pop(_VARIABLE, None)  # popped: it holds a key, and children inherit it
    if said is not None:
        _work(server, plan, _Role(**json.loads(said)))
        return
    _check(plan)
    with _hold_port(plan) as held:
        fixed: RunPlan = plan.replace(port=held.getsockname()[1])
        code = _Watch(server, fixed).run()
    if code != 0:
        raise SystemExit(code)


def _check(plan: RunPlan) -> None:
    if plan.listen:
        raise ConfigError("several processes share one port: give transport, host and port")
    if plan.transport not in ("http", "tcp"):
        raise ConfigError(f"several processes cannot share {plan.transport}: use http or tcp")
    if plan.workers > WORKERS_MAX:
        raise ConfigError(f"{plan.workers} workers are more than {WORKERS_MAX}")
    if threading.current_thread() is not threading.main_thread():
        raise ConfigError("several processes are started by the main thread alone")
    if plan.transport == "http":
        import logging

        logging.getLogger("mcpring").warning(
            "sessions of protocol versions before 2026-07-28 live in the worker that made them, "
            "and their next connection may reach another: put a balancer in front that routes by "
            "mcp-session-id, or serve such clients with one process and several shards"
        )


def _hold_port(plan: RunPlan) -> socket.socket:
    """Takes the port for all workers: it is known, and nobody else gets it. Never listens."""
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((plan.host, plan.port))
    except OSError as error:
        held.close()
        raise ConfigError(f"{plan.host}:{plan.port} cannot be listened on: {error}") from error
    return held


def _command() -> list[str]:
    """How this program was started."""
    command = [sys.executable, *sys.orig_argv[1:]]
    if len(command) < 2 or hasattr(sys, "ps1"):
        raise ConfigError("workers need a program that can be started again: run a file or module")
    return command


def _keys(plan: RunPlan) -> tuple[str, ...]:
    """What seals the state of questions: the same in all workers, for any may get the answer."""
    import secrets

    return tuple(plan.options.get("state_keys") or [secrets.token_hex(32)])


class _Watch:
    """The parent: starts the workers, hands on signals, waits."""

    def __init__(self, server: Any, plan: RunPlan) -> None:
        self._server = server
        self._plan = plan
        self._workers: list[_Worker] = []
        self._signals = 0
        self._code = 0

    def run(self) -> int:
        """Until all have ended; gives the exit code."""
        before = {one: signal.signal(one, self._tell) for one in (signal.SIGINT, signal.SIGTERM)}
        command, keys = _command(), _keys(self._plan)
        try:
            for _ in range(self._plan.workers):
                if self._signals == 0:
                    self._workers.append(_Worker(command, self._plan.port, keys))
            with signal_bell() as bell:
                self._wait(bell)
        finally:
            for worker in self._workers:
                worker.close()
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._code

    def _tell(self, *_: object) -> None:
        self._signals += 1
        self._stop()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.process.terminate()

    def _wait(self, bell: int | None) -> None:
        awaited = select.poll()
        by_end = {worker.ended: worker for worker in self._workers}
        by_line = {worker.line.fileno(): worker for worker in self._workers}
        for descriptor in (*by_end, *by_line):
            awaited.register(descriptor, select.POLLIN)
        if bell is not None:
            awaited.register(bell, select.POLLIN)
        unready = len(by_line)
        while by_end:
            for descriptor, _ in awaited.poll():
                if descriptor == bell:
                    quiet(bell)
                    continue
                awaited.unregister(descriptor)
                if descriptor in by_end:
                    self._has_ended(by_end.pop(descriptor))
                elif by_line[descriptor].line.recv(1):
                    unready -= 1
                    if unready == 0:
                        announce(self._server, self._plan, [self._plan.address])

    def _has_ended(self, worker: _Worker) -> None:
        code = worker.process.wait()
        if self._signals == 0 and self._code == 0:
            # A server that ends without being told has failed, whatever it says.
            self._code = code if code > 0 else 128 - code if code < 0 else 1
            print(f"mcpring: a worker ended by itself, with {code}", file=sys.stderr)
            self._stop()


def _work(server: Any, plan: RunPlan, role: _Role) -> None:
    """Serves, as one of the workers."""
    options = {**plan.options, "state_keys": list(role.keys), "share_ports": True}
    mine: RunPlan = plan.replace(port=role.port, options=options, workers=1, is_quiet=True)
    run_here(server, mine, lambda core: _follow_parent(core, socket.socket(fileno=role.lifeline)))


def _follow_parent(core: Any, line: socket.socket) -> None:
    """Tells the parent that we serve, and stops when it has ended."""
    line.send(b"1")

    def follow() -> None:
        line.recv(1)  # nothing is ever written: this returns when the other end is closed
        core.stop()

    threading.Thread(target=follow, name="mcpring-parent", daemon=True).start()
