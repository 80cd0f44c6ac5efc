"""`Context`: what a handler can know and do beyond its arguments.

A parameter annotated `Context` is filled by the server and hidden from the schema. Everything that
only reports or asks is done when it is called; see `mcpring.done` for why `await` is allowed all
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from . import late
from .done import Done
from .exceptions import McpringError, NotFoundError
from .jsonable import dumps, jsonable
from .questions import Questions, loads_object

if TYPE_CHECKING:
    from .auth import AccessToken
    from .handle import CallHandle
    from .prompts import PromptResult
    from .resources import ResourceResult
    from .server import FastMCP
    from .types import LogLevel

__all__ = ["Context", "current_context", "find_context"]

T = TypeVar("T")

_current: ContextVar[Context | None] = ContextVar("mcpring_context", default=None)

_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")

_ELSEWHERE = {
    "session": "ask with ctx.elicit, ctx.sample and ctx.list_roots, tell with ctx.log, "
    "ctx.report_progress and ctx.resource_updated",
    "request": "ctx.headers and ctx.meta have what came with the call",
    "send_notification": "lists that change are told by themselves, resources with "
    "ctx.resource_updated",
    "input_responses": "ctx.elicit gives the answer in every protocol version",
    "request_state": "ctx.once keeps what has to be there when the answer comes",
    "client_capabilities": 'they are ctx.client_info["capabilities"]',
}
"""Names of FastMCP's and the official SDK's contexts, and what to write in their place."""


class Context(Questions):
    """One call: progress, log, questions to the client, state, and who is asking."""

    __slots__ = ("_server", "_state", "cache")

    def __init__(self, server: FastMCP[Any], call: CallHandle) -> None:
        # Once a call: what may stay unused is made when it is used.
        self._call = call
        self._asked = 0
        self._memo = None
        self._together = None
        self._server = server
        self._state: dict[str, Any] = {}
        self.cache: dict[Any, Any] = {}
        """Dependencies made for this call."""

    # What the call is.

    @property
    def fastmcp(self) -> FastMCP[Any]:
        """The server."""
        return self._server

    @property
    def call(self) -> CallHandle:
        """The call itself, as the core has it."""
        return self._call

    @property
    def request_id(self) -> str:
        """The id the client gave its request."""
        return str(self._call.request_id)

    @property
    def session_id(self) -> str:
        """The session; without one (protocol version 2026-07-28) an id of this call alone."""
        return self._call.session_id or f"call-{self._call.request_id}"

    @property
    def protocol_version(self) -> str:
        """The protocol version spoken."""
        return self._call.protocol_version

    @property
    def transport(self) -> str:
        """How the call came: `stdio`, `streamable-http`, `tcp`, `unix` or `local`."""
        return {"http": "streamable-http"}.get(self._call.transport, self._call.transport)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the HTTP request, names in small letters; empty elsewhere."""
        return self._call.headers()

    @property
    def meta(self) -> dict[str, Any]:
        """The request's `_meta`."""
        return loads_object(self._call.meta())

    @property
    def client_info(self) -> dict[str, Any]:
        """`name`, `version` and `capabilities` of the client, in its own words: no proof."""
        return loads_object(self._call.client())

    @property
    def client_id(self) -> str | None:
        """Which client the access token was given to; `None` without authorization."""
        token = self.access_token
        return token.client_id if token is not None else None

    @property
    def access_token(self) -> AccessToken | None:
        """Whom the access token speaks for; `None` without authorization."""
        from .auth import AccessToken

        principal = self._call.principal()
        return AccessToken.read(loads_object(principal)) if principal is not None else None

    @property
    def lifespan_context(self) -> Any:
        """What the server's lifespan yielded; an empty `dict` without one."""
        return self._server.lifespan_result

    @property
    def is_cancelled(self) -> bool:
        """Whether the answer is no longer wanted. Long work asks now and then, and stops."""
        return self._call.is_cancelled()

    @property
    def time_left(self) -> float | None:
        """Seconds until the call is answered for being late; `None` when it has no end."""
        return self._call.time_left_s()

    @property
    def request_context(self) -> Context:
        """This context: where others keep `lifespan_context`, `request_id` and `meta`."""
        return self

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            hint = _ELSEWHERE.get(name)
            words = f"; {hint}" if hint else ""
            raise AttributeError(f"a Context has no {name!r}{words}", name=name, obj=self)

    # What it tells.

    def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> Done[None]:
        """How far the work is, when the client asked to know; each report greater than the last."""
        self._call.progress(float(progress), None if total is None else float(total), message)
        return Done(None)

    def log(
        self,
        message: object,
        level: LogLevel | None = None,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Done[None]:
        """A log message for the client, of any JSON; sent if the client wants that level."""
        said = level or "info"
        if said not in _LEVELS:
            raise McpringError(f"a log level is one of {_LEVELS}, not {level!r}")
        data = {"msg": message, "extra": dict(extra)} if extra else message
        self._call.log(said, dumps(data), logger_name)
        return Done(None)

    def debug(
        self,
        message: object,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Done[None]:
        """A log message of level debug."""
        return self.log(message, "debug", logger_name, extra)

    def info(
        self,
        message: object,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Done[None]:
        """A log message of level info."""
        return self.log(message, "info", logger_name, extra)

    def warning(
        self,
        message: object,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Done[None]:
        """A log message of level warning."""
        return self.log(message, "warning", logger_name, extra)

    def error(
        self,
        message: object,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Done[None]:
        """A log message of level error."""
        return self.log(message, "error", logger_name, extra)

    def become_task(self) -> str | None:
        """Goes on as a task, for a tool with `task=TaskConfig(mode="by_handler")`; gives its id.

        The client is told at once, and comes back for the result. `None` where it takes no tasks.
        """
        return self._call.become_task()

    def close_sse_stream(self) -> Done[None]:
        """Lets go of the connection that waits; the client comes back (2025-11-25)."""
        self._call.close_stream()
        return Done(None)

    # What it keeps.

    async def set_state(self, key: str, value: Any, *, serializable: bool = True) -> None:
        """Keeps `value` for later calls of this session; without a session, for this call."""
        kept = jsonable(value) if serializable and self._call.session_id else value
        self._states()[key] = kept

    async def get_state(self, key: str) -> Any:
        """What was kept; `None` when nothing was."""
        return self._states().get(key)

    async def delete_state(self, key: str) -> None:
        """Forgets what was kept."""
        self._states().pop(key, None)

    def _states(self) -> dict[str, Any]:
        session = self._call.session_id
        return self._state if session is None else self._server.sessions.of(session)

    # What it uses of its server.

    async def read_resource(self, uri: object) -> ResourceResult:
        """Reads a resource of this server."""
        return await self._server.read_resource(str(uri))

    async def get_prompt(self, name: str, arguments: dict[str, Any] | None = None) -> PromptResult:
        """Makes a prompt of this server."""
        return await self._server.render_prompt(name, arguments)

    async def list_resources(self) -> list[Any]:
        """The resources of this server."""
        return list(await self._server.list_resources())

    async def list_prompts(self) -> list[Any]:
        """The prompts of this server."""
        return list(await self._server.list_prompts())

    async def enable_components(self, **which: Any) -> None:
        """Switches features on; see `FastMCP.enable`. For all clients: lists are the server's."""
        self._server.enable(**which)

    async def disable_components(self, **which: Any) -> None:
        """Switches features off; see `FastMCP.disable`. For all clients: lists are the server's."""
        self._server.disable(**which)

    async def reset_visibility(self) -> None:
        """Takes back what `enable_components` and `disable_components` did."""
        self._server.reset_visibility()

    def resource_updated(self, uri: object) -> Done[None]:
        """Tells the clients that follow a resource that it holds something else now."""
        self._server.resource_updated(str(uri))
        return Done(None)


def find_context() -> Context | None:
    """The context of the call that runs; `None` outside of calls."""
    found = _current.get()
    if found is None:
        # A handler that takes no context was entered without one; the core knows its call.
        return late.context_of_core()()
    return found


def current_context() -> Context:
    """The context of the call that runs."""
    found = find_context()
    if found is None:
        raise NotFoundError("no call runs here: a context exists only inside of handlers")
    return found


def enter_context(context: Context) -> Any:
    """Makes `context` the current one; give the result to `leave_context`."""
    return _current.set(context)


def leave_context(token: Any) -> None:
    """Undoes `enter_context`."""
    _current.reset(token)
