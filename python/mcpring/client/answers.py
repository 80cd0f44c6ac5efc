"""What a client answers when it is asked: a person's words, a model's, and where it works.

Handlers take the parameters of the question, or FastMCP's list of arguments; what they return may
be the protocol's result or just the value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._narrow import is_dict
from .._record import Record
from ..jsonable import jsonable
from ..types import as_json

__all__ = ["Answers", "ElicitResult", "Handler"]

Handler = Callable[..., Any]
"""Answers a question: `handler(params)`, plain or `async`. FastMCP's forms are taken as well."""


class ElicitResult(Record):
    """What a person did with a question: `accept` with content, `decline`, or `cancel`."""

    action: str
    content: Any = None


class Answers:
    """The handlers of one client."""

    def __init__(
        self,
        elicitation: Handler | None,
        sampling: Handler | None,
        roots: Any,
    ) -> None:
        self._elicitation = elicitation
        self._sampling = sampling
        self._roots = roots

    def capabilities(self) -> dict[str, Any]:
        """What the server may ask."""
        made: dict[str, Any] = {}
        if self._elicitation is not None:
            made["elicitation"] = {"form": {}, "url": {}}
        if self._sampling is not None:
            made["sampling"] = {}
        if self._roots is not None:
            made["roots"] = {"listChanged": True}
        return made

    async def answer(self, method: str, params: dict[str, Any]) -> Any:
        """The result for a question."""
        if method == "ping":
            return {}
        if method == "roots/list" and self._roots is not None:
            return await self._list_roots()
        if method == "elicitation/create" and self._elicitation is not None:
            return await self._elicit(self._elicitation, params)
        if method == "sampling/createMessage" and self._sampling is not None:
            return await self._sample(self._sampling, params)
        raise NotImplementedError(f"this client does not answer {method}")

    async def _list_roots(self) -> dict[str, Any]:
        roots = self._roots
        if callable(roots):
            roots = await _waited(roots({}) if arity(roots) else roots())
        made = [{"uri": one} if isinstance(one, str) else as_json(one) for one in roots]
        return {"roots": [_with_uri(one) for one in made]}

    async def _elicit(self, handler: Handler, params: dict[str, Any]) -> dict[str, Any]:
        if arity(handler) < 2:
            answer = await _waited(handler(params))
        else:
            schema = params.get("requestedSchema")
            wanted = response_type(schema) if is_dict(schema) else None
            answer = await _waited(handler(params.get("message", ""), wanted, params, None))
        if is_dict(answer) and "action" in answer:
            return answer
        action = getattr(answer, "action", "accept")
        content = getattr(answer, "content", None) if hasattr(answer, "action") else answer
        if action != "accept":
            return {"action": str(action)}
        return {"action": "accept", "content": _content(content)}

    async def _sample(self, handler: Handler, params: dict[str, Any]) -> Any:
        if arity(handler) < 2:
            answer = await _waited(handler(params))
        else:
            answer = await _waited(handler(params.get("messages", []), params, None))
        if isinstance(answer, str):
            answer = {"role": "assistant", "content": {"type": "text", "text": answer}}
        said: Any = as_json(answer)
        return {"model": "unnamed", "role": "assistant", **said}


def arity(handler: Handler) -> int:
    """How many arguments a handler takes in order."""
    import inspect

    try:
        found = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        return 1
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in found):
        return 4
    return sum(one.kind in places and one.default is one.empty for one in found)


def response_type(schema: dict[str, Any]) -> Any:
    """A class with the fields of a form, whose instances are answers; `None` for an empty one."""
    properties: dict[str, Any] = schema.get("properties") or {}
    if not properties:
        return None
    from dataclasses import field, make_dataclass

    plain = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list}
    required = schema.get("required", ())
    fields: list[Any] = []
    for name, one in sorted(properties.items(), key=lambda item: item[0] not in required):
        kind = plain.get(one.get("type", ""), object)
        given = () if name in required else (field(default=one.get("default")),)
        fields.append((name, kind, *given))
    return make_dataclass("Answer", fields)


def _content(value: Any) -> Any:
    """The content of a form; a plain value goes into the only field that can be meant."""
    made: Any = jsonable(value) if value is not None else {}
    return made if is_dict(made) else {"value": made}


def _with_uri(root: Any) -> dict[str, Any]:
    """URIs may be objects of their own, whose text counts."""
    return {**root, "uri": str(root["uri"])}


async def _waited(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value

