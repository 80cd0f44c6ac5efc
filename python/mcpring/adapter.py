"""Hands the definitions to the core.

Definitions are plain data; here each becomes a prepared handler. What a function needs decides its
form: if its parameters are JSON as they stand, the core calls it directly and nothing here runs
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._narrow import is_dict, kind_of
from .exceptions import NotFoundError
from .jsonable import dumps, jsonable
from .mounted import with_mounted
from .results import plain_data
from .uri import standard

if TYPE_CHECKING:
    from .auth import AuthCheck
    from .context import Context
    from .server.registry import Entry

__all__ = ["Installed", "authorize", "context_of_core", "handler_settings", "install"]


class Installed:
    """A server of the core's with everything `server` has, kept in step until `undo`."""

    def __init__(self, core: Any, made: Any, server: Any) -> None:
        self.core = made
        self.needs_loop = bool(server.routes or server.middleware)
        """Whether something runs on an event loop, as far as is known before it starts."""
        self._module = core
        self._server = server
        self._features: dict[tuple[str, str], Any] = {}
        self.update()
        server.registry.listeners.append(self.update)
        server.resource_listeners.append(made.resource_updated)

    def update(self) -> None:
        """Brings the core in step with the server."""
        if _update(self._module, self.core, self._server, self._features):
            self.needs_loop = True

    def undo(self) -> None:
        """Lets go of the server."""
        for listeners, one in (
            (self._server.registry.listeners, self.update),
            (self._server.resource_listeners, self.core.resource_updated),
        ):
            if one in listeners:
                listeners.remove(one)


def install(core: Any, server: Any, options: dict[str, Any]) -> Installed:
    """Makes the core's server of a definition; nothing is started."""
    info = {
        "title": server.title,
        "websiteUrl": server.website_url,
        "icons": [_wire(icon) for icon in server.icons] or None,
        "experimental": server.experimental_capabilities or None,
    }
    shown = {name: value for name, value in info.items() if value is not None}
    made = core.Server(
        server.name,
        server.version,
        info=dumps(shown),
        instructions=server.instructions,
        options=dumps(options),
        on_error=server.failure_words,
    )
    if server.routes:
        from .routes import core_route

        for route in server.routes:
            made.add_route(route.path, route.methods, core_route(core, route.fn))
    if server.middleware:
        from .hooks import install_hooks

        install_hooks(core, made, server)
    return Installed(core, made, server)


def authorize(made: Any, server: Any, addresses: Sequence[str]) -> None:
    """Says whom HTTP is served to; tokens are for the first address, unless the server says."""
    if server.auth is not None:
        http = next((one for one in addresses if one.startswith("http")), None)
        if http is not None:
            made.authorize(dumps(server.auth.settings().at(http).to_dict()))


def _update(core: Any, made: Any, server: Any, installed: dict[tuple[str, str], Any]) -> bool:
    """Brings the core's features in step with the server's; clients are told once.

    Gives whether a feature that was added runs on an event loop.
    """
    needs_loop = False
    wanted: dict[tuple[str, str], Entry] = {
        (kind, entry.component.key): entry
        for kind in ("tool", "resource", "template", "prompt")
        for entry in server.entries(kind)
    }
    middleware = [tuple(one.middleware) for one in with_mounted(server)]
    with made.edit():
        for kind, key in [name for name in installed if name not in wanted]:
            made.remove(kind, standard(key))
            del installed[kind, key]
        for name, entry in wanted.items():
            state = (entry.component, middleware)
            if installed.get(name) != state:
                needs_loop |= _add(core, made, entry)
                installed[name] = state
    return needs_loop


def _add(core: Any, made: Any, entry: Entry) -> bool:
    component = entry.component
    scopes, _ = _checks(component)
    common = {"info": dumps(component.info()), "scopes": scopes}
    held = _held(entry)
    if held is not None:
        made.add_resource(component.uri, held, name=component.name, **common)
        return False
    settings = handler_settings(entry)
    on_loop = settings["lane"] == "loop"
    handler = core.Handler(settings.pop("fn"), **settings)
    if entry.kind == "tool":
        output = component.output_schema
        made.add_tool(
            component.name,
            handler,
            input_schema=dumps(component.parameters),
            output_schema=None if output is None else dumps(output),
            timeout_s=component.timeout,
            task=_task(component.task),
            **common,
        )
    elif entry.kind == "resource":
        made.add_resource(component.uri, handler, name=component.name, **common)
    elif entry.kind == "template":
        security = component.security
        made.add_template(
            standard(component.uri),
            handler,
            name=component.name,
            screened=bool(security),
            **common,
        )
    else:
        made.add_prompt(component.name, handler, **common)
    return _add_completers(core, made, entry) or on_loop


