"""Tools: a function with a name, a schema and hints, as a frozen definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import late
from ._record import Record
from .docstring import parse_docstring
from .exceptions import ConfigError
from .field import MISSING, Missing
from .marks import marker
from .parameters import read_function
from .plan import Plan, make_plan
from .results import OutputPlan, ToolResult, make_output_plan, to_tool_result
from .schema.shape import Schema
from .types import Icon, ToolAnnotations, as_json

if TYPE_CHECKING:
    from .auth import AuthCheck

__all__ = ["Tool", "ToolResult", "tool"]


class Tool(Record):
    """A tool, complete. Make one with `Tool.from_function` or the server's decorator.

    A subclass may answer by itself: it overrides `run` and gives `parameters`.
    """

    name: str
    title: str | None = None
    description: str | None = None
    parameters: Schema
    output_schema: Schema | None = None
    annotations: ToolAnnotations | Mapping[str, Any] | None = None
    icons: tuple[Icon | Mapping[str, Any], ...] = ()
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, Any] | None = None
    version: str | None = None
    enabled: bool = True
    timeout: float | None = None
    run_in_thread: bool = True
    is_async: bool = True
    task: Any = None
    auth: AuthCheck | list[AuthCheck] | None = None
    fn: Callable[..., Any] | None = None
    plan: Plan | None = None

    def __init__(self, **values: Any) -> None:
        values["tags"] = frozenset(values.get("tags") or ())
        values["icons"] = tuple(values.get("icons") or ())
        super().__init__(**values)

    @classmethod
    def from_function(
        cls,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        version: str | int | float | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Iterable[Icon | Mapping[str, Any]] | None = None,
        tags: Iterable[str] | None = None,
        output_schema: Schema | Missing | None = MISSING,
        annotations: ToolAnnotations | Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        task: Any = None,
        timeout: float | None = None,
        auth: AuthCheck | list[AuthCheck] | None = None,
        run_in_thread: bool = True,
        enabled: bool = True,
    ) -> Tool:
        """Reads hints, defaults and docstring of `fn`."""
        function = read_function(fn)
        plan = make_plan(function)
        output = make_output_plan(function, output_schema)
        if output.schema is not None and output.schema.get("type") != "object":
            raise ConfigError(f"the output schema of {function.name!r} must be of type object")
        words = parse_docstring(function.doc).description or None
        return cls(
            name=name or named(function.name, "tool"),
            title=title,
            description=description if description is not None else words,
            parameters=plan.schema,
            output_schema=output.schema,
            annotations=annotations,
            icons=icons,
            tags=tags,
            meta=meta,
            version=None if version is None else str(version),
            enabled=enabled,
            timeout=timeout,
            run_in_thread=run_in_thread,
            is_async=function.is_async,
            task=task,
            auth=auth,
            fn=fn,
            plan=plan,
        )

    @property
    def key(self) -> str:
        """What the registry files it under."""
        return self.name

    @property
    def output_plan(self) -> OutputPlan:
        """What its results are held to."""
        from .results import WRAP_MARK

        schema = self.output_schema
        return OutputPlan(schema=schema, wraps=bool(schema and schema.get(WRAP_MARK)))

    @property
    def shown_title(self) -> str:
        """The title; made of the name where none is given: some hosts hide tools without one."""
        said: Any = as_json(self.annotations) or {}
        made = self.name.replace("_", " ").replace("-", " ").title()
        return str(self.title or said.get("title") or made)

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Answers a call whose arguments fit the schema."""
        if self.fn is None or self.plan is None:
            raise NotImplementedError(f"{type(self).__name__} overrides neither run nor fn")
        return self.convert_result(
            await late.run_function()(
                self.fn, self.plan, arguments, self.is_async, self.run_in_thread
            )
        )

    def convert_result(self, value: Any) -> ToolResult:
        """What the function returned, in full."""
        return to_tool_result(value, self.output_plan, self.name)

    def info(self) -> dict[str, Any]:
        """What is listed of it besides name and schemas, in the protocol's names."""
        meta = with_tags(self.meta, self.tags, self.version)
        out = {
            "title": self.shown_title,
            "description": self.description,
            "icons": [as_json(icon) for icon in self.icons] or None,
            "annotations": as_json(self.annotations),
            "_meta": meta or None,
        }
        return {name: value for name, value in out.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """As it is listed."""
        schemas = {"inputSchema": self.parameters, "outputSchema": self.output_schema}
        shown = {name: schema for name, schema in schemas.items() if schema is not None}
        return {"name": self.name, **self.info(), **shown}


def named(name: str, what: str) -> str:
    """The name of a function, if it can be one of a feature."""
    if not name or name == "<lambda>":
        raise ConfigError(f"a lambda has no name: give the {what} one")
    return name


def with_tags(
    meta: Mapping[str, Any] | None, tags: frozenset[str], version: str | None
) -> dict[str, Any]:
    """`_meta` with what hosts written for FastMCP look for: tags and version."""
    said = dict(meta or {})
    own: dict[str, Any] = {**said.get("fastmcp", {})}
    if tags:
        own["tags"] = sorted(tags)
    if version is not None:
        own["version"] = version
    return {**said, "fastmcp": own} if own else said


tool = marker(Tool)
"""Marks a function as a tool without a server: add it later, or let a folder be scanned for it."""
