"""Every call is answered once, whatever the lanes do meanwhile: grow, rest, cancel, end."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mcpring import _core

from served import ANYTHING, WAIT_S, Client, handler, new_server

CLIENTS = 4
BURSTS = 60
BURST_MAX = 40


def at_once() -> int:
    return 1


def blocking() -> int:
    time.sleep(0.0005)
    return 2


async def coroutine() -> int:
    return 3


async def waiting() -> int:
    await asyncio.sleep(0.0005)
    return 4


def later() -> Any:
    return waiting()


def failing() -> int:
    raise ValueError("no")


async def failing_later() -> int:
    await asyncio.sleep(0)
    raise ValueError("no")


POOL: list[Callable[[], object]] = [at_once, blocking, later, failing]
LOOP: list[Callable[[], object]] = [coroutine, waiting, at_once, failing, failing_later]
NAMES = [f"pool_{one.__name__}" for one in POOL] + [f"loop_{one.__name__}" for one in LOOP]
ANSWERS = {
    "at_once": "1",
    "blocking": "2",
    "coroutine": "3",
    "waiting": "4",
    "later": "4",
    "failing": "ValueError: no",
    "failing_later": "ValueError: no",
}


def running(**settings: Any) -> _core.Server:
    """A server with all of them."""
    server = new_server(**settings)
    for lane, functions in (("pool", POOL), ("loop", LOOP)):
        for one in functions:
            made = handler(one, lane=lane)
            server.add_tool(f"{lane}_{one.__name__}", made, info="{}", input_schema=ANYTHING)
    server.start()
    return server


def call_text(number: int, name: str) -> str:
    params = json.dumps({"name": name, "arguments": {}})
    return f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{params}}}'


class Hammer:
    """A client that sends calls in bursts, and takes note of every answer."""

    def __init__(self, server: _core.Server, seed: int, cancelled: float) -> None:
        self.client = Client(server.connect())
        self.chance = random.Random(seed)
        self.cancelled = cancelled
        self.wanted: dict[int, str] = {}
        self.heard: Counter[int] = Counter()
        self.next = 1000

    def run(self) -> None:
        for _ in range(BURSTS):
            self.send()
            while not self.wanted.keys() <= self.heard.keys():
                self.hear(json.loads(self.client.lines.readline()))
        assert set(self.heard.values()) == {1}
        assert max(self.heard) < self.next
        self.client.close()

    def hear(self, said: dict[str, Any]) -> None:
        if "id" not in said:
            return  # the list of tools has changed
        self.heard[said["id"]] += 1
        if said["id"] in self.wanted:
            text = said["result"]["content"][0]["text"]
            assert text == ANSWERS[self.wanted[said["id"]].partition("_")[2]]

    def send(self) -> None:
        """A burst; what is cancelled may be answered or not."""
        said = []
        for number in range(self.next, self.next + self.chance.randint(1, BURST_MAX)):
            name = self.chance.choice(NAMES)
            said.append(call_text(number, name))
            if self.chance.random() < self.cancelled:
                told = {"method": "notifications/cancelled", "params": {"requestId": number}}
                said.append(json.dumps({"jsonrpc": "2.0", **told}))
            else:
                self.wanted[number] = name
            self.next = number + 1
        self.client.send("\n".join(said))


def change(server: _core.Server, is_over: threading.Event) -> None:
    """Adds and removes a tool all the time."""
    while not is_over.is_set():
        with server.edit():
            server.add_tool("extra", handler(at_once), info="{}", input_schema=ANYTHING)
        assert server.remove("tool", "extra")


def vanish(server: _core.Server, is_over: threading.Event) -> None:
    """Clients that leave before they have heard their answers."""
    while not is_over.is_set():
        client = Client(server.connect())
        client.send("\n".join(call_text(100 + at, name) for at, name in enumerate(NAMES)))
        client.close()


Trouble = Callable[[_core.Server, threading.Event], None]


@pytest.mark.parametrize("threads", [1, 64])
@pytest.mark.parametrize(
    ("cancelled", "troubles"), [(0.0, []), (0.3, []), (0.1, [change, vanish])]
)
def test_every_call_is_answered_once(
    threads: int, cancelled: float, troubles: list[Trouble]
) -> None:
    server = running(threads=threads)
    is_over = threading.Event()
    with ThreadPoolExecutor() as pool:
        others = [pool.submit(trouble, server, is_over) for trouble in troubles]
        clients = [Hammer(server, seed, cancelled) for seed in range(CLIENTS)]
        work = [pool.submit(client.run) for client in clients]
        try:
            for one in work:
                one.result(WAIT_S)
        finally:
            is_over.set()
        for one in others:
            one.result(WAIT_S)
    server.stop()
    assert server.wait(WAIT_S)
    assert json.loads(server.stats())["counters"]["busy_refusals"] == 0