def _held(entry: Entry) -> str | bytes | None:
    """What a resource always holds, unless Python has a say whenever it is read."""
    component = entry.component
    # The core gives a type to what is added with none.
    if entry.kind != "resource" or component.mime_type is None or _has_versions(component):
        return None
    held: str | bytes | None = None if _has_checks(entry) else component.held
    return held


def _task(said: Any) -> str:
    """`True` lets clients choose, as FastMCP's `TaskConfig(mode="optional")` does."""
    mode = getattr(said, "mode", None)
    return str(mode) if mode is not None else "optional" if said else "forbidden"


def _add_completers(core: Any, made: Any, entry: Entry) -> bool:
    """Whether there are any."""
    server, component = entry.owner, entry.component
    found = False
    if entry.kind not in ("prompt", "template"):
        return found
    for name in component.plan.schema["properties"]:
        own = (component.key, name) in server.completers
        if own or server.completion_handler is not None:
            handler = core.Handler(
                _completer(entry, name),
                owner=server,
                lane="loop",
                style="call",
                encode=_encode_completion,
            )
            made.add_completer(entry.kind, standard(component.key), name, handler)
            found = True
    return found


def _encode_completion(value: Any) -> str:
    return dumps({"completion": value.to_dict()})


def _completer(entry: Entry, name: str) -> Callable[..., Any]:
    async def complete(call: Any, known: dict[str, str]) -> Any:
        return await entry.owner.complete(entry.component.key, name, call.partial, known)

    return complete


def handler_settings(entry: Entry) -> dict[str, Any]:
    """The arguments of `_core.Handler` for a feature: the cheapest form that does what it needs."""
    component, server = entry.component, entry.owner
    plan = component.plan
    is_text = entry.kind != "tool"  # arguments of prompts and variables of templates are text
    settings: dict[str, Any] = {"owner": server, "encode": _encoder(entry)}
    if entry.kind == "tool":
        settings["plain"] = plain_data
        settings["wraps"] = component.output_plan.wraps
        settings["repair"] = None if _is_strict(server) or plan is None else plan.repair
        if plan is not None and plan.exact:
            settings["exact"] = plan.exact
    if _has_versions(component):
        return {**settings, "fn": _call_version(entry), "lane": "loop", "style": "call"}
    if plan is None or _is_own(component) or _has_checks(entry) or _needs_loop(plan):
        return {**settings, "fn": _call_whole(entry), "lane": "loop", "style": "call"}
    on_loop = component.is_async or not getattr(component, "run_in_thread", True)
    settings["lane"] = "loop" if on_loop else "pool"
    convert = _text_convert(plan) if is_text else plan.converter()
    if plan.injects or entry.kind == "template":
        fn = _call_with_context(component, plan, convert, has_variables=entry.kind == "template")
        return {**settings, "fn": fn, "style": "call"}
    is_idle = is_text and not (plan.loads or plan.fills or _takes_more_than_text(plan))
    return {**settings, "fn": component.fn, "convert": None if is_idle else convert}


def _takes_more_than_text(plan: Any) -> bool:
    fields: Any = plan.schema["properties"].values()
    return any(schema.get("type") != "string" for schema in fields)


def _is_strict(server: Any) -> bool:
    from .settings import read_settings

    said = server.strict_input_validation
    return bool(read_settings().strict_input_validation if said is None else said)


def _is_own(component: Any) -> bool:
    """Whether a subclass answers by itself."""
    from .resources import Resource, ResourceTemplate
    from .tools import Tool

    kind = kind_of(component)
    known = {"run": Tool.run, "read": Resource.read, "read_with": ResourceTemplate.read_with}
    return any(getattr(kind, name, method) is not method for name, method in known.items())


def _has_checks(entry: Entry) -> bool:
    """Whether Python has a say before the function: middleware, and checks beyond scopes."""
    return any(one.middleware for one in entry.path) or bool(_checks(entry.component)[1])


def _checks(component: Any) -> tuple[list[str], list[AuthCheck]]:
    """Scopes that the core checks, and what is left for Python: mostly neither."""
    if component.auth is None:
        return [], []
    from .auth import split_checks

    return split_checks(component.auth)


def _has_versions(component: Any) -> bool:
    """Whether there are others of the same name."""
    meta: Any = component.meta
    own: Any = meta.get("fastmcp") if is_dict(meta) else None
    return is_dict(own) and bool(own.get("versions"))


def _needs_loop(plan: Any) -> bool:
    """Whether what is injected may have to wait."""
    return bool(plan.dependencies)


