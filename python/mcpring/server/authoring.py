"""The decorators. All return the function they decorate, with its type.

They are overloaded for use with and without parentheses: `@mcp.tool`, `@mcp.tool("name",
tags={"a"})`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from ..exceptions import ConfigError
from ..field import MISSING, Missing

if TYPE_CHECKING:
    from ..auth import AuthCheck
    from ..completions import CompletionHandler
    from ..resources import ResourceSecurity
    from ..schema.shape import Schema
    from ..types import Annotations, Icon, ToolAnnotations

__all__ = ["Authoring"]

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound=Callable[[Any], Awaitable[Any]])


class Authoring:
    """The part of a server that decorates."""

    @overload
    def tool(self, name_or_fn: Callable[P, R], /, **settings: Any) -> Callable[P, R]: ...
    @overload
    def tool(
        self,
        name_or_fn: str | None = None,
        /,
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
        task: object = None,
        timeout: float | None = None,
        auth: AuthCheck | list[AuthCheck] | None = None,
        run_in_thread: bool = True,
        enabled: bool = True,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def tool(self, name_or_fn: Any = None, /, **settings: Any) -> Any:
        """Makes a tool of a function.

        Its schema comes from hints, defaults, `Annotated` and docstring. A plain function runs on a
        thread of the pool and may block; `run_in_thread=False` runs it on the event loop's thread,
        for libraries that are bound to one. `timeout` is in seconds. `output_schema=None` means no
        structured content.
        """
        server: Any = self
        fn = _split(name_or_fn, settings, "tool")

        def decorate(fn: Any) -> Any:
            from ..tools import Tool

            server.add_tool(Tool.from_function(fn, **settings))
            return fn

        return decorate(fn) if fn is not None else decorate

    def resource(
        self,
        uri: str,
        *,
        name: str | None = None,
        version: str | int | float | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Iterable[Icon | Mapping[str, Any]] | None = None,
        mime_type: str | None = None,
        tags: Iterable[str] | None = None,
        annotations: Annotations | Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        auth: AuthCheck | list[AuthCheck] | None = None,
        security: ResourceSecurity | Missing | None = MISSING,
        enabled: bool = True,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Makes a resource of a function, or a template when the URI has variables.

        `scheme://{id}` fills the parameter `id`. Variables that are paths leading elsewhere are
        refused, unless `security` says otherwise.
        """
        server: Any = self
        if callable(uri):  # used without parentheses
            raise ConfigError('a resource needs its URI: @mcp.resource("scheme://…")')
        settings: dict[str, Any] = {
            "name": name,
            "version": version,
            "title": title,
            "description": description,
            "icons": icons,
            "mime_type": mime_type,
            "tags": tags,
            "annotations": annotations,
            "meta": meta,
            "auth": auth,
            "enabled": enabled,
        }

        def decorate(fn: Callable[P, R]) -> Callable[P, R]:
            from ..resources import resource_from_function

            own = server.resource_security if isinstance(security, Missing) else security
            server.add_resource(resource_from_function(fn, uri, **settings, security=own))
            return fn

        return decorate

    @overload
    def prompt(self, name_or_fn: Callable[P, R], /, **settings: Any) -> Callable[P, R]: ...
    @overload
    def prompt(
        self,
        name_or_fn: str | None = None,
        /,
        *,
        name: str | None = None,
        version: str | int | float | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Iterable[Icon | Mapping[str, Any]] | None = None,
        tags: Iterable[str] | None = None,
        meta: Mapping[str, Any] | None = None,
        auth: AuthCheck | list[AuthCheck] | None = None,
        enabled: bool = True,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def prompt(self, name_or_fn: Any = None, /, **settings: Any) -> Any:
        """Makes a prompt of a function that returns text, messages, or a `PromptResult`."""
        server: Any = self
        fn = _split(name_or_fn, settings, "prompt")

        def decorate(fn: Any) -> Any:
            from ..prompts import Prompt

            server.add_prompt(Prompt.from_function(fn, **settings))
            return fn

        return decorate(fn) if fn is not None else decorate

    @overload
    def completion(self, handler: CompletionHandler, /) -> CompletionHandler: ...
    @overload
    def completion(
        self, of: None = None, /
    ) -> Callable[[CompletionHandler], CompletionHandler]: ...
    @overload
    def completion(
        self, of: str, argument: str, /
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def completion(self, of: Any = None, argument: Any = None, /) -> Any:
        """Completes arguments.

        `@mcp.completion("prompt or template", "argument")` decorates a function that takes what was
        typed (and, if it wants, a `dict` of the arguments known already) and returns texts. Without
        arguments it decorates the one handler for everything, as FastMCP has it: it takes
        reference, argument and context.
        """
        server: Any = self
        if argument is not None:
            name = str(argument)

            def decorate(fn: Any) -> Any:
                server.completers[of, name] = fn
                return fn

            return decorate

        def decorate_all(fn: Any) -> Any:
            server.add_completion_handler(fn)
            return fn

        return decorate_all if of is None else decorate_all(of)

    def custom_route(
        self, path: str, methods: Sequence[str] = ("GET",), **_: object
    ) -> Callable[[H], H]:
        """Makes an HTTP route of an `async` function: takes a request, returns a response.

        Responses are our `Response`, or any object with `body`, `status_code` and `headers`.
        """
        server: Any = self

        def decorate(fn: H) -> H:
            server.add_route(path, methods, fn)
            return fn

        return decorate


def _split(name_or_fn: Any, settings: dict[str, Any], what: str) -> Any:
    """The function, when there is one already; a name goes into the settings."""
    if callable(name_or_fn):
        return name_or_fn
    if name_or_fn is not None:
        if not isinstance(name_or_fn, str):
            raise ConfigError(f"a {what} is decorated with a name or nothing, not {name_or_fn!r}")
        if settings.get("name") is not None:
            raise ConfigError(f"the {what} has two names: {name_or_fn!r}, {settings['name']!r}")
        settings["name"] = name_or_fn
    return None
