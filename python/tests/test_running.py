"""Servers that run: as programs, in event loops, in threads, after forks, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calling import needs_core
from mcpring import Client, FastMCP
from mcpring.client.transports import StdioTransport
from mcpring.exceptions import ConfigError, ForkedError, McpringError, UnsupportedError
from mcpring.server.serving import _plan, options_of
from programs import PACKAGE, Program, environment

pytestmark = needs_core

SYNC = """
import os, sys
from mcpring import FastMCP
mcp = FastMCP("sync")

@mcp.tool
def pid() -> int:
    print("a stray word")
    return os.getpid()

@mcp.tool
def hold(fifo: str) -> str:
    print("holding", file=sys.stderr, flush=True)
    with open(fifo) as file:
        return file.read()

if __name__ == "__main__":
    mcp.run(sys.argv[1], **eval(sys.argv[2] if len(sys.argv) > 2 else "{}"))
    print("asyncio" in sys.modules, file=sys.stderr)
"""

LIVELY = """
import asyncio, sys
from mcpring import FastMCP, lifespan

@lifespan
async def life(server):
    yield {}
    print("closed", file=sys.stderr)

mcp = FastMCP("lively", lifespan=life)

@mcp.tool
async def hold(fifo: str) -> str:
    print("holding", file=sys.stderr, flush=True)
    return await asyncio.to_thread(lambda: open(fifo).read())

