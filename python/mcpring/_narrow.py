"""What a JSON value is, in words that type checkers follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

__all__ = ["extends", "is_class", "is_dict", "is_list", "is_sequence", "kind_of"]


def is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    """An object of JSON's, or any `dict`."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """An array of JSON's."""
    return isinstance(value, list)


def is_sequence(value: Any) -> TypeGuard[Sequence[Any]]:
    """A list or a tuple."""
    return isinstance(value, (list, tuple))


def is_class(value: Any) -> bool:
    """A class, and no generic alias."""
    return isinstance(value, type)


def extends(cls: Any, *bases: type) -> bool:
    """`issubclass`, leaving `cls` as it was to the type checker."""
    return isinstance(cls, type) and issubclass(cls, bases)


def kind_of(value: Any) -> Any:
    """The type of a value, whose attributes are looked for by name."""
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType]
    return kind
