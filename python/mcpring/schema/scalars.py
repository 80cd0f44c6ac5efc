"""Types that are one JSON value: text, numbers, and what travels as text.

They are found by their names, so that nothing here imports `datetime`, `uuid` or `decimal` before a
program that uses them has done so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from .shape import Schema, Shape

__all__ = ["scalar_shape"]

_PLAIN: dict[Any, Shape] = {
    str: Shape(schema={"type": "string"}),
    bool: Shape(schema={"type": "boolean"}),
    int: Shape(schema={"type": "integer"}, exact=int),
    float: Shape(schema={"type": "number"}, exact=float),
    type(None): Shape(schema={"type": "null"}),
    bytes: Shape(schema={"type": "string", "format": "binary"}, load=lambda text: text.encode()),
    object: Shape(schema={}),
}

_DECIMAL: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d*\.?\d+([eE][+-]?\d+)?$"}]
}

_FORMATS: dict[str, tuple[str | Schema, Callable[[Any, Any], Any]]] = {
    "datetime.datetime": ("date-time", lambda cls, text: cls.fromisoformat(text)),
    "datetime.date": ("date", lambda cls, text: cls.fromisoformat(text)),
    "datetime.time": ("time", lambda cls, text: cls.fromisoformat(text)),
    "datetime.timedelta": ("duration", lambda cls, text: _duration(cls, text)),
    "uuid.UUID": ("uuid", lambda cls, text: cls(text)),
    "decimal.Decimal": (_DECIMAL, lambda cls, value: cls(str(value))),
    "pathlib.Path": ("path", lambda cls, text: cls(text)),
    "pathlib.PurePath": ("path", lambda cls, text: cls(text)),
    "re.Pattern": ("regex", lambda cls, text: re.compile(text)),
    "ipaddress.IPv4Address": ("ipv4", lambda cls, text: cls(text)),
    "ipaddress.IPv6Address": ("ipv6", lambda cls, text: cls(text)),
}
_NAMED: dict[str, tuple[Schema, Callable[[Any, Any], Any]]] = {
    name: ({"type": "string", "format": schema} if isinstance(schema, str) else schema, load)
    for name, (schema, load) in _FORMATS.items()
}

_DURATION = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<weeks>[\d.]+)W)?(?:(?P<days>[\d.]+)D)?"
    r"(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?",
)


def scalar_shape(cls: type) -> Shape | None:
    """The shape of a type that is one value; `None` when it is not one of these."""
    plain = _PLAIN.get(cls)
    if plain is not None:
        return plain
    named = _NAMED.get(f"{cls.__module__}.{cls.__qualname__}") or _pathlib_local(cls)
    if named is not None:
        schema, load = named
        return Shape(schema=schema, load=lambda value: load(cls, value))
    for base in (str, int, float, bytes):  # a program's own subclass of a plain type
        if issubclass(cls, base) and not hasattr(cls, "__get_pydantic_core_schema__"):
            return Shape(schema=_PLAIN[base].schema, load=lambda value: cls(value))
    return None


def _pathlib_local(cls: type) -> tuple[Schema, Callable[[Any, Any], Any]] | None:
    """`pathlib.Path` calls itself by another module's name from Python 3.13 on."""
    pathlib = sys.modules.get("pathlib")
    is_path = pathlib is not None and issubclass(cls, pathlib.PurePath)
    return _NAMED["pathlib.Path"] if is_path else None


def _duration(cls: Any, text: str) -> Any:
    found = _DURATION.fullmatch(text)
    if found is None or text.rstrip("T")[-1:] in ("P", ""):
        raise ValueError(f"{text!r} is no ISO 8601 duration such as PT90S")
    parts = found.groupdict()
    sign = -1 if parts.pop("sign") == "-" else 1
    return sign * cls(**{name: float(part) for name, part in parts.items() if part})