@mcp.tool
async def forever() -> None:
    print("holding", file=sys.stderr, flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    mcp.run("http", port=0)
"""


ADDRESSES: list[tuple[dict[str, Any], Any]] = [
    ({"listen": ["stdio:", "http://127.0.0.1:0/x", "unix:///run/x"]}, ()),
    ({"listen": ["tcp+line://localhost:0"]}, ()),
    ({"listen": "stdio:"}, "a list"),
    ({"listen": ["ftp://a"]}, "no address"),
    ({"listen": ["http://"]}, "no address"),
    ({"listen": ["stdio:"], "transport": "http"}, "either transport= or listen="),
]


DEAF = """
import signal, threading
from mcpring import FastMCP
mcp = FastMCP("deaf")

@mcp.tool
def signal_here() -> None:
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

%s
mcp.run("http", port=0)
"""

WITH_LOOP = """
@mcp.tool
async def other() -> None: ...
"""


@pytest.mark.parametrize("more", ["", WITH_LOOP], ids=["no loop", "loop"])
def test_a_signal_that_another_thread_gets(more: str) -> None:
    """The main thread sleeps, and the kernel does not wake it."""
    with Program("-c", DEAF % more) as program:
        with Client(program.url()) as client:
            client.call_tool("signal_here")
        assert program.process.wait(30) == 0


@pytest.mark.parametrize(("given", "words"), ADDRESSES, ids=str)
def test_several_addresses_are_checked(given: dict[str, Any], words: Any) -> None:
    transport = given.get("transport")
    said = {name: value for name, value in given.items() if name != "transport"}
    if words:
        with pytest.raises(ConfigError, match=words):
            _plan(FastMCP("x"), transport, said)
    else:
        assert _plan(FastMCP("x"), transport, dict(said)).addresses == said["listen"]


def test_a_server_at_several_addresses(tmp_path: Path) -> None:
    path = tmp_path / "both.py"
    path.write_text(
        'from mcpring import FastMCP\nmcp = FastMCP("x")\nmcp.tool("one")(lambda: 1)\n'
        'mcp.run(listen=["http://127.0.0.1:0/mcp", "http://[::1]:0/mcp", "tcp://127.0.0.1:0"])\n'
    )

    async def one(url: str) -> int:
        async with Client(url) as client:
            return int((await client.call_tool("one")).content[0].text)

    with Program(str(path)) as program:
        urls = [program.url(), program.url()]
        assert program.line("listening tcp ").startswith("tcp://127.0.0.1:")
        assert [asyncio.run(one(url)) for url in urls] == [1, 1]
        assert program.end(signal.SIGTERM) == 0


@pytest.fixture
def sync(tmp_path: Path) -> str:
    path = tmp_path / "sync_server.py"
    path.write_text(SYNC)
    return str(path)


@pytest.fixture
def lively(tmp_path: Path) -> str:
    path = tmp_path / "lively_server.py"
    path.write_text(LIVELY)
    return str(path)


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "fifo")
    os.mkfifo(path)
    yield path


def ask(place: Any, name: str, **arguments: Any) -> Any:
    """One call on a connection of its own."""
    with Client(place) as client:
        return client.call_tool(name, arguments).data


def test_stdio(sync: str) -> None:
    """Standard output is the protocol's alone, and its end ends the server."""
    transport = StdioTransport(sys.executable, [sync, "stdio"], env=environment())

    async def whole() -> Any:
        async with Client(transport) as client:
            return [(await client.call_tool("pid")).data for _ in range(2)]

    first, second = asyncio.run(whole())
    assert first == second != os.getpid()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_http_ends_in_good_order(sync: str, number: signal.Signals) -> None:
    with Program(sync, "http", "{'port': 0}") as program:
        assert ask(program.url(), "pid") == program.process.pid
        assert program.end(number) == 0
        assert program.said[-1] == "False\n"  # a server of plain functions needs no asyncio
        assert program.said[0].startswith("mcpring ")


def test_the_banner_may_be_left_out(sync: str) -> None:
    with Program(sync, "http", "{'port': 0, 'show_banner': False}") as program:
        program.url()
        assert len(program.said) == 1


@pytest.mark.parametrize("kind", ["sync", "lively"])
def test_calls_end_before_the_server(kind: str, fifo: str, request: pytest.FixtureRequest) -> None:
    arguments = ["http", "{'port': 0}"] if kind == "sync" else []
    with Program(request.getfixturevalue(kind), *arguments) as program:
        url = program.url()

        async def whole() -> Any:
            async with Client(url) as client:
                call = asyncio.ensure_future(client.call_tool("hold", {"fifo": fifo}))
                await asyncio.to_thread(program.line, "holding")
                program.process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(Path(fifo).write_text, "let go")
                return (await call).data

        assert asyncio.run(asyncio.wait_for(whole(), 30)) == "let go"
        assert program.end() == 0
        if kind == "lively":
            assert program.said[-1] == "closed\n"


def test_a_second_signal_ends_at_once(lively: str) -> None:
    with Program(lively) as program:
        url = program.url()

        async def whole() -> None:
            async with Client(url) as client:
                call = asyncio.ensure_future(client.call_tool("forever"))
                await asyncio.to_thread(program.line, "holding")
                assert await asyncio.to_thread(program.end, signal.SIGINT, signal.SIGTERM) == 0
                with pytest.raises(McpringError):
                    await call

        asyncio.run(asyncio.wait_for(whole(), 30))
        assert program.said[-1] == "closed\n"


def test_an_address_in_use_is_told(sync: str) -> None:
    with Program(sync, "http", "{'port': 0}") as first:
        port = first.url().partition("127.0.0.1:")[2].partition("/")[0]
        with Program(sync, "http", f"{{'port': {port}}}") as second:
            assert second.end() == 1
            assert "is in use" in second.said[-1]


def counting() -> FastMCP:
    mcp = FastMCP("x")
    mcp.tool("one")(lambda: 1)
    return mcp


def test_a_loop_that_runs_already() -> None:
    """As in a notebook: the server is a task, a client in the process uses it, cancelling ends."""
    mcp = counting()

    async def whole() -> None:
        with pytest.raises(ConfigError, match="run_async"):
            mcp.run("http", port=0)
        before = signal.getsignal(signal.SIGTERM)
        task = asyncio.ensure_future(mcp.run_async("http", port=0, show_banner=False))
        while mcp.running is None:
            await asyncio.sleep(0)
        [url] = mcp.running.addresses()
        for place in (mcp, url):
            async with Client(place) as client:
                await client.call_tool("one")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert mcp.running is None and signal.getsignal(signal.SIGTERM) is before
        with pytest.raises(McpringError, match="cannot reach"):
            async with Client(url):
                pass

    asyncio.run(asyncio.wait_for(whole(), 30))


def test_a_handler_may_stop_its_server(capfd: pytest.CaptureFixture[str]) -> None:
    mcp = FastMCP("x")
    mcp.tool("end")(lambda: mcp.stop())
    mcp.stop()  # nothing

    async def whole() -> None:
        task = asyncio.ensure_future(mcp.run_async("http", port=0))
        while mcp.running is None:
            await asyncio.sleep(0)
        async with Client(mcp) as client:
            await client.call_tool("end")
            await task

    asyncio.run(asyncio.wait_for(whole(), 30))
    said = capfd.readouterr()
    assert said.out == "" and "listening http http://127.0.0.1:" in said.err


def test_a_thread_that_is_not_the_main_one() -> None:
    mcp = counting()
    thread = threading.Thread(target=lambda: mcp.run("http", port=0, show_banner=False))
    thread.start()
    while mcp.running is None:
        assert thread.is_alive()
    with Client(mcp) as client:
        client.call_tool("one")
    mcp.stop()
    thread.join(30)
    assert not thread.is_alive()


FORKING = """
import os, sys
from mcpring import Client, FastMCP
from mcpring.exceptions import ForkedError
mcp = FastMCP("x")
mcp.tool("one")(lambda: 1)
before = os.fork()  # before the start a fork is no matter
if before == 0:
    with Client(mcp) as client:
        os._exit(client.call_tool("one").text != "1")
assert os.waitpid(before, 0)[1] == 0
with Client(mcp) as client:
    client.call_tool("one")
    child = os.fork()
    if child == 0:
        try:
            with Client(mcp):
                pass
        except ForkedError as error:
            assert "spawn" in str(error)
            mcp.tool("two")(lambda: 2)  # the definition is the child's own
            try:
                mcp.run()
            except ForkedError:
                os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert client.call_tool("one").text == "1"
print("done", file=sys.stderr)
"""


def test_forks(tmp_path: Path) -> None:
    path = tmp_path / "forking.py"
    path.write_text(FORKING)
    with Program(str(path)) as program:
        assert program.end() == 0, program.said
        assert program.said[-1] == "done\n"


def pids(url: str, count: int) -> set[int]:
    """Who answers, on so many connections."""
    with Client(url, protocol_version="2026-07-28") as client:
        return {client.call_tool("pid").data for _ in range(count)}


def wait_for_end(pid: int) -> None:
    """Until a process that is no child of ours has ended."""
    import select

    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 30)[0]
    finally:
        os.close(handle)


