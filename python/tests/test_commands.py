"""The command `mcpring`, as people run it: in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calling import needs_core
from mcpring import Client
from mcpring.client.transports import StdioTransport
from programs import Program, environment

SERVER = '''
import sys
from mcpring import Context, FastMCP
mcp = FastMCP("filed " + " ".join(sys.argv[1:]), instructions="Add.")

@mcp.tool
def add(a: int, b: int = 1, names: list[str] = []) -> int:
    """Adds."""
    return a + b + len(names)

@mcp.tool
def now(text: str = "") -> str:
    return text

@mcp.tool
async def who(ctx: Context) -> str:
    return str(ctx.headers.get("x-name")) + str(ctx.protocol_version)

@mcp.resource("data://x")
def data() -> str:
    return "held"

@mcp.prompt
def ask(topic: str) -> str:
    return f"About {topic}"
'''


@pytest.fixture
def server(tmp_path: Path) -> str:
    path = tmp_path / "filed_server.py"
    path.write_text(SERVER)
    return str(path)


def mcpring(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    env = environment(options.pop("env", None))
    return subprocess.run(
        [sys.executable, "-m", "mcpring", *arguments],
        capture_output=True,
        text=True,
        env=env,
        timeout=60,
        **options,
    )


ANSWERS: list[tuple[list[str], int, str]] = [
    (["call", "add", "a=2"], 0, "3\n"),
    (["call", "add", "a=2", 'names=["x", "y"]'], 0, "5\n"),
    (["call", "add", "--input-json", '{"a": 2, "b": 5}'], 0, "7\n"),
    (["call", "now", "text=12"], 0, "12\n"),
    (["call", "data://x"], 0, "held\n"),
    (["call", "--prompt", "ask", "topic=cats"], 0, "About cats\n"),
    (["call", "add", "a=x"], 1, ""),
    (["call", "none"], 1, ""),
    (["call", "data://none"], 1, ""),
    (["list"], 0, "add(a, b?, names?): Adds.\nnow(text?)\nwho()\n"),
    (["list", "--resources", "--prompts"], 0, "add(a, b?, names?): Adds.\nnow(text?)\nwho()\nd"),
    (["inspect"], 0, "filed"),
]


@needs_core
@pytest.mark.parametrize(("given", "code", "out"), ANSWERS, ids=lambda one: str(one)[:40])
def test_files(server: str, given: list[str], code: int, out: str) -> None:
    done = mcpring(given[0], server, *given[1:])
    assert (done.returncode, done.stdout[: len(out)]) == (code, out), done.stderr
    assert "Traceback" not in done.stderr


@needs_core
def test_urls(server: str) -> None:
    """All that works with a file works with what runs already."""
    with Program("-m", "mcpring", "run", server, "-t", "http", "-p", "0") as program:
        url = program.url()
        for given, code, out in ANSWERS:
            done = mcpring(given[0], url, *given[1:])
            assert (done.returncode, done.stdout[: len(out)]) == (code, out), (given, done.stderr)
        done = mcpring("call", url, "who", "--header", "X-Name: me")
        assert done.stdout == "me2025-11-25\n"
        done = mcpring("call", url, "who", "--protocol-version", "2026-07-28", "--json")
        assert json.loads(done.stdout)["structuredContent"] == {"result": "None2026-07-28"}
        assert json.loads(mcpring("inspect", url, "-f", "json").stdout)["instructions"] == "Add."
        assert program.end(signal.SIGINT) == 0
    done = mcpring("list", url)
    assert done.returncode == 1 and "cannot reach" in done.stderr


WRONG: list[tuple[list[str], int, str]] = [
    (["call", "nowhere.py", "add"], 1, "there is no file"),
    (["list", "https://127.0.0.1:1/mcp"], 1, "cannot reach"),
    (["list"], 1, "there is no fastmcp.json here"),
    (["fly"], 2, "invalid choice"),
    (["install", "mcp-json", "s.py", "--name", "s", "--env", "K"], 1, "NAME=VALUE"),
]


@needs_core
@pytest.mark.parametrize(("given", "code", "words"), WRONG, ids=lambda one: str(one)[:40])
def test_what_is_wrong_is_told(tmp_path: Path, given: list[str], code: int, words: str) -> None:
    done = mcpring(*given, cwd=tmp_path)
    assert done.returncode == code and words in done.stderr and "Traceback" not in done.stderr


@needs_core
def test_fastmcp_json_is_run(server: str, tmp_path: Path) -> None:
    said = {
        "source": {"path": "filed_server.py", "entrypoint": "mcp"},
        "deployment": {"transport": "http", "port": 0, "args": ["--own"], "log_level": "DEBUG"},
    }
    (tmp_path / "fastmcp.json").write_text(json.dumps(said))
    with Program("-m", "mcpring", "run", cwd=tmp_path) as program:
        url = program.url()
        assert mcpring("inspect", url).stdout.startswith("filed --own")
        assert program.end(signal.SIGTERM) == 0


def stdio(*arguments: str) -> StdioTransport:
    return StdioTransport(sys.executable, ["-m", "mcpring", *arguments], env=environment())


@needs_core
def test_run_on_standard_input_and_output(server: str) -> None:
    async def whole() -> list[Any]:
        seen: list[Any] = []
        for said in (server, f"{server}:mcp"):
            async with Client(stdio("run", said, "--no-banner", "--", "-x")) as client:
                about = client.initialize_result["serverInfo"]["name"]
                seen.append([about, (await client.call_tool("add", {"a": 1})).data])
        return seen

    assert asyncio.run(asyncio.wait_for(whole(), 60)) == [["filed -x", 2]] * 2


@needs_core
def test_a_client_keeps_its_session_while_the_server_is_reloaded(server: str) -> None:
    """The handshake is repeated to each new server, and the client hears that lists changed."""
    changed = asyncio.Event()

    def hear(told: dict[str, Any]) -> None:
        if told["method"] == "notifications/tools/list_changed":
            changed.set()

    async def whole() -> list[Any]:
        transport = stdio("run", server, "--no-banner", "--reload")
        async with Client(transport, message_handler=hear) as client:
            seen = [(await client.call_tool("add", {"a": 1})).data]
            for text in (SERVER.replace("+ len", "+ 10 + len"), "broken(", SERVER):
                if text != "broken(":
                    changed.clear()
                Path(server).write_text(text)
                if text != "broken(":
                    await changed.wait()
                    seen.append((await client.call_tool("add", {"a": 1})).data)
            return seen

    assert asyncio.run(asyncio.wait_for(whole(), 60)) == [2, 12, 2]


@needs_core
def test_reloading_http_ends_in_good_order(server: str) -> None:
    with Program("-m", "mcpring", "run", server, "-t", "http", "-p", "0", "--reload") as program:
        first = program.url()
        assert mcpring("call", first, "add", "a=1").stdout == "2\n"
        os.utime(server, (1, 1))
        program.line("mcpring: a file has changed")
        second = program.url()
        assert mcpring("call", second, "add", "a=1").stdout == "2\n"
        assert program.end(signal.SIGTERM) == 0
    assert mcpring("list", second).returncode == 1


def on_path(folder: Path, name: str) -> dict[str, str]:
    """An environment where `name` is a program that writes down what it is given."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/given\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_dev_starts_the_inspector(server: str, tmp_path: Path) -> None:
    done = mcpring("dev", server, "--inspector-version", "2.12.0", env=on_path(tmp_path, "npx"))
    assert done.returncode == 0
    *own, last = (tmp_path / "given").read_text().splitlines()
    assert own[:2] == ["-y", "@modelcontextprotocol/inspector@2.12.0"]
    assert own[2:] == [sys.executable, "-m", "mcpring", "run", server, "--no-banner"]
    assert last == "--reload"
    missing = mcpring("dev", server, env={"PATH": str(tmp_path)})
    assert missing.returncode == 1 and "Node.js" in missing.stderr


