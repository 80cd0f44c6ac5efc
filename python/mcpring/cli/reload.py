"""`--reload`: a child that is started anew when a file changes.

The parent stands between a client and the child: it hands lines on both ways. A client on standard
input and output keeps its session so: the parent repeats its handshake to each new child, and then
tells it that everything may have changed. Servers on HTTP have no use for that and take no harm.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import IO, Any

from .._narrow import is_dict

__all__ = ["run_reloading", "snapshot"]

_EXTENSIONS = (".py", ".json", ".toml", ".env")
_SKIPPED = frozenset(("__pycache__", "node_modules", ".git", ".venv", "venv"))
_POLL_S = 0.5
_STOP_S = 5.0
_OWN_ID = "mcpring-reload"
_LISTS = ("tools", "resources", "prompts")


def snapshot(folders: Iterable[str]) -> dict[str, float]:
    """The files that matter, and when each was changed."""
    return {path: changed for folder in folders for path, changed in _files(folder)}


def _files(folder: str) -> Iterator[tuple[str, float]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in _SKIPPED and not one.startswith(".")]
        for name in names:
            if name.endswith(_EXTENSIONS):
                path = os.path.join(place, name)
                try:
                    yield path, os.stat(path).st_mtime
                except OSError:
                    continue  # it went away while we looked


def run_reloading(arguments: list[str], folders: Iterable[str]) -> int:
    """Runs `python -m mcpring` with these arguments until it is told to stop; gives the code."""
    reloading = _Reloading([sys.executable, "-m", "mcpring", *arguments], list(folders))
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, reloading.stop) for number in numbers}
    try:
        return reloading.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Reloading:
    """One child after the other."""

    def __init__(self, command: list[str], folders: list[str]) -> None:
        self._command = command
        self._folders = folders
        self._wake = threading.Event()
        self._is_stopped = False
        self._has_input = True
        self._lock = threading.Lock()  # over the child's input, and what was said on it
        self._child: subprocess.Popen[bytes] | None = None
        self._handshake: list[bytes] = []

    def stop(self, *_: object) -> None:
        """Ends it; from a signal handler."""
        self._is_stopped = True
        self._wake.set()

    def run(self) -> int:
        """Until it is stopped, or the client has gone and the child with it."""
        seen = snapshot(self._folders)
        child = self._start()
        threading.Thread(target=self._carry_input, daemon=True).start()
        while True:
            self._wake.wait(_POLL_S)
            self._wake.clear()
            if self._is_stopped:
                return _end(child)
            if child.poll() is not None and not self._has_input:
                return child.returncode
            now = snapshot(self._folders)
            if now == seen:
                continue
            seen = now
            print("mcpring: a file has changed, starting anew", file=sys.stderr, flush=True)
            _end(child)
            child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        """A child that has heard the handshake; Ctrl-C reaches it by us, and once."""
        child = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        with self._lock:
            self._child = child
            for line in self._handshake:
                self._write(line)
            if not self._has_input and child.stdin is not None:
                child.stdin.close()
        threading.Thread(target=self._carry_output, args=(child,), daemon=True).start()
        return child

    def _carry_input(self) -> None:
        for line in sys.stdin.buffer:
            with self._lock:
                self._note(line)
                self._write(line)
        with self._lock:
            self._has_input = False
            if self._child is not None and self._child.stdin is not None:
                self._child.stdin.close()

    def _write(self, line: bytes) -> None:
        if self._child is None or self._child.stdin is None:
            return
        try:
            self._child.stdin.write(line)
            self._child.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it has ended, and what is changed next starts another

    def _note(self, line: bytes) -> None:
        """Remembers a handshake."""
        if b"initialize" not in line:
            return
        message = _read(line)
        if message.get("method") == "initialize":
            self._handshake = [json.dumps({**message, "id": _OWN_ID}).encode() + b"\n"]
        elif message.get("method") == "notifications/initialized":
            self._handshake.append(line)

    def _carry_output(self, child: subprocess.Popen[bytes]) -> None:
        out: IO[bytes] = sys.stdout.buffer
        assert child.stdout is not None
        for line in child.stdout:
            if _OWN_ID.encode() in line and _read(line).get("id") == _OWN_ID:
                line = b"".join(_changed(kind) for kind in _LISTS)
            out.write(line)
            out.flush()
        self._wake.set()


def _read(line: bytes) -> dict[str, Any]:
    try:
        said: Any = json.loads(line)
    except ValueError:
        return {}
    return said if is_dict(said) else {}


def _changed(kind: str) -> bytes:
    message = {"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"}
    return json.dumps(message).encode() + b"\n"


def _end(child: subprocess.Popen[bytes]) -> int:
    """Lets the child end, and ends it when it does not."""
    child.terminate()
    try:
        return child.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
