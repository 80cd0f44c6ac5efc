"""Questions to the client: what is asked, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar

from ._narrow import is_dict, is_list
from ._record import Record
from .exceptions import ConfigError, ValidationError
from .schema.builder import Builder
from .schema.coerce import coerce
from .schema.inline import inline
from .schema.shape import Load, Schema
from .types import as_json

__all__ = [
    "AcceptedElicitation",
    "CancelledElicitation",
    "DeclinedElicitation",
    "ElicitationResult",
    "Form",
    "SamplingResult",
    "ToolUse",
]

T = TypeVar("T")


class AcceptedElicitation(Generic[T]):
    """The person answered: `data`."""

    __slots__ = ("data",)
    __match_args__ = ("data",)
    action: Literal["accept"] = "accept"

    def __init__(self, data: T) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"AcceptedElicitation({self.data!r})"


class DeclinedElicitation:
    """The person said no."""

    __slots__ = ()
    action: Literal["decline"] = "decline"
    data: None = None


class CancelledElicitation:
    """The person went away without an answer."""

    __slots__ = ()
    action: Literal["cancel"] = "cancel"
    data: None = None


ElicitationResult = AcceptedElicitation[T] | DeclinedElicitation | CancelledElicitation
"""What became of a question to the person; `.action` tells, and so does the class."""


class Form(Record):
    """A form: the schema that is sent, and how the answer becomes data."""

    schema: Schema
    load: Load

    def read(self, content: Any) -> Any:
        """The data in a client's answer; clients are lenient, so we are."""
        defs = self.schema.get("$defs", {})
        try:
            return self.load(coerce(content or {}, self.schema, defs))
        except (ValueError, TypeError, KeyError) as error:
            raise ValidationError(f"the answer does not fit what was asked: {error}") from error


_EMPTY: Schema = {"type": "object", "properties": {}}
_PRIMITIVE = frozenset(("string", "integer", "number", "boolean"))


def make_form(wanted: Any, title: str | None = None, description: str | None = None) -> Form:
    """The form for `wanted`: a class with fields, a scalar, or choices in FastMCP's short forms."""
    if wanted is None:
        return Form(schema=_EMPTY, load=lambda content: content)
    words = {"title": title, "description": description}
    shown = {name: text for name, text in words.items() if text is not None}
    if is_list(wanted) or is_dict(wanted):
        return _wrapped({**_choices(wanted), **shown}, None)
    builder = Builder()
    shape = builder.shape(wanted)
    schema = inline(shape.schema, builder.defs)
    if schema.get("type") != "object":
        return _wrapped({**_simple(schema, "the value"), **shown}, shape.loader)
    if "properties" not in schema:
        raise ConfigError("a form needs fields with names: ask for a dataclass or a pydantic model")
    fields = {name: _simple(one, name) for name, one in schema["properties"].items()}
    flat: Schema = {"type": "object", "properties": fields}
    if schema.get("required"):
        flat["required"] = schema["required"]
    load = shape.loader
    return Form(schema=flat, load=load if load is not None else _same)


def _same(value: Any) -> Any:
    return value


def _wrapped(schema: Schema, load: Load | None) -> Form:
    """Forms have fields; a scalar becomes the only one, `value`."""
    whole = {"type": "object", "properties": {"value": schema}, "required": ["value"]}
    inner: Callable[[Any], Any] = load if load is not None else _same
    return Form(schema=whole, load=lambda content: inner(content["value"]))


def _choices(wanted: Any) -> Schema:
    """`["a", "b"]`, `{"a": {"title": "A"}}`; with a list around it several may be chosen."""
    if is_dict(wanted):
        return {"type": "string", "oneOf": _titled(wanted)}
    if not is_list(wanted):
        raise ConfigError("choices are a list or a dict")
    first: Any = wanted[0] if len(wanted) == 1 else None
    if is_list(first):
        return {"type": "array", "items": {"type": "string", "enum": first}}
    if is_dict(first):
        return {"type": "array", "items": {"anyOf": _titled(first)}}
    if not wanted or not all(isinstance(one, str) for one in wanted):
        raise ConfigError(
            "choices are a list of texts, a dict of titles, or one of these in a list"
        )
    return {"type": "string", "enum": wanted}


