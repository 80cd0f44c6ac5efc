"""Decorators without a server: they remember what was said of a function, beside the function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from ._record import Record

__all__ = ["Mark", "Marker", "find_mark", "marker"]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "__mcpring_mark__"


class Mark(Record):
    """What a decorator was told: the kind of feature, and the settings."""

    kind: Any
    uri: str | None
    settings: dict[str, Any]


class Marker(Protocol):
    """A decorator with and without parentheses."""

    @overload
    def __call__(self, fn: F, /) -> F: ...
    @overload
    def __call__(self, name: str | None = None, /, **settings: Any) -> Callable[[F], F]: ...


def marker(kind: Any) -> Marker:
    """The decorator for one kind of feature."""

    def decorate(fn: Any = None, /, **settings: Any) -> Any:
        if callable(fn):
            return _mark(fn, Mark(kind=kind, uri=None, settings=settings))
        if fn is not None:
            settings["name"] = fn

        def decorate_later(inner: Any) -> Any:
            return _mark(inner, Mark(kind=kind, uri=None, settings=settings))

        return decorate_later

    return decorate


def _mark(fn: Any, mark: Mark) -> Any:
    setattr(fn, _ATTRIBUTE, mark)
    return fn


def mark_with_uri(fn: Any, kind: Any, uri: str, settings: dict[str, Any]) -> Any:
    """Marks a function that is read at a URI."""
    return _mark(fn, Mark(kind=kind, uri=uri, settings=settings))


def find_mark(value: Any) -> Mark | None:
    """What a decorator remembered of `value`."""
    mark = getattr(value, _ATTRIBUTE, None)
    return mark if isinstance(mark, Mark) else None
