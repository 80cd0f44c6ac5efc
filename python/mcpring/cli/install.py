"""Telling hosts about a server."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from .._narrow import is_dict
from ..exceptions import ConfigError

__all__ = ["install"]


def server_entry(server: str, python: str | None, env: list[str]) -> dict[str, Any]:
    """How a host starts the server: the form all hosts share."""
    place, mark, entry = server.partition(".py:")
    path = os.path.abspath(f"{place}.py" if mark else server)
    said = f"{path}:{entry}" if mark else path
    made: dict[str, Any] = {
        "command": python or sys.executable,
        "args": ["-m", "mcpring", "run", said, "--no-banner"],
    }
    variables = dict(_variable(one) for one in env)
    return {**made, "env": variables} if variables else made


def _variable(said: str) -> tuple[str, str]:
    name, mark, value = said.partition("=")
    if not mark or not name:
        raise ConfigError(f"--env takes NAME=VALUE, not {said!r}")
    return name, value


def install(host: str, name: str, entry: dict[str, Any], only_print: bool) -> str:
    """Does it, or says what would be done; gives what there is to print."""
    if host == "mcp-json":
        return json.dumps({name: entry}, indent=2)
    if host == "claude-code":
        command = _claude_command(name, entry)
        if not only_print:
            _run(command)
        return " ".join(command)
    path = _cursor_file() if host == "cursor" else _desktop_file()
    text = _merged(path, name, entry)
    if not only_print:
        _write(path, text)
    return f"{path}\n{text}"


def _claude_command(name: str, entry: dict[str, Any]) -> list[str]:
    variables = [f"{key}={value}" for key, value in entry.get("env", {}).items()]
    options = [part for one in variables for part in ("-e", one)]
    return ["claude", "mcp", "add", name, *options, "--", entry["command"], *entry["args"]]


def _run(command: list[str]) -> None:
    import subprocess

    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConfigError(f"{command[0]!r} failed: {error}") from error


def _desktop_file() -> str:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "Claude", "claude_desktop_config.json")


def _cursor_file() -> str:
    return os.path.expanduser("~/.cursor/mcp.json")


def _merged(path: str, name: str, entry: dict[str, Any]) -> str:
    """The host's file with the server in it, everything else as it was."""
    known: Any = {}
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            try:
                known = json.load(file)
            except ValueError as error:
                raise ConfigError(f"{path} is no JSON: {error}; it was left alone") from error
    servers: Any = known.get("mcpServers", {}) if is_dict(known) else None
    if not is_dict(known) or not is_dict(servers):
        raise ConfigError(f"{path} is not in the form that is expected; it was left alone")
    return json.dumps({**known, "mcpServers": {**servers, name: entry}}, indent=2)


def _write(path: str, text: str) -> None:
    """Beside, then over it: a host that reads meanwhile sees one or the other."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(beside, path)