def _titled(choices: Mapping[str, Any]) -> list[Schema]:
    return [{"const": name, "title": words.get("title", name)} for name, words in choices.items()]


def _simple(schema: Schema, name: str) -> Schema:
    """The schema of a field as clients can show it: one plain value, or choices."""
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    if len(arms) == 1:
        beside = {key: item for key, item in schema.items() if key not in ("anyOf", "default")}
        return _simple({**arms[0], **beside}, name)
    if "const" in schema:
        schema = {"type": "string", "enum": [schema["const"]], **schema}
        schema.pop("const")
    kind = schema.get("type")
    items = schema.get("items", {})
    is_choice = kind == "array" and any(word in items for word in ("enum", "anyOf", "oneOf"))
    if kind not in _PRIMITIVE and not is_choice:
        raise ConfigError(
            f"a form cannot ask for {name!r}: fields are text, numbers, booleans or choices, not "
            f"{kind or 'unions'}"
        )
    return {key: item for key, item in schema.items() if key != "uniqueItems"}


class SamplingResult(Record):
    """What the client's model said."""

    content: Any
    model: str = ""
    role: str = "assistant"
    stop_reason: str | None = None

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> SamplingResult:
        """From a client's answer."""
        return cls(
            content=answer.get("content"),
            model=str(answer.get("model", "")),
            role=str(answer.get("role", "assistant")),
            stop_reason=answer.get("stopReason"),
        )

    @property
    def text(self) -> str:
        """The words, joined."""
        return "".join(block.get("text", "") for block in self._blocks())

    @property
    def tool_uses(self) -> list[ToolUse]:
        """What the model wants of the tools it was given; each wants an answer."""
        used = [block for block in self._blocks() if block.get("type") == "tool_use"]
        return [
            ToolUse(id=block["id"], name=block["name"], input=block.get("input") or {})
            for block in used
        ]

    @property
    def message(self) -> dict[str, Any]:
        """What was said, as a message of the next question."""
        return {"role": self.role, "content": self.content}

    def _blocks(self) -> list[dict[str, Any]]:
        content = self.content
        blocks: list[Any] = content if is_list(content) else [content]
        return [block for block in blocks if is_dict(block)]


class ToolUse(Record):
    """What the client's model wants of a tool."""

    id: str
    name: str
    input: dict[str, Any]

    def result(self, value: object) -> dict[str, Any]:
        """The answer, a piece of content: put all of them, and nothing else, in one message."""
        from .results import ToolResult

        said = value if isinstance(value, ToolResult) else ToolResult(content=value)
        return {"type": "tool_result", "toolUseId": self.id, **said.to_dict()}


def sampling_params(
    messages: Any,
    *,
    max_tokens: int,
    system_prompt: str | None,
    temperature: float | None,
    stop_sequences: list[str] | None,
    model_preferences: Any,
    tools: Any = None,
    tool_choice: str | None = None,
) -> dict[str, Any]:
    """The parameters of `sampling/createMessage`."""
    listed = messages if is_list(messages) else [messages]
    said = {
        "messages": [_sampling_message(one) for one in listed],
        "maxTokens": max_tokens,
        "systemPrompt": system_prompt,
        "temperature": temperature,
        "stopSequences": stop_sequences,
        "modelPreferences": _preferences(model_preferences),
        "tools": [_sampling_tool(one) for one in tools] if tools else None,
        "toolChoice": {"mode": tool_choice} if tool_choice else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _sampling_message(message: Any) -> dict[str, Any]:
    if isinstance(message, str):
        return {"role": "user", "content": {"type": "text", "text": message}}
    made: dict[str, Any] = as_json(message)
    return made


def _sampling_tool(tool: Any) -> dict[str, Any]:
    from .marks import find_mark
    from .tools import Tool

    if callable(tool):
        mark = find_mark(tool)
        tool = Tool.from_function(tool, **(mark.settings if mark is not None else {}))
    made: dict[str, Any] = as_json(tool)
    return made


def _preferences(wanted: Any) -> Any:
    """A model's name, several in order of liking, or the protocol's own form."""
    if wanted is None:
        return None
    names: Any = [wanted] if isinstance(wanted, str) else wanted
    if is_list(names):
        return {"hints": [{"name": name} for name in names]}
    return as_json(names)
