"""`Client`: a server's features without a wire, for tests.

It enters the same handlers through the same checks, middleware and questions as calls from outside;
what it leaves out is the engine. Use `async with Client(mcp) as client:` in coroutines, and `with`
elsewhere: then the methods wait by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from .exceptions import McpringError, NotFoundError, ToolError
from .local import LocalCall
from .results import WRAP_MARK

if TYPE_CHECKING:
    from .prompts import PromptResult
    from .server.fastmcp import FastMCP
    from .tools import Tool
    from .types import Completion

__all__ = ["CallToolResult", "Client"]

T = TypeVar("T")

Handler = Callable[[dict[str, Any]], "Awaitable[Any] | Any"]
"""Answers a question: its parameters in, the result of the protocol out."""


class CallToolResult:
    """A tool's answer as a client sees it; `data` is the value the tool returned, as JSON."""

    __slots__ = ("content", "data", "is_error", "meta", "structured_content")

    def __init__(self, result: Any, wraps: bool) -> None:
        self.content: list[Any] = result.content
        self.structured_content: dict[str, Any] | None = result.structured_content
        self.meta: dict[str, Any] | None = result.meta
        self.is_error: bool = result.is_error
        found = self.structured_content
        self.data: Any = found["result"] if wraps and found is not None else found


class Client:
    """A client of a server in the same process."""

    def __init__(
        self,
        server: FastMCP[Any],
        *,
        elicitation_handler: Handler | None = None,
        sampling_handler: Handler | None = None,
        roots: list[str] | None = None,
        log_handler: Callable[[str, Any, str | None], None] | None = None,
        progress_handler: Callable[[float, float | None, str | None], None] | None = None,
        session_id: str | None = "local",
    ) -> None:
        self.server = server
        self._answers = {
            "elicitation/create": elicitation_handler,
            "sampling/createMessage": sampling_handler,
        }
        self._roots = roots
        self._log_handler = log_handler
        self._progress_handler = progress_handler
        self._session_id = session_id
        self._lifespan: Any = None

    async def __aenter__(self) -> Client:
        from .running import lifespans

        self._lifespan = lifespans(self.server)
        await self._lifespan.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._lifespan.__aexit__(*failure)

    def __enter__(self) -> SyncClient:
        return SyncClient(self)

    def __exit__(self, *failure: object) -> None:
        pass

    def is_connected(self) -> bool:
        """Whether it was entered."""
        return self._lifespan is not None

    async def ping(self) -> bool:
        """The server is here."""
        return True

    async def list_tools(self) -> list[Tool]:
        """The tools that show."""
        return await self.server.list_tools()

    async def list_resources(self) -> list[Any]:
        """The resources that show."""
        return list(await self.server.list_resources())

    async def list_resource_templates(self) -> list[Any]:
        """The templates that show."""
        return list(await self.server.list_resource_templates())

    async def list_prompts(self) -> list[Any]:
        """The prompts that show."""
        return list(await self.server.list_prompts())

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        raise_on_error: bool = True,
        version: str | None = None,
    ) -> CallToolResult:
        """Calls a tool; a failure is a `ToolError`, or a result that says so."""
        from .results import ToolResult

        tool = await self.server.get_tool(name, version)
        try:
            if tool is None:
                raise ToolError(f"there is no tool {name!r}")
            result = await self.server.call_tool(
                name, arguments, version=version, call=self._call(name), answerer=self._answer
            )
        except McpringError as error:
            if raise_on_error:
                raise ToolError(str(error)) from error
            return CallToolResult(ToolResult(content=str(error), is_error=True), wraps=False)
        if result.is_error and raise_on_error:
            raise ToolError(" ".join(getattr(one, "text", "") for one in result.content))
        schema = tool.output_schema
        return CallToolResult(result, wraps=bool(schema and schema.get(WRAP_MARK)))

    async def read_resource(self, uri: object, *, version: str | None = None) -> list[Any]:
        """What a resource holds, part by part."""
        from .types import BlobResourceContents, TextResourceContents

        text = str(uri)
        result = await self.server.read_resource(
            text, version=version, call=self._call(text), answerer=self._answer
        )
        found = await self.server.get_resource(text) or await self.server.get_resource_template(
            text
        )
        parts = result.to_dict(text, found.mime_type if found is not None else None)["contents"]
        names = {"mimeType": "mime_type", "_meta": "meta"}
        made: list[Any] = []
        for part in parts:
            said: dict[str, Any] = {names.get(key) or str(key): item for key, item in part.items()}
            made.append(
                TextResourceContents(**said) if "text" in said else BlobResourceContents(**said)
            )
        return made

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, *, version: str | None = None
    ) -> PromptResult:
        """A prompt's messages; arguments that are no text are sent as JSON text."""
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in (arguments or {}).items()
        }
        return await self.server.render_prompt(
            name, texts, version=version, call=self._call(name), answerer=self._answer
        )

    async def complete(
        self, ref: Any, argument: dict[str, str], context_arguments: dict[str, str] | None = None
    ) -> Completion:
        """What an argument could be completed to."""
        made: Completion = await self.server.complete(
            ref, argument["name"], argument["value"], context_arguments
        )
        return made

    def _call(self, name: str) -> LocalCall:
        call = LocalCall(name, self._session_id)
        call.on_progress = self._progress_handler
        log = self._log_handler
        if log is not None:
            call.on_log = lambda level, data, logger: log(level, json.loads(data), logger)
        return call

    async def _answer(self, method: str, params: str) -> str:
        if method == "roots/list" and self._roots is not None:
            return json.dumps({"roots": [{"uri": uri} for uri in self._roots]})
        handler = self._answers.get(method)
        if handler is None:
            raise NotFoundError(f"this client does not answer {method}")
        from .jsonable import dumps
        from .types import as_json

        answer: Any = handler(json.loads(params))
        if hasattr(answer, "__await__"):
            answer = await answer
        return dumps(as_json(answer))


class SyncClient:
    """The same client where nothing is awaited; each call runs an event loop of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def call_tool(self, name: str, arguments: dict[str, Any] | None = None) -> CallToolResult:
        """See `Client.call_tool`."""
        return self._run(lambda client: client.call_tool(name, arguments))

    def read_resource(self, uri: object) -> list[Any]:
        """See `Client.read_resource`."""
        return self._run(lambda client: client.read_resource(uri))

    def get_prompt(self, name: str, arguments: dict[str, Any] | None = None) -> PromptResult:
        """See `Client.get_prompt`."""
        return self._run(lambda client: client.get_prompt(name, arguments))

    def list_tools(self) -> list[Tool]:
        """See `Client.list_tools`."""
        return self._run(lambda client: client.list_tools())

    def _run(self, ask: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        import asyncio

        async def whole() -> T:
            async with self._client as client:
                return await ask(client)

        return asyncio.run(whole())
