"""`Client`: lists, calls, reads; answers what the server asks.

    async with Client(mcp) as client:          # or a URL, or a program
        result = await client.call_tool("add", {"a": 1, "b": 2})
        assert result.data == 3

It speaks the real protocol through the whole engine, also to a server in the same process. Where
nothing is awaited, `with Client(mcp) as client:` gives the same methods, which wait by themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._narrow import is_dict
from ..exceptions import McpringError, RequestError, ToolError
from ..types import as_json
from .answers import Answers, Handler, arity
from .link import ProgressHandler
from .results import (
    CallToolResult,
    PromptInfo,
    ResourceInfo,
    TemplateInfo,
    ToolInfo,
    is_wrapped,
    may_be_wrapped,
    read_completion,
    read_contents,
    read_info,
    read_prompt,
)
from .session import DEFAULT_VERSION, Session
from .transports import make_transport

if TYPE_CHECKING:
    from types import TracebackType

    from ..prompts import PromptResult
    from ..types import Completion, LogLevel
    from .sync import SyncClient

__all__ = ["Client"]

PAGES_MAX = 1000
"""Pages of one list that are asked for."""


class LogMessage:
    """A log message of the server."""

    __slots__ = ("data", "level", "logger")

    def __init__(self, level: str, data: Any, logger: str | None) -> None:
        self.level = level
        self.data = data
        self.logger = logger


class Client:
    """A client of one server; open while it is entered, which may be done more than once."""

    def __init__(
        self,
        transport: Any,
        *,
        name: str = "mcpring",
        protocol_version: str = DEFAULT_VERSION,
        elicitation_handler: Handler | None = None,
        sampling_handler: Handler | None = None,
        sampling_capabilities: Mapping[str, Any] | None = None,
        roots: Any = None,
        log_handler: Callable[..., Any] | None = None,
        progress_handler: ProgressHandler | None = None,
        message_handler: Callable[..., Any] | None = None,
        timeout: float | None = None,
        init_timeout: float | None = 30.0,
        client_info: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: str | None = None,
    ) -> None:
        """`transport` is a server object, a URL, a .py or .js file, or a transport.

        `protocol_version="2026-07-28"` speaks without a session. `timeout` is in seconds and for
        each request. `auth` is a token for a server behind a URL.
        `sampling_capabilities={"tools": {}}` says that the handler lets its model use tools.
        `log_handler` takes one `LogMessage`, or level, data and logger; `message_handler` takes
        every notification, as a `dict` with `method` and `params`.
        """
        self.transport = make_transport(transport, headers=headers, auth=auth)
        self._name = name
        self._version = protocol_version
        self._answers = Answers(
            elicitation_handler, sampling_handler, roots, as_json(sampling_capabilities)
        )
        self._log_handler = log_handler
        self._progress_handler = progress_handler
        self._message_handler = message_handler
        self._timeout = timeout
        self._init_timeout = init_timeout
        self._info = dict(client_info or {"name": name, "version": _version()})
        self._session: Session | None = None
        self._entered = 0
        self._tools: dict[str, ToolInfo] | None = None
        self._sync: SyncClient | None = None

    def __repr__(self) -> str:
        return f"Client({self._name!r})"

    # Being connected.

    async def __aenter__(self) -> Client:
        if self._session is None:
            self._session = await self._connect()
        self._entered += 1
        return self

    async def _connect(self) -> Session:
        wire = await self.transport.connect()
        session = Session(
            wire,
            version=self._version,
            info=self._info,
            capabilities=self._answers.capabilities(),
            answerer=self._answers.answer,
            on_notification=self._told,
            log_level="debug" if self._log_handler is not None else None,
        )
        try:
            await session.open(self._init_timeout)
            if self._message_handler is not None:
                await session.listen()
        except BaseException:
            await session.close()
            raise
        return session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered -= 1
        if self._entered == 0:
            await self.close()

    async def close(self) -> None:
        """Ends the connection, however often it was entered."""
        session, self._session = self._session, None
        self._entered = 0
        if session is not None:
            await session.close()

    def __enter__(self) -> SyncClient:
        from .sync import SyncClient

        self._sync = SyncClient(self)
        return self._sync.__enter__()

    def __exit__(self, *failure: Any) -> None:
        sync, self._sync = self._sync, None
        if sync is not None:
            sync.__exit__(*failure)

    @property
    def session(self) -> Session:
        """The connection, for requests there is no method for: `session.ask(method, params)`."""
        if self._session is None:
            raise McpringError("the client is not connected: use it in `async with client:`")
        return self._session

    def is_connected(self) -> bool:
        """Whether the server can be reached."""
        return self._session is not None and self._session.is_open

    @property
    def initialize_result(self) -> dict[str, Any]:
        """What the server said of itself."""
        return self.session.server

    @property
    def server_info(self) -> dict[str, Any]:
        """Name and version of the server, and what else it says of itself."""
        return dict(self.session.server.get("serverInfo") or {})

    @property
    def server_capabilities(self) -> dict[str, Any]:
        """What the server can do, as the protocol has it."""
        return self.session.capabilities

    @property
    def instructions(self) -> str | None:
        """What the server wants a model to know."""
        return self.session.server.get("instructions")

    @property
    def protocol_version(self) -> str:
        """The version that is spoken."""
        return self.session.version

    # What the server has.

    async def list_tools(self) -> list[ToolInfo]:
        """All tools, of all pages."""
        tools: list[ToolInfo] = await self._list("tools/list", "tools", ToolInfo)
        self._tools = {tool.name: tool for tool in tools}
        return tools

    async def list_resources(self) -> list[ResourceInfo]:
        """All resources, of all pages."""
        return await self._list("resources/list", "resources", ResourceInfo)

    async def list_resource_templates(self) -> list[TemplateInfo]:
        """All templates, of all pages."""
        return await self._list("resources/templates/list", "resourceTemplates", TemplateInfo)

    async def list_prompts(self) -> list[PromptInfo]:
        """All prompts, of all pages."""
        return await self._list("prompts/list", "prompts", PromptInfo)

    async def _list(self, method: str, member: str, cls: Any) -> list[Any]:
        if method.partition("/")[0] not in self.session.capabilities:
            return []
        found: list[Any] = []
        params: dict[str, Any] = {}
        for _ in range(PAGES_MAX):
            page = await self._ask(method, params)
            found += [read_info(cls, one) for one in page.get(member, ())]
            if page.get("nextCursor") is None:
                return found
            params = {"cursor": page["nextCursor"]}
        raise McpringError(f"{method} has more than {PAGES_MAX} pages")

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        raise_on_error: bool = True,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
        version: str | None = None,
    ) -> CallToolResult:
        """Calls a tool; a failure is a `ToolError`, or (`raise_on_error=False`) a result.

        A request that the server refuses counts as a failure of the tool.
        """
        params = {"name": name, "arguments": _jsonable(arguments or {})}
        try:
            said = await self._ask(
                "tools/call",
                params,
                meta=_with_version(meta, version),
                timeout=timeout,
                on_progress=progress_handler,
            )
        except RequestError as error:
            if raise_on_error:
                raise ToolError(str(error)) from error
            block = {"type": "text", "text": str(error)}
            return CallToolResult({"content": [block], "isError": True})
        if raise_on_error and said.get("isError"):
            raise ToolError(CallToolResult(said).text)
        return CallToolResult(said, may_be_wrapped(said) and await self._wraps(name))

    async def _wraps(self, name: str) -> bool:
        """Whether the tool's value stands in a member of its own, as its output schema says."""
        if self._tools is None or name not in self._tools:
            try:
                await self.list_tools()
            except McpringError:
                return True  # the answer is there and the server is not: no reason to lose it
        return is_wrapped((self._tools or {}).get(name))

    async def read_resource(
        self,
        uri: object,
        *,
        meta: Mapping[str, Any] | None = None,
        version: str | None = None,
    ) -> list[Any]:
        """What a resource holds, part by part: `.text` or (base64) `.blob`."""
        said = await self._ask(
            "resources/read", {"uri": str(uri)}, meta=_with_version(meta, version)
        )
        return [read_contents(one) for one in said.get("contents", ())]

    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        version: str | None = None,
    ) -> PromptResult:
        """A prompt's messages; arguments that are no text are sent as JSON text."""
        from ..jsonable import dumps

        texts = {
            key: value if isinstance(value, str) else dumps(value)
            for key, value in (arguments or {}).items()
        }
        params = {"name": name, "arguments": texts}
        return read_prompt(
            await self._ask("prompts/get", params, meta=_with_version(meta, version))
        )

    async def complete(
        self,
        ref: Any,
        argument: Mapping[str, str],
        context_arguments: Mapping[str, str] | None = None,
    ) -> Completion:
        """What an argument could be completed to; `ref` is a prompt's name or a template."""
        params: dict[str, Any] = {"ref": _reference(ref), "argument": dict(argument)}
        if context_arguments:
            params["context"] = {"arguments": dict(context_arguments)}
        return read_completion(await self._ask("completion/complete", params))

    # Being told.

    async def ping(self) -> bool:
        """Whether the server answers."""
        method = "server/discover" if self.session.is_stateless else "ping"
        await self._ask(method, {})
        return True

    async def subscribe_resource(self, uri: object) -> None:
        """Follows a resource: changes come to `message_handler`."""
        await self.session.watch(str(uri))

    async def unsubscribe_resource(self, uri: object) -> None:
        """No longer follows it."""
        await self.session.watch(str(uri), wants=False)

    async def set_logging_level(self, level: LogLevel) -> None:
        """From which level on log messages are wanted."""
        await self.session.set_log_level(level)

    async def send_roots_list_changed(self) -> None:
        """Tells the server that the roots are others now."""
        await self.session.notify("notifications/roots/list_changed")

    async def progress(
        self, token: str | int, progress: float, total: float | None = None, message: str = ""
    ) -> None:
        """Tells the server how far the work on its question is."""
        said = {"progressToken": token, "progress": progress, "total": total, "message": message}
        given = {name: value for name, value in said.items() if value not in (None, "")}
        await self.session.notify("notifications/progress", given)

    def _told(self, method: str, params: dict[str, Any]) -> Awaitable[None] | None:
        told: list[Any] = []
        if method == "notifications/tools/list_changed":
            self._tools = None
        elif method == "notifications/message" and self._log_handler is not None:
            level, data, logger = params.get("level"), params.get("data"), params.get("logger")
            if arity(self._log_handler) > 1:
                told.append(self._log_handler(level, data, logger))
            else:
                told.append(self._log_handler(LogMessage(str(level), data, logger)))
        if self._message_handler is not None:
            told.append(self._message_handler({"method": method, "params": params}))
        waits = [one for one in told if hasattr(one, "__await__")]
        return _all(waits) if waits else None

    async def _ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        meta: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        on_progress: ProgressHandler | None = None,
    ) -> dict[str, Any]:
        hears = on_progress or (self._progress_handler if method == "tools/call" else None)
        limit = self._timeout if timeout is None else timeout
        return await self.session.ask(method, params, meta=meta, timeout=limit, on_progress=hears)


async def _all(told: list[Awaitable[Any]]) -> None:
    for one in told:
        await one


def _version() -> str:
    from .. import __version__

    return __version__


def _jsonable(arguments: Mapping[str, Any]) -> Any:
    from ..jsonable import jsonable

    return jsonable(dict(arguments))


def _with_version(
    meta: Mapping[str, Any] | None, version: str | None
) -> Mapping[str, Any] | None:
    """FastMCP's servers, and ours, take a feature's version in a member of `_meta`."""
    return meta if version is None else {**(meta or {}), "fastmcp": {"version": version}}


def _reference(ref: Any) -> dict[str, Any]:
    if isinstance(ref, str):
        is_uri = "://" in ref
        key = "uri" if is_uri else "name"
        return {"type": "ref/resource" if is_uri else "ref/prompt", key: ref}
    made: Any = as_json(ref)
    if not is_dict(made):
        raise McpringError(f"{ref!r} is neither a prompt nor a template")
    return {name: value for name, value in made.items() if value not in (None, "")}
