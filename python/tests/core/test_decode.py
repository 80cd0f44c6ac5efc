"""Arguments out of the sender's bytes: keywords, with numbers of the type that was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from served import Client, handler, served

TAKEN: list[dict[str, Any]] = []


def take(**arguments: Any) -> str:
    TAKEN.append(arguments)
    return "taken"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    exact = {"i": int, "f": float}
    with served({"any": handler(take), "exact": handler(take, exact=exact)}) as made:
        yield made


def taken(client: Client, tool: str, arguments: str) -> dict[str, Any]:
    found = client.call(tool, arguments)
    assert found["content"][0]["text"] == "taken", found
    return TAKEN.pop()


PLAIN = [
    "{}",
    '{"a":1,"b":1.0,"c":-0.0,"d":1e2,"e":true,"f":null,"g":"x"}',
    '{"big":123456789012345678901234567890,"i":9223372036854775808}',
    '{"list":[1,[2.0,{"x":[]}]],"":"\\u00e9\\ud83d\\ude00\\n"}',
    '{"class":1,"1":2}',
]


@pytest.mark.parametrize("arguments", PLAIN)
def test_arguments_are_what_json_loads(client: Client, arguments: str) -> None:
    assert repr(taken(client, "any", arguments)) == repr(json.loads(arguments))


EXACT = [
    ('{"i":1.0,"f":1}', {"i": 1, "f": 1.0}),
    ('{"i":1e3,"f":-7}', {"i": 1000, "f": -7.0}),
    ('{"i":[1.0,{"x":[2.0,"3"]}],"f":{"y":[1,true,null]}}', {"i": [1, {"x": [2, "3"]}],
     "f": {"y": [1.0, True, None]}}),
    ('{"other":1.0,"also":1}', {"other": 1.0, "also": 1}),
    ('{"i":1.5,"f":1.5}', {"i": 1.5, "f": 1.5}),
    (f'{{"f":{10**400}}}', {"f": 10**400}),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "want"), EXACT)
def test_exact_numbers(client: Client, arguments: str, want: dict[str, Any]) -> None:
    assert repr(taken(client, "exact", arguments)) == repr(want)


def test_a_number_that_python_refuses_is_answered(client: Client) -> None:
    found = client.call("any", f'{{"a":{"1" * 5000}}}')
    assert found["isError"]
    assert taken(client, "any", '{"a":1}') == {"a": 1}


SCHEMA = '{"type":"object","properties":{"a":{},"b":{},"c":{}}}'


def in_places(a: Any, b: Any = 2, c: Any = 3, /) -> Any:
    """Nobody can call it by names."""
    return [a, b, c]


def plain(a: Any, b: Any = 2, c: Any = 3) -> Any:
    return [a, b, c]


async def awaited(a: Any, b: Any = 2, c: Any = 3) -> Any:
    return [a, b, c]


def by_names(a: Any, *, b: Any = 2, c: Any = 3) -> Any:
    return [a, b, c]


def in_another_order(c: Any = 3, b: Any = 2, a: Any = 1) -> Any:
    return [a, b, c]


def seen(*places: Any, **names: Any) -> Any:
    return [list(places), names]


class Bound:
    def take(self, a: Any, b: Any = 2, c: Any = 3) -> Any:
        return [a, b, c]

    def __call__(self, a: Any, b: Any = 2, c: Any = 3) -> Any:
        return [a, b, c]


FUNCTIONS = {
    "plain": handler(plain),
    "async": handler(awaited, lane="loop"),
    "names": handler(by_names),
    "another_order": handler(in_another_order),
    "method": handler(Bound().take),
    "object": handler(Bound()),
    "converted": handler(plain, convert=lambda arguments: {**arguments, "c": 9}),
    "exact": handler(plain, exact={"a": float, "b": int}),
    "in_places": handler(in_places),
    "seen": handler(seen),
}
CALLS: list[tuple[str, str, Any]] = [
    *((name, '{"a":1,"b":4,"c":5}', [1, 4, 5]) for name in (*list(FUNCTIONS)[:6], "in_places")),
    *((name, '{"c":5,"a":1}', [1, 2, 5]) for name in list(FUNCTIONS)[:6]),
    *((name, '{"a":1}', [1, 2, 3]) for name in (*list(FUNCTIONS)[:6], "in_places")),
    ("plain", '{"a":1,"c":5,"b":4}', [1, 4, 5]),
    ("plain", '{"a":1,"c":5}', [1, 2, 5]),
    ("plain", '{"\\u0061":1,"b":4}', [1, 4, 3]),
    ("plain", "{}", "missing 1 required positional argument: 'a'"),
    ("plain", '{"a":1,"d":4}', "unexpected keyword argument 'd'"),
    ("converted", '{"a":1}', [1, 2, 9]),
    ("exact", '{"a":1,"b":2.0}', [1.0, 2, 3]),
    ("exact", '{"b":2.0,"a":1}', [1.0, 2, 3]),
    ("in_places", '{"b":1,"a":4}', "positional-only arguments passed as keyword"),
    ("seen", '{"a":1,"b":4}', [[], {"a": 1, "b": 4}]),
]


@pytest.fixture(scope="module")
def named() -> Iterator[Client]:
    with served(FUNCTIONS, dict.fromkeys(FUNCTIONS, SCHEMA)) as made:
        yield made


@pytest.mark.parametrize(("name", "arguments", "want"), CALLS)
def test_arguments_in_order_need_no_names(
    named: Client, name: str, arguments: str, want: Any
) -> None:
    (block,) = named.call(name, arguments)["content"]
    if isinstance(want, str):
        assert want in block["text"]
    else:
        assert block["text"] == json.dumps(want, separators=(",", ":"))
