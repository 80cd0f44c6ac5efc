"""`FastMCP`: what a server has, and how it is changed.

The decorators are in `authoring`, what it answers inside the process in `answering`, how it is run
in `serving`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn

from .. import __version__
from ..exceptions import ConfigError, UnsupportedError
from ..marks import find_mark
from ..resources import ResourceSecurity, ResourceTemplate
from ..tools import Tool
from .answering import Answering
from .authoring import Authoring
from .registry import Entry, Kind, Registry, Rule, match_template, prefixed, prefixed_uri
from .serving import Serving
from .sessions import SessionStates

if TYPE_CHECKING:
    # Type checkers know this module always; at run time nobody needs it.
    from typing_extensions import TypeVar

    from ..auth import TokenVerifier
    from ..completions import CompletionHandler
    from ..lifespan import LifespanFunction
    from ..prompts import Prompt
    from ..resources import Resource
    from ..types import Icon
    from .middleware import Middleware
    from .transforms.base import Transform

    L = TypeVar("L", default=Any)
else:
    from typing import TypeVar

    L = TypeVar("L")

__all__ = ["FastMCP"]

RouteFunction = Callable[[Any], Awaitable[Any]]


class Route:
    """An HTTP route of the program's own."""

    __slots__ = ("fn", "methods", "path")

    def __init__(self, path: str, methods: Sequence[str], fn: RouteFunction) -> None:
        self.path = path
        self.methods = tuple(method.upper() for method in methods)
        self.fn = fn


