"""`Field`: constraints and words for a parameter, for programs without pydantic.

It has pydantic's names and meanings. Who has pydantic may use that package's `Field` as well: both
are read by the same code (`mcpring.schema.constraints`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["MISSING", "Field", "FieldInfo", "Missing"]


class Missing:
    """The type of `MISSING`: no value was given."""

    _one: Missing | None = None

    def __new__(cls) -> Missing:
        if cls._one is None:
            cls._one = super().__new__(cls)
        return cls._one

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()
"""Stands where `None` would be a value."""


class FieldInfo:
    """What `Field` returns: a default and what holds of the value."""

    __slots__ = ("default", "default_factory", "keywords", "words")

    def __init__(
        self,
        default: object,
        default_factory: Callable[[], object] | None,
        keywords: Mapping[str, object],
        words: Mapping[str, object],
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.keywords = dict(keywords)
        self.words = dict(words)

    def __repr__(self) -> str:
        return f"Field(default={self.default!r}, {self.keywords}, {self.words})"


def Field(  # noqa: N802 - the name pydantic made known
    default: Any = MISSING,
    *,
    default_factory: Callable[[], object] | None = None,
    title: str | None = None,
    description: str | None = None,
    examples: Sequence[object] | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    deprecated: bool | None = None,
    json_schema_extra: Mapping[str, object] | None = None,
) -> Any:
    """Describes a parameter: `n: Annotated[int, Field(ge=1)]`, or `n: int = Field(3, ge=1)`.

    The result is typed `Any`, as in pydantic, so that it may stand as the default of any parameter.
    """
    if default is ...:
        default = MISSING
    bounds = {"gt": gt, "ge": ge, "lt": lt, "le": le, "multiple_of": multiple_of}
    sizes = {"min_length": min_length, "max_length": max_length, "pattern": pattern}
    given = {name: value for name, value in {**bounds, **sizes}.items() if value is not None}
    words: dict[str, object] = {
        "title": title,
        "description": description,
        "examples": list(examples) if examples is not None else None,
        "deprecated": deprecated,
    }
    shown = {name: value for name, value in words.items() if value is not None}
    return FieldInfo(default, default_factory, given, {**shown, **(json_schema_extra or {})})
