"""`bench`: a short load on one tool of a server, which runs in a process of its own.

What is reported of the server is its CPU time a call, from the kernel's books. The rate and the
times are those of this client, which is Python and slower than the server: the server was still
waiting when they were measured. They are there to see that nothing is stuck.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..client.http import request_head
from ..exceptions import ConfigError
from .asking import fitted, parse_arguments

__all__ = ["bench"]

CONNECTIONS_MAX = 1000
_START_S = 30.0
_STOP_S = 10.0
_ANSWER_BYTES_MAX = 1 << 24
_VERSION = "2026-07-28"


def bench(parsed: argparse.Namespace) -> int:
    """Measures, and prints what was measured."""
    if not 1 <= parsed.connections <= CONNECTIONS_MAX:
        raise ConfigError(f"connections are 1 to {CONNECTIONS_MAX}")
    with _Server(parsed.server, parsed.server_arguments) as server:
        said = parse_arguments(parsed.values, parsed.arguments, "--arguments")
        tool, arguments = _choose(server.url, parsed.tool, said)
        load = _Load(server.url, tool, arguments, parsed.connections)
        found = load.measure(parsed.seconds, server.cpu_s)
    found = {"tool": tool, "connections": parsed.connections, **found}
    print(json.dumps(found, indent=2) if parsed.json else _report(found))
    return 0 if found["failures"] == 0 else 1


class _Server:
    """The server, as `mcpring run` runs it, on a free port."""

    def __init__(self, said: str, arguments: list[str]) -> None:
        command = [sys.executable, "-m", "mcpring", "run", said, "--no-banner"]
        command += ["--transport", "http", "--host", "127.0.0.1", "--port", "0"]
        command += ["--", *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.url = ""

    def __enter__(self) -> _Server:
        assert self._process.stderr is not None
        said: list[str] = []
        for line in self._process.stderr:
            said.append(line.decode(errors="replace"))
            kind, _, url = said[-1].strip().partition(" http ")
            if kind == "listening":
                self.url = url
                return self
        self.__exit__()
        raise ConfigError("the server did not start:\n" + "".join(said[-20:]))

    def __exit__(self, *failure: object) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def cpu_s(self) -> float:
        """The CPU time of all its threads so far."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _choose(
    url: str, wanted: str | None, arguments: dict[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """The tool that is called, and with what."""
    from ..client import Client

    with Client(url) as client:
        for tool in client.list_tools():
            takes_all = set(tool.input_schema.get("required", ())) <= set(arguments)
            if wanted == tool.name or (wanted is None and takes_all):
                return tool.name, fitted(arguments, tool.input_schema)
    raise ConfigError(
        f"there is no tool {wanted!r}"
        if wanted is not None
        else "every tool needs arguments: name one, and give them as name=value"
    )


class _Load:
    """Connections, each with one call at a time."""

    def __init__(self, url: str, tool: str, arguments: Mapping[str, Any], connections: int) -> None:
        self._url = urlsplit(url)
        self._request = _request(url, tool, arguments)
        self._selector = selectors.DefaultSelector()
        self._connections = connections
        self.times: list[float] = []
        self.failures = 0

    def measure(self, seconds: float, cpu_s: Callable[[], float]) -> dict[str, Any]:
        """Warms up for a tenth of the time, then measures."""
        place = (self._url.hostname or "127.0.0.1", self._url.port or 80)
        lines = [_Line(socket.create_connection(place)) for _ in range(self._connections)]
        try:
            for line in lines:
                self._selector.register(line.socket, selectors.EVENT_READ, line)
                line.ask(self._request)
            self._run_until(time.perf_counter() + seconds / 10)
            self.times, self.failures = [], 0
            cpu, begun = cpu_s(), time.perf_counter()
            self._run_until(begun + seconds)
            spent, took = cpu_s() - cpu, time.perf_counter() - begun
        finally:
            for line in lines:
                line.socket.close()
        return self._found(spent, took)

    def _run_until(self, end: float) -> None:
        while (now := time.perf_counter()) < end:
            events = self._selector.select(end - now)
            for key, _ in events:
                line: _Line = key.data
                answer = line.receive()
                if answer is None:
                    continue
                self.times.append(time.perf_counter() - line.asked)
                self.failures += not _is_good(answer)
                line.ask(self._request)

    def _found(self, spent: float, took: float) -> dict[str, Any]:
        calls = len(self.times)
        if calls == 0:
            raise ConfigError("no call was answered in this time: give more --seconds")
        ordered = sorted(self.times)
        return {
            "calls": calls,
            "failures": self.failures,
            "server_cpu_us_per_call": round(spent / calls * 1e6, 1),
            "client_calls_per_s": round(calls / took),
            "client_p50_ms": round(ordered[calls // 2] * 1e3, 3),
            "client_p99_ms": round(ordered[calls * 99 // 100] * 1e3, 3),
        }


class _Line:
    """A connection with one answer to come."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = 0.0
        self._got = b""

    def ask(self, request: bytes) -> None:
        self._got = b""
        self.asked = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Head and body of the answer, when it is there."""
        part = self.socket.recv(65536)
        self._got += part
        if not part or len(self._got) > _ANSWER_BYTES_MAX:
            raise ConfigError("the server closed a connection")
        head, mark, body = self._got.partition(b"\r\n\r\n")
        if not mark:
            return None
        fields = head.lower()
        _, found, rest = fields.partition(b"content-length:")
        if found:
            is_whole = len(body) >= int(rest.partition(b"\r\n")[0])
        else:
            is_whole = body.endswith(b"0\r\n\r\n")
        return self._got if is_whole else None


def _is_good(answer: bytes) -> bool:
    """A result, and none that says it failed."""
    is_result = answer.startswith(b"HTTP/1.1 200") and b'"result"' in answer
    return is_result and b'"isError":true' not in answer


def _request(url: str, tool: str, arguments: Mapping[str, Any]) -> bytes:
    """One call as bytes: it needs no session, so every call is the same."""
    prefix = "io.modelcontextprotocol/"
    meta: dict[str, Any] = {f"{prefix}protocolVersion": _VERSION, f"{prefix}clientCapabilities": {}}
    params: dict[str, Any] = {"name": tool, "arguments": arguments, "_meta": meta}
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    body = json.dumps(message, separators=(",", ":")).encode()
    return request_head(url, message, body) + body


def _report(found: dict[str, Any]) -> str:
    return (
        f"{found['tool']}: {found['calls']} calls on {found['connections']} connections, "
        f"{found['failures']} failed\n"
        f"server: {found['server_cpu_us_per_call']} µs of CPU a call\n"
        f"this client, which is the slower side: {found['client_calls_per_s']} calls/s, "
        f"half within {found['client_p50_ms']} ms, 99 % within {found['client_p99_ms']} ms"
    )
