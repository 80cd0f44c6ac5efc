"""Arguments that mean the right thing and have the wrong form.

Models send "10" for 10 and lists as text. What to make of it is decided by the schema alone: text
is never changed where the schema takes text, and what fits is never changed at all. The core asks
for this only when its own check has failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._narrow import is_dict, is_list
from .fits import distinct, fits, resolve
from .shape import Schema

__all__ = ["coerce"]

_TRUE = frozenset(("true", "1", "yes", "on", "t", "y"))
_FALSE = frozenset(("false", "0", "no", "off", "f", "n"))
_DEPTH_MAX = 64


def coerce(value: Any, schema: Schema | bool, defs: Mapping[str, Schema], depth: int = 0) -> Any:
    """`value`, brought into the form of `schema` where it is plain what was meant."""
    if depth > _DEPTH_MAX or isinstance(schema, bool):
        return value
    schema = resolve(schema, defs)
    if fits(value, schema, defs):
        return value
    arms = schema.get("anyOf") or schema.get("oneOf")
    if arms:
        return _coerce_union(value, arms, defs, depth)
    if "enum" in schema or "const" in schema:
        return _coerce_choice(value, schema.get("enum") or [schema.get("const")])
    kind = schema.get("type")
    kinds: list[Any] = kind if is_list(kind) else [kind]
    if isinstance(value, str):
        if "string" in kinds:
            return value
        value = _read_text(value.strip(), kinds, value)
    return _coerce_inside(value, kinds, schema, defs, depth)


def _coerce_inside(
    value: Any, kinds: list[Any], schema: Schema, defs: Mapping[str, Schema], depth: int
) -> Any:
    if is_dict(value) and "object" in kinds:
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties", {})
        return {
            name: coerce(item, known.get(name, rest), defs, depth + 1)
            for name, item in value.items()
        }
    if is_list(value) and "array" in kinds:
        first = schema.get("prefixItems", [])
        rest = schema.get("items", {})
        places = [*first, *[rest] * max(0, len(value) - len(first))]
        pairs = zip(value, places, strict=False)
        made = [coerce(item, place, defs, depth + 1) for item, place in pairs]
        return distinct(made) if schema.get("uniqueItems") else made
    if "boolean" in kinds and _is_plain_number(value) and value in (0, 1):
        return bool(value)
    if "string" in kinds and schema.get("format") == "duration" and _is_plain_number(value):
        return f"PT{value}S"
    return value


def _is_plain_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _read_text(text: str, kinds: list[Any], otherwise: Any) -> Any:
    """What `text` says, read as one of `kinds`."""
    if "boolean" in kinds and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if "integer" in kinds or "number" in kinds:
        number = _read_number(text, "number" not in kinds)
        if number is not None:
            return number
    if "null" in kinds and text in ("null", ""):
        return None
    wanted = {"array": list, "object": dict}
    made = tuple(wanted[kind] for kind in kinds if kind in wanted)
    if made and text[:1] in ("[", "{"):
        import json

        try:
            read: Any = json.loads(text)
        except ValueError:
            return otherwise
        if type(read) in made:
            return read
    return otherwise


def _read_number(text: str, is_whole: bool) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    if number - number != 0:
        return None
    if number == int(number) and is_whole:
        return int(number)
    return None if is_whole else number


def _coerce_choice(value: Any, choices: list[Any]) -> Any:
    """The one choice that `value` spells."""
    spelled = [one for one in choices if not isinstance(one, str) and str(one) == str(value)]
    return spelled[0] if len(spelled) == 1 else value


def _coerce_union(value: Any, arms: list[Schema], defs: Mapping[str, Schema], depth: int) -> Any:
    for arm in arms:
        made = coerce(value, arm, defs, depth + 1)
        if fits(made, arm, defs):
            return made
    return value
