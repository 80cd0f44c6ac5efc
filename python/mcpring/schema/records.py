"""Types with named fields: dataclasses, TypedDict, NamedTuple."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, get_args, get_origin

from .._record import Record
from ..docstring import parse_docstring
from ..exceptions import ValidationError
from ..field import MISSING
from .shape import Load, Schema, Shape

if TYPE_CHECKING:
    from .builder import Builder

__all__ = ["FieldPlan", "dataclass_shape", "namedtuple_shape", "object_schema", "typeddict_shape"]


class FieldPlan(Record):
    """One field: what it is called, what it holds, and whether it may be left out."""

    name: str
    shape: Shape
    is_required: bool
    default: Any = MISSING
    description: str | None = None


def object_schema(fields: Iterable[FieldPlan], dump: Callable[[Any], Any]) -> Schema:
    """The schema of an object with these fields; `dump` makes JSON of defaults, if it can."""
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for field in fields:
        schema = {**field.shape.schema}
        if field.description and "description" not in schema:
            schema["description"] = field.description
        if field.is_required:
            required.append(field.name)
        elif field.default is not MISSING:
            try:
                schema["default"] = dump(field.default)
            except (TypeError, ValueError):
                pass  # a default that is no JSON stays unsaid
        properties[field.name] = schema
    out: Schema = {"type": "object", "properties": properties}
    return {**out, "required": required} if required else out


def load_fields(fields: Iterable[FieldPlan]) -> list[tuple[str, Load]]:
    """The fields that need work, and the work."""
    loads = [(field.name, field.shape.loader) for field in fields]
    return [(name, load) for name, load in loads if load is not None]


def apply_loads(value: dict[str, Any], loads: list[tuple[str, Load]], where: str) -> None:
    """Converts the members of `value` in place; a failure says which one."""
    for name, load in loads:
        if name in value:
            try:
                value[name] = load(value[name])
            except (ValueError, TypeError, ArithmeticError, ValidationError) as error:
                raise ValidationError(f"{where}{name!r}: {error}") from error


def dataclass_shape(builder: Builder, cls: Any) -> Shape:
    """A dataclass: an object, made by calling the class."""
    import dataclasses  # the program has it already

    words = parse_docstring(cls.__doc__ or "").parameters
    hints = builder.hints(cls)
    fields: list[FieldPlan] = []
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        default = MISSING if field.default is dataclasses.MISSING else field.default
        has_factory = field.default_factory is not dataclasses.MISSING
        plan, default = builder.field(hints[field.name], default)
        fields.append(
            FieldPlan(
                name=field.name,
                shape=plan,
                is_required=default is MISSING and not has_factory,
                default=default,
                description=field.metadata.get("description") or words.get(field.name),
            )
        )
    names = frozenset(field.name for field in fields)
    loads = load_fields(fields)

    def load(value: Any) -> Any:
        given = {name: item for name, item in value.items() if name in names}
        apply_loads(given, loads, "")
        return cls(**given)

    return Shape(schema=_described(object_schema(fields, builder.dump), cls), load=load)


def _described(schema: Schema, cls: Any) -> Schema:
    """`schema` with the class's own words; those that dataclasses generate are none."""
    words = (cls.__doc__ or "").strip()
    if not words or words.startswith(f"{cls.__name__}(") or words == (dict.__doc__ or "").strip():
        return schema
    return {"description": parse_docstring(words).description, **schema}


def typeddict_shape(builder: Builder, cls: Any) -> Shape:
    """A TypedDict: an object that stays a `dict`."""
    hints = builder.hints(cls)
    fields: list[FieldPlan] = []
    for name, hint in hints.items():
        is_required = name in cls.__required_keys__
        while _marker(hint):
            is_required = {"Required": True, "NotRequired": False}.get(_marker(hint), is_required)
            hint = get_args(hint)[0]
        fields.append(FieldPlan(name=name, shape=builder.shape(hint), is_required=is_required))
    loads = load_fields(fields)
    schema = _described(object_schema(fields, builder.dump), cls)
    if not loads:
        return Shape(schema=schema)

    def load(value: Any) -> Any:
        made = {**value}
        apply_loads(made, loads, "")
        return made

    return Shape(schema=schema, load=load)


def _marker(hint: Any) -> str:
    """`Required`, `NotRequired` or `ReadOnly` around a hint; empty without."""
    name = getattr(get_origin(hint), "_name", None)
    return name if name in ("Required", "NotRequired", "ReadOnly") else ""


def namedtuple_shape(builder: Builder, cls: Any) -> Shape:
    """A NamedTuple: an array, as pydantic has it."""
    hints = builder.hints(cls)
    items = [builder.shape(hints.get(name, Any)) for name in cls._fields]
    count_min = len(items) - len(cls._field_defaults)
    schema: Schema = {
        "type": "array",
        "prefixItems": [item.schema for item in items],
        "minItems": count_min,
        "maxItems": len(items),
    }
    loads = [item.loader for item in items]

    def load(value: Any) -> Any:
        pairs = zip(loads, value, strict=False)
        return cls(*[one if make is None else make(one) for make, one in pairs])

    return Shape(
        schema=_described(schema, cls) if "\n" in (cls.__doc__ or "") else schema, load=load
    )
