"""What a tool returned, as content and structured content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from ._narrow import is_dict, is_sequence
from ._record import Record
from .exceptions import ToolError
from .field import MISSING
from .jsonable import dumps, jsonable, plain
from .media import Audio, File, Image
from .parameters import Function
from .schema.builder import Builder, UnknownType
from .schema.inline import inline
from .schema.shape import Schema
from .types import TextContent, as_json, is_content, may_be_content

__all__ = [
    "OutputPlan",
    "ToolResult",
    "WRAP_MARK",
    "make_output_plan",
    "plain_data",
    "to_tool_result",
]

WRAP_MARK = "x-fastmcp-wrap-result"
"""Says in an output schema that what the tool returns is the member `result`."""

_MEDIA = (Image, Audio, File)


class ToolResult:
    """A tool's result, said in full: for tools that want a say in each part of it."""

    __slots__ = ("content", "is_error", "meta", "structured_content")

    def __init__(
        self,
        content: Any = None,
        structured_content: Any = None,
        meta: Mapping[str, Any] | None = None,
        is_error: bool = False,
    ) -> None:
        if content is None and structured_content is None:
            raise ValueError("a result has content, structured content, or both")
        data = jsonable(structured_content) if structured_content is not None else None
        if data is not None and not is_dict(data):
            raise ValueError(f"structured content is an object, not {type(structured_content)}")
        said = data if content is None else content
        self.content: list[Any] = [] if said == [] else to_content(said)
        self.structured_content: dict[str, Any] | None = data
        self.meta = dict(meta) if meta is not None else None
        self.is_error = is_error

    def to_dict(self) -> dict[str, Any]:
        """The members of the protocol's result."""
        out: dict[str, Any] = {"content": [as_json(block) for block in self.content]}
        if self.structured_content is not None:
            out["structuredContent"] = self.structured_content
        if self.meta:
            out["_meta"] = jsonable(self.meta)
        return {**out, "isError": True} if self.is_error else out

    def __repr__(self) -> str:
        return f"ToolResult({self.to_dict()!r})"


class OutputPlan(Record):
    """What a tool's results are held to."""

    schema: Schema | None = None
    wraps: bool = False


def make_output_plan(function: Function, given: Schema | None | Any) -> OutputPlan:
    """`given` is the decorator's `output_schema`; `MISSING` derives it from the hints."""
    if given is not MISSING:
        return OutputPlan(schema=given, wraps=bool(given and given.get(WRAP_MARK)))
    hint = function.returns
    if hint in (MISSING, Any, None, type(None), object) or _is_opaque(hint):
        return OutputPlan()
    builder = Builder(function.namespace, is_output=True)
    try:
        schema = inline(builder.shape(hint).schema, builder.defs)
    except (UnknownType, ImportError):
        return OutputPlan()  # what has no JSON form is told in words only
    if not schema:
        return OutputPlan()
    if _is_object(schema):
        return OutputPlan(schema={"type": "object", **schema})
    defs = schema.pop("$defs", None)
    wrapped: Schema = {
        "type": "object",
        "properties": {"result": schema},
        "required": ["result"],
        WRAP_MARK: True,
    }
    return OutputPlan(schema={**wrapped, "$defs": defs} if defs else wrapped, wraps=True)


def _is_object(schema: Schema) -> bool:
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return _is_object(schema["$defs"][ref.rsplit("/", 1)[-1]])
    return schema.get("type") == "object"


def _is_opaque(hint: Any) -> bool:
    """Whether a hint is, or contains, what is told as content and not as data."""
    if hint in (bytes, list, tuple, set) or get_origin(hint) is type:
        return True
    if isinstance(hint, type) and get_origin(hint) is None:
        fields: Any = getattr(hint, "model_fields", None) or getattr(hint, "_fields", ())
        is_block = "type" in fields and issubclass_of_content(hint)
        is_sdk = hint.__name__ in ("CallToolResult", "InputRequiredResult")
        return is_block or is_sdk or issubclass(hint, (*_MEDIA, ToolResult))
    return any(_is_opaque(arg) for arg in get_args(hint) if arg is not list)


def issubclass_of_content(hint: type) -> bool:
    """Whether a class is one of the kinds of content, ours or the official SDK's."""
    names = ("TextContent", "ImageContent", "AudioContent", "EmbeddedResource", "ResourceLink")
    return any(base.__name__ in names for base in hint.__mro__)


def to_content(value: Any) -> list[Any]:
    """`value` as pieces of content: words, unless it is content already."""
    if value is None:
        return []
    if not is_sequence(value):
        return [_block(value)]
    if _has_content(value):
        return [_block(item) for item in value]
    return [TextContent(text=dumps(value))]


def _block(value: Any) -> Any:
    if isinstance(value, _MEDIA):
        return value.to_content()
    if is_content(value):
        return value
    return TextContent(text=value if isinstance(value, str) else _text(value))


def _text(value: Any) -> str:
    try:
        return dumps(value)
    except (TypeError, ValueError):
        return str(value)


def plain_data(value: Any) -> Any:
    """What a tool returned in JSON's own types, if it is data; content and the rest as they are.

    For the core, which writes infinite numbers as `null`, for JSON has none.
    """
    if isinstance(value, ToolResult) or _is_sdk_result(value) or _has_content(value):
        return value
    try:
        return plain(value)
    except (TypeError, ValueError):
        return value


def _is_sdk_result(value: Any) -> bool:
    return type(value).__name__ == "CallToolResult" and hasattr(value, "content")


def _has_content(value: Any) -> bool:
    items = value if is_sequence(value) else (value,)
    kinds = {item.__class__ for item in items}  # of many objects of one class one look is enough
    if not any(may_be_content(kind) or issubclass(kind, _MEDIA) for kind in kinds):
        return False
    return any(is_content(item) or isinstance(item, _MEDIA) for item in items)


def to_tool_result(value: Any, plan: OutputPlan, name: str) -> ToolResult:
    """What the tool `name` returned, in full."""
    if isinstance(value, ToolResult):
        return value
    if _is_sdk_result(value):
        return _from_sdk(value)
    has_content = _has_content(value)
    if plan.schema is None and (has_content or value is None):
        return ToolResult(content=to_content(value))
    try:
        data = jsonable(value)
    except (TypeError, ValueError) as error:
        if plan.schema is None:
            return ToolResult(content=to_content(value))
        raise ToolError(f"the result of {name!r} has no JSON form: {error}") from error
    content = to_content(value if has_content else data)
    if plan.wraps:
        return ToolResult(content=content, structured_content={"result": data})
    return ToolResult(content=content, structured_content=data if is_dict(data) else None)


def _from_sdk(value: Any) -> ToolResult:
    data = getattr(value, "structured_content", None) or getattr(value, "structuredContent", None)
    is_error = getattr(value, "is_error", None) or getattr(value, "isError", False)
    return ToolResult(list(value.content), data, getattr(value, "meta", None), bool(is_error))
