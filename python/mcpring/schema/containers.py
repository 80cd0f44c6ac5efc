"""Lists, tuples, sets, mappings, unions and choices."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from .._narrow import is_dict, kind_of
from ..exceptions import ValidationError
from .fits import fits, resolve
from .shape import Schema, Shape, optional_load

if TYPE_CHECKING:
    from .builder import Builder

__all__ = [
    "array_shape",
    "enum_shape",
    "literal_shape",
    "mapping_shape",
    "tuple_shape",
    "union_shape",
]

_NULL: Schema = {"type": "null"}
_KINDS: dict[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
_NUMBERLESS = frozenset(("string", "boolean", "null"))


def array_shape(builder: Builder, args: tuple[Any, ...], make: Any) -> Shape:
    """`list[T]`, `set[T]`, …; `make` turns a list into the type, `None` when it is one already."""
    item = builder.shape(args[0]) if args else Shape(schema={})
    schema: Schema = {"type": "array", "items": item.schema}
    if getattr(make, "__name__", "") in ("set", "frozenset"):
        schema["uniqueItems"] = True
    if make is None and item.load is None:
        return Shape(schema=schema, exact=item.exact)
    load = item.loader
    if make is None:
        return Shape(schema=schema, load=load and (lambda value: [load(one) for one in value]))
    if load is None:
        return Shape(schema=schema, load=lambda value: make(value))
    return Shape(schema=schema, load=lambda value: make([load(one) for one in value]))


def tuple_shape(builder: Builder, args: tuple[Any, ...]) -> Shape:
    """`tuple[A, B]` and `tuple[T, ...]`."""
    if not args or (len(args) == 2 and args[1] is ...):
        return array_shape(builder, args[:1], tuple)
    items = [] if args == ((),) else [builder.shape(arg) for arg in args]
    schema: Schema = {
        "type": "array",
        "prefixItems": [item.schema for item in items],
        "minItems": len(items),
        "maxItems": len(items),
    }
    loads = [item.loader for item in items]

    def load(value: Any) -> Any:
        pairs = zip(loads, value, strict=True)
        return tuple(one if make is None else make(one) for make, one in pairs)

    return Shape(schema=schema, load=load)


def mapping_shape(builder: Builder, args: tuple[Any, ...], make: type | None) -> Shape:
    """`dict[K, V]`; keys are text in JSON, so `K` is text or made of text."""
    key, item = (builder.shape(arg) for arg in args) if args else (Shape(schema={}),) * 2
    schema: Schema = {"type": "object", "additionalProperties": item.schema or True}
    load_key = key.load or key.exact  # JSON writes all keys as text
    if load_key is None and item.load is None and make is None:
        return Shape(schema=schema, exact=item.exact)
    load_item = item.loader

    def load(value: Any) -> Any:
        made = {
            name if load_key is None else load_key(name): one
            if load_item is None
            else load_item(one)
            for name, one in value.items()
        }
        return made if make is None else make(made)

    return Shape(schema=schema, load=load)


def union_shape(builder: Builder, args: tuple[Any, ...]) -> Shape:
    """`A | B`. The arm is chosen by form, in the order written."""
    arms = [builder.shape(arg) for arg in args]
    schemas = [arm.schema for arm in arms]
    schema: Schema = {} if {} in schemas else {"anyOf": _distinct(schemas)}
    loads = [arm.load for arm in arms]
    if not any(loads):
        return Shape(schema=schema, exact=_common_number(arms))
    typed = [arm for arm in arms if arm.schema != _NULL]
    if len(typed) == 1:  # Optional[T]
        return Shape(schema=schema, load=optional_load(typed[0].load))
    defs = builder.defs  # still growing; complete before the first call

    def load(value: Any) -> Any:
        return _load_first(value, arms, defs)

    return Shape(schema=schema, load=load)


def _common_number(arms: list[Shape]) -> type[int] | type[float] | None:
    """The kind of all numbers in a value of any arm, if they are of one."""
    kinds = {arm.exact for arm in arms if arm.schema.get("type") not in _NUMBERLESS}
    return kinds.pop() if len(kinds) == 1 else None


def _distinct(schemas: list[Schema]) -> list[Schema]:
    return [schema for place, schema in enumerate(schemas) if schema not in schemas[:place]]


def _load_first(value: Any, arms: list[Shape], defs: dict[str, Schema]) -> Any:
    fault: Exception | None = None
    if is_dict(value):  # the arm that knows most of its members, if there are several
        arms = sorted(arms, key=lambda arm: -_known(value, resolve(arm.schema, defs)))
    # An int stays one where a float would do too, as JSON's "integer" is narrower than "number".
    for arm in arms:
        if not fits(value, arm.schema, defs) or (arm.exact is int and type(value) is float):
            continue
        load = arm.loader
        try:
            return value if load is None else load(value)
        except (ValueError, TypeError, ValidationError) as error:
            fault = error
    raise ValidationError(f"{value!r} fits no form that is allowed here") from fault


def _known(value: dict[str, Any], schema: Schema) -> int:
    return len(value.keys() & schema.get("properties", {}).keys())


def literal_shape(choices: tuple[Any, ...]) -> Shape:
    """`Literal["a", 1]`; members of an enum stand for their values."""
    members = {_value(choice): choice for choice in choices}
    values = list(members)
    schema: Schema = {"const": values[0]} if len(values) == 1 else {"enum": values}
    kinds = {_KINDS.get(kind_of(value)) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is not None:
        schema["type"] = kind
    if all(value is choice for value, choice in members.items()):
        return Shape(schema=schema)
    return Shape(schema=schema, load=members.__getitem__)


def _value(choice: Any) -> Any:
    is_member = hasattr(choice, "_value_") and hasattr(kind_of(choice), "__members__")
    return choice.value if is_member else choice


def enum_shape(cls: Any) -> Shape:
    """An `Enum`, by the values of its members."""
    members: types.MappingProxyType[str, Any] = cls.__members__
    values = [member.value for member in members.values()]
    schema: Schema = {"enum": values}
    kinds = {_KINDS.get(kind_of(value)) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is not None:
        schema["type"] = kind
    return Shape(schema=schema, load=lambda value: cls(value))
