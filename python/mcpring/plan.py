"""What a call of one function needs: schema, conversions, and what the server fills in.

Made once, when the function is registered. `Plan.is_direct` tells the core that arguments can go
into the function as they come from JSON.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, get_args, get_origin

from ._record import Record
from .dependencies import Dependency
from .docstring import parse_docstring
from .exceptions import ValidationError
from .field import MISSING, FieldInfo
from .parameters import Function, Parameter
from .schema.builder import Builder
from .schema.coerce import coerce
from .schema.fits import fits
from .schema.inline import inline
from .schema.records import FieldPlan, apply_loads, object_schema
from .schema.shape import Load, Schema

__all__ = ["NO_ARGUMENTS", "Plan", "make_plan"]


class Plan(Record):
    """How the arguments of a call become the keyword arguments of a function."""

    schema: Schema
    loads: tuple[tuple[str, Load], ...]
    exact: dict[str, type[int] | type[float]]
    fills: dict[str, Callable[[], Any]]
    contexts: tuple[str, ...]
    dependencies: dict[str, Dependency]

    @property
    def is_direct(self) -> bool:
        """Whether JSON's values are the arguments, and nothing is filled in."""
        return not (self.loads or self.fills or self.contexts or self.dependencies)

    @property
    def injects(self) -> bool:
        """Whether the server has to fill in something."""
        return bool(self.contexts or self.dependencies)

    def converter(self) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        """What makes keyword arguments of arguments that fit the schema; `None` for nothing to do.

        It changes the arguments in place, and is made once a function: calls are many.
        """
        loads, fills = list(self.loads), list(self.fills.items())
        if not loads and not fills:
            return None

        def convert(arguments: dict[str, Any]) -> dict[str, Any]:
            apply_loads(arguments, loads, "")
            for name, fill in fills:
                if name not in arguments:
                    arguments[name] = fill()
            return arguments

        return convert

    def convert(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """What `converter` does, once."""
        convert = self.converter()
        return arguments if convert is None else convert(arguments)

    def repair(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments that broke the schema, in the form that was probably meant."""
        repaired: dict[str, Any] = coerce(arguments, self.schema, self.schema.get("$defs", {}))
        return repaired

    def read_text(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments that are all text, variables and those of prompts, as the function's types.

        Raises `ValidationError` for text that cannot be read so.
        """
        made = self.repair(arguments)
        known, defs = self.schema["properties"], self.schema.get("$defs", {})
        for name, value in made.items():
            if not fits(value, known.get(name, True), defs):
                raise ValidationError(f"{name!r} is {value!r}, which does not fit {known[name]}")
        return made


NO_ARGUMENTS = Plan(
    schema={"type": "object", "properties": {}},
    loads=(),
    exact={},
    fills={},
    contexts=(),
    dependencies={},
)


def make_plan(function: Function) -> Plan:
    """Reads the parameters of `function`."""
    builder = Builder(function.namespace)
    words = parse_docstring(function.doc).parameters
    contexts: list[str] = []
    dependencies: dict[str, Dependency] = {}
    fields: list[FieldPlan] = []
    fills: dict[str, Callable[[], Any]] = {}
    for parameter in function.parameters:
        dependency = _dependency(parameter)
        if dependency is not None:
            dependencies[parameter.name] = dependency
        elif is_context(parameter.hint):
            contexts.append(parameter.name)
        else:
            fields.append(_field(builder, parameter, words, fills))
    numbers = {field.name: field.shape.exact for field in fields if field.shape.exact is not None}
    loads = tuple(
        (field.name, field.shape.load) for field in fields if field.shape.load is not None
    )
    # A function takes what it names: other arguments are refused where all are checked.
    closed = {**object_schema(fields, builder.dump), "additionalProperties": False}
    schema = inline(closed, builder.defs)
    return Plan(
        schema=schema,
        loads=loads,
        exact=numbers,
        fills=fills,
        contexts=tuple(contexts),
        dependencies=dependencies,
    )


def _field(
    builder: Builder,
    parameter: Parameter,
    words: dict[str, str],
    fills: dict[str, Callable[[], Any]],
) -> FieldPlan:
    shape, default = builder.field(parameter.hint, parameter.default)
    if default is not parameter.default:
        # The function's own default only describes: the server has to give the real one.
        fills.update(_fill(parameter, default))
    return FieldPlan(
        name=parameter.name,
        shape=shape,
        is_required=default is MISSING,
        default=default,
        description=words.get(parameter.name),
    )


def _fill(parameter: Parameter, default: Any) -> dict[str, Callable[[], Any]]:
    if default is MISSING:
        return {}
    items = [*getattr(parameter.hint, "__metadata__", ()), parameter.default]
    for item in items:
        factory = getattr(item, "default_factory", None)
        is_field = isinstance(item, FieldInfo) or type(item).__name__ == "FieldInfo"
        if is_field and factory is not None:
            return {parameter.name: factory}
    return {parameter.name: lambda: default}


def _dependency(parameter: Parameter) -> Dependency | None:
    if isinstance(parameter.default, Dependency):
        return parameter.default
    for item in getattr(parameter.hint, "__metadata__", ()):
        if isinstance(item, Dependency):
            return item
    return None


def is_context(hint: Any) -> bool:
    """Whether a hint asks for the context: `Context`, `Context | None`, `Annotated[Context, …]`."""
    module = sys.modules.get(f"{__package__}.context")
    if module is None:  # nobody has named the class yet, so no hint can be it
        return False
    if hint is module.Context:
        return True
    if get_origin(hint) is not None:
        return any(is_context(arg) for arg in get_args(hint) if not isinstance(arg, str))
    return isinstance(hint, type) and issubclass(hint, module.Context)
