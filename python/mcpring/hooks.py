"""Middleware around what the engine answers by itself: lists and the handshake.

The engine makes its answer; middleware sees it as FastMCP shows it, a list of components, and what
it returns is sent. A method that no middleware looks at has no hook and costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ._record import Record
from .jsonable import dumps
from .uri import standard

if TYPE_CHECKING:
    from ._core import Call
    from .server import FastMCP
    from .server.registry import Kind

__all__ = ["install_hooks"]

Hook = Callable[["Call", str], Awaitable[str]]


class Listing(Record):
    """Where a list's components are: of which kind, in which member, under which key."""

    kind: Kind
    member: str
    key: str


_LISTS = {
    "tools/list": Listing(kind="tool", member="tools", key="name"),
    "resources/list": Listing(kind="resource", member="resources", key="uri"),
    "resources/templates/list": Listing(
        kind="template", member="resourceTemplates", key="uriTemplate"
    ),
    "prompts/list": Listing(kind="prompt", member="prompts", key="name"),
}


def install_hooks(core: Any, made: Any, server: FastMCP[Any]) -> None:
    """Puts the server's middleware before the engine's own answers."""
    for method in ("initialize", "server/discover", *_LISTS):
        if _is_watched(server, method):
            hook = _list_hook(server, method) if method in _LISTS else _plain_hook(server, method)
            made.add_hook(
                method, core.Handler(hook, owner=server, lane="loop", style="call", encode=str)
            )


def _is_watched(server: FastMCP[Any], method: str) -> bool:
    from .server.middleware import HOOKS, Middleware

    names = ("on_message", "on_request", HOOKS[method])
    return any(
        getattr(type(one), name) is not getattr(Middleware, name)
        for one in server.middleware
        for name in names
    )


def _plain_hook(server: FastMCP[Any], method: str) -> Hook:
    async def hook(call: Call, answer: str) -> str:
        async def end(_: Any) -> Any:
            return json.loads(answer)

        return dumps(await _run(server, call, method, end))

    return hook


def _list_hook(server: FastMCP[Any], method: str) -> Hook:
    listing = _LISTS[method]

    async def hook(call: Call, answer: str) -> str:
        result = json.loads(answer)
        listed = {item[listing.key]: item for item in result[listing.member]}
        entries = server.entries(listing.kind)
        known: dict[str, Any] = {standard(one.component.key): one.component for one in entries}

        async def end(_: Any) -> Any:
            return [known[key] for key in listed if key in known]

        shown: list[Any] = await _run(server, call, method, end)
        result[listing.member] = [
            listed[name] if known.get(name := standard(one.key)) is one else one.to_dict()
            for one in shown
        ]
        return dumps(result)

    return hook


async def _run(server: FastMCP[Any], call: Call, method: str, end: Callable[[Any], Any]) -> Any:
    from .context import Context, enter_context
    from .server.middleware import run_chain

    context = Context(server, call)
    enter_context(context)
    return await run_chain([server], method, {}, end, context)
