"""Frozen records: what `dataclasses` would make, without importing it.

`dataclasses` imports `inspect`, which alone costs more time than the whole of this package. A
record takes keywords only, compares and prints by its fields, and changes by `replace`.
"""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform

__all__ = ["Record"]


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """Base of the frozen records; a subclass lists its fields as annotations."""

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        own: dict[str, Any] = getattr(cls, "__annotations__", {})
        names = [name for name, hint in own.items() if not str(hint).startswith("ClassVar")]
        cls._fields = tuple(dict.fromkeys((*cls._fields, *names)))
        given = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
        cls._defaults = {**cls._defaults, **given}

    def __init__(self, **values: Any) -> None:
        fields = self._fields
        state = {**self._defaults, **values}
        if len(state) != len(fields) or any(name not in state for name in fields):
            unknown = [name for name in values if name not in fields]
            absent = [name for name in fields if name not in state]
            fault = f"unknown: {unknown}" if unknown else f"missing: {absent}"
            raise TypeError(f"{type(self).__name__} has the fields {list(fields)}; {fault}")
        self.__dict__.update(state)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set; use replace()")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.__dict__.values())))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({shown})"

    def replace(self, **changes: Any) -> Any:
        """The same record with other values in some fields."""
        return type(self)(**{**self.__dict__, **changes})
