"""What a tool returns, as JSON text: the plain by the core, the rest made plain first."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import random
import struct
import sys
from collections import namedtuple
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from mcpring.jsonable import dumps
from mcpring.results import plain_data

from served import Client, handler, served

FLOATS = [
    0.1,
    -0.0,
    1e15,
    1e16,
    123456789012345680.0,
    794593130797022.25,
    1e-4,
    1e-5,
    6.7234039306640625e-05,
    -9.5e-5,
    5e-324,
    1.7976931348623157e308,
]


@dataclasses.dataclass
class Point:
    x: int
    inner: Point | None = None
    kind: ClassVar[str] = "no field"


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    text: str
    items: list[Point]


@dataclasses.dataclass
class Formed:
    x: int

    def to_dict(self) -> dict[str, int]:
        return {"y": self.x}


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


PLAIN: list[Any] = [
    True,
    False,
    0,
    -1,
    2**63 - 1,
    -(2**63),
    2**64,
    -(10**400),
    *FLOATS,
    [],
    (),
    [1, (2, [None]), {"a": [{}]}],
    nested(100),
    ["", 'quote " back \\ line \n null \0 unit \x1f del \x7f \u20ac \U0001f600' * 9],
]
PLAIN_OBJECTS: list[Any] = [{}, {"a": {"b": None}}, {"": 1, "\u00e9\n": [1.5]}]
OWN_FORM: list[Any] = [Point(1), Point(1, Point(2)), Slotted("\u00e9", [Point(1)])]


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    """Not quite a `str`."""


Pair = namedtuple("Pair", "a b")
CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
UNFIELDED = object.__new__(Slotted)

FOREIGN: list[Any] = [
    *OWN_FORM,
    Number.ONE,
    Text("x"),
    Pair(1, 2),
    {1: 2},
    {Text("a"): 1},
    {"a": Number.ONE},
    {1, 2},
    b"x",
    object(),
    "\ud800",
    10**5000,
    CIRCLE,
    nested(200),
    Formed(1),
    UNFIELDED,
]

INFINITE: list[tuple[Any, str]] = [
    (math.nan, "null"),
    ([math.inf, {"a": -math.inf}, 1.5], '[null,{"a":null},1.5]'),
]

GIVEN: list[Any] = [*PLAIN, *PLAIN_OBJECTS, *FOREIGN, *(value for value, _ in INFINITE)]


def named(value: Any) -> str:
    """A case by its type: not each of these can be shown."""
    return type(value).__name__


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    def give(at: int) -> Any:
        return GIVEN[at]

    tools = {
        "give": handler(give),
        "wrap": handler(give, wraps=True),
        "give_plain": handler(give, plain=plain_data),
        "wrap_plain": handler(give, plain=plain_data, wraps=True),
    }
    with served(tools) as made:
        yield made


def result(client: Client, value: Any, tool: str = "give") -> dict[str, Any]:
    at = next(at for at, one in enumerate(GIVEN) if one is value)
    return client.call(tool, json.dumps({"at": at}))


def words(found: dict[str, Any]) -> str:
    (block,) = found["content"]
    text: str = block["text"]
    return text


@pytest.mark.parametrize("value", PLAIN + PLAIN_OBJECTS, ids=named)
def test_plain_values_are_written_as_json_writes_them(client: Client, value: Any) -> None:
    want = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for tool in ("give", "wrap"):
        assert words(result(client, value, tool)) == want


@pytest.mark.parametrize(("value", "want"), INFINITE, ids=repr)
def test_json_has_no_infinities(client: Client, value: Any, want: str) -> None:
    assert words(result(client, value)) == want == dumps(value)


@pytest.mark.parametrize("value", PLAIN_OBJECTS + OWN_FORM, ids=named)
def test_objects_are_structured(client: Client, value: Any) -> None:
    found = result(client, value, "give_plain")
    assert words(found) == dumps(value)
    assert found["structuredContent"] == json.loads(dumps(value))


@pytest.mark.parametrize("value", PLAIN + OWN_FORM, ids=named)
def test_wrapped_values_are_a_member(client: Client, value: Any) -> None:
    found = result(client, value, "wrap_plain")["structuredContent"]
    assert repr(found) == repr({"result": json.loads(dumps(value))})


@pytest.mark.parametrize("value", FOREIGN, ids=named)
def test_everything_else_is_for_python(client: Client, value: Any) -> None:
    if isinstance(value, str) and type(value) is str:
        assert result(client, value)["isError"]
    else:
        assert words(result(client, value)) == "encoded"


def test_wide_integers_are_for_python() -> None:
    """Whatever the limit is: it has Python code for them."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with served({"wide": handler(lambda: 10**20_000)}) as client:
            assert words(client.call("wide")) == "encoded"
    finally:
        sys.set_int_max_str_digits(limit)


def test_floats_are_the_shortest_that_read_back() -> None:
    source = random.Random(5)
    numbers = [struct.unpack("d", source.randbytes(8))[0] for _ in range(20_000)]
    numbers += [source.randint(1, 2**53) * 2.0 ** source.randint(-80, 20) for _ in range(20_000)]
    numbers = [number for number in numbers if math.isfinite(number)]
    with served({"numbers": handler(lambda: numbers)}) as client:
        assert words(client.call("numbers")) == json.dumps(numbers, separators=(",", ":"))


def test_models_are_written_by_pydantic() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        my_name: str = pydantic.Field(alias="myName")
        when: float = math.nan

    class Content(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        type: str = "text"
        text: str = "x"

    class Broken(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        x: int = 1

        @pydantic.field_serializer("x")  # type: ignore[misc]
        def refuse(self, value: int) -> int:
            raise ValueError("never")

    class Changing(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        x: int = 1

        @pydantic.field_serializer("x")  # type: ignore[misc]
        def change(self, value: int) -> int:
            changed.clear()
            return value

    changed = {"a": Changing(), "b": 2, "c": Changing()}
    model = Model(myName="\u00e9")
    rows: list[tuple[Any, str]] = [
        ({"models": [model]}, '{"models":[{"myName":"\u00e9","when":null}]}'),
        (pydantic.RootModel[list[int]]([1, 2]), "[1,2]"),
        (Content(), "encoded"),
        ([1, Broken()], "encoded"),
        (changed, '{"a":{"x":1},"b":2,"c":{"x":1}}'),
    ]
    with served({"give": handler(lambda at: rows[at][0], plain=plain_data)}) as client:
        for at, (_, want) in enumerate(rows):
            assert words(client.call("give", json.dumps({"at": at}))) == want