Convert = Callable[[dict[str, Any]], dict[str, Any]]


def _text_convert(plan: Any) -> Convert:
    from .schema.shape import settle

    inner = plan.converter()

    def convert(arguments: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = plan.read_text(arguments)
        if inner is not None:
            made = inner(made)
        for name, kind in plan.exact.items():
            if name in made:
                made[name] = settle(made[name], kind)
        return made

    return convert


class _Found:
    """What a template has, and at which URI; text and bytes need no such word."""

    __slots__ = ("uri", "value")

    def __init__(self, value: Any, uri: str) -> None:
        self.value = value
        self.uri = uri


def _found(value: Any, call: Any) -> Any:
    if kind_of(value) in (str, bytes):
        return value
    if not hasattr(value, "__await__"):
        return _Found(value, call.name)

    async def later() -> Any:
        return _found(await value, call)

    return later()


def _call_with_context(
    component: Any, plan: Any, convert: Convert | None, *, has_variables: bool
) -> Callable[..., Any]:
    """The function behind its context: one object and one context variable a call."""
    from .context import Context, enter_context, leave_context

    fn = component.fn
    names: tuple[str, ...] = plan.contexts

    def enter(call: Any, arguments: dict[str, Any]) -> Any:
        context = Context(call.owner, call)
        if convert is not None:
            arguments = convert(arguments)
        for name in names:
            arguments[name] = context
        token = enter_context(context)
        try:
            value = fn(**arguments)
        finally:
            leave_context(token)
        return _found(value, call) if has_variables else value

    async def enter_async(call: Any, arguments: dict[str, Any]) -> Any:
        context = Context(call.owner, call)
        if convert is not None:
            arguments = convert(arguments)
        for name in names:
            arguments[name] = context
        enter_context(context)  # in the call's own copy, which ends with it
        value = await fn(**arguments)
        return _found(value, call) if has_variables else value

    return enter_async if component.is_async else enter


def _call_whole(entry: Entry) -> Callable[..., Any]:
    """The way through everything: middleware, checks, dependencies."""
    from .context import Context, enter_context
    from .server.answering import check_access
    from .server.middleware import run_chain

    methods = {"tool": "tools/call", "prompt": "prompts/get"}
    method = methods.get(entry.kind, "resources/read")

    async def enter(call: Any, arguments: dict[str, Any]) -> Any:
        component = entry.component
        context = Context(entry.owner, call)
        enter_context(context)

        async def end(params: Any) -> Any:
            check_access(component, entry.owner)
            if entry.kind == "tool":
                return await component.run(dict(params.arguments))
            if entry.kind == "prompt":
                return await component.render(dict(params.arguments))
            if entry.kind == "template":
                return _found(await component.read_with(arguments), call)
            return await component.read()

        said = {"name": component.name, "uri": call.name, "arguments": arguments}
        return await run_chain(entry.path, method, said, end, context)

    return enter


def _call_version(entry: Entry) -> Callable[..., Any]:
    """The version that the request names in `_meta`, as FastMCP's clients do, or the newest.

    Arguments and results are held to the schemas of the newest: these are the ones listed.
    """
    from .questions import loads_object

    newest = _call_whole(entry)
    server, key = entry.path[0], entry.component.key

    async def enter(call: Any, arguments: dict[str, Any]) -> Any:
        said: Any = loads_object(call.meta()).get("fastmcp")
        version = said.get("version") if is_dict(said) else None
        if version in (None, entry.component.version):
            return await newest(call, arguments)
        found = server.find(entry.kind, key, str(version))
        if found is None:
            raise NotFoundError(f"there is no version {version!r} of {key!r}")
        return await _call_whole(found)(call, arguments)

    return enter


def _encoder(entry: Entry) -> Callable[[Any], str]:
    """Makes the protocol's result of whatever the core has no fast path for."""
    from .resources import to_resource_result

    component = entry.component
    if entry.kind in ("tool", "prompt"):
        return lambda value: dumps(component.convert_result(value).to_dict())

    def encode(value: Any) -> str:
        uri = component.uri
        if isinstance(value, _Found):
            uri, value = value.uri, value.value
        mime_type = component.mime_type
        return dumps(to_resource_result(value, mime_type).to_dict(uri, mime_type))

    return encode


def context_of_core() -> Context | None:
    """The context of the call that the core runs on this thread, for handlers without one."""
    import sys

    core = sys.modules.get(f"{__package__}._core")
    call = core.current_call() if core is not None else None
    if call is None:
        return None
    from .context import Context

    return Context(call.owner, call)


def _wire(value: Any) -> Any:
    from .types import as_json

    return jsonable(as_json(value))
