"""What each command does."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from ..exceptions import ConfigError
from .config_file import ConfigFile, find_config, read_config
from .target import load_server, read_target

__all__ = ["COMMANDS"]


def _config(parsed: argparse.Namespace) -> ConfigFile | None:
    """The file of settings that is meant: the one named, or the one that lies here."""
    said: str | None = parsed.server
    path = said if said is not None and said.endswith(".json") else None
    if said is None and getattr(parsed, "module", None) is None:
        path = find_config()
        if path is None:
            raise ConfigError("name a server: there is no fastmcp.json here")
    return read_config(path) if path is not None else None


def _load(parsed: argparse.Namespace, config: ConfigFile | None) -> Any:
    said = config.server if config is not None else parsed.server
    arguments = [*(config.args if config is not None else ()), *parsed.server_arguments]
    return load_server(read_target(said), arguments)


def _run(parsed: argparse.Namespace) -> int:
    config = _config(parsed)
    if parsed.reload:
        from .reload import run_reloading

        given = [one for one in sys.argv[1:] if one != "--reload"]
        here = os.path.dirname(config.server if config is not None else parsed.server or "") or "."
        return run_reloading(given, [here, *parsed.reload_dir])
    if parsed.module is not None:
        import runpy

        sys.argv = [parsed.module, *parsed.server_arguments]
        runpy.run_module(parsed.module, run_name="__main__", alter_sys=True)
        return 0
    if config is not None:
        config.apply()
    server = _load(parsed, config)
    _configure_logging(parsed.log_level or (config.log_level if config is not None else None))
    server.run(**_run_options(parsed, config))
    return 0


def _run_options(parsed: argparse.Namespace, config: ConfigFile | None) -> dict[str, Any]:
    """What was typed, then what the file says; the environment comes last, in `run` itself."""
    names = ("transport", "host", "port", "path", "shards", "workers")
    options: dict[str, Any] = {}
    for name in names:
        value: Any = getattr(parsed, name)
        options[name] = getattr(config, name, None) if value is None else value
    given = {name: value for name, value in options.items() if value is not None}
    return {**given, "show_banner": False} if parsed.no_banner else given


def _configure_logging(level: str | None) -> None:
    """To standard error: standard output is the protocol's."""
    import logging

    from ..settings import read_settings

    logging.basicConfig(level=(level or read_settings().log_level).upper(), stream=sys.stderr)


def _dev(parsed: argparse.Namespace) -> int:
    import subprocess

    said = parsed.server or find_config()
    if said is None:
        raise ConfigError("name a server: there is no fastmcp.json here")
    own = [sys.executable, "-m", "mcpring", "run", said, "--no-banner"]
    if not parsed.no_reload:
        own.append("--reload")
    inspector = f"@modelcontextprotocol/inspector@{parsed.inspector_version}"
    try:
        return subprocess.call(["npx", "-y", inspector, *own])
    except FileNotFoundError as error:
        raise ConfigError("the Inspector needs Node.js, whose npx was not found") from error


def _inspect(parsed: argparse.Namespace) -> int:
    server = _load(parsed, _config(parsed))
    found = asyncio.run(_contents(server))
    text = json.dumps(found, indent=2) if parsed.format == "json" else _summary(found)
    if parsed.output is not None:
        with open(parsed.output, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)
    return 0


async def _contents(server: Any) -> dict[str, Any]:
    return {
        "server": {"name": server.name, "version": server.version},
        "instructions": server.instructions,
        "tools": [one.to_dict() for one in await server.list_tools()],
        "resources": [one.to_dict() for one in await server.list_resources()],
        "resourceTemplates": [one.to_dict() for one in await server.list_resource_templates()],
        "prompts": [one.to_dict() for one in await server.list_prompts()],
    }


def _summary(found: dict[str, Any]) -> str:
    kinds = ("tools", "resources", "resourceTemplates", "prompts")
    lines = [f"{found['server']['name']} {found['server']['version']}"]
    for kind in kinds:
        lines.append(f"{kind}: {len(found[kind])}")
        lines += [f"  {_line(one)}" for one in found[kind]]
    return "\n".join(lines)


def _line(one: dict[str, Any]) -> str:
    name = one.get("uri") or one.get("uriTemplate") or one["name"]
    schema = one.get("inputSchema")
    shown = f"{name}{_signature(schema)}" if schema is not None else name
    words = (one.get("description") or "").partition("\n")[0]
    return f"{shown}: {words}" if words else shown


def _signature(schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    names = [name if name in required else f"{name}?" for name in schema.get("properties", {})]
    return f"({', '.join(names)})"


def _list(parsed: argparse.Namespace) -> int:
    server = _load(parsed, _config(parsed))
    found = asyncio.run(_contents(server))
    kinds = ["tools"]
    kinds += ["resources", "resourceTemplates"] if parsed.resources else []
    kinds += ["prompts"] if parsed.prompts else []
    if parsed.json:
        print(json.dumps({kind: found[kind] for kind in kinds}, indent=2))
        return 0
    for kind in kinds:
        for one in found[kind]:
            print(_line(one))
            if parsed.schemas and "inputSchema" in one:
                print(json.dumps(one["inputSchema"], indent=2))
    return 0


def parse_arguments(given: list[str], whole: str | None) -> dict[str, Any]:
    """`name=value` beside one JSON object; a value stays text and is fitted to the schema later."""
    arguments: dict[str, Any] = {}
    if whole is not None:
        try:
            arguments = json.loads(whole)
        except ValueError as error:
            raise ConfigError(f"--input-json: {error}") from error
    for one in given:
        name, mark, value = one.partition("=")
        if not mark:
            raise ConfigError(f"arguments are name=value, unlike {one!r}")
        arguments[name] = value
    return arguments


def _call(parsed: argparse.Namespace) -> int:
    from ..client import Client

    client = Client(_load(parsed, _config(parsed)))
    arguments = parse_arguments(parsed.arguments, parsed.input_json)

    async def ask() -> Any:
        async with client:
            if parsed.prompt:
                return (await client.get_prompt(parsed.target, arguments)).to_dict()
            if "://" in parsed.target:
                parts = await client.read_resource(parsed.target)
                return {"contents": [part.to_dict() for part in parts]}
            result = await client.server.call_tool(parsed.target, arguments)
            return result.to_dict()

    answer = asyncio.run(ask())
    print(json.dumps(answer, indent=2) if parsed.json else _answer_text(answer))
    return 1 if answer.get("isError") else 0


def _answer_text(answer: dict[str, Any]) -> str:
    found: Any = answer.get("content") or answer.get("contents") or answer.get("messages") or []
    blocks: list[Any] = [block.get("content", block) for block in found]
    return "\n".join(block.get("text") or json.dumps(block) for block in blocks)


def _install(parsed: argparse.Namespace) -> int:
    from .install import install, server_entry

    name = parsed.name or load_server(read_target(parsed.server)).name
    entry = server_entry(parsed.server, parsed.python, parsed.env)
    print(install(parsed.host_name, name, entry, parsed.print))
    return 0


def _bench(parsed: argparse.Namespace) -> int:
    from ..running import load_core

    load_core()
    raise ConfigError("measuring is done by the engine's own load tester, which this build lacks")


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "bench": _bench,
    "call": _call,
    "dev": _dev,
    "inspect": _inspect,
    "install": _install,
    "list": _list,
    "run": _run,
}