class FastMCP(Authoring, Answering, Serving, Generic[L]):
    """An MCP server: tools, resources and prompts, and the settings they share.

    It is plain data until it is run: making one starts no thread and opens nothing.
    """

    def __init__(
        self,
        name: str | None = None,
        instructions: str | None = None,
        *,
        version: str | int | float | None = None,
        title: str | None = None,
        website_url: str | None = None,
        icons: Iterable[Icon | Mapping[str, Any]] | None = None,
        auth: TokenVerifier | None = None,
        middleware: Sequence[Middleware] | None = None,
        providers: Sequence[FastMCP[Any]] | None = None,
        transforms: Sequence[Transform] | None = None,
        lifespan: LifespanFunction | None = None,
        tools: Sequence[Tool | Callable[..., Any]] | None = None,
        on_duplicate: Literal["error", "warn", "replace", "ignore"] | None = None,
        mask_error_details: bool | None = None,
        strict_input_validation: bool | None = None,
        list_page_size: int | None = None,
        resource_security: ResourceSecurity | None = ResourceSecurity(),  # noqa: B008 - frozen
        cache_ttl: int | None = None,
        cache_scope: Literal["public", "private"] | None = None,
        call_timeout: float | None = None,
        experimental_capabilities: Mapping[str, Mapping[str, Any]] | None = None,
        **unsupported: Any,
    ) -> None:
        if any(value for value in unsupported.values()):
            raise UnsupportedError(
                f"a server of mcpring's takes no {sorted(unsupported)}; docs/python.md says what "
                "takes the place of what FastMCP has"
            )
        self.name = name or "mcpring"
        self.title = title
        self.instructions = instructions
        self.version = __version__ if version is None else str(version)
        self.website_url = website_url
        self.icons = tuple(icons or ())
        self.auth = auth
        self.mask_error_details = mask_error_details
        self.strict_input_validation = strict_input_validation
        self.list_page_size = list_page_size
        self.resource_security = resource_security
        self.cache_ttl = cache_ttl
        self.cache_scope = cache_scope
        self.call_timeout = call_timeout
        self.experimental_capabilities = dict(experimental_capabilities or {})
        self.lifespan = lifespan
        self.lifespan_result: Any = {}
        self.middleware: list[Middleware] = list(middleware or ())
        self.routes: list[Route] = []
        self.sessions = SessionStates()
        self.registry = Registry(on_duplicate or "warn")
        self.resource_listeners: list[Callable[[str], None]] = []
        self.running: Any = None
        """The core's server, while `run` or `run_async` is at work."""
        self.shared: dict[Any, Any] = {}
        """By event loop, the run that clients in this process share."""
        self.is_forked = False
        self.completion_handler: CompletionHandler | None = None
        self.completers: dict[tuple[str, str], Callable[..., Any]] = {}
        self.mounts: list[tuple[str | None, FastMCP[Any], dict[str, str]]] = []
        self.transforms: list[Transform] = list(transforms or ())
        for one in tools or ():
            self.add_tool(one)
        for provider in providers or ():
            self.add_provider(provider)

    def __repr__(self) -> str:
        return f"FastMCP({self.name!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a server cannot be pickled: import the module that makes it instead")

    # Adding and removing, also while it runs: clients that follow the lists are told.

    def add_tool(self, tool: Tool | Callable[..., Any]) -> Tool:
        """Adds a tool, or a function as one."""
        made = tool if isinstance(tool, Tool) else self._made(tool, Tool.from_function)
        added: Tool = self.registry.add("tool", made)
        return added

    def add_resource(self, resource: Resource | Callable[..., Any]) -> Resource:
        """Adds a resource or template, or a function marked as one."""
        from ..resources import Resource, resource_from_function

        if not isinstance(resource, Resource):
            mark = find_mark(resource)
            if mark is None or mark.uri is None:
                raise ConfigError(
                    "a function needs its URI: mark it with mcpring.resources.resource"
                )
            resource = resource_from_function(resource, mark.uri, **mark.settings)
        kind: Kind = "template" if isinstance(resource, ResourceTemplate) else "resource"
        added: Resource = self.registry.add(kind, resource)
        return added

    def add_template(self, template: ResourceTemplate) -> ResourceTemplate:
        """Adds a template."""
        added: ResourceTemplate = self.registry.add("template", template)
        return added

    def add_prompt(self, prompt: Prompt | Callable[..., Any]) -> Prompt:
        """Adds a prompt, or a function as one."""
        from ..prompts import Prompt

        made = prompt if isinstance(prompt, Prompt) else self._made(prompt, Prompt.from_function)
        added: Prompt = self.registry.add("prompt", made)
        return added

    def _made(self, fn: Callable[..., Any], make: Callable[..., Any]) -> Any:
        mark = find_mark(fn)
        return make(fn, **(mark.settings if mark is not None else {}))

    @property
    def local_provider(self) -> FastMCP[L]:
        """Where FastMCP keeps what a server has of its own, to remove it: here, the server."""
        return self

    def remove_tool(self, name: str) -> bool:
        """Takes a tool away; whether it was there."""
        return self.registry.remove("tool", name)

    def remove_resource(self, uri: str) -> bool:
        """Takes a resource or a template away; whether it was there."""
        return self.registry.remove("resource", uri) or self.registry.remove("template", uri)

    def remove_prompt(self, name: str) -> bool:
        """Takes a prompt away; whether it was there."""
        return self.registry.remove("prompt", name)

    def enable(
        self,
        *,
        names: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        components: Iterable[Kind] | None = None,
        version: str | None = None,
        keys: Iterable[str] | None = None,
        only: bool = False,
    ) -> FastMCP[L]:
        """Switches on what fits all that is said; `only` switches everything else off first."""
        if only:
            self.registry.rule(Rule(enables=False))
        return self._rule(True, names, tags, components, version, keys)

    def disable(
        self,
        *,
        names: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        components: Iterable[Kind] | None = None,
        version: str | None = None,
        keys: Iterable[str] | None = None,
    ) -> FastMCP[L]:
        """Switches off what fits all that is said: it is neither listed nor answered."""
        return self._rule(False, names, tags, components, version, keys)

    def _rule(
        self,
        enables: bool,
        names: Iterable[str] | None,
        tags: Iterable[str] | None,
        components: Iterable[Kind] | None,
        version: str | None,
        keys: Iterable[str] | None,
    ) -> FastMCP[L]:
        # A key of FastMCP's is `kind:name@version`; names alone say the same here.
        plain = [key.partition(":")[2].partition("@")[0] or key for key in keys or ()]
        asked = None if names is None and keys is None else frozenset((*(names or ()), *plain))
        self.registry.rule(
            Rule(
                enables=enables,
                names=asked,
                tags=None if tags is None else frozenset(tags),
                kinds=None if components is None else frozenset(components),
                version=version,
            )
        )
        return self

    def reset_visibility(self) -> None:
        """Takes back what `enable` and `disable` did."""
        self.registry.forget_rules()

    def mount(
        self,
        server: FastMCP[Any],
        namespace: str | None = None,
        tool_names: Mapping[str, str] | None = None,
        *,
        prefix: str | None = None,
    ) -> None:
        """Shows another server's features here, under a prefix; what it gets later shows as well.

        A tool `x` becomes `prefix_x`, a resource `data://x` becomes `data://prefix/x`.
        """
        if any(one is self for one in _below(server)):
            raise ConfigError("a server cannot be mounted below itself")
        self.mounts.append((namespace or prefix, server, dict(tool_names or {})))
        name = namespace or prefix
        server.registry.listeners.append(self.registry.changed)
        server.resource_listeners.append(lambda uri: self.resource_updated(prefixed_uri(uri, name)))
        self.registry.changed()

    def add_provider(self, provider: FastMCP[Any], *, namespace: str = "") -> None:
        """Shows the features of a provider; see `mcpring.server.providers`."""
        if not isinstance(provider, FastMCP):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UnsupportedError(f"{type(provider).__name__} is no provider of mcpring's")
        self.mount(provider, namespace or None)

    def add_transform(self, transform: Transform) -> None:
        """Shows the features in another way; see `mcpring.server.transforms`."""
        self.transforms.append(transform)
        self.registry.changed()

    def add_middleware(self, middleware: Middleware) -> None:
        """Adds middleware inside of what is there already."""
        self.middleware.append(middleware)
        self.registry.changed()

    def add_route(self, path: str, methods: Sequence[str], fn: RouteFunction) -> None:
        """Adds an HTTP route; see `custom_route`."""
        if not path.startswith("/"):
            raise ConfigError(f"a route begins with a slash, unlike {path!r}")
        self.routes.append(Route(path, methods, fn))

    def add_completion_handler(self, handler: CompletionHandler) -> None:
        """The one handler for all arguments; see `completion`."""
        self.completion_handler = handler

    def resource_updated(self, uri: str) -> None:
        """Tells the clients that follow a resource; nothing happens before the server runs."""
        for listener in list(self.resource_listeners):
            listener(uri)

    # What FastMCP has and this package has not.

    @classmethod
    def from_openapi(cls, *_: Any, **__: Any) -> NoReturn:
        """Not here."""
        raise UnsupportedError("tools are not made of OpenAPI here: write a function for each")

    @classmethod
    def from_fastapi(cls, *_: Any, **__: Any) -> NoReturn:
        """Not here."""
        raise UnsupportedError("tools are not made of FastAPI here: give its functions to add_tool")

    def http_app(self, *_: Any, **__: Any) -> NoReturn:
        """Not here."""
        raise UnsupportedError(
            "there is no ASGI application, the engine has the socket: run('http') serves it, "
            "custom_route adds to it, and a proxy before both shares a port with other programs"
        )

    # What there is, with all that is mounted.

    def entries(
        self,
        kind: Kind,
        version: str | None = None,
        allows: Callable[[Kind, Any], bool] | None = None,
    ) -> Iterator[Entry]:
        """What shows of a kind, its own first."""
        for transform in self.transforms:
            allows = both(transform.allows, allows)
        found = self._entries(kind, version, allows)
        if kind == "tool" and self.transforms:
            listed = list(found)
            for transform in self.transforms:
                listed = transform.tools(self, listed)
            found = iter(listed)
        return found

    def _entries(
        self, kind: Kind, version: str | None, allows: Callable[[Kind, Any], bool] | None
    ) -> Iterator[Entry]:
        seen: set[str] = set()
        for component in self.registry.shown(kind, version, allows):
            seen.add(component.key)
            yield Entry(kind=kind, component=component, path=(self,))
        for prefix, server, names in reversed(self.mounts):
            for entry in server.entries(kind, version, allows):
                shown = prefixed(kind, entry.component, prefix, names)
                if shown.key not in seen and self.registry.shows(kind, shown):
                    seen.add(shown.key)
                    yield Entry(kind=kind, component=shown, path=(self, *entry.path))

    def find(self, kind: Kind, key: str, version: str | None = None) -> Entry | None:
        """What shows under a name or URI."""
        for entry in self.entries(kind, version):
            if entry.component.key == key:
                return entry
        return None

    def find_template(self, uri: str) -> tuple[Entry, dict[str, str]] | None:
        """The first template that fits a URI, and its variables."""
        return match_template(self.entries("template"), uri)


def both(
    first: Callable[[Kind, Any], bool], second: Callable[[Kind, Any], bool] | None
) -> Callable[[Kind, Any], bool]:
    """What both allow."""
    if second is None:
        return first
    return lambda kind, component: first(kind, component) and second(kind, component)


def _below(server: FastMCP[Any]) -> Iterator[FastMCP[Any]]:
    yield server
    for _, mounted, _ in server.mounts:
        yield from _below(mounted)
