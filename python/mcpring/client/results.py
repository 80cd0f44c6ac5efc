"""What a client gets: lists, answers, contents; fields as they are in Python, `raw` as sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._narrow import is_dict, is_list
from .._record import Record
from ..prompts import PromptResult
from ..results import WRAP_MARK
from ..types import (
    AudioContent,
    BlobResourceContents,
    Completion,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

__all__ = ["CallToolResult", "Data", "PromptInfo", "ResourceInfo", "TemplateInfo", "ToolInfo"]

_BLOCKS: dict[str, Any] = {
    "text": TextContent,
    "image": ImageContent,
    "audio": AudioContent,
    "resource": EmbeddedResource,
    "resource_link": ResourceLink,
}

_SNAKE = {
    "inputSchema": "input_schema",
    "outputSchema": "output_schema",
    "mimeType": "mime_type",
    "uriTemplate": "uri_template",
    "lastModified": "last_modified",
    "hasMore": "has_more",
    "_meta": "meta",
}


class _Info(Record):
    """What is listed; fields may be read by the protocol's own names, too."""

    raw: Mapping[str, Any] = {}
    name: str = ""
    title: str | None = None
    description: str | None = None
    icons: Any = None
    annotations: Any = None
    meta: Any = None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in _SNAKE:
                return getattr(self, _SNAKE[name])
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """As the server sent it."""
        return dict(self.raw)


class ToolInfo(_Info):
    """A tool as it is listed."""

    input_schema: Mapping[str, Any] = {}
    output_schema: Mapping[str, Any] | None = None


class ResourceInfo(_Info):
    """A resource as it is listed."""

    uri: str = ""
    mime_type: str | None = None
    size: int | None = None


class TemplateInfo(_Info):
    """A template as it is listed."""

    uri_template: str = ""
    mime_type: str | None = None


class PromptArgumentInfo(Record):
    """One argument of a prompt."""

    name: str = ""
    title: str | None = None
    description: str | None = None
    required: bool | None = None


class PromptInfo(_Info):
    """A prompt as it is listed."""

    arguments: list[PromptArgumentInfo] = []


def read_fields(cls: Any, said: Mapping[str, Any]) -> Any:
    """A record of what `said` has of its fields."""
    known = {_SNAKE.get(name, name): value for name, value in said.items()}
    return cls(**{name: value for name, value in known.items() if name in cls._fields})


def read_info(cls: Any, said: Mapping[str, Any]) -> Any:
    """One entry of a list."""
    made = read_fields(cls, said)
    if cls is PromptInfo:
        arguments = [read_fields(PromptArgumentInfo, one) for one in said.get("arguments", ())]
        made = made.replace(arguments=arguments)
    return made.replace(raw=said)


def read_block(said: Any) -> Any:
    """A piece of content; of a kind that is not known, the `dict` that came."""
    cls = _BLOCKS.get(said.get("type", "")) if is_dict(said) else None
    if cls is None:
        return said
    made = read_fields(cls, said)
    return made.replace(resource=read_contents(said["resource"])) if "resource" in said else made


def read_contents(said: Mapping[str, Any]) -> Any:
    """What a resource holds, one part."""
    return read_fields(TextResourceContents if "text" in said else BlobResourceContents, said)


def read_prompt(said: Mapping[str, Any]) -> PromptResult:
    """The messages of a prompt."""
    messages: list[Any] = [
        {"role": one["role"], "content": read_block(one["content"])}
        for one in said.get("messages", ())
    ]
    return PromptResult(messages, said.get("description"), said.get("_meta"))


def read_completion(said: Mapping[str, Any]) -> Completion:
    """The values of a completion."""
    found: Any = said.get("completion") or {}
    made: Completion = read_fields(Completion, {"values": [], **found})
    return made


class Data(dict[str, Any]):
    """An object of structured content: `data["name"]`, or `data.name`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name!r} in {sorted(self)}") from None


def read_data(value: Any) -> Any:
    """`value` with its objects as `Data`."""
    if is_dict(value):
        return Data({name: read_data(item) for name, item in value.items()})
    return [read_data(item) for item in value] if is_list(value) else value


class CallToolResult:
    """A tool's answer. `data` is the value the tool returned, with objects as `Data`."""

    __slots__ = ("content", "data", "is_error", "meta", "raw", "structured_content")

    def __init__(self, said: Mapping[str, Any], wraps: bool = False) -> None:
        self.raw = dict(said)
        self.content: list[Any] = [read_block(one) for one in said.get("content", ())]
        self.structured_content: dict[str, Any] | None = said.get("structuredContent")
        self.meta: dict[str, Any] | None = said.get("_meta")
        self.is_error = bool(said.get("isError"))
        found: Any = self.structured_content
        self.data: Any = read_data(found["result"] if wraps and is_dict(found) else found)

    @property
    def text(self) -> str:
        """The words of its content."""
        return " ".join(one.text for one in self.content if isinstance(one, TextContent))

    def to_dict(self) -> dict[str, Any]:
        """As the server sent it."""
        return dict(self.raw)

    def __repr__(self) -> str:
        return f"CallToolResult({self.raw!r})"


def may_be_wrapped(said: Mapping[str, Any]) -> bool:
    """Whether only the tool's output schema can tell if a value stands in a member of its own."""
    found: Any = said.get("structuredContent")
    return is_dict(found) and set(found) == {"result"}


def is_wrapped(tool: ToolInfo | None) -> bool:
    """Whether the output schema says so."""
    return bool(tool is not None and (tool.output_schema or {}).get(WRAP_MARK))
