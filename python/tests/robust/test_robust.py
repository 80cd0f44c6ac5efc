"""What must not hang, crash or grow: failures, forks, ends, hogs, and clients that vanish."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from calling import needs_core
from programs import Program
from wire import Wire

pytestmark = needs_core

MIB = 1024 * 1024
GROWTH_MAX = 6 * MIB
"""What an allocator may keep between two looks at a process; a leak of 100 bytes a call is more."""

END_S = 10
IN_FLIGHT = 32


class Victim(Program):
    """The server of these tests, listening."""

    def __init__(self, path: str, way: str = "run") -> None:
        super().__init__(path, way, stdin=subprocess.PIPE)
        self.tcp = self.line("listening tcp-line ")
        self.http = self.line("listening http ")


@pytest.fixture
def victim(server_file: str) -> Iterator[Victim]:
    with Victim(server_file) as started:
        yield started
        assert started.process.poll() is None, f"it ended: {started.said}"
        assert started.end(signal.SIGTERM) == 0, started.said
        assert started.said[-1] == "ran\n"


def many(count: tuple[int, int]) -> pytest.MarkDecorator:
    """Few repetitions, and how many when all are wanted."""
    return pytest.mark.parametrize("count", [count], indirect=True, ids=[""])


def pings(wire: Wire, until: threading.Event) -> list[float]:
    """How long pings take, in ms, until an event; ten at least."""
    times: list[float] = []
    while len(times) < 10 or not until.is_set():
        start = time.perf_counter()
        wire.ask("ping")
        times.append((time.perf_counter() - start) * 1000)
        until.wait(0.002)
    return sorted(times)


def shown(what: str, times: list[float]) -> float:
    """Prints the figures of sorted times; gives the 99th percentile."""
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    print(
        f"\n{what}: {len(times)} pings, p50 {times[len(times) // 2]:.2f} ms, p99 {p99:.2f} ms, "
        f"max {times[-1]:.2f} ms"
    )
    return p99


def sleep_together(wire: Wire, count: int) -> float:
    """How long so many functions take, in ms, that block for 100 ms each."""
    start = time.perf_counter()
    waiting = {wire.begin_call("quiet_sleep", ms=100) for _ in range(count)}
    for _ in range(count):
        waiting.remove(wire.answer()["id"])
    return (time.perf_counter() - start) * 1000


def fail_often(wire: Wire, name: str, count: int) -> None:
    """Calls a tool that fails, with some calls in flight; each has to be answered as a failure."""
    waiting: set[int] = set()
    for number in range(count):
        waiting.add(wire.begin_call(name, number=number))
        while len(waiting) >= IN_FLIGHT or (number == count - 1 and waiting):
            said = wire.answer()
            waiting.remove(said["id"])
            assert said["result"]["isError"], said


@many((3_000, 50_000))
@pytest.mark.parametrize("name", ["fail", "fail_async"])
def test_exceptions(victim: Victim, count: int, name: str) -> None:
    """50,000 each on threads and on the loop."""
    with Wire(victim.tcp) as wire:
        sleep_together(wire, 64)  # threads are made when they are needed
        fail_often(wire, name, max(count // 10, 1_000))  # what is made once is made
        before = wire.call("resident")
        fail_often(wire, name, count)
        growth = wire.call("resident") - before
    print(f"\n{count} exceptions of {name}: resident memory {growth / MIB:+.2f} MiB")
    assert growth < GROWTH_MAX


@many((20, 1_000))
def test_forks_in_handlers(victim: Victim, count: int) -> None:
    """Children use what they may and are told of what they may not; the parent goes on."""
    with Wire(victim.tcp) as wire, Wire(victim.tcp) as other:
        before = wire.call("resident")
        for way in range(count):
            number = wire.begin_call("fork", way=way)
            other.ask("ping")
            said = wire.answer()
            assert (said["id"], said["result"]["content"][0]["text"]) == (number, "0"), (way, said)
        growth = wire.call("resident") - before
    print(f"\n{count} forks: resident memory {growth / MIB:+.2f} MiB")
    assert growth < GROWTH_MAX


@many((5, 100))
def test_forks_on_the_main_thread(victim: Victim, count: int) -> None:
    """A child that leaves as programs do unwinds `mcp.run`, and harms nobody."""
    with Wire(victim.tcp) as wire:
        for _ in range(count):
            victim.process.send_signal(signal.SIGUSR1)
            assert victim.line("child ") == "7", victim.said
            wire.ask("ping")


IN_FLIGHT_KINDS = {
    "sleep": {"seconds": 600},
    "wait": {"seconds": 600},
    "injected": {"seconds": 600},
    "spin": {"seconds": 600},
    "native": {"rounds": 2_000_000_000},
}


@many((2, 50))
@pytest.mark.parametrize("kind", IN_FLIGHT_KINDS)
def test_exits_with_calls_in_flight(server_file: str, count: int, kind: str) -> None:
    """A program that ends does not wait for handlers, wherever they are: 50 times each."""
    slowest = 0.0
    for _ in range(count):
        with Victim(server_file, "leave") as program, Wire(program.tcp) as wire:
            for _ in range(3):
                wire.begin_call(kind, **IN_FLIGHT_KINDS[kind])
                program.line("busy ")
            start = time.perf_counter()
            assert program.process.stdin is not None
            program.process.stdin.close()
            assert program.end() == 3, program.said
            slowest = max(slowest, time.perf_counter() - start)
            assert not any("Fatal" in line for line in program.said), program.said
    print(f"\n{count} exits during {kind}: the slowest took {slowest:.2f} s")
    assert slowest < END_S


def test_a_hog(victim: Victim) -> None:
    """A tool keeps the interpreter for 2 s; other connections are answered meanwhile."""
    done = threading.Event()
    times: list[list[float]] = []
    with Wire(victim.tcp) as wire, Wire(victim.tcp) as other:
        wire.call("quiet_sleep", ms=1)
        number = wire.begin_call("hold_gil", microseconds=2_000_000)
        assert victim.line("busy ") == "hold_gil"
        pinging = threading.Thread(target=lambda: times.append(pings(other, done)))
        start = time.perf_counter()
        pinging.start()
        assert wire.answer()["id"] == number
        held = time.perf_counter() - start
        done.set()
        pinging.join()
    p99 = shown(f"the interpreter is held for {held:.2f} s", times[0])
    assert held > 1.5 and len(times[0]) > 50
    assert p99 < 200, "pings wait for Python"


def test_sleepers(victim: Victim) -> None:
    """64 functions that block for 100 ms run at once, and pings are answered meanwhile."""
    done = threading.Event()
    times: list[list[float]] = []

    with Wire(victim.tcp) as wire, Wire(victim.tcp) as other:
        sleep_together(wire, 64)  # threads are made when they are needed
        alone = sleep_together(wire, 1)
        pinging = threading.Thread(target=lambda: times.append(pings(other, done)))
        pinging.start()
        all_64 = min(sleep_together(wire, 64) for _ in range(5))
        done.set()
        pinging.join()
    print(f"\none sleeper {alone:.1f} ms, 64 at once {all_64:.1f} ms, {all_64 / alone:.2f} times")
    p99 = shown("64 sleepers", times[0])
    assert all_64 < 4 * alone and p99 < 100


@many((200, 10_000))
@pytest.mark.parametrize("name", ["wait", "watch"])
def test_cancelled_calls(victim: Victim, count: int, name: str) -> None:
    """Coroutines are cancelled, functions see it; all come to their end and none is answered."""
    arguments = {"seconds": 600} if name == "wait" else {}
    with Wire(victim.tcp) as wire:
        before = 0
        for start in range(0, count, IN_FLIGHT):
            numbers = [wire.begin_call(name, **arguments) for _ in range(IN_FLIGHT)]
            for _ in numbers:
                victim.line("busy ")
            for number in numbers:
                wire.cancel(number)
            victim.said.clear()
            if start == 0:
                before = settled(wire, name, IN_FLIGHT)
        runs = -(-count // IN_FLIGHT) * IN_FLIGHT
        growth = settled(wire, name, runs) - before
    print(f"\n{runs} cancelled calls of {name}: resident memory {growth / MIB:+.2f} MiB")
    assert growth < GROWTH_MAX


def settled(wire: Wire, name: str, count: int) -> int:
    """Waits until so many calls have ended; resident memory then."""
    deadline = time.monotonic() + END_S
    while wire.call("count_ended", of=name) < count:
        assert time.monotonic() < deadline, "calls that nobody waits for go on"
    assert wire.call("count_ended", of=name) == count
    return int(wire.call("resident"))


@many((100, 5_000))
def test_clients_that_vanish(victim: Victim, count: int) -> None:
    """Connections that are reset with calls in flight leave nothing behind."""
    with Wire(victim.tcp) as wire:
        before = 0
        for number in range(count):
            other = Wire(victim.tcp)
            for _ in range(4):
                other.begin_call("wait", seconds=600)
            other.begin_call("quiet_sleep", ms=1)
            other.begin_call("fail", number=number)
            for _ in range(4):
                victim.line("busy ")
            other.vanish()
            victim.said.clear()
            if number == min(50, count // 2):
                before = settled(wire, "wait", 4 * (number + 1))
        growth = settled(wire, "wait", 4 * count) - before
    print(f"\n{count} clients that vanished: resident memory {growth / MIB:+.2f} MiB")
    assert growth < GROWTH_MAX


class Stream:
    """An event stream of a session over HTTP, open."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        client = {"name": "stream", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
        accept = "application/json, text/event-stream"
        headers = {"accept": accept, "content-type": "application/json"}
        self.connection.request("POST", place.path, json.dumps(asked), headers)
        answer = self.connection.getresponse()
        session = answer.headers["mcp-session-id"]
        answer.read()
        headers = {"accept": "text/event-stream", "mcp-session-id": session}
        self.connection.request("GET", place.path, headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status

    def rest(self) -> bytes:
        """What comes until it ends, which it does in good order."""
        try:
            return self.answer.read()
        finally:
            self.connection.close()


@many((2, 25))
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_signals_with_open_streams(server_file: str, count: int, number: signal.Signals) -> None:
    """The server ends in good order, and so do the streams."""
    slowest = 0.0
    for _ in range(count):
        with Victim(server_file) as program:
            streams = [Stream(program.http) for _ in range(10)]
            with Wire(program.tcp) as wire:
                wire.begin_call("sleep", seconds=0.05)  # is answered before the end
                assert program.line("busy ") == "sleep"
                start = time.perf_counter()
                program.process.send_signal(number)
                assert wire.answer()["result"]["content"][0]["text"] == "slept"
            for stream in streams:
                stream.rest()
            assert program.end() == 0, program.said
            slowest = max(slowest, time.perf_counter() - start)
            assert program.said[-1] == "ran\n"
    print(f"\n{count} ends by {number.name} with open streams: the slowest took {slowest:.2f} s")
    assert slowest < END_S


def test_a_second_signal_waits_for_nothing(server_file: str) -> None:
    """Whatever runs: on threads of the core, on those of Python, on the loop."""
    for kind in IN_FLIGHT_KINDS:
        with Victim(server_file) as program, Wire(program.tcp) as wire:
            wire.begin_call(kind, **IN_FLIGHT_KINDS[kind])
            assert program.line("busy ") == kind
            start = time.perf_counter()
            program.process.send_signal(signal.SIGTERM)
            wire_ends(wire)  # the first one was heard: nobody is let in any more
            assert program.end(signal.SIGTERM) == 0, program.said
            assert time.perf_counter() - start < END_S, kind


def wire_ends(wire: Wire) -> None:
    """Waits until the server takes no connections any more."""
    host, port = wire.socket.getpeername()
    deadline = time.monotonic() + END_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            return
    raise AssertionError("the server goes on listening")


@pytest.mark.parametrize("now", [False, True], ids=["drain", "now"])
@pytest.mark.parametrize("name", ["stop_sync", "stop_async"])
def test_stop_from_a_handler(server_file: str, name: str, now: bool) -> None:
    """The handler that stops the server is answered, unless nothing may end."""
    with Victim(server_file) as program, Wire(program.tcp) as wire:
        number = wire.begin_call(name, now=now)
        try:
            said = wire.answer()
            assert (said["id"], said["result"]["content"][0]["text"]) == (number, "stopping")
        except (EOFError, ConnectionError):
            assert now
        assert program.end() == 0, program.said
        assert program.said[-1] == "ran\n"
