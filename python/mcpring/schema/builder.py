"""From a type hint to its `Shape`."""

from __future__ import annotations

import collections.abc as abc
import sys
import types
import typing
from typing import Any, get_args, get_origin

from .._narrow import extends, is_class
from ..exceptions import ConfigError
from ..field import MISSING
from .constraints import read_metadata
from .containers import (
    array_shape,
    enum_shape,
    literal_shape,
    mapping_shape,
    tuple_shape,
    union_shape,
)
from .foreign import adapter_shape, is_foreign, is_model, model_shape
from .records import dataclass_shape, namedtuple_shape, typeddict_shape
from .scalars import scalar_shape
from .shape import Load, Schema, Shape

__all__ = ["Builder", "UnknownType"]

_ARRAYS: dict[Any, type | None] = {
    list: None,
    abc.Sequence: None,
    abc.MutableSequence: None,
    abc.Iterable: None,
    abc.Collection: None,
    set: set,
    abc.Set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
}
_MAPPINGS: dict[Any, type | None] = {dict: None, abc.Mapping: None, abc.MutableMapping: None}


class UnknownType(ConfigError, TypeError):
    """A hint has no JSON form; also a `TypeError`, as it would be elsewhere."""


class Builder:
    """Reads the hints of one function; what is defined once is shared among them."""

    def __init__(self, namespace: dict[str, Any] | None = None, is_output: bool = False) -> None:
        self.defs: dict[str, Schema] = {}
        self.pydantic_mode = "serialization" if is_output else "validation"
        self._namespace = namespace or {}
        self._names: dict[Any, str] = {}
        self._loads: dict[Any, Load | None] = {}
        self._is_open: set[Any] = set()

    def shape(self, hint: Any) -> Shape:
        """What `hint` means."""
        hint = self._unwrap(hint)
        if hint is Any or isinstance(hint, typing.TypeVar):
            return self._variable(hint)
        origin = get_origin(hint)
        if origin is typing.Annotated:
            return self.field(hint, MISSING)[0]
        if origin is typing.Union or origin is types.UnionType:
            return union_shape(self, get_args(hint))
        if origin is typing.Literal:
            return literal_shape(get_args(hint))
        if origin in (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar):
            return self.shape(get_args(hint)[0])
        found = self._generic(origin or hint, get_args(hint))
        if found is not None:
            return found
        if is_class(origin):
            return self._foreign_generic(hint, origin)
        if is_class(hint):
            return self._class(hint)
        raise UnknownType(f"the type hint {hint!r} has no JSON form")

    def field(self, hint: Any, default: Any) -> tuple[Shape, Any]:
        """A hint with the default that stands beside it; gives the real default back.

        A default may be a `Field` (ours or pydantic's): then it describes the value, and has the
        default inside, if any.
        """
        items: list[object] = []
        while get_origin(hint) is typing.Annotated:
            items = [*hint.__metadata__, *items]
            hint = hint.__origin__
        if type(default).__name__ == "FieldInfo":
            items.append(default)
            default = MISSING
        said = read_metadata(items)
        if any(type(item).__module__.startswith("pydantic") for item in said.unread):
            shape = adapter_shape(self, typing.Annotated[(hint, *items)])
            return shape, said.default if default is MISSING else default
        shape = self.shape(hint)
        made = Shape(
            schema=said.apply(shape.schema), load=said.guard(shape.load), exact=shape.exact
        )
        if default is MISSING:
            default = said.default
        if default is MISSING and said.default_factory is not None:
            default = said.default_factory()
        return made, default

    def hints(self, owner: Any) -> dict[str, Any]:
        """The resolved hints of a class or function."""
        scope = {**vars(sys.modules.get(owner.__module__, types)), **self._namespace}
        try:
            return typing.get_type_hints(owner, localns=scope, include_extras=True)
        except NameError as error:
            raise UnknownType(f"{owner.__qualname__}: {error}") from error

    def dump(self, value: Any) -> Any:
        """A default as JSON."""
        from ..jsonable import jsonable

        return jsonable(value)

    def _unwrap(self, hint: Any) -> Any:
        """Names, aliases and new types, down to what they stand for."""
        while True:
            if isinstance(hint, str):
                hint = typing.ForwardRef(hint)
            if isinstance(hint, typing.ForwardRef):
                hint = self._look_up(hint.__forward_arg__)
            elif hasattr(hint, "__supertype__"):
                hint = hint.__supertype__
            elif type(hint).__name__ == "TypeAliasType":
                hint = hint.__value__
            else:
                return type(None) if hint is None else hint

    def _look_up(self, name: str) -> Any:
        for known, cls_name in self._names.items():
            if cls_name == name:
                return known
        try:
            return eval(name, {**vars(typing), **self._namespace})  # noqa: S307 - as get_type_hints
        except NameError as error:
            raise UnknownType(f"the type hint {name!r} cannot be resolved: {error}") from error

    def _variable(self, hint: Any) -> Shape:
        if hint is Any:
            return Shape(schema={})
        if hint.__constraints__:
            return union_shape(self, hint.__constraints__)
        return self.shape(hint.__bound__) if hint.__bound__ is not None else Shape(schema={})

    def _generic(self, origin: Any, args: tuple[Any, ...]) -> Shape | None:
        if origin in _ARRAYS:
            return array_shape(self, args, _ARRAYS[origin])
        if origin is tuple:
            return tuple_shape(self, args)
        if origin in _MAPPINGS:
            return mapping_shape(self, args, _MAPPINGS[origin])
        module = getattr(origin, "__module__", "")
        if module == "collections" and is_class(origin):
            if extends(origin, dict) and origin.__name__ == "OrderedDict":
                return mapping_shape(self, args, origin)
            if origin.__name__ == "deque":
                return array_shape(self, args, origin)
        return None

    def _foreign_generic(self, hint: Any, origin: Any) -> Shape:
        """`Model[int]`: pydantic's, or a generic dataclass whose variables stay open."""
        return self._record(hint if is_model(hint) else origin)

    def _class(self, cls: Any) -> Shape:
        if hasattr(cls, "__members__") and hasattr(cls, "_member_map_"):
            return enum_shape(cls)
        has_fields = hasattr(cls, "__dataclass_fields__") or hasattr(cls, "__required_keys__")
        is_tuple = extends(cls, tuple) and hasattr(cls, "_fields")
        if is_model(cls) or has_fields or is_tuple:
            return self._record(cls)
        found = scalar_shape(cls)
        if found is not None:
            return found
        if is_foreign(cls):
            return adapter_shape(self, cls)
        raise UnknownType(
            f"{cls.__module__}.{cls.__qualname__} has no JSON form: make it a dataclass, a "
            "TypedDict or a pydantic model, or take a plain type and convert it"
        )

    def _record(self, cls: Any) -> Shape:
        """A type with fields: defined once, so that it may contain itself."""
        if cls not in self._names:
            self._names[cls] = self._name(cls)
        name = self._names[cls]
        ref: Schema = {"$ref": f"#/$defs/{name}"}
        if cls in self._is_open:  # inside of itself: what it becomes is known only later
            return Shape(schema=ref, load=lambda value: self._load_later(cls, value))
        if cls not in self._loads:
            self._is_open.add(cls)
            shape = self._fields(cls)
            self._is_open.discard(cls)
            schema = shape.schema
            if schema != ref:  # pydantic refers to itself when it is recursive
                self.defs[name] = schema
            self._loads[cls] = shape.load
        return Shape(schema=ref, load=self._loads[cls])

    def _load_later(self, cls: Any, value: Any) -> Any:
        load = self._loads.get(cls)
        return value if load is None else load(value)

    def _fields(self, cls: Any) -> Shape:
        if is_model(cls):
            return model_shape(self, cls)
        if hasattr(cls, "__pydantic_validator__"):  # a dataclass of pydantic's
            return adapter_shape(self, cls)
        if hasattr(cls, "__required_keys__"):
            return typeddict_shape(self, cls)
        if hasattr(cls, "__dataclass_fields__"):
            return dataclass_shape(self, cls)
        return namedtuple_shape(self, cls)

    def _name(self, cls: Any) -> str:
        plain = "".join(c if c.isalnum() or c in "_.-" else "_" for c in cls.__name__)
        taken = set(self._names.values()) | set(self.defs)
        name, count = plain, 1
        while name in taken:
            count += 1
            name = f"{plain}_{count}"
        return name
