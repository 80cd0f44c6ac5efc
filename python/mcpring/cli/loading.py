"""From the command line to a server: the file of settings that is meant, and the object."""

from __future__ import annotations

import argparse
from typing import Any

from ..exceptions import ConfigError
from .config_file import ConfigFile, find_config, read_config
from .target import load_server, read_target

__all__ = ["config_of", "load"]


def config_of(parsed: argparse.Namespace) -> ConfigFile | None:
    """The file of settings that is meant: the one named, or the one that lies here."""
    said: str | None = parsed.server
    path = said if said is not None and said.endswith(".json") else None
    if said is None and getattr(parsed, "module", None) is None:
        path = find_config()
        if path is None:
            raise ConfigError("name a server: there is no fastmcp.json here")
    return read_config(path) if path is not None else None


def load(parsed: argparse.Namespace, config: ConfigFile | None) -> Any:
    """The server that is meant."""
    said = config.server if config is not None else parsed.server
    arguments = [*(config.args if config is not None else ()), *parsed.server_arguments]
    return load_server(read_target(said), arguments)
