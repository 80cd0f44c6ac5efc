"""Arguments in the wrong form, by what the schema asks for."""

from __future__ import annotations

from typing import Any

import pytest

from mcpring.schema.coerce import coerce
from mcpring.schema.fits import fits

INT, NUM, STR, BOOL = ({"type": kind} for kind in ("integer", "number", "string", "boolean"))
LIST = {"type": "array", "items": INT}
OBJECT = {"type": "object", "properties": {"n": INT, "s": STR}}
MAYBE_INT = {"anyOf": [INT, {"type": "null"}]}
MAYBE_STR = {"anyOf": [STR, {"type": "null"}]}
NODE: dict[str, Any] = {"$ref": "#/$defs/Node"}
DEFS = {
    "Node": {
        "type": "object",
        "properties": {"n": INT, "next": {"anyOf": [NODE, {"type": "null"}]}},
    }
}

ROWS: list[tuple[Any, dict[str, Any], Any]] = [
    ("10", INT, 10),
    (" 10 ", INT, 10),
    ("10.0", INT, 10),
    ("10.5", INT, "10.5"),
    ("ten", INT, "ten"),
    ("1.5", NUM, 1.5),
    ("nan", NUM, "nan"),
    ("true", BOOL, True),
    ("No", BOOL, False),
    (1, BOOL, True),
    (2, BOOL, 2),
    ("[1, 2]", LIST, [1, 2]),
    ('["1", 2]', LIST, [1, 2]),
    (["1", "x"], LIST, [1, "x"]),
    ('{"n": "1"}', OBJECT, {"n": 1}),
    ({"n": "1", "s": "1"}, OBJECT, {"n": 1, "s": "1"}),
    ("[1]", OBJECT, "[1]"),
    ("[1, 2", LIST, "[1, 2"),
    # Text is never touched where text is taken.
    ("10", STR, "10"),
    ("[1]", MAYBE_STR, "[1]"),
    ("null", MAYBE_STR, "null"),
    (10, STR, 10),
    # Unions: the first arm that can be reached.
    ("10", MAYBE_INT, 10),
    ("null", MAYBE_INT, None),
    ("", MAYBE_INT, None),
    ("x", MAYBE_INT, "x"),
    ("[1]", {"anyOf": [LIST, {"type": "null"}]}, [1]),
    ("1", {"enum": [1, 2]}, 1),
    ("3", {"enum": [1, 2]}, "3"),
    (90, {"type": "string", "format": "duration"}, "PT90S"),
    ({"n": "1", "next": {"n": "2"}}, NODE, {"n": 1, "next": {"n": 2}}),
    ({"n": "1", "next": '{"n": 2}'}, NODE, {"n": 1, "next": {"n": 2}}),
    ("5", {"type": ["integer", "null"]}, 5),
    (["1", "2"], {"type": "array", "prefixItems": [INT, STR]}, [1, "2"]),
    ({"a": "1"}, {"type": "object", "additionalProperties": INT}, {"a": 1}),
    # What comes twice is in a set once.
    (["1", 1, 2, 1.0], {**LIST, "uniqueItems": True}, [1, 2]),
    ([[1], {"a": 1}, [1], {"a": 1}], {"type": "array", "uniqueItems": True}, [[1], {"a": 1}]),
    ([True, 1], {"type": "array", "uniqueItems": True}, [True, 1]),
    ([1, 1], LIST, [1, 1]),
]


@pytest.mark.parametrize(("value", "schema", "want"), ROWS, ids=repr)
def test_coercion(value: Any, schema: dict[str, Any], want: Any) -> None:
    got = coerce(value, schema, DEFS)
    assert got == want
    assert type(got) is type(want)
    assert coerce(got, schema, DEFS) == got, "what was repaired is not repaired again"


FITS: list[tuple[Any, dict[str, Any] | bool, bool]] = [
    (1, INT, True),
    (1.0, INT, True),
    (True, INT, False),
    (float("inf"), NUM, False),
    (1, {"const": True}, False),
    ({"n": 1}, {"type": "object", "required": ["m"]}, False),
    ({"m": 1}, {"type": "object", "additionalProperties": False}, False),
    ([1, "a"], {"type": "array", "items": INT}, False),
    ("abc", {"type": "string", "maxLength": 2}, False),
    ("abc", {"type": "string", "pattern": "b"}, True),
    (5, {"type": "integer", "exclusiveMaximum": 5}, False),
    ({"n": 1, "next": {"n": "x"}}, NODE, False),
    (1, False, False),
    (3, {"allOf": [INT, {"minimum": 4}]}, False),
    (3, {"oneOf": [STR, INT]}, True),
]


@pytest.mark.parametrize(("value", "schema", "want"), FITS, ids=repr)
def test_form(value: Any, schema: Any, want: bool) -> None:
    assert fits(value, schema, DEFS) is want
