"""Middleware: Python around every call.

A server without middleware runs none of this. Logging, timing, limits and metrics of the core need
none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from time import time
from typing import TYPE_CHECKING, Any, Literal

from .._record import Record

if TYPE_CHECKING:
    from ..context import Context

__all__ = ["CallNext", "Middleware", "MiddlewareContext", "Params", "run_chain"]

CallNext = Callable[["MiddlewareContext"], Awaitable[Any]]
"""The rest of the chain."""


class Params(Record):
    """The parameters of a request; fields a method does not have are empty."""

    name: str = ""
    uri: str = ""
    arguments: dict[str, Any] = {}
    meta: dict[str, Any] = {}


class MiddlewareContext(Record):
    """What passes through the chain: change it with `copy`."""

    message: Any
    method: str
    fastmcp_context: Context | None = None
    source: Literal["client", "server"] = "client"
    type: Literal["request", "notification"] = "request"
    timestamp: float = 0.0

    def copy(self, **changes: Any) -> MiddlewareContext:
        """The same with other values."""
        changed: MiddlewareContext = self.replace(**changes)
        return changed


class Middleware:
    """Base: override the hooks you need; each calls `call_next` or answers by itself.

    From outside in: `on_message`, `on_request`, the hook of the method.
    """

    async def on_message(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around everything."""
        return await call_next(context)

    async def on_request(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around every request."""
        return await call_next(context)

    async def on_notification(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around every notification."""
        return await call_next(context)

    async def on_initialize(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around the handshake."""
        return await call_next(context)

    async def on_discover(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around `server/discover`, what clients ask in place of the handshake (2026-07-28)."""
        return await call_next(context)

    async def on_call_tool(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around a tool's call; the result is a `ToolResult`."""
        return await call_next(context)

    async def on_read_resource(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around a read; the result is a `ResourceResult`."""
        return await call_next(context)

    async def on_get_prompt(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around a prompt; the result is a `PromptResult`."""
        return await call_next(context)

    async def on_list_tools(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around a list of tools; the result is a list of `Tool`."""
        return await call_next(context)

    async def on_list_resources(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around a list of resources; the result is a list of `Resource`."""
        return await call_next(context)

    async def on_list_resource_templates(
        self, context: MiddlewareContext, call_next: CallNext
    ) -> Any:
        """Around a list of templates; the result is a list of `ResourceTemplate`."""
        return await call_next(context)

    async def on_list_prompts(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        """Around a list of prompts; the result is a list of `Prompt`."""
        return await call_next(context)


HOOKS = {
    "initialize": "on_initialize",
    "server/discover": "on_discover",
    "tools/call": "on_call_tool",
    "tools/list": "on_list_tools",
    "resources/read": "on_read_resource",
    "resources/list": "on_list_resources",
    "resources/templates/list": "on_list_resource_templates",
    "prompts/get": "on_get_prompt",
    "prompts/list": "on_list_prompts",
}


async def run_chain(
    servers: Any,
    method: str,
    said: dict[str, Any],
    end: Callable[[Any], Awaitable[Any]],
    context: Context | None,
) -> Any:
    """Runs `end` inside the middleware of `servers`, the first outermost."""
    middleware = [one for server in servers for one in server.middleware]
    params = Params(**said)
    if not middleware:
        return await end(params)
    first = MiddlewareContext(
        message=params, method=method, fastmcp_context=context, timestamp=time()
    )

    async def last(passed: MiddlewareContext) -> Any:
        return await end(passed.message)

    return await chain(middleware, method, last)(first)


def chain(middleware: Sequence[Middleware], method: str, end: CallNext) -> CallNext:
    """The chain for a method, the first middleware outermost, without hooks nobody overrides."""
    names = ["on_message", "on_request", HOOKS.get(method, "")]
    call_next = end
    for one in reversed(middleware):
        for name in reversed(names):
            if name and getattr(type(one), name) is not getattr(Middleware, name):
                call_next = _link(getattr(one, name), call_next)
    return call_next


def _link(hook: Callable[..., Awaitable[Any]], call_next: CallNext) -> CallNext:
    return lambda context: hook(context, call_next)
