"""`inspect`, `list` and `call`: what a server has and answers."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._narrow import is_dict
from ..exceptions import ConfigError
from .config_file import ConfigFile
from .loading import config_of, load

if TYPE_CHECKING:
    from ..client import Client

__all__ = ["call", "contents_of", "inspect", "list_contents", "parse_arguments"]

_KINDS = ("tools", "resources", "resourceTemplates", "prompts")


def is_url(said: str | None) -> bool:
    """Whether a server is meant that runs already."""
    return said is not None and said.startswith(("http://", "https://"))


def make_client(parsed: argparse.Namespace, config: ConfigFile | None) -> Client:
    """A client of what was named: a URL, or a server that is loaded into this process."""
    from ..client import Client

    place: Any = parsed.server if is_url(parsed.server) else load(parsed, config)
    headers = dict(_header(one) for one in parsed.header)
    return Client(
        place,
        protocol_version=parsed.protocol_version,
        timeout=parsed.timeout,
        headers=headers,
        auth=parsed.auth,
    )


def _header(said: str) -> tuple[str, str]:
    name, mark, value = said.partition(":")
    if not mark or not name.strip():
        raise ConfigError(f"--header takes NAME: VALUE, not {said!r}")
    return name.strip().lower(), value.strip()


async def contents_of(client: Client) -> dict[str, Any]:
    """Everything a server lists."""
    async with client:
        about = client.initialize_result
        return {
            "server": about.get("serverInfo") or {},
            "instructions": about.get("instructions"),
            "tools": [one.to_dict() for one in await client.list_tools()],
            "resources": [one.to_dict() for one in await client.list_resources()],
            "resourceTemplates": [one.to_dict() for one in await client.list_resource_templates()],
            "prompts": [one.to_dict() for one in await client.list_prompts()],
        }


async def _defined(server: Any) -> dict[str, Any]:
    """The same of a server's definition, which is not run."""
    return {
        "server": {"name": server.name, "version": server.version},
        "instructions": server.instructions,
        "tools": [one.to_dict() for one in await server.list_tools()],
        "resources": [one.to_dict() for one in await server.list_resources()],
        "resourceTemplates": [one.to_dict() for one in await server.list_resource_templates()],
        "prompts": [one.to_dict() for one in await server.list_prompts()],
    }


def _contents(parsed: argparse.Namespace) -> dict[str, Any]:
    if is_url(parsed.server):
        return asyncio.run(contents_of(make_client(parsed, None)))
    return asyncio.run(_defined(load(parsed, config_of(parsed))))


def inspect(parsed: argparse.Namespace) -> int:
    """Shows everything, or writes it to a file."""
    found = _contents(parsed)
    text = json.dumps(found, indent=2) if parsed.format == "json" else _summary(found)
    if parsed.output is None:
        print(text)
        return 0
    try:
        with open(parsed.output, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise ConfigError(f"{parsed.output}: {error}") from error
    return 0


def _summary(found: dict[str, Any]) -> str:
    about: Any = found["server"]
    lines = [f"{about.get('name')} {about.get('version')}"]
    for kind in _KINDS:
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


def list_contents(parsed: argparse.Namespace) -> int:
    """Lists tools, and what else is asked for."""
    found = _contents(parsed)
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


def parse_arguments(
    given: list[str], whole: str | None, option: str = "--input-json"
) -> dict[str, Any]:
    """`name=value` beside one JSON object; a value is text until a schema says what it is."""
    arguments: dict[str, Any] = {}
    if whole is not None:
        try:
            read: Any = json.loads(whole)
        except ValueError as error:
            raise ConfigError(f"{option}: {error}") from error
        if not is_dict(read):
            raise ConfigError(f"{option} takes a JSON object, unlike {whole!r}")
        arguments = read
    for one in given:
        name, mark, value = one.partition("=")
        if not mark or one.startswith("{"):
            hint = f": give JSON with {option}" if one.startswith("{") else ""
            raise ConfigError(f"arguments are name=value, unlike {one!r}{hint}")
        arguments[name] = value
    return arguments


def call(parsed: argparse.Namespace) -> int:
    """Calls a tool, reads a resource or makes a prompt, and prints the answer."""
    config = None if is_url(parsed.server) else config_of(parsed)
    arguments = parse_arguments(parsed.arguments, parsed.input_json)
    answer = asyncio.run(_answer(make_client(parsed, config), parsed, arguments))
    print(json.dumps(answer, indent=2) if parsed.json else _answer_text(answer))
    return 1 if answer.get("isError") else 0


async def _answer(
    client: Client, parsed: argparse.Namespace, arguments: dict[str, Any]
) -> dict[str, Any]:
    async with client:
        if parsed.prompt:
            return (await client.get_prompt(parsed.target, arguments)).to_dict()
        if "://" in parsed.target:
            parts = await client.read_resource(parsed.target)
            return {"contents": [part.to_dict() for part in parts]}
        fitted = await _fitted(client, parsed.target, arguments)
        result = await client.call_tool(parsed.target, fitted, raise_on_error=False)
        return result.to_dict()


async def _fitted(client: Client, name: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
    for tool in await client.list_tools():
        if tool.name == name:
            return fitted(arguments, tool.input_schema)
    return arguments  # the server says what is wrong


def fitted(arguments: dict[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Texts as what a tool's schema wants."""
    from ..schema.coerce import coerce

    made: Mapping[str, Any] = coerce(arguments, dict(schema), schema.get("$defs", {}))
    return made


def _answer_text(answer: dict[str, Any]) -> str:
    found: Any = answer.get("content") or answer.get("contents") or answer.get("messages") or []
    blocks: list[Any] = [block.get("content", block) for block in found]
    return "\n".join(block.get("text") or json.dumps(block) for block in blocks)
