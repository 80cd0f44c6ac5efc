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
import asyncio, http.client, json, logging, socket, sys, threading
from concurrent.futures import ThreadPoolExecutor
from mcpring import _core
from mcpring.exceptions import ConfigError
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
    "a start that fails leaves nothing behind, and a second one changes nothing": (
        """
async def where():
    return threading.current_thread() is threading.main_thread()

async def start():
    try:
        server.start(asyncio.get_running_loop())
    except Exception as fault:
        print(type(fault).__name__)
        if isinstance(fault, ConfigError):
            print(await asyncio.to_thread(call, "where"))

with socket.create_server(("127.0.0.1", 0)) as taken:
    server.listen(f"tcp://127.0.0.1:{taken.getsockname()[1]}")
    add("where", where, lane="loop")
    asyncio.run(start())
server.start()
print(call("where"))
asyncio.run(start())
print(call("where"))
end()
""",
        ["McpringError", "false", "ConfigError", "false", "false"],
    ),
    "a loop that takes no readers starts no server": (
        """
class Poor:
    def add_reader(self, *_):
        raise NotImplementedError

try:
    server.start(Poor())
except NotImplementedError:
    print(server.wait(30))
""",
        ["True"],
    ),
    "who leaves the program on the core's own loop fails alone": (
        """
async def leave():
    sys.exit(3)

async def leave_later():
    asyncio.get_running_loop().call_soon(sys.exit, 3)
    return 2

async def one():
    return 1

for fn in (leave, leave_later, one):
    add(fn.__name__, fn, lane="loop")
server.start()
for name in ("leave", "one", "leave_later", "one"):
    print(call(name))
end()
""",
        ["SystemExit: 3", "1", "2", "1"],
    ),
    "on the program's loop it ends that, and what was begun is answered": (
        """
async def leave():
    sys.exit(3)

async def main():
    add("leave", leave, lane="loop")
    add("one", lambda: 1, lane="loop")
    server.start(asyncio.get_running_loop())
    client = Client(server.connect())
    said = [f'{{"jsonrpc":"2.0","id":{name!r},"method":"tools/call","params":{{"name":{name!r}}}}}'
            for name in ("leave", "one")]
    client.send(chr(10).join(said).replace("'", '"'))
    hear = lambda _: json.loads(client.lines.readline())["result"]["content"][0]["text"]
    reader.extend(map(reading.submit, [hear] * 2, said))
    await asyncio.Event().wait()

logging.disable()  # asyncio has a word on each such task
reader, reading = [], ThreadPoolExecutor(1)
try:
    asyncio.run(main())
except SystemExit as left:
    print(left.code, *sorted(one.result() for one in reader))
end()
""",
        ["3 1 SystemExit: 3"],
    ),
    "what a plain function returns is awaited with its call": (
        """
async def inner():
    return _core.current_call().name

add("plain", lambda: inner())
server.start()
print(call("plain"))
end()
""",
        ["plain"],
    ),
    "a route whose answer is refused is reported as what it is": (
        """
def words(kind, name, error):
    told.append((kind, name, error))
    heard.set()
    return ""

async def wrong(request):
    asked.append(request)
    return _core.Response(b"", 101)

asked, told, heard = [], [], threading.Event()
server = _core.Server("core", "1", on_error=words)
server.add_route("/here", ["GET"], wrong)
server.listen("http://127.0.0.1:0/mcp")
server.start()
connection = http.client.HTTPConnection(server.addresses()[0].split("/")[2])
connection.request("GET", "/here?a=b", headers={"X-A": "c"})
print(connection.getresponse().status)
connection.close()
heard.wait(30)
print(*told[0])
end()
print(asked[0].path, asked[0].query, asked[0].headers()["x-a"], asked[0].body())
""",
        ["500", "route /here the route's answer: its status is 101", "/here a=b c b''"],
    ),
    "a program ends while a route's answer is put into words": (
        """
begun = threading.Event()

class Slow:
    def __repr__(self):
        begun.set()
        while True:
            sum(range(100))

async def wrong(request):
    return Slow()

server.add_route("/here", ["GET"], wrong)
server.listen("http://127.0.0.1:0/mcp")
server.start()
connection = http.client.HTTPConnection(server.addresses()[0].split("/")[2])
connection.request("GET", "/here")
print(begun.wait(30))
""",
        ["True"],
    ),
    "a coroutine ends with the client it works for": (
        """
begun, ended = threading.Event(), threading.Event()

async def waiting():
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()

add("waiting", waiting, lane="loop")
server.start()
client = Client(server.connect())
client.send('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"waiting"}}')
print(begun.wait(30))
client.close()
print(ended.wait(30))
end()
""",
        ["True", "True"],
    ),
    "what has an attribute of any name is not awaited": (
        """
class Any:
    def __getattr__(self, name):
        return lambda: None

add("any", Any)
server.start()
print(call("any"))
end()
""",
        ["encoded"],
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


LEAVING = """
begun = threading.Semaphore(0)

def spin(*_, **__):
    begun.release()
    while True:
        sum(range(100))

def block(*_, **__):
    begun.release()
    threading.Event().wait()

class Slow(Exception):
    def __str__(self):
        return spin()

def failing():
    raise Slow

async def waiting():
    begun.release()
    await asyncio.Event().wait()

async def spinning():
    spin()

async def turning():
    begun.release()
    while True:
        await asyncio.sleep(0)

def leave_with(count, fn, **settings):
    add("t", fn, **settings)
    server.start()
    clients = [Client(server.connect()) for _ in range(count)]
    for client in clients:
        client.send('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"t"}}')
        begun.acquire()
"""

LEFT_WITH = [
    "1, spin",
    "4, spin",
    "4, block",
    "1, failing",
    "1, print, convert=spin",
    "1, object, encode=spin",
    "1, lambda: turning()",
    '1, spinning, lane="loop"',
    '4, waiting, lane="loop"',
    '4, turning, lane="loop"',
    '1, waiting, lane="loop", convert=spin',
    '1, object, lane="loop", encode=spin',
]
"""Calls in flight when the program ends, and where they are."""


@pytest.mark.parametrize("calls", LEFT_WITH)
def test_programs_end_whatever_runs(calls: str) -> None:
    ended = run(f"{LEAVING}\nleave_with({calls})")
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")


VALUES = """
import dataclasses, enum
from collections import namedtuple
from mcpring.results import plain_data

@dataclasses.dataclass
class Point:
    x: object = None

@dataclasses.dataclass
class Computed:
    x: object
    x = property(spin, lambda self, value: None)

@dataclasses.dataclass
class Watched(Point):
    def __getattribute__(self, name):
        return spin() if name == "x" else object.__getattribute__(self, name)

class Lazy(Point):
    def __init__(self):
        pass

    def __getattr__(self, name):
        return spin()

class Meta(type):
    __getattr__ = spin

class Unknown(metaclass=Meta):
    pass

class Claimed(type):
    def __getattribute__(cls, name):
        return spin() if name == "__await__" else type.__getattribute__(cls, name)

class Awaited(metaclass=Claimed):
    pass

class Color(enum.Enum):
    RED = 1
    value = property(spin)

class Pair(namedtuple("Pair", "a b")):
    __iter__ = spin

class Uniform:
    def __init__(self, name):
        self.__class__ = type("Uniform", (), {name: spin})

def generated():
    yield spin()

class Endless:
    def __iter__(self):
        return self

    __next__ = spin

def extending(base, name):
    return type(base.__name__, (base,), {name: spin})(*((("a", 1),),) if base is dict else ())

def leave_with_value(make):
    for lane in ("pool", "loop"):
        add(lane, make, lane=lane, plain=plain_data)
    server.start()
    clients = []
    for lane in ("pool", "loop"):
        clients.append(Client(server.connect()))
        said = f'{{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{{"name":"{lane}"}}}}'
        clients[-1].send(said)
        begun.acquire()
"""

LEFT_WITH_VALUES = [
    "Computed(1)",
    "[Computed(1)]",
    '{"a": ({"b": Computed(1)},)}',
    "Point(Computed(1))",
    "Watched()",
    "Lazy()",
    "Unknown()",
    "[Unknown()]",
    "Awaited()",
    "Color.RED",
    "{Color.RED: 1}",
    "Pair(1, 2)",
    'extending(str, "__str__")',
    'extending(int, "__int__")',
    'extending(float, "__float__")',
    'extending(dict, "items")',
    'extending(list, "__iter__")',
    'extending(set, "__iter__")',
    'extending(bytes, "__bytes__")',
    "generated()",
    "Endless()",
    "map(spin, [1])",
    'Uniform("to_dict")',
    'Uniform("model_dump")',
    'Uniform("isoformat")',
    'Uniform("__fspath__")',
]
"""Values whose own code runs, on both lanes, when the program ends."""

TIMES = 3


@pytest.mark.parametrize("value", LEFT_WITH_VALUES)
def test_programs_end_whatever_values_do(value: str) -> None:
    program = f"{LEAVING}{VALUES}\nleave_with_value(lambda: {value})"
    for _ in range(TIMES):
        ended = run(program)
        assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")


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
