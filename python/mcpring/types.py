"""The protocol's data as Python sees it: content, icons, annotations, answers.

Wherever one of these is taken, a `dict` in the protocol's own names and the official SDK's object
of the same meaning are taken too (`as_json`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from ._record import Record

__all__ = [
    "Annotations",
    "AudioContent",
    "BlobResourceContents",
    "Completion",
    "ContentBlock",
    "EmbeddedResource",
    "Icon",
    "ImageContent",
    "LogLevel",
    "ResourceLink",
    "Root",
    "TextContent",
    "TextResourceContents",
    "ToolAnnotations",
    "as_json",
    "is_content",
    "may_be_content",
]

LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
"""How grave a log message is."""

_WIRE = {
    "mime_type": "mimeType",
    "last_modified": "lastModified",
    "read_only_hint": "readOnlyHint",
    "destructive_hint": "destructiveHint",
    "idempotent_hint": "idempotentHint",
    "open_world_hint": "openWorldHint",
    "has_more": "hasMore",
    "meta": "_meta",
}


_SNAKE = {wire: name for name, wire in _WIRE.items()}


class _Wire(Record):
    """Records that have a form on the wire: set fields, in the protocol's names.

    Fields may be read by those names as well: `mimeType` is `mime_type`.
    """

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in _SNAKE:
                return getattr(self, _SNAKE[name])
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """The protocol's own form."""
        items = ((name, getattr(self, name)) for name in self._fields)
        return {_WIRE.get(name, name): as_json(item) for name, item in items if item is not None}


class Annotations(_Wire):
    """Whom content is for and how much it matters."""

    audience: list[Literal["user", "assistant"]] | None = None
    priority: float | None = None
    last_modified: str | None = None


class Icon(_Wire):
    """A picture for a server or a feature."""

    src: str
    mime_type: str | None = None
    sizes: list[str] | None = None
    theme: Literal["light", "dark"] | None = None


class ToolAnnotations(_Wire):
    """Hints about what a tool does to the world; the protocol's defaults hold where unset."""

    title: str | None = None
    read_only_hint: bool | None = None
    destructive_hint: bool | None = None
    idempotent_hint: bool | None = None
    open_world_hint: bool | None = None

    def __init__(self, **values: Any) -> None:
        camel = {_WIRE[name]: name for name in self._fields if name in _WIRE}
        super().__init__(**{camel.get(name, name): value for name, value in values.items()})


class TextContent(_Wire):
    """Words."""

    type: Literal["text"] = "text"
    text: str
    annotations: Annotations | Mapping[str, Any] | None = None
    meta: Mapping[str, Any] | None = None


class ImageContent(_Wire):
    """A picture, in base64."""

    type: Literal["image"] = "image"
    data: str
    mime_type: str
    annotations: Annotations | Mapping[str, Any] | None = None
    meta: Mapping[str, Any] | None = None


class AudioContent(_Wire):
    """Sound, in base64."""

    type: Literal["audio"] = "audio"
    data: str
    mime_type: str
    annotations: Annotations | Mapping[str, Any] | None = None
    meta: Mapping[str, Any] | None = None


class TextResourceContents(_Wire):
    """What a resource holds, as words."""

    uri: str
    mime_type: str | None = None
    text: str
    meta: Mapping[str, Any] | None = None


class BlobResourceContents(_Wire):
    """What a resource holds, in base64."""

    uri: str
    mime_type: str | None = None
    blob: str
    meta: Mapping[str, Any] | None = None


class EmbeddedResource(_Wire):
    """A resource inside a result."""

    type: Literal["resource"] = "resource"
    resource: TextResourceContents | BlobResourceContents
    annotations: Annotations | Mapping[str, Any] | None = None
    meta: Mapping[str, Any] | None = None


class ResourceLink(_Wire):
    """Where a resource is, for the client to read."""

    type: Literal["resource_link"] = "resource_link"
    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size: int | None = None
    annotations: Annotations | Mapping[str, Any] | None = None
    meta: Mapping[str, Any] | None = None


ContentBlock = TextContent | ImageContent | AudioContent | EmbeddedResource | ResourceLink
"""One piece of a tool's or prompt's result."""


class Completion(_Wire):
    """What an argument could be completed to; the protocol takes at most 100 values."""

    values: list[str]
    total: int | None = None
    has_more: bool | None = None


class Root(_Wire):
    """A place the client works in, in its own words."""

    uri: str
    name: str | None = None


_CLASSES_MAX = 1024  # a program that makes classes without end pays for looking
_CONTENT_TYPES = frozenset(("text", "image", "audio", "resource", "resource_link"))


def is_content(value: Any) -> bool:
    """Whether `value` is a piece of content, ours or the official SDK's; a `dict` is data."""
    if not may_be_content(value.__class__):
        return False
    kind = getattr(value, "type", None)
    has_form = hasattr(value, "to_dict") or hasattr(value, "model_dump")
    return isinstance(kind, str) and kind in _CONTENT_TYPES and has_form and _has_parts(value, kind)


@lru_cache(_CLASSES_MAX)
def may_be_content(kind: Any) -> bool:
    """Whether objects of a class may be content: it can be written, and has a `type`.

    A model that is asked for what it has not takes longer to refuse than to be written.
    """
    fields: Any = getattr(kind, "__pydantic_fields__", None)
    if fields is None:
        return any(hasattr(kind, name) for name in ("to_dict", "model_dump", "__getattr__"))
    config: Any = getattr(kind, "model_config", {})
    return "type" in fields or hasattr(kind, "type") or config.get("extra") == "allow"


def _has_parts(value: object, kind: str) -> bool:
    """A model of the program's own may have a `type` as well; content has its parts, too."""
    parts = {"text": "text", "resource": "resource", "resource_link": "uri"}
    return hasattr(value, parts.get(kind, "data"))


def as_json(value: Any) -> Any:
    """The protocol's form of a record, an SDK object, or a `dict` that has it already."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if hasattr(value, "items"):
        return {str(name): as_json(item) for name, item in value.items()}
    return [as_json(item) for item in value] if hasattr(value, "__iter__") else str(value)
