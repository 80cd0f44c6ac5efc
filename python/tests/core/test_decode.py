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
