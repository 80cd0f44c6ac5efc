"""Any Python value as JSON's own types.

The core writes the plain types by itself; what may run code of the program's comes here. What is
done with a value depends on its class alone, and is looked up once a class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ._narrow import extends, kind_of

__all__ = ["dumps", "jsonable", "plain"]

_CLASSES_MAX = 1024  # a program that makes classes without end pays for looking
_PLAIN = frozenset((str, int, bool, type(None)))
_PLAIN_OR_FLOAT = _PLAIN | {float}
_ARRAYS = (list, tuple, set, frozenset)
_EXTENDED = (str, int, float)
_TEXTUAL = frozenset(("UUID", "Decimal", "IPv4Address", "IPv6Address"))

Each = Callable[[Any], Any]
Form = Callable[[Any, Each], Any]
"""What becomes of a value, and of its parts by `Each`."""


def jsonable(value: Any) -> Any:
    """`value` in dicts, lists, text, numbers, booleans and `None`; or a `TypeError`."""
    kind = kind_of(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if value - value == 0 else None  # JSON has no infinities
    return _form(kind)(value, jsonable)


def plain(value: Any) -> Any:
    """As `jsonable`, for the core, which has a look at each part anyway: numbers may be infinite,
    and what serializers made is taken at their word."""
    kind = kind_of(value)
    return value if kind in _PLAIN_OR_FLOAT else _form(kind)(value, plain)


@lru_cache(_CLASSES_MAX)
def _form(kind: Any) -> Form:
    if issubclass(kind, dict):
        return _object
    if issubclass(kind, _ARRAYS):
        return _array
    if hasattr(kind, "_member_map_"):
        return lambda value, each: each(value.value)
    for base in _EXTENDED:
        if issubclass(kind, base):
            return _extending(base)
    if getattr(kind, "__pydantic_serializer__", None) is not None:
        return _model
    if hasattr(kind, "model_dump"):
        return lambda value, _: value.model_dump(mode="json", by_alias=True)
    if hasattr(kind, "to_dict"):
        return lambda value, each: each(value.to_dict())
    if hasattr(kind, "__dataclass_fields__"):
        return _dataclass(kind)
    return _textual


def _object(value: Any, each: Each) -> dict[str, Any]:
    items = list(value.items())  # code of the program's may change it meanwhile
    return {
        name if name.__class__ is str else _key(name): item if type(item) in _PLAIN else each(item)
        for name, item in items
    }


def _array(value: Any, each: Each) -> list[Any]:
    return [item if type(item) in _PLAIN else each(item) for item in _items(value)]


def _model(value: Any, each: Each) -> Any:
    # The serializer of a class that is not complete yet is another one later.
    made = kind_of(value).__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
    # What JSON cannot say is in there as well: numbers that are infinite.
    return made if each is plain else each(made)


def _extending(base: Any) -> Form:
    """A subclass counts as what it extends."""
    return lambda value, each: each(base(value))


def _dataclass(kind: Any) -> Form:
    """The fields, without what only looks like fields."""
    from dataclasses import fields

    names = tuple(field.name for field in fields(kind))
    return lambda value, each: {
        name: item if type(item := getattr(value, name)) in _PLAIN else each(item) for name in names
    }


def _items(value: Any) -> Iterable[Any]:
    made: Iterable[Any] = value
    return made


def _key(name: Any) -> str:
    made = jsonable(name)
    if isinstance(made, bool) or made is None:
        return {True: "true", False: "false", None: "null"}[made]
    return made if isinstance(made, str) else str(made)


def _textual(value: Any, each: Each) -> Any:
    """What JSON has only as text, and what can be gone through."""
    kind = kind_of(value)
    said = value.__class__
    if extends(said, dict, *_ARRAYS, *_EXTENDED):  # a proxy: its class is not what it says
        return _form(said)(value, each)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(_items(value)).decode()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if kind.__name__ == "timedelta":
        return _duration(value.total_seconds())
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    if kind.__name__ in _TEXTUAL:
        return str(value)
    if hasattr(value, "pattern") and kind.__module__ == "re":
        return value.pattern
    if hasattr(value, "__iter__"):
        return _array(value, each)
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} has no JSON form")


def _duration(seconds: float) -> str:
    """ISO 8601, in seconds: every reader takes those."""
    sign = "-" if seconds < 0 else ""
    return f"{sign}PT{abs(seconds):.6f}".rstrip("0").rstrip(".") + "S"


def dumps(value: Any) -> str:
    """`value` as compact JSON text."""
    return _encoder()(jsonable(value))


@lru_cache(1)
def _encoder() -> Callable[[Any], str]:
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
