"""Any Python value as JSON's own types.

The core writes the plain types by itself; what may run code of the program's comes here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ._narrow import is_dict, kind_of

__all__ = ["dumps", "jsonable"]

_PLAIN = frozenset((str, int, bool, type(None)))
_ARRAYS = (list, tuple, set, frozenset)
_TEXTUAL = frozenset(("UUID", "Decimal", "IPv4Address", "IPv6Address"))


def jsonable(value: Any) -> Any:
    """`value` in dicts, lists, text, numbers, booleans and `None`; or a `TypeError`."""
    kind = kind_of(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if value - value == 0 else None  # JSON has no infinities
    if is_dict(value):
        items = list(value.items())  # code of the program's may change it meanwhile
        return {
            name if name.__class__ is str else _key(name): jsonable(item) for name, item in items
        }
    if isinstance(value, _ARRAYS):
        return [jsonable(item) for item in _items(value)]
    if hasattr(kind, "_member_map_"):
        return jsonable(value.value)
    for base in (str, int, float):  # a subclass counts as what it extends
        if isinstance(value, base):
            return jsonable(base(value))
    serializer = getattr(kind, "__pydantic_serializer__", None)
    if serializer is not None:
        # What JSON cannot say is in there as well: numbers that are infinite.
        return jsonable(serializer.to_python(value, mode="json", by_alias=True))
    if hasattr(kind, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if hasattr(kind, "to_dict"):
        return jsonable(value.to_dict())
    if hasattr(kind, "__dataclass_fields__"):
        return {name: jsonable(getattr(value, name)) for name in _field_names(kind)}
    return _textual(value, kind)


@lru_cache(1024)  # a program that makes classes without end pays for looking
def _field_names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass, without what only looks like fields."""
    from dataclasses import fields

    return tuple(field.name for field in fields(kind))


def _items(value: Any) -> Iterable[Any]:
    made: Iterable[Any] = value
    return made


def _key(name: Any) -> str:
    made = jsonable(name)
    if isinstance(made, bool) or made is None:
        return {True: "true", False: "false", None: "null"}[made]
    return made if isinstance(made, str) else str(made)


def _textual(value: Any, kind: Any) -> Any:
    """What JSON has only as text."""
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
        return [jsonable(item) for item in _items(value)]
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} has no JSON form")


def _duration(seconds: float) -> str:
    """ISO 8601, in seconds: every reader takes those."""
    sign = "-" if seconds < 0 else ""
    return f"{sign}PT{abs(seconds):.6f}".rstrip("0").rstrip(".") + "S"


def dumps(value: Any) -> str:
    """`value` as compact JSON text."""
    import json

    return json.dumps(jsonable(value), ensure_ascii=False, separators=(",", ":"))
