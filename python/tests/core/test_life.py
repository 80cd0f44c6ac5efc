"""Servers of the core's that are changed, started and ended in unusual ways.

Each is a program: what deadlocks holds the interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mcpring

PATHS = [str(Path(__file__).parent), str(Path(mcpring.__file__).parent.parent)]
WAIT_S = 60

BEGIN = """
import asyncio, json, os, socket, sys, threading
from mcpring import _core
from served import ANYTHING, Client, handler, new_server

server = new_server()

def add(name, fn, **settings):
    server.add_tool(name, handler(fn, **settings), info="{}", input_schema=ANYTHING)

def call(name):
    client = Client(server.connect())
    try:
        return client.call(name)["content"][0]["text"]
    finally:
        client.close()

def end():
    server.stop()
    server.stop(True)
    assert server.wait(30)

class Mourned:
    def __call__(self, *_):
        return 1

    def __del__(self):
        server.remove("tool", "none")
"""

PROGRAMS = {
    "handlers that are removed by an edit change the server when they are let go": (
        """
for count in range(50):
    add(f"tool{count}", Mourned())
server.start()
for count in range(50):
    with server.edit():
        server.remove("tool", f"tool{count}")
end()
print("ended")
""",
        ["ended"],
    ),
    "so does a completer that is replaced": (
        """
server.add_prompt("p", handler(str), info='{"arguments":[{"name":"a"}]}')
server.add_completer("prompt", "p", "a", handler(Mourned(), style="call"))
server.add_completer("prompt", "p", "a", handler(len, style="call"))
print("replaced")
""",
        ["replaced"],
    ),
    "an edit that was not begun is none, and one that raises is over": (
        """
add("one", lambda: 1)
server.start()
edit = server.edit()
try:
    edit.__exit__(None, None, None)
except ValueError as fault:
    print(fault)
try:
    with edit, server.edit():
        add("two", lambda: 2)
        raise KeyError
except KeyError:
    pass
add("three", lambda: 3)
print(call("two"), call("three"))
end()
""",
        ["the edit was not begun", "2 3"],
    ),
    "nobody waits longer than there is time": (
        """
server.start()
server.stop()
print(server.wait(1e19), server.wait(0))
try:
    server.wait(float("inf"))
except ValueError as fault:
    print(fault)
""",
        ["True True", "timeout: cannot convert float seconds to Duration"],
    ),
}


def run(program: str) -> subprocess.CompletedProcess[str]:
    """A program, when it has ended."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN + program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_programs_do(name: str) -> None:
    program, said = PROGRAMS[name]
    ended = run(program)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    lines = ended.stdout.splitlines()
    assert len(lines) == len(said), lines
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True)), lines
