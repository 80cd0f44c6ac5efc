"""Settings from the environment: `MCPRING_PORT=9000`, or FastMCP's names where ours are not set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ._record import Record
from .exceptions import ConfigError

__all__ = ["Settings", "read_settings"]

_PREFIXES = ("MCPRING_", "FASTMCP_")
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off", ""))
_ALIASES = {"path": "streamable_http_path", "allowed_hosts": "http_allowed_hosts"}


class Settings(Record):
    """What the environment may set; arguments given in a program count more.

    `docs/python.md` says what each means.
    """

    transport: str = "stdio"
    host: str = "127.0.0.1"
    port: int = 8000
    path: str = "/mcp"
    log_level: str = ""
    shards: int = 0
    threads: int = 0
    workers: int = 1
    driver: str = ""
    state_keys: tuple[str, ...] = ()
    mask_error_details: bool = False
    strict_input_validation: bool = False
    stateless_http: bool = False
    json_response: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    show_server_banner: bool = True
    home: str = ""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of `environment`, the process's own unless given."""
    given = os.environ if environment is None else environment
    found: dict[str, Any] = {}
    for name, default in Settings().__dict__.items():
        text = _find(given, name)
        if text is not None:
            found[name] = _read(name, text, default)
    if not found.get("home"):
        base = given.get("XDG_DATA_HOME") or os.path.join(given.get("HOME", ""), ".local", "share")
        found["home"] = os.path.join(base, "mcpring")
    return Settings(**found)


def _find(given: Mapping[str, str], name: str) -> str | None:
    names = (name, _ALIASES[name]) if name in _ALIASES else (name,)
    for prefix in _PREFIXES:
        for one in names:
            text = given.get(f"{prefix}{one}".upper())
            if text is not None:
                return text
    return None


def _read(name: str, text: str, default: object) -> Any:
    if isinstance(default, bool):
        if text.lower() not in _TRUE | _FALSE:
            raise ConfigError(f"{name}: {text!r} is neither true nor false")
        return text.lower() in _TRUE
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError as error:
            raise ConfigError(f"{name}: {text!r} is no number") from error
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.strip("[]").replace('"', "").split(",") if part)
    return text
