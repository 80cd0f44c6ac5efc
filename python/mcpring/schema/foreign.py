"""pydantic's models and types, for programs that have pydantic.

Nothing here imports pydantic unless a hint is one of its classes: then the program has it loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._narrow import is_dict, is_list
from ..exceptions import ValidationError
from .shape import Schema, Shape

if TYPE_CHECKING:
    from .builder import Builder

__all__ = ["adapter_shape", "is_foreign", "is_model", "model_shape"]


def is_model(cls: Any) -> bool:
    """Whether `cls` is a pydantic model."""
    return isinstance(cls, type) and hasattr(cls, "model_json_schema")


def is_foreign(hint: Any) -> bool:
    """Whether pydantic knows what `hint` is: one of its types, or a class that tells it."""
    return hasattr(hint, "__get_pydantic_core_schema__") or hasattr(hint, "__pydantic_validator__")


def model_shape(builder: Builder, cls: Any) -> Shape:
    """A pydantic model; values are made and checked by the model itself."""
    schema = cls.model_json_schema(mode=builder.pydantic_mode)
    return Shape(schema=_take(builder, schema), load=_guarded(cls.model_validate))


def adapter_shape(builder: Builder, hint: Any) -> Shape:
    """Any hint that pydantic has to read: validators, its own types, its dataclasses."""
    import pydantic  # `hint` is made of it, so it is loaded

    adapter: Any = pydantic.TypeAdapter(hint)
    schema = adapter.json_schema(mode=builder.pydantic_mode)
    return Shape(schema=_take(builder, schema), load=_guarded(adapter.validate_python))


def _guarded(validate: Any) -> Any:
    def load(value: Any) -> Any:
        try:
            return validate(value)
        except ValueError as error:  # pydantic's ValidationError is one
            raise ValidationError(_words(error)) from error

    return load


def _words(error: Any) -> str:
    """pydantic's findings on one line each, without its links."""
    try:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    except (AttributeError, TypeError):
        return str(error)
    lines = [(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found]
    return "; ".join(f"{place}: {words}" if place else words for place, words in lines)


def _take(builder: Builder, schema: Schema) -> Schema:
    """Moves the schema's definitions to the builder's; drops the titles pydantic makes up."""
    defs: dict[str, Schema] = schema.pop("$defs", {})
    for name, definition in defs.items():
        builder.defs.setdefault(name, without_titles(definition))
    made: Schema = without_titles(schema)
    return made


def without_titles(node: Any) -> Any:
    """`node` without the `title` of schemas that only repeats a name."""
    if is_list(node):
        return [without_titles(item) for item in node]
    if not is_dict(node):
        return node
    out: dict[str, Any] = {}
    for key, item in node.items():
        if key == "title" and isinstance(item, str):
            continue
        if key == "properties" and is_dict(item):
            out[key] = {name: _property(name, one) for name, one in item.items()}
        else:
            out[key] = (
                item if key in ("default", "enum", "const", "examples") else without_titles(item)
            )
    return out


def _property(name: str, schema: Any) -> Any:
    """A property keeps a title that its author wrote."""
    out = without_titles(schema)
    title: Any = schema.get("title") if is_dict(schema) else None
    is_own = title is not None and title.replace(" ", "").lower() != name.replace("_", "").lower()
    is_reference = is_dict(schema) and "$ref" in schema
    return {"title": title, **out} if is_own and not is_reference else out
