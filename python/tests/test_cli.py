"""The command line, `fastmcp.json`, and the environment."""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

import pytest

from mcpring import __version__
from mcpring.cli import main
from mcpring.cli.asking import parse_arguments
from mcpring.cli.config_file import read_config
from mcpring.cli.install import install, server_entry
from mcpring.cli.parser import parse
from mcpring.cli.reload import snapshot
from mcpring.cli.target import load_server, read_target
from mcpring.exceptions import ConfigError
from mcpring.settings import Settings, read_settings

SERVER = '''
import sys
from mcpring import FastMCP
mcp = FastMCP("filed " + " ".join(sys.argv[1:]))
other = FastMCP("other")

@mcp.tool
def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b

@mcp.resource("data://x")
def data() -> str:
    return "held"

@mcp.prompt
def ask(topic: str) -> str:
    return f"About {topic}"

def make():
    return FastMCP("made")

async def make_later():
    return FastMCP("made later")
'''


@pytest.fixture
def server(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "filed_server.py"
    path.write_text(SERVER)
    return str(path)


TARGETS: list[tuple[str, str]] = [
    ("", "filed "),
    (":other", "other"),
    (":make", "made"),
    (":make_later", "made later"),
]


@pytest.mark.parametrize(("entry", "name"), TARGETS)
def test_targets(server: str, entry: str, name: str) -> None:
    assert load_server(read_target(server + entry)).name == name


def test_arguments_of_the_server(server: str) -> None:
    before = list(sys.argv)
    assert load_server(read_target(server), ["--own", "1"]).name == "filed --own 1"
    assert sys.argv == before


BAD_TARGETS: list[tuple[str, str]] = [
    ("nowhere.py", "there is no file"),
    ("tcp://127.0.0.1:1", "by its http:// address"),
    ("no.such.module", "there is no module"),
    ("json", "has no server"),
    ("json:dumps2", "has no 'dumps2'"),
    ("json:decoder", "is no server"),
]


@pytest.mark.parametrize(("said", "words"), BAD_TARGETS)
def test_targets_that_are_none(said: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_server(read_target(said))


PARSED: list[tuple[list[str], dict[str, Any]]] = [
    (["run", "s.py", "-t", "http", "-p", "9"], {"command": "run", "transport": "http", "port": 9}),
    (
        ["run", "s.py", "--reload", "--", "--a", "b"],
        {"reload": True, "server_arguments": ["--a", "b"]},
    ),
    (["run", "-m", "pkg"], {"module": "pkg", "server": None}),
    (["dev", "s.py", "--no-reload"], {"no_reload": True}),
    (["inspect", "s.py", "-f", "json"], {"format": "json"}),
    (["list", "s.py", "--prompts"], {"prompts": True, "resources": False}),
    (["call", "s.py", "add", "a=1"], {"target": "add", "arguments": ["a=1"]}),
    (["install", "mcp-json", "s.py", "--env", "A=1"], {"host_name": "mcp-json", "env": ["A=1"]}),
    (["bench", "s.py", "-c", "5"], {"connections": 5, "tool": None}),
    (["bench", "s.py", "add", "a=1"], {"tool": "add", "values": ["a=1"]}),
]


@pytest.mark.parametrize(("given", "want"), PARSED, ids=lambda one: str(one)[:40])
def test_parsing(given: list[str], want: dict[str, Any]) -> None:
    parsed = parse(given)
    assert {name: getattr(parsed, name) for name in want} == want


USAGE: list[tuple[list[str], str]] = [
    ([], "usage: mcpring"),
    (["list", "s.py", "--all"], "list does not know --all: see mcpring list --help"),
]


@pytest.mark.parametrize(("given", "words"), USAGE, ids=repr)
def test_wrong_words(capsys: pytest.CaptureFixture[str], given: list[str], words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(given)
    said = capsys.readouterr()
    assert caught.value.code == 2 and words in said.out + said.err


RUNS: list[tuple[list[str], int, str]] = [
    (["list"], 0, "add(a, b?): Adds.\n"),
    (["list", "--resources", "--prompts"], 0, "add(a, b?): Adds.\ndata://x\nask\n"),
    (["inspect"], 0, f"filed  {__version__}\ntools: 1\n  add(a, b?): Adds.\n"),
]


@pytest.mark.parametrize(("given", "code", "out"), RUNS, ids=lambda one: str(one)[:40])
def test_commands(
    server: str, capsys: pytest.CaptureFixture[str], given: list[str], code: int, out: str
) -> None:
    assert main([given[0], server, *given[1:]]) == code
    said = capsys.readouterr()
    assert said.out.startswith(out)
    assert bool(said.err) == (code != 0)


def test_json_output(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", server, "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["tools"]] == ["add"]
    assert found["resources"][0]["uri"] == "data://x"


def test_arguments_on_the_command_line() -> None:
    assert parse_arguments(["a=1", "b=x=y"], '{"c": 2}') == {"a": "1", "b": "x=y", "c": 2}
    faults: list[tuple[list[str], str | None, str]] = [
        (["a"], None, "arguments are name=value, unlike 'a'$"),
        (['{"a": 1}'], None, "give JSON with --input-json"),
        ([], "{", "--input-json"),
        ([], "[1]", "takes a JSON object"),
    ]
    for given, whole, words in faults:
        with pytest.raises(ConfigError, match=words):
            parse_arguments(given, whole)


def test_fastmcp_json(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "me")
    path = tmp_path / "fastmcp.json"
    path.write_text(
        json.dumps(
            {
                "source": {"path": "src/server.py", "entrypoint": "app"},
                "environment": {"python": "3.12", "dependencies": ["requests"]},
                "deployment": {
                    "transport": "http",
                    "port": 9,
                    "env": {"A": "${WHO}"},
                    "args": ["-x"],
                },
            }
        )
    )
    config = read_config(str(path))
    assert config.server == f"{tmp_path}/src/server.py:app"
    assert (config.transport, config.port, config.host) == ("http", 9, None)
    assert (config.env, config.args, config.dependencies) == ({"A": "me"}, ("-x",), ("requests",))
    for text in ("{", "[]", '{"source": 1}', '{"source": {"type": "git"}}'):
        path.write_text(text)
        with pytest.raises(ConfigError, match="fastmcp.json"):
            read_config(str(path))


def test_installing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    entry = server_entry("/a/server.py:mcp", "python", ["K=V=W"])
    assert entry == {
        "command": "python",
        "args": ["-m", "mcpring", "run", "/a/server.py:mcp", "--no-banner"],
        "env": {"K": "V=W"},
    }
    assert json.loads(install("mcp-json", "s", entry, True)) == {"s": entry}
    assert install("claude-code", "s", entry, True).startswith(
        "claude mcp add s -e K=V=W -- python"
    )
    path = tmp_path / "Claude" / "claude_desktop_config.json"
    install("claude-desktop", "s", entry, True)
    assert not path.exists()
    path.parent.mkdir()
    path.write_text('{"theme": "dark", "mcpServers": {"old": {}}}')
    install("claude-desktop", "s", entry, False)
    assert json.loads(path.read_text()) == {"theme": "dark", "mcpServers": {"old": {}, "s": entry}}
    path.write_text('{"mcpServers": []}')
    with pytest.raises(ConfigError, match="left alone"):
        install("claude-desktop", "s", entry, False)
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        server_entry("s.py", None, ["K"])


def test_changes_of_files_are_seen(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "a.bin").write_text("1")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "b.py").write_text("1")
    seen = snapshot([str(tmp_path)])
    assert list(seen) == [str(tmp_path / "a.py")]
    import os

    os.utime(tmp_path / "a.py", (1, 1))
    assert snapshot([str(tmp_path)]) != seen


ENVIRONMENTS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {"port": 8000, "transport": "stdio"}),
    ({"MCPRING_PORT": "9"}, {"port": 9}),
    ({"FASTMCP_PORT": "9"}, {"port": 9}),
    ({"MCPRING_PORT": "9", "FASTMCP_PORT": "8"}, {"port": 9}),
    ({"FASTMCP_STREAMABLE_HTTP_PATH": "/x"}, {"path": "/x"}),
    ({"FASTMCP_MASK_ERROR_DETAILS": "true"}, {"mask_error_details": True}),
    ({"FASTMCP_HTTP_ALLOWED_HOSTS": '["a", "b"]'}, {"allowed_hosts": ("a", "b")}),
    ({"HOME": "/h"}, {"home": "/h/.local/share/mcpring"}),
]


@pytest.mark.parametrize(("environment", "want"), ENVIRONMENTS, ids=str)
def test_settings(environment: dict[str, str], want: dict[str, Any]) -> None:
    settings = read_settings(environment)
    assert {name: getattr(settings, name) for name in want} == want
    assert isinstance(settings, Settings)


def test_settings_that_make_no_sense() -> None:
    for environment in ({"MCPRING_PORT": "x"}, {"MCPRING_JSON_RESPONSE": "perhaps"}):
        with pytest.raises(ConfigError):
            read_settings(environment)
