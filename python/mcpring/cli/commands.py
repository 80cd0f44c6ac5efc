"""What each command does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from ..exceptions import ConfigError
from .config_file import ConfigFile, find_config
from .loading import config_of, load

__all__ = ["COMMANDS"]


def _run(parsed: argparse.Namespace) -> int:
    config = config_of(parsed)
    if parsed.reload:
        from .reload import run_reloading

        given = [one for one in parsed.given if one != "--reload"]
        given += ["--", *parsed.server_arguments]
        here = os.path.dirname(config.server if config is not None else parsed.server or "") or "."
        return run_reloading(given, [here, *parsed.reload_dir])
    if parsed.module is not None:
        import runpy

        sys.argv = [parsed.module, *parsed.server_arguments]
        runpy.run_module(parsed.module, run_name="__main__", alter_sys=True)
        return 0
    if config is not None:
        config.apply()
    load(parsed, config).run(**_run_options(parsed, config))
    return 0


def _run_options(parsed: argparse.Namespace, config: ConfigFile | None) -> dict[str, Any]:
    """What was typed, then what the file says; the environment comes last, in `run` itself."""
    names = ("transport", "host", "port", "path", "shards", "workers", "threads", "log_level")
    options: dict[str, Any] = {}
    for name in names:
        value: Any = getattr(parsed, name)
        options[name] = getattr(config, name, None) if value is None else value
    given = {name: value for name, value in options.items() if value is not None}
    return {**given, "show_banner": False} if parsed.no_banner else given


def _dev(parsed: argparse.Namespace) -> int:
    import subprocess

    said = parsed.server or find_config()
    if said is None:
        raise ConfigError("name a server: there is no fastmcp.json here")
    own = [sys.executable, "-m", "mcpring", "run", said, "--no-banner"]
    if parsed.log_level is not None:
        own += ["--log-level", parsed.log_level]
    if not parsed.no_reload:
        own.append("--reload")
    own += ["--", *parsed.server_arguments] if parsed.server_arguments else []
    inspector = f"@modelcontextprotocol/inspector@{parsed.inspector_version}"
    try:
        return subprocess.call(["npx", "-y", inspector, *own])
    except FileNotFoundError as error:
        raise ConfigError("the Inspector needs Node.js, whose npx was not found") from error


def _inspect(parsed: argparse.Namespace) -> int:
    from .asking import inspect

    return inspect(parsed)


def _list(parsed: argparse.Namespace) -> int:
    from .asking import list_contents

    return list_contents(parsed)


def _call(parsed: argparse.Namespace) -> int:
    from .asking import call

    return call(parsed)


def _install(parsed: argparse.Namespace) -> int:
    from .install import install, server_entry
    from .target import load_server, read_target

    name = parsed.name or load_server(read_target(parsed.server)).name
    entry = server_entry(parsed.server, parsed.python, parsed.env)
    print(install(parsed.host_name, name, entry, parsed.print))
    return 0


def _bench(parsed: argparse.Namespace) -> int:
    from .bench import bench

    return bench(parsed)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "bench": _bench,
    "call": _call,
    "dev": _dev,
    "inspect": _inspect,
    "install": _install,
    "list": _list,
    "run": _run,
}
