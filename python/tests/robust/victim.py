"""A server with tools that misbehave, for the tests beside it.

python victim.py run       serves until it is told to stop
python victim.py leave     serves on a thread; the program ends when its standard input does
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import hashlib
import os
import signal
import sys
import threading
import time

from mcpring import Client, Context, Depends, FastMCP, ToolError
from mcpring.exceptions import ForkedError

LISTEN = ["tcp+line://127.0.0.1:0", "http://127.0.0.1:0/mcp"]
CHILD_S = 30

mcp = FastMCP("victim")
ended: dict[str, int] = {}


class Unspeakable(Exception):
    """Whose words cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def raise_one(number: int) -> None:
    """Exceptions of many kinds, some that refer to themselves."""
    kind = number % 6
    if kind == 0:
        raise ToolError("a" * 1000)
    if kind == 1:
        raise Unspeakable
    if kind == 2:
        deep(300)
    if kind == 3:
        error = ValueError("a circle")
        error.__context__ = error.__cause__ = None
        error.args = (error,)
        raise error
    if kind == 4:
        raise ExceptionGroup("two", [ValueError("one"), TypeError("other")])
    try:
        raise KeyError("first")
    except KeyError as first:
        raise OSError("second") from first


def deep(depth: int) -> None:
    """A long traceback."""
    if depth == 0:
        raise RecursionError("deep enough")
    deep(depth - 1)


@mcp.tool
def fail(number: int) -> str:
    """Fails on a thread."""
    raise_one(number)
    return "never"


@mcp.tool
async def fail_async(number: int) -> str:
    """Fails on the loop, at once or after waiting."""
    if number % 2:
        await asyncio.sleep(0)
    raise_one(number)
    return "never"


@mcp.tool
def resident() -> int:
    """Resident memory in bytes."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@mcp.tool
def fork(way: int) -> int:
    """Forks here, on a thread of the pool; gives the child's exit code."""
    child = os.fork()
    if child == 0:
        signal.alarm(CHILD_S)  # one that hangs dies of it
        code = 1
        try:
            code = in_child(way % 4)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_child(way: int) -> int:
    """What children do; 0 when it went as it should."""
    if way == 0:
        return 0
    if way == 1:  # it uses the server, and is told
        try:
            with Client(mcp) as client:
                client.call_tool("resident")
        except ForkedError:
            return 0
        return 2
    if way == 2:  # it drops everything
        mcp.registry.listeners.clear()
        gc.collect()
        return 0
    other = FastMCP("other")  # it has a server of its own
    other.tool("one")(lambda: 1)
    with Client(other) as client:
        return 0 if client.call_tool("one").text == "1" else 3


def fork_in_main(*_: object) -> None:
    """On the main thread, inside of `mcp.run`; the child leaves as programs leave."""
    child = os.fork()
    if child == 0:
        signal.alarm(CHILD_S)
        raise SystemExit(7)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("child", code, file=sys.stderr, flush=True)


def busy(kind: str) -> None:
    """Tells the test that a call is in flight."""
    os.write(2, f"busy {kind}\n".encode())  # whole, beside the lines of other threads


@mcp.tool
def sleep(seconds: float) -> str:
    """Blocks a thread."""
    busy("sleep")
    time.sleep(seconds)
    return "slept"


@mcp.tool
async def wait(seconds: float) -> str:
    """Waits on the loop; notes when it is cancelled."""
    busy("wait")
    try:
        await asyncio.sleep(seconds)
    finally:
        ended["wait"] = ended.get("wait", 0) + 1
    return "waited"


async def salt() -> int:
    """Filled in by the server, which makes the call one of Python's own."""
    return 1


@mcp.tool
def injected(seconds: float, grain: int = Depends(salt)) -> str:
    """Blocks a thread, and has something filled in."""
    busy("injected")
    time.sleep(seconds)
    return f"slept {grain}"


@mcp.tool
def spin(seconds: float) -> str:
    """Computes, in Python."""
    busy("spin")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return "spun"


@mcp.tool
def native(rounds: int) -> str:
    """Computes, inside of C code that lets go of the interpreter."""
    busy("native")
    return hashlib.pbkdf2_hmac("sha256", b"word", b"salt", rounds).hex()


@mcp.tool
def hold_gil(microseconds: int) -> str:
    """Keeps the interpreter to itself."""
    busy("hold_gil")
    ctypes.PyDLL(None).usleep(microseconds)
    return "let go"


@mcp.tool
def quiet_sleep(ms: int) -> str:
    """Blocks a thread and says nothing."""
    time.sleep(ms / 1000)
    return "slept"


@mcp.tool
def watch(ctx: Context) -> str:
    """Works until nobody wants the answer."""
    busy("watch")
    while not ctx.is_cancelled:
        time.sleep(0.001)
    ended["watch"] = ended.get("watch", 0) + 1
    return "stopped"


@mcp.tool
async def count_ended(of: str) -> int:
    """How many calls of a tool have come to their end."""
    return ended.get(of, 0)


@mcp.tool
def stop_sync(now: bool) -> str:
    """Stops the server from a thread of the pool."""
    mcp.running.stop(now)
    return "stopping"


@mcp.tool
async def stop_async(now: bool) -> str:
    """Stops the server from the loop."""
    mcp.running.stop(now)
    await asyncio.sleep(0.01)
    return "stopping"


def main() -> None:
    """Runs, in one of two ways."""
    signal.signal(signal.SIGUSR1, fork_in_main)
    if sys.argv[1] == "leave":
        run = threading.Thread(target=mcp.run, kwargs={"listen": LISTEN}, daemon=True)
        run.start()
        sys.stdin.read()
        raise SystemExit(3)
    mcp.run(listen=LISTEN, log_level="CRITICAL")
    print("ran", file=sys.stderr)


if __name__ == "__main__":
    main()