def test_workers_share_a_port(sync: str) -> None:
    with Program(sync, "http", "{'port': 0, 'workers': 2}") as program:
        url = program.url()
        seen = pids(url, 64)  # each call is a connection: one gets none with odds of 2 in 2^64
        assert len(seen) == 2 and program.process.pid not in seen
        assert program.end(signal.SIGTERM) == 0
        for pid in seen:
            wait_for_end(pid)


def test_a_worker_that_dies_ends_all(sync: str) -> None:
    with Program(sync, "http", "{'port': 0, 'workers': 2}") as program:
        seen = pids(program.url(), 64)
        os.kill(min(seen), signal.SIGKILL)
        assert program.end() == 128 + signal.SIGKILL
        assert any("a worker ended by itself" in line for line in program.said)
        wait_for_end(max(seen))


def test_workers_end_with_their_parent(sync: str) -> None:
    with Program(sync, "http", "{'port': 0, 'workers': 2}") as program:
        seen = pids(program.url(), 64)
        program.process.kill()
        for pid in seen:
            wait_for_end(pid)


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"transport": "stdio", "workers": 2}, ConfigError, "cannot share stdio"),
    ({"transport": "http", "workers": 1000}, ConfigError, "more than"),
    ({"transport": "http", "uvicorn_config": {"a": 1}}, UnsupportedError, "uvicorn_config"),
    ({"transport": "http", "middleware": [1]}, UnsupportedError, "add_middleware"),
    ({"transport": "http", "host_origin_protection": False}, UnsupportedError, "allowed_hosts"),
    ({"transport": "http", "log_level": "loud"}, ConfigError, "log level"),
    ({"transport": "http", "no_such_setting": 1}, ConfigError, "no_such_setting"),
    ({"transport": "unix"}, ConfigError, "path"),
]


