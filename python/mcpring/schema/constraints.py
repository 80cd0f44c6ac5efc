"""The metadata of `Annotated`: our `Field`, pydantic's, annotated-types, plain words.

Foreign objects are known by their attributes, never by importing who made them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._narrow import is_dict
from ..exceptions import ValidationError
from ..field import MISSING, FieldInfo
from .shape import Load, Schema

__all__ = ["Metadata", "read_metadata"]

_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")

_NUMBER = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}

_LENGTH = {
    "string": {"min_length": "minLength", "max_length": "maxLength"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}

_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "ge": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "le": lambda value, bound: value <= bound,
    "multiple_of": lambda value, bound: value % bound == 0,
    "min_length": lambda value, bound: len(value) >= bound,
    "max_length": lambda value, bound: len(value) <= bound,
}


class Metadata:
    """What the metadata of one hint says, gathered."""

    __slots__ = ("bounds", "default", "default_factory", "predicates", "unread", "words")

    def __init__(self) -> None:
        self.bounds: dict[str, Any] = {}
        self.words: dict[str, Any] = {}
        self.default: Any = MISSING
        self.default_factory: Callable[[], Any] | None = None
        self.predicates: list[Callable[[Any], Any]] = []
        self.unread: list[object] = []

    def apply(self, schema: Schema) -> Schema:
        """`schema` with what was said of it, in the words of JSON Schema."""
        said = {**schema}
        for arm in _arms(said):
            arm.update(self._keywords(arm))
        return {**said, **self.words}

    def _keywords(self, schema: Schema) -> Schema:
        kind = schema.get("type")
        names = {**_LENGTH.get(str(kind), {})}
        if kind in ("integer", "number"):
            names.update(_NUMBER)
        elif kind == "string":
            names["pattern"] = "pattern"
        return {names[name]: _json(bound) for name, bound in self.bounds.items() if name in names}

    def guard(self, load: Load | None) -> Load | None:
        """`load`, followed by those checks that a schema cannot make.

        Bounds of values that are no JSON (dates, decimals) are among them; all others were checked
        before, by the schema.
        """
        checks: list[Callable[[Any], bool]] = []
        if load is not None:
            checks += [
                _check(name, bound) for name, bound in self.bounds.items() if name in _CHECKS
            ]
        checks += self.predicates
        if not checks:
            return load

        def guarded(value: Any) -> Any:
            made = value if load is None else load(value)
            if made is not None and not all(check(made) for check in checks):
                raise ValidationError(
                    f"{value!r} breaks a constraint: {self.bounds or 'predicate'}"
                )
            return made

        return guarded


def _check(name: str, bound: Any) -> Callable[[Any], bool]:
    test = _CHECKS[name]
    return lambda value: test(value, bound)


def _arms(schema: Schema) -> Iterable[Schema]:
    """The schema, or the arms of a union, copied so that they may be changed."""
    arms = schema.get("anyOf")
    if arms is None:
        return [schema]
    schema["anyOf"] = copies = [{**arm} for arm in arms]
    return copies


def _json(bound: Any) -> Any:
    if bound is None or isinstance(bound, (bool, int, float, str)):
        return bound
    text = getattr(bound, "pattern", None)  # a compiled regular expression
    if text is None:
        try:
            return float(bound)
        except (TypeError, ValueError):
            text = bound
    return str(text)


def read_metadata(items: Iterable[object]) -> Metadata:
    """Gathers `items`; what nobody here can read ends in `unread`."""
    said = Metadata()
    for item in items:
        _read(item, said)
    return said


def _read(item: object, said: Metadata) -> None:
    if isinstance(item, str):
        said.words["description"] = item
    elif isinstance(item, FieldInfo):
        said.bounds.update(item.keywords)
        said.words.update(item.words)
        _read_default(item, said)
    elif _is_pydantic_field(item):
        _read_pydantic_field(item, said)
    else:
        _read_foreign(item, said)


def _read_default(item: Any, said: Metadata) -> None:
    default = item.default
    if default is not ... and type(default).__name__ not in ("PydanticUndefinedType", "Missing"):
        said.default = default
    if item.default_factory is not None:
        said.default_factory = item.default_factory


def _is_pydantic_field(item: object) -> bool:
    kind = type(item)
    return kind.__name__ == "FieldInfo" and kind.__module__.startswith("pydantic")


def _read_pydantic_field(item: Any, said: Metadata) -> None:
    for inner in item.metadata:
        _read(inner, said)
    words = {name: getattr(item, name, None) for name in ("title", "description", "examples")}
    said.words.update({name: value for name, value in words.items() if value is not None})
    if getattr(item, "deprecated", None):
        said.words["deprecated"] = True
    extra = getattr(item, "json_schema_extra", None)
    if is_dict(extra):
        said.words.update(extra)
    _read_default(item, said)


def _read_foreign(item: object, said: Metadata) -> None:
    """annotated-types and its likes: `Gt(gt=…)`, `Len(min_length=…)`, `Predicate(func)`."""
    words = getattr(item, "documentation", None)
    if isinstance(words, str):
        said.words["description"] = words
        return
    found = {name: getattr(item, name, None) for name in _BOUNDS}
    found = {name: bound for name, bound in found.items() if bound is not None}
    func = getattr(item, "func", None)
    module = type(item).__module__
    if found:
        said.bounds.update(found)
    elif callable(func) and module.startswith("annotated_types"):
        said.predicates.append(func)
    else:
        said.unread.append(item)
