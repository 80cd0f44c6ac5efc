"""What a type hint becomes: schema, and value."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
    Union,
)

import annotated_types
import pydantic
import pytest

from mcpring import Field
from mcpring.exceptions import ValidationError
from mcpring.schema.builder import Builder, UnknownType
from mcpring.schema.inline import inline
from mcpring.schema.shape import settle


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Point:
    """A point.

    Args:
        x: to the right
    """

    x: float
    y: float = 0.0
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Node:
    name: str
    children: list[Node] = dataclasses.field(default_factory=list)


class Trip(TypedDict):
    city: str
    day: NotRequired[dt.date]


class Loose(TypedDict, total=False):
    a: Required[int]
    b: float


class Pair(NamedTuple):
    left: int
    right: str = "r"


class Tank(pydantic.BaseModel):
    size: int = pydantic.Field(default=1, ge=1, description="litres", title="Volume")
    fish: list[str]


class Tree(pydantic.BaseModel):
    value: int
    left: Tree | None = None


UserId = NewType("UserId", int)
T = TypeVar("T")


@dataclasses.dataclass
class Box(Generic[T]):
    item: T


STR, INT, NUM = {"type": "string"}, {"type": "integer"}, {"type": "number"}
NULL = {"type": "null"}
POINT = {
    "description": "A point.",
    "type": "object",
    "properties": {
        "x": {"type": "number", "description": "to the right"},
        "y": {"type": "number", "default": 0.0},
        "tags": {"type": "array", "items": STR},
    },
    "required": ["x"],
}
NODE = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": STR,
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
            "required": ["name"],
        }
    },
}


def fmt(name: str) -> dict[str, str]:
    return {"type": "string", "format": name}


SCHEMAS: list[tuple[Any, dict[str, Any]]] = [
    (str, STR),
    (int, INT),
    (float, NUM),
    (bool, {"type": "boolean"}),
    (None, NULL),
    (Any, {}),
    (object, {}),
    (bytes, fmt("binary")),
    (UserId, INT),
    (dt.datetime, fmt("date-time")),
    (dt.date, fmt("date")),
    (dt.time, fmt("time")),
    (dt.timedelta, fmt("duration")),
    (uuid.UUID, fmt("uuid")),
    (pathlib.Path, fmt("path")),
    (list, {"type": "array", "items": {}}),
    (list[int], {"type": "array", "items": INT}),
    (Sequence[str], {"type": "array", "items": STR}),
    (set[int], {"type": "array", "items": INT, "uniqueItems": True}),
    (frozenset[str], {"type": "array", "items": STR, "uniqueItems": True}),
    (tuple[int, ...], {"type": "array", "items": INT}),
    (
        tuple[int, str],
        {"type": "array", "prefixItems": [INT, STR], "minItems": 2, "maxItems": 2},
    ),
    (collections.deque[int], {"type": "array", "items": INT}),
    (dict, {"type": "object", "additionalProperties": True}),
    (dict[str, int], {"type": "object", "additionalProperties": INT}),
    (Mapping[str, Any], {"type": "object", "additionalProperties": True}),
    (Optional[int], {"anyOf": [INT, NULL]}),
    (int | str | None, {"anyOf": [INT, STR, NULL]}),
    (Union[str, Any], {}),
    (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}),
    (Literal["a"], {"const": "a", "type": "string"}),
    (Literal[1, "a"], {"enum": [1, "a"]}),
    (Literal[Color.RED], {"const": "red", "type": "string"}),
    (Color, {"enum": ["red", "blue"], "type": "string"}),
    (Level, {"enum": [1, 2], "type": "integer"}),
    (Point, POINT),
    (Node, NODE),
    (
        Trip,
        {"type": "object", "properties": {"city": STR, "day": fmt("date")}, "required": ["city"]},
    ),
    (Loose, {"type": "object", "properties": {"a": INT, "b": NUM}, "required": ["a"]}),
    (Pair, {"type": "array", "prefixItems": [INT, STR], "minItems": 1, "maxItems": 2}),
    (Box[int], {"type": "object", "properties": {"item": {}}, "required": ["item"]}),
    (Annotated[int, "how many"], {**INT, "description": "how many"}),
    (Annotated[int, Field(ge=1, lt=9)], {**INT, "minimum": 1, "exclusiveMaximum": 9}),
    (Annotated[int, pydantic.Field(ge=1)], {**INT, "minimum": 1}),
    (Annotated[float, pydantic.Field(multiple_of=0.5)], {**NUM, "multipleOf": 0.5}),
    (
        Annotated[int, annotated_types.Interval(gt=0, le=5)],
        {**INT, "exclusiveMinimum": 0, "maximum": 5},
    ),
    (Annotated[str, annotated_types.Len(1, 3)], {**STR, "minLength": 1, "maxLength": 3}),
    (Annotated[list[int], Field(max_length=3)], {"type": "array", "items": INT, "maxItems": 3}),
    (Annotated[str, Field(pattern="^a", title="A")], {**STR, "pattern": "^a", "title": "A"}),
    (Annotated[str, pydantic.Field(pattern="^a")], {**STR, "pattern": "^a"}),
    (Annotated[int | None, Field(ge=1)], {"anyOf": [{**INT, "minimum": 1}, NULL]}),
    (
        Annotated[str, Field(examples=["x"], json_schema_extra={"x-k": 1})],
        {**STR, "examples": ["x"], "x-k": 1},
    ),
    (
        Tank,
        {
            "type": "object",
            "properties": {
                "size": {
                    "title": "Volume",
                    "default": 1,
                    "description": "litres",
                    "minimum": 1,
                    **INT,
                },
                "fish": {"type": "array", "items": STR},
            },
            "required": ["fish"],
        },
    ),
    (
        Tree,
        {
            "$ref": "#/$defs/Tree",
            "$defs": {
                "Tree": {
                    "type": "object",
                    "properties": {
                        "value": INT,
                        "left": {"anyOf": [{"$ref": "#/$defs/Tree"}, NULL], "default": None},
                    },
                    "required": ["value"],
                }
            },
        },
    ),
    (pydantic.HttpUrl, {**fmt("uri"), "minLength": 1, "maxLength": 2083}),
]


def check_schema(hint: Any, want: dict[str, Any]) -> None:
    builder = Builder(globals())
    assert inline(builder.shape(hint).schema, builder.defs) == want


@pytest.mark.parametrize(("hint", "want"), SCHEMAS, ids=lambda one: str(one)[:40])
def test_schemas(hint: Any, want: dict[str, Any]) -> None:
    check_schema(hint, want)


def test_what_has_no_form_is_named() -> None:
    class Opaque: ...

    with pytest.raises(UnknownType, match="Opaque has no JSON form"):
        Builder().shape(Opaque)
    with pytest.raises(UnknownType, match="'Nowhere' cannot be resolved"):
        Builder().shape("Nowhere")


VALUES: list[tuple[Any, Any, Any]] = [
    (int, 2.0, 2),
    (float, 2, 2.0),
    (list[float], [1, 2.5], [1.0, 2.5]),
    (dict[str, int], {"a": 1.0}, {"a": 1}),
    (dict[int, str], {"1": "a"}, {1: "a"}),
    (int | None, None, None),
    (int | None, 3.0, 3),
    (int | float, 3.0, 3.0),
    (bytes, "é", "é".encode()),
    (dt.datetime, "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
    (dt.timedelta, "P1DT2H0.5S", dt.timedelta(days=1, hours=2, seconds=0.5)),
    (dt.timedelta, "-PT90S", dt.timedelta(seconds=-90)),
    (uuid.UUID, "12345678123456781234567812345678", uuid.UUID("12345678" * 4)),
    (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
    (decimal.Decimal, 1.5, decimal.Decimal("1.5")),
    (pathlib.Path, "/a/b", pathlib.Path("/a/b")),
    (set[int], [1, 2, 1], {1, 2}),
    (tuple[dt.date, int], ["2026-01-02", 1], (dt.date(2026, 1, 2), 1)),
    (list[dt.date], ["2026-01-02"], [dt.date(2026, 1, 2)]),
    (Color, "red", Color.RED),
    (Literal[Color.RED, "x"], "red", Color.RED),
    (Point, {"x": 1, "extra": 2}, Point(1.0)),
    (Node, {"name": "a", "children": [{"name": "b"}]}, Node("a", [Node("b")])),
    (Trip, {"city": "X", "day": "2026-01-02"}, {"city": "X", "day": dt.date(2026, 1, 2)}),
    (Pair, [1.0], Pair(1)),
    (Tank, {"fish": ["a"]}, Tank(fish=["a"])),
    (Tank | Point, {"fish": []}, Tank(fish=[])),
    (Tank | Point, {"x": 1}, Point(1.0)),
    (list[Point | None], [None, {"x": 1}], [None, Point(1.0)]),
    (dt.date | str, "soon", "soon"),
    (dt.date | str, "2026-01-02", dt.date(2026, 1, 2)),
    (Annotated[str, pydantic.BeforeValidator(lambda v: v + "!")], "a", "a!"),
    (Annotated[decimal.Decimal, Field(gt=0)], "2", decimal.Decimal(2)),
    (Annotated[int, annotated_types.Predicate(lambda v: v % 2 == 0)], 4, 4),
    (Tree, {"value": 1, "left": {"value": 2}}, Tree(value=1, left=Tree(value=2))),
]


def check_value(hint: Any, json: Any, want: Any) -> None:
    shape = Builder(globals()).shape(hint)
    made = shape.load(json) if shape.load is not None else json
    made = settle(made, shape.exact) if shape.exact is not None else made
    assert made == want
    assert type(made) is type(want)


@pytest.mark.parametrize(("hint", "json", "want"), VALUES, ids=lambda one: str(one)[:40])
def test_values(hint: Any, json: Any, want: Any) -> None:
    check_value(hint, json, want)


BROKEN: list[tuple[Any, Any, str]] = [
    (Annotated[decimal.Decimal, Field(gt=0)], "-2", "breaks a constraint"),
    (Annotated[int, annotated_types.Predicate(lambda v: v > 0)], -1, "breaks a constraint"),
    (Tank, {"fish": 1}, "fish: "),
    (Trip, {"city": "X", "day": "soon"}, "'day': "),
    (Point | Tank, {"z": 1}, "fits no form"),
]


@pytest.mark.parametrize(("hint", "json", "words"), BROKEN, ids=lambda one: str(one)[:40])
def test_what_cannot_be_made_is_told(hint: Any, json: Any, words: str) -> None:
    load = Builder(globals()).shape(hint).load
    assert load is not None
    with pytest.raises(ValidationError, match=words):
        load(json)