@pytest.mark.parametrize(("said", "kind", "words"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_cannot_be_done_is_refused(
    said: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        FastMCP("x").run(**said)


def test_what_need_not_be_done_is_explained_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="unheard"):
            FastMCP("x").run("http", json_response=True, stateless_http=True, unheard=1)
    said = [record.getMessage().partition(" does nothing here")[0] for record in caplog.records]
    assert said == ["json_response", "stateless_http"]


def test_settings_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPRING_DRIVER", "epoll")
    monkeypatch.setenv("MCPRING_THREADS", "3")
    mcp = FastMCP("x", list_page_size=5, call_timeout=1.5, cache_ttl=2, cache_scope="public")
    assert options_of(mcp, {"shards": 2}) == {
        "driver": "epoll",
        "threads": 3,
        "shards": 2,
        "page_items": 5,
        "call_ms": 1500,
        "cache_hint": {"ttl_ms": 2000, "scope": "public"},
    }


def test_fork_words() -> None:
    mcp = FastMCP("x")
    mcp.is_forked = True
    with pytest.raises(ForkedError, match="'x' was running"):
        mcp.run()
    assert Path(PACKAGE, "mcpring").is_dir()


ASYNC = '''
import asyncio
from mcpring import FastMCP
mcp = FastMCP("x")
mcp.tool("one")(lambda: 1)
asyncio.run(mcp.run_async("http", host="0.0.0.0", port=0))
'''


def test_a_loop_of_the_programs_own_ends_with_sigterm(tmp_path: Path) -> None:
    """And a host that others can reach is listened on when it is named, with a word."""
    path = tmp_path / "own_loop.py"
    path.write_text(ASYNC)
    with Program(str(path)) as program:
        url = program.url()
        assert any("nobody is asked who they are" in line for line in program.said)
        with Client(url.replace("0.0.0.0", "127.0.0.1")) as client:
            assert client.call_tool("one").text == "1"
        assert program.end(signal.SIGTERM) == 0


LEAVING = '''
import asyncio, sys, threading
from mcpring import Client, FastMCP, McpringError
mcp = FastMCP("x")
begun = threading.Event()

@mcp.tool
def block() -> None:
    begun.set()
    threading.Event().wait()

@mcp.tool
async def wait() -> None:
    begun.set()
    await asyncio.Event().wait()

def call() -> None:
    try:
        client.call_tool(sys.argv[1])
    except McpringError:
        pass  # it is told that nothing comes any more

client = Client(mcp).__enter__()
threading.Thread(target=call, daemon=True).start()
begun.wait()
'''


@pytest.mark.parametrize("name", ["block", "wait"])
def test_a_program_that_ends_does_not_wait_for_calls(tmp_path: Path, name: str) -> None:
    path = tmp_path / "leaving.py"
    path.write_text(LEAVING)
    with Program(str(path), name) as program:
        assert program.end() == 0, program.said
        assert not any("Traceback" in line for line in program.said)


LEFT = '''
import threading
from mcpring import Client, FastMCP
mcp = FastMCP("x")
mcp.tool("one")(lambda: 1)

@mcp.tool
async def two() -> int:
    return 2

threading.Thread(target=lambda: mcp.run("http", port=0), daemon=True).start()
while mcp.running is None:
    pass
with Client(mcp.running.addresses()[0]) as client:
    assert client.call_tool("two").data == 2
'''


def test_a_server_on_a_thread_that_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "left.py"
    path.write_text(LEFT)
    with Program(str(path)) as program:
        assert program.end() == 0, program.said
