"""Completion of the arguments of prompts and templates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal

from ._record import Record
from .types import Completion

__all__ = [
    "CompletionArgument",
    "CompletionContext",
    "CompletionHandler",
    "CompletionReference",
    "VALUES_MAX",
]

VALUES_MAX = 100
"""The protocol's own limit."""


class CompletionReference(Record):
    """What an argument belongs to: a prompt by its name, or a template by its URI."""

    type: Literal["ref/prompt", "ref/resource"]
    name: str = ""
    uri: str = ""


class CompletionArgument(Record):
    """The argument, and what was typed of it."""

    name: str
    value: str


class CompletionContext(Record):
    """The arguments that are known already."""

    arguments: Mapping[str, str] = {}


CompletionHandler = Callable[
    [CompletionReference, CompletionArgument, CompletionContext | None],
    "Awaitable[Completion | Iterable[str] | None] | Completion | Iterable[str] | None",
]
"""Completes whatever argument it knows; gives `None` for the others."""


def to_completion(value: Any) -> Completion:
    """What a handler returned, within the protocol's limit."""
    if value is None:
        return Completion(values=[])
    if isinstance(value, str):
        raise TypeError("a completion is a list of texts, not one text")
    if hasattr(value, "values") and not callable(value.values):
        return Completion(values=list(value.values), total=value.total, has_more=value.has_more)
    values = [str(one) for one in value]
    if len(values) <= VALUES_MAX:
        return Completion(values=values)
    return Completion(values=values[:VALUES_MAX], total=len(values), has_more=True)
