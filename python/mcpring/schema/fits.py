"""Whether JSON has the form a schema asks for: enough of the check to choose between forms.

The core checks arguments against the whole schema. This is for what happens after and beside it:
which arm of a union a value belongs to, and whether a repair has led anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .._narrow import is_dict, is_list, is_sequence
from .shape import Schema

__all__ = ["distinct", "fits", "resolve"]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": lambda value: _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: is_sequence(value),
    "object": lambda value: is_dict(value),
    "null": lambda value: value is None,
}

_LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: not _is_number(value) or value >= bound,
    "maximum": lambda value, bound: not _is_number(value) or value <= bound,
    "exclusiveMinimum": lambda value, bound: not _is_number(value) or value > bound,
    "exclusiveMaximum": lambda value, bound: not _is_number(value) or value < bound,
    "multipleOf": lambda value, bound: not _is_number(value) or value % bound == 0,
    "minLength": lambda value, bound: not isinstance(value, str) or len(value) >= bound,
    "maxLength": lambda value, bound: not isinstance(value, str) or len(value) <= bound,
    "minItems": lambda value, bound: not is_list(value) or len(value) >= bound,
    "maxItems": lambda value, bound: not is_list(value) or len(value) <= bound,
    "uniqueItems": lambda value, wanted: not wanted or not is_list(value) or _differ(value),
    "pattern": lambda value, text: not isinstance(value, str) or bool(re.search(text, value)),
}


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and value - value == 0  # neither infinite nor NaN


def distinct(values: list[Any]) -> list[Any]:
    """The values without those that JSON takes for one that came before."""
    found: dict[Any, Any] = {}
    for value in values:
        found.setdefault(_identity(value), value)
    return list(found.values())


def _identity(value: Any) -> Any:
    """What equal values share and others do not; it can be looked up, so that many are cheap."""
    if is_dict(value) or is_sequence(value):
        import json

        return json.dumps(value, sort_keys=True, default=repr)
    return isinstance(value, bool), value


def _differ(values: list[Any]) -> bool:
    return len(distinct(values)) == len(values)


def resolve(schema: Schema, defs: Mapping[str, Schema]) -> Schema:
    """`schema`, or what its `$ref` names."""
    seen = 0
    while "$ref" in schema and seen <= len(defs):
        schema = defs.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
        seen += 1
    return schema


def fits(value: Any, schema: Schema | bool, defs: Mapping[str, Schema]) -> bool:
    """Whether `value` has the form of `schema`."""
    if isinstance(schema, bool):
        return schema
    schema = resolve(schema, defs)
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else kind
    if kinds and not any(_TYPES[name](value) for name in kinds if name in _TYPES):
        return False
    if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
        return False
    if "const" in schema and not _same(value, schema["const"]):
        return False
    if not all(_LIMITS[word](value, schema[word]) for word in _LIMITS if word in schema):
        return False
    if not _fits_arms(value, schema, defs):
        return False
    if is_dict(value):
        return _fits_object(value, schema, defs)
    return not is_sequence(value) or _fits_array(list(value), schema, defs)


def _same(value: Any, wanted: Any) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _fits_arms(value: Any, schema: Schema, defs: Mapping[str, Schema]) -> bool:
    for word in ("anyOf", "oneOf"):
        if word in schema and not any(fits(value, arm, defs) for arm in schema[word]):
            return False
    return all(fits(value, arm, defs) for arm in schema.get("allOf", ()))


def _fits_object(value: dict[Any, Any], schema: Schema, defs: Mapping[str, Schema]) -> bool:
    if any(name not in value for name in schema.get("required", ())):
        return False
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    return all(fits(item, known.get(name, rest), defs) for name, item in value.items())


def _fits_array(value: list[Any], schema: Schema, defs: Mapping[str, Schema]) -> bool:
    first = schema.get("prefixItems", [])
    rest = schema.get("items", True)
    pairs = zip(value, [*first, *[rest] * max(0, len(value) - len(first))], strict=False)
    return all(fits(item, place, defs) for item, place in pairs)
