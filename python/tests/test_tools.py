"""From a function to a tool."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

import pydantic
import pytest

from mcpring import Context, Depends, Field, Image, ToolResult
from mcpring.exceptions import ConfigError
from mcpring.results import WRAP_MARK
from mcpring.tools import Tool
from mcpring.types import TextContent, ToolAnnotations

INT, STR = {"type": "integer"}, {"type": "string"}


@dataclass
class Answer:
    text: str


class Row(TypedDict):
    n: int


def plain(a: int, b: str = "x") -> None: ...
def described(a: int, b: Annotated[int, "own words"] = 1) -> None:
    """Does it.

    Args:
        a: the first
        b: not these
    """


def by_default(a: int = Field(3, ge=1, description="three")) -> None: ...
def by_pydantic(
    a: int = pydantic.Field(ge=1), b: list[int] = pydantic.Field(default_factory=list)
) -> None: ...
def with_context(a: int, ctx: Context) -> None: ...
def with_optional_context(a: int, ctx: Context | None = None) -> None: ...
def with_dependency(a: int, d: int = Depends(lambda: 1)) -> None: ...
def untyped(a, b=None): ...  # type: ignore[no-untyped-def]
def choice(mode: Literal["fast", "slow"] = "fast") -> None: ...


INPUTS: list[tuple[Any, dict[str, Any], list[str]]] = [
    (plain, {"a": INT, "b": {**STR, "default": "x"}}, ["a"]),
    (
        described,
        {
            "a": {**INT, "description": "the first"},
            "b": {**INT, "description": "own words", "default": 1},
        },
        ["a"],
    ),
    (by_default, {"a": {**INT, "minimum": 1, "description": "three", "default": 3}}, []),
    (
        by_pydantic,
        {"a": {**INT, "minimum": 1}, "b": {"type": "array", "items": INT, "default": []}},
        ["a"],
    ),
    (with_context, {"a": INT}, ["a"]),
    (with_optional_context, {"a": INT}, ["a"]),
    (with_dependency, {"a": INT}, ["a"]),
    (untyped, {"a": {}, "b": {"default": None}}, ["a"]),
    (choice, {"mode": {"enum": ["fast", "slow"], "type": "string", "default": "fast"}}, []),
    (functools.partial(plain, b="y"), {"a": INT, "b": {**STR, "default": "y"}}, ["a"]),
]


@pytest.mark.parametrize(("fn", "properties", "required"), INPUTS, ids=lambda one: str(one)[:40])
def test_input_schemas(fn: Any, properties: dict[str, Any], required: list[str]) -> None:
    schema = Tool.from_function(fn, name="t").parameters
    want: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    assert schema == ({**want, "required": required} if required else want)


def test_direct_functions_cost_nothing() -> None:
    """The core calls these as they are: nothing is converted, nothing is filled in."""
    for fn in (plain, described, untyped, choice):
        plan = Tool.from_function(fn).plan
        assert plan is not None and plan.is_direct, fn
    assert Tool.from_function(plain).plan.exact == {"a": int}  # type: ignore[union-attr]
    for fn in (by_default, with_context, with_dependency):
        plan = Tool.from_function(fn).plan
        assert plan is not None and not plan.is_direct, fn


def check_output(hint: Any, want: dict[str, Any] | None) -> None:
    def fn() -> Any: ...

    fn.__annotations__["return"] = hint
    assert Tool.from_function(fn).output_schema == want


def wrapped(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"result": schema},
        "required": ["result"],
        WRAP_MARK: True,
    }


OUTPUTS: list[tuple[Any, dict[str, Any] | None]] = [
    (int, wrapped(INT)),
    (str, wrapped(STR)),
    (list[int], wrapped({"type": "array", "items": INT})),
    (int | None, wrapped({"anyOf": [INT, {"type": "null"}]})),
    (dict[str, int], {"type": "object", "additionalProperties": INT}),
    (dict, {"type": "object", "additionalProperties": True}),
    (Answer, {"type": "object", "properties": {"text": STR}, "required": ["text"]}),
    (Row, {"type": "object", "properties": {"n": INT}, "required": ["n"]}),
    (None, None),
    (Any, None),
    (bytes, None),
    (list, None),
    (Image, None),
    (list[Image], None),
    (ToolResult, None),
    (TextContent, None),
    (TextContent | str, None),
    (object, None),
]


@pytest.mark.parametrize(("hint", "want"), OUTPUTS, ids=lambda one: str(one)[:40])
def test_output_schemas(hint: Any, want: dict[str, Any] | None) -> None:
    check_output(hint, want)


def test_an_output_schema_may_be_given_or_refused() -> None:
    given = {"type": "object", "properties": {"n": INT}}
    assert Tool.from_function(plain, output_schema=given).output_schema == given
    assert Tool.from_function(lambda: 1, name="t", output_schema=None).output_schema is None
    with pytest.raises(ConfigError, match="must be of type object"):
        Tool.from_function(plain, output_schema={"type": "string"})


def star(*values: int) -> None: ...
def keywords(**values: int) -> None: ...
def positional(a: int, /) -> None: ...


REFUSED: list[tuple[Any, str]] = [
    (star, "have no schema"),
    (keywords, "have no schema"),
    (positional, "positional-only"),
    (lambda: None, "a lambda has no name"),
    (staticmethod(plain), "below @staticmethod"),
]


@pytest.mark.parametrize(("fn", "words"), REFUSED, ids=lambda one: str(one)[:30])
def test_what_cannot_be_a_tool_is_told(fn: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Tool.from_function(fn)


def test_methods_objects_and_wrappers() -> None:
    class Service:
        """A service."""

        def echo(self, text: str) -> str:
            """Echoes."""
            return text

        def __call__(self, n: int) -> int:
            """Calls."""
            return n

    service = Service()
    assert Tool.from_function(service.echo).name == "echo"
    made = Tool.from_function(service)
    assert (made.name, made.description) == ("Service", "A service.")
    assert made.parameters["properties"] == {"n": INT}

    @functools.wraps(plain)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **kwargs)

    assert Tool.from_function(wrapper).parameters["required"] == ["a"]


def test_names_local_to_a_function_are_found() -> None:
    @dataclass
    class Local:
        n: int

    def fn(one: Local) -> Local: ...  # type: ignore[empty-body]

    assert Tool.from_function(fn).parameters["properties"]["one"]["type"] == "object"


def test_what_is_listed() -> None:
    tool = Tool.from_function(
        plain,
        title="Plain",
        description="",
        tags={"b", "a"},
        version=2,
        meta={"k": 1},
        annotations=ToolAnnotations(read_only_hint=True, openWorldHint=False),
    )
    listed = tool.to_dict()
    assert listed["title"] == "Plain" and listed["description"] == ""
    assert listed["annotations"] == {"readOnlyHint": True, "openWorldHint": False}
    assert listed["_meta"] == {"k": 1, "fastmcp": {"tags": ["a", "b"], "version": "2"}}


def test_definitions_are_frozen() -> None:
    tool = Tool.from_function(plain)
    with pytest.raises(AttributeError, match="use replace"):
        tool.name = "other"  # type: ignore[misc]
    assert tool.replace(name="other").name == "other" and tool.name == "plain"
    with pytest.raises(TypeError, match="unknown: \\['nmae'\\]"):
        tool.replace(nmae="x")
