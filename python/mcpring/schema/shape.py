"""One type hint, read: its schema and how JSON becomes its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._narrow import kind_of
from .._record import Record

__all__ = ["Load", "Schema", "Shape", "optional_load", "settle"]

Schema = dict[str, Any]
"""A JSON Schema as Python sees it."""

Load = Callable[[Any], Any]
"""Makes the value of a hint from JSON that fits its schema."""


class Shape(Record):
    """What a hint means.

    `load` is `None` when JSON is the value already. `exact` is `int` or `float` when only the kind
    of the numbers in it has to be settled, as JSON's 1 and 1.0 are the same: the core does that by
    itself for parameters, so that such a parameter costs no call into Python.
    """

    schema: Schema
    load: Load | None = None
    exact: type[int] | type[float] | None = None

    @property
    def loader(self) -> Load | None:
        """The conversion where nobody else settles the kind of numbers: inside of records."""
        if self.load is not None or self.exact is None:
            return self.load
        kind = self.exact
        return lambda value: settle(value, kind)


def settle(value: Any, kind: type[int] | type[float]) -> Any:
    """`value` with every number in it of one kind."""
    held = kind_of(value)
    if held is float or held is int:
        return value if held is kind else kind(value)
    if held is list:
        return [settle(item, kind) for item in value]
    if held is dict:
        return {name: settle(item, kind) for name, item in value.items()}
    return value


def optional_load(load: Load | None) -> Load | None:
    """`load`, letting null through."""
    if load is None:
        return None
    inner = load
    return lambda value: None if value is None else inner(value)