def entry_of(host: str, home: Path) -> Any:
    places = {
        "cursor": home / ".cursor" / "mcp.json",
        "claude-desktop": home / ".config" / "Claude" / "claude_desktop_config.json",
    }
    return json.loads(places[host].read_text())["mcpServers"]["mine"]


@needs_core
@pytest.mark.parametrize("host", ["cursor", "claude-desktop", "mcp-json"])
def test_what_is_installed_runs(host: str, server: str, tmp_path: Path) -> None:
    """What a host is told is a command that answers."""
    env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config")}
    done = mcpring("install", host, server, "-n", "mine", "--env", "A=b", env=env)
    assert done.returncode == 0, done.stderr
    entry = json.loads(done.stdout)["mine"] if host == "mcp-json" else entry_of(host, tmp_path)
    assert entry["env"] == {"A": "b"}
    transport = StdioTransport(entry["command"], entry["args"], env=environment(entry["env"]))
    with Client(transport) as client:
        assert client.call_tool("add", {"a": 1}).data == 2


def test_claude_code_is_told(server: str, tmp_path: Path) -> None:
    done = mcpring("install", "claude-code", server, "-n", "mine", env=on_path(tmp_path, "claude"))
    assert done.returncode == 0, done.stderr
    given = (tmp_path / "given").read_text().splitlines()
    assert given[:4] == ["mcp", "add", "mine", "--"] and given[-2:] == [server, "--no-banner"]


@needs_core
def test_bench_measures_the_server(server: str) -> None:
    given = ["add", "--arguments", '{"a": 1}', "-c", "4", "-s", "1", "--json"]
    done = mcpring("bench", server, *given)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tool"] == "add" and found["connections"] == 4 and found["failures"] == 0
    assert found["calls"] > 100 and found["server_cpu_us_per_call"] > 0
    done = mcpring("bench", server, "add", "a=1", "-c", "1", "-s", "0.2")
    assert done.returncode == 0, done.stderr
    failing = mcpring("bench", server, "add", "-c", "1", "-s", "0.2", "--json")
    assert failing.returncode == 1 and json.loads(failing.stdout)["failures"] > 0
    for wrong, words in ((["none"], "no tool 'none'"), (["add", "-c", "0"], "connections are")):
        done = mcpring("bench", server, *wrong)
        assert done.returncode == 1 and words in done.stderr
