"""`fastmcp.json`: where a server is and how it is run, in the file FastMCP reads too.

What it says of Python environments is left to the tools made for that; what it says of running is
done.
"""

from __future__ import annotations

import json
import os
from typing import Any

from .._narrow import is_dict
from .._record import Record
from ..exceptions import ConfigError

__all__ = ["ConfigFile", "find_config", "read_config"]

_NAME = "fastmcp.json"


class ConfigFile(Record):
    """What a file says."""

    server: str
    folder: str
    transport: str | None = None
    host: str | None = None
    port: int | None = None
    path: str | None = None
    log_level: str | None = None
    cwd: str | None = None
    env: dict[str, str] = {}
    args: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()

    def apply(self) -> None:
        """Sets environment and folder, as the file says."""
        os.environ.update(self.env)
        if self.cwd is not None:
            os.chdir(os.path.join(self.folder, self.cwd))


def find_config(folder: str = ".") -> str | None:
    """The file in a folder, if there is one."""
    path = os.path.join(folder, _NAME)
    return path if os.path.isfile(path) else None


def read_config(path: str) -> ConfigFile:
    """Reads a file; `ConfigError` names what is wrong in it."""
    try:
        with open(path, encoding="utf-8") as file:
            said: Any = json.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    folder = os.path.dirname(os.path.abspath(path))
    source = _part(said, "source", path)
    place = source.get("path")
    if source.get("type", "filesystem") != "filesystem" or not isinstance(place, str):
        raise ConfigError(f"{path}: source.path has to name a Python file")
    entry = source.get("entrypoint")
    server = os.path.join(folder, place)
    running = _part(said, "deployment", path)
    env: dict[str, Any] = running.get("env") or {}
    return ConfigFile(
        server=f"{server}:{entry}" if entry else server,
        folder=folder,
        transport=running.get("transport"),
        host=running.get("host"),
        port=running.get("port"),
        path=running.get("path"),
        log_level=running.get("log_level"),
        cwd=running.get("cwd"),
        env={str(name): _expanded(value) for name, value in env.items()},
        args=tuple(running.get("args") or ()),
        dependencies=tuple(_part(said, "environment", path).get("dependencies") or ()),
    )


def _part(said: Any, name: str, path: str) -> dict[str, Any]:
    part: Any = said.get(name, {}) if is_dict(said) else None
    if not is_dict(part):
        raise ConfigError(f"{path}: {name} has to be an object")
    return part


def _expanded(value: object) -> str:
    """`${NAME}` is the value of another variable."""
    import re

    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found.group(1), ""), str(value))
