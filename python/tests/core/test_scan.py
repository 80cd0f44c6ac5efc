"""JSON values where they lie, against the standard library's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpring.exceptions import ConfigError
from mcpring.json import Schema, Value, scan

from corpora import corpus

KINDS: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
}

TEXTS = [
    "null",
    "true",
    " false ",
    "0",
    "-0",
    "-0.0",
    "1.0",
    "1e2",
    "0.1",
    "5e-324",
    "1.7976931348623157e308",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    str(10**400),
    '""',
    '"a\\u00e9\\n\\ud83d\\ude00 \u20ac"',
    "[]",
    "[ 1 , [ 2 , { } ] , null ]",
    "{}",
    '{"a":1,"\\u0062":{"c":[true,"x"]},"":null}',
    '{"a":1,"a":2}',
]


def same(value: Any, want: Any) -> bool:
    """Whether two values are the same with all their types: `1 == 1.0 == True` is not enough."""
    return repr(value) == repr(want)


def walked(value: Value) -> Any:
    """The value, built by asking for each part of it alone."""
    if value.kind == "object":
        return {key: walked(inner) for key, inner in zip(value.keys(), value, strict=True)}
    return [walked(item) for item in value] if value.kind == "array" else value.load()


@pytest.mark.parametrize("text", TEXTS)
def test_loads_as_json_does(text: str) -> None:
    want = json.loads(text)
    for source in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        value = scan(source)
        assert same(value.load(), want)
    assert same(walked(value), want)
    assert value.raw() == text.strip().encode()
    assert isinstance(want, KINDS[value.kind])
    assert value


REFUSED = [
    ("", "unexpected end of the text at byte 0"),
    ("nul", "at byte"),
    ("NaN", "at byte 0"),
    ("[Infinity]", "at byte 1"),
    ("[1,]", "at byte 3"),
    ("01", "at byte 1"),
    ('"\\ud800"', "surrogate"),
    ("[" * 200, "nested too deeply"),
    ("1 2", "text after the end of the value at byte 2"),
    (b'"\xff"', "invalid UTF-8 at byte 1"),
    (b"1\0", "at byte 1"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_says_where_it_is_no_json(text: str | bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        scan(text)


@pytest.mark.parametrize("wrong", [1, None, ["1"]])
def test_takes_texts_only(wrong: Any) -> None:
    with pytest.raises(TypeError):
        scan(wrong)


DOCUMENT = scan('{"name":"x","list":[10,[20],{"n":30}],"name":"y","n\\u0061me2":1}')


def found(value: Value | None) -> Any:
    return value.load() if value is not None else "none"


@pytest.mark.parametrize(
    ("path", "want"),
    [
        (["name"], "y"),
        (["name2"], 1),
        (["other"], "none"),
        ([0], "none"),
        (["list", 0], 10),
        (["list", -1, "n"], 30),
        (["list", 1, 0], 20),
        (["list", 3], "none"),
        (["list", -4], "none"),
        (["list", 10**30], "none"),
        (["list", "name"], "none"),
        (["list", 0, "name"], "none"),
        (["name", 0], "none"),
    ],
)
def test_get_and_items(path: list[str | int], want: Any) -> None:
    value = DOCUMENT
    for key in path[:-1]:
        value = value[key]
    assert found(value.get(path[-1])) == want
    if want == "none":
        with pytest.raises(KeyError if isinstance(path[-1], str) else IndexError):
            value[path[-1]]
    else:
        assert value[path[-1]].load() == want
    if isinstance(path[-1], str):
        assert (path[-1] in value) == (want != "none")


def test_lengths_and_walks() -> None:
    assert len(DOCUMENT) == 4
    assert list(DOCUMENT.keys()) == ["name", "list", "name", "name2"]
    items = DOCUMENT["list"]
    assert [item.raw() for item in items] == [b"10", b"[20]", b'{"n":30}']
    assert len(items) == 3
    for scalar in (items[0], DOCUMENT["name"]):
        for ask in (len, iter, lambda value: value.keys()):
            with pytest.raises(TypeError):
                ask(scalar)
    wrong: Any = None
    with pytest.raises(TypeError):
        DOCUMENT.get(wrong)


def test_a_value_keeps_its_text() -> None:
    inner = scan(b'{"a":' + b'["' + b"x" * 1000 + b'"]}')["a"][0]
    assert inner.load() == "x" * 1000
    assert repr(inner) == "<Value: string of 1002 bytes>"


def test_numbers_longer_than_python_takes_are_refused_when_loaded() -> None:
    value = scan("1" * 5000)
    with pytest.raises(ValueError, match="number"):
        value.load()


def test_json_test_suite() -> None:
    files = sorted(corpus("JSONTestSuite").glob("test_*/*.json"))
    seen = {"y": 0, "n": 0, "i": 0}
    for file in files:
        sort = file.name[0] if file.name[1] == "_" else "i"
        try:
            value = scan(file.read_bytes())
        except ValueError:
            assert sort != "y", file.name
        else:
            assert sort != "n", file.name
            assert same(value.load(), json.loads(file.read_bytes())), file.name
        seen[sort] += 1
    assert seen["y"] > 70
    assert seen["n"] > 130


def test_naughty_strings() -> None:
    text = corpus("naughty-strings/blns.json").read_bytes()
    strings = json.loads(text)
    assert [value.load() for value in scan(text)] == strings
    for string in strings:
        assert scan(json.dumps(string)).load() == string
        assert string in scan(json.dumps({string: 1}))


SCHEMA = Schema(
    '{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"]}'
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"n":1}', None),
        (b'{"n":1}', None),
        ('{"n":1.0}', None),
        ('{"n":0}', "/n"),
        ("{}", '"n" is a required property'),
        ('{"n":1,"n":2}', "more than one member"),
        ("[]", "object"),
    ],
)
def test_schema(text: str | bytes, words: str | None) -> None:
    said = SCHEMA.check(text)
    assert said is None if words is None else said is not None and words in said


def test_schema_faults() -> None:
    with pytest.raises(ValueError, match="at byte 4"):
        SCHEMA.check('{"n"')
    for text, words in (('{"type":"thing"}', "/type"), ("{", "not JSON"), (" " * 2**21, "longer")):
        with pytest.raises(ConfigError, match=words):
            Schema(text)
