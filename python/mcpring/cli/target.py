"""From what a person names to a server object."""

from __future__ import annotations

import os
import sys
from typing import Any

from ..exceptions import ConfigError

__all__ = ["Target", "load_server", "read_target"]

_NAMES = ("mcp", "server", "app")


class Target:
    """A file or module, and which object in it."""

    __slots__ = ("entry", "is_file", "place")

    def __init__(self, place: str, entry: str | None, is_file: bool) -> None:
        self.place = place
        self.entry = entry
        self.is_file = is_file

    def __repr__(self) -> str:
        return f"{self.place}:{self.entry}" if self.entry else self.place


def read_target(said: str) -> Target:
    """`server.py`, `server.py:mcp`, `package.module`, `package.module:make`."""
    if "://" in said:
        raise ConfigError(f"{said!r}: a server that runs is named by its http:// address")
    place, mark, entry = said.rpartition(":")
    if not mark or "/" in entry or "\\" in entry:
        place, entry = said, ""
    is_file = place.endswith(".py") or os.sep in place or os.path.isfile(place)
    if is_file and not os.path.isfile(place):
        raise ConfigError(f"there is no file {place!r}")
    return Target(place, entry or None, is_file)


def load_server(target: Target, arguments: list[str] | None = None) -> Any:
    """Imports the target and gives its server; a function there is called for it."""
    before = sys.argv
    sys.argv = [target.place, *(arguments or ())]
    try:
        module = _import_file(target.place) if target.is_file else _import_module(target.place)
        return _server_in(module, target)
    finally:
        sys.argv = before


def _import_file(path: str) -> Any:
    import importlib.util

    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path!r} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Hints are looked up in the module by its name: it has to be known before it runs.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> Any:
    import importlib

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            raise ConfigError(f"there is no module {name!r}") from error
        raise


def _server_in(module: Any, target: Target) -> Any:
    if target.entry is not None:
        found = getattr(module, target.entry, None)
        if found is None:
            raise ConfigError(f"{target.place!r} has no {target.entry!r}")
        return _made(found, target)
    for name in _NAMES:
        if is_server(getattr(module, name, None)):
            return getattr(module, name)
    names: dict[str, Any] = module.__dict__
    servers = [value for value in names.values() if is_server(value)]
    if len(servers) == 1:
        return servers[0]
    many = "several servers" if servers else "no server"
    raise ConfigError(f"{target.place!r} has {many}: name one, as in {target.place}:mcp")


def _made(found: Any, target: Target) -> Any:
    if is_server(found):
        return found
    if callable(found):
        made: Any = found()
        if hasattr(made, "__await__"):
            import asyncio

            made = asyncio.run(made)
        if is_server(made):
            return made
    raise ConfigError(f"{target!r} is no server and makes none")


def is_server(value: Any) -> bool:
    """Whether `value` is one of our servers."""
    from ..server.fastmcp import FastMCP

    return isinstance(value, FastMCP)
