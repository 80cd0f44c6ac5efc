"""The client where nothing is awaited: an event loop on a thread of its own does the waiting."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..exceptions import McpringError

if TYPE_CHECKING:
    from ..prompts import PromptResult
    from ..types import Completion, LogLevel
    from .client import Client
    from .link import ProgressHandler
    from .results import CallToolResult, PromptInfo, ResourceInfo, TemplateInfo, ToolInfo

__all__ = ["SyncClient"]

T = TypeVar("T")

_EXIT_S = 5.0
"""How long a program that ends without closing a client waits for its loop."""


class SyncClient:
    """The methods of `Client`, which wait by themselves. Used by any thread, while it is entered.

    Handlers of the client run on the thread of the loop, and so do `async` handlers of a server in
    this process.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended: asyncio.Event | None = None

    def __enter__(self) -> SyncClient:
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run_loop, args=(started,), name="mcpring-client", daemon=True
        )
        self._thread.start()
        started.wait()
        try:
            self._wait(self._client.__aenter__())
        except BaseException:
            self._stop()
            raise
        # A thread that the ending interpreter stops in the middle of the core takes all with it.
        atexit.register(self._end_in_time)
        return self

    def __exit__(self, *failure: object) -> None:
        atexit.unregister(self._end_in_time)
        try:
            self._wait(self._client.close())
        finally:
            self._stop()

    def _end_in_time(self) -> None:
        """Closes it when the program ends, unless a handler keeps the loop from its work."""
        if self._loop is None:
            return
        coming = asyncio.run_coroutine_threadsafe(self._client.close(), self._loop)
        try:
            coming.result(_EXIT_S)
        except (TimeoutError, McpringError, OSError):
            pass  # the program ends all the same
        self._stop(_EXIT_S)

    def _run_loop(self, started: threading.Event) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._ended = ended = asyncio.Event()
            started.set()
            await ended.wait()

        asyncio.run(serve())

    def _stop(self, timeout: float | None = None) -> None:
        loop, thread, ended = self._loop, self._thread, self._ended
        self._loop = self._thread = self._ended = None
        if loop is not None and thread is not None and ended is not None:
            loop.call_soon_threadsafe(ended.set)
            thread.join(timeout)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        loop = self._loop
        if loop is None:
            work.close()
            raise RuntimeError("the client is not connected: use it in `with client:`")
        coming = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return coming.result()
        except BaseException:
            coming.cancel()
            raise

    def is_connected(self) -> bool:
        """See `Client.is_connected`."""
        return self._client.is_connected()

    @property
    def initialize_result(self) -> dict[str, Any]:
        """See `Client.initialize_result`."""
        return self._client.initialize_result

    @property
    def server_info(self) -> dict[str, Any]:
        """See `Client.server_info`."""
        return self._client.server_info

    @property
    def server_capabilities(self) -> dict[str, Any]:
        """See `Client.server_capabilities`."""
        return self._client.server_capabilities

    @property
    def instructions(self) -> str | None:
        """See `Client.instructions`."""
        return self._client.instructions

    @property
    def protocol_version(self) -> str:
        """See `Client.protocol_version`."""
        return self._client.protocol_version

    def ping(self) -> bool:
        """See `Client.ping`."""
        return self._wait(self._client.ping())

    def list_tools(self) -> list[ToolInfo]:
        """See `Client.list_tools`."""
        return self._wait(self._client.list_tools())

    def list_resources(self) -> list[ResourceInfo]:
        """See `Client.list_resources`."""
        return self._wait(self._client.list_resources())

    def list_resource_templates(self) -> list[TemplateInfo]:
        """See `Client.list_resource_templates`."""
        return self._wait(self._client.list_resource_templates())

    def list_prompts(self) -> list[PromptInfo]:
        """See `Client.list_prompts`."""
        return self._wait(self._client.list_prompts())

    def call_tool(
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
        """See `Client.call_tool`."""
        return self._wait(
            self._client.call_tool(
                name,
                arguments,
                raise_on_error=raise_on_error,
                timeout=timeout,
                progress_handler=progress_handler,
                meta=meta,
                version=version,
            )
        )

    def read_resource(self, uri: object, *, meta: Mapping[str, Any] | None = None) -> list[Any]:
        """See `Client.read_resource`."""
        return self._wait(self._client.read_resource(uri, meta=meta))

    def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
    ) -> PromptResult:
        """See `Client.get_prompt`."""
        return self._wait(self._client.get_prompt(name, arguments, meta=meta))

    def complete(
        self,
        ref: Any,
        argument: Mapping[str, str],
        context_arguments: Mapping[str, str] | None = None,
    ) -> Completion:
        """See `Client.complete`."""
        return self._wait(self._client.complete(ref, argument, context_arguments))

    def subscribe_resource(self, uri: object) -> None:
        """See `Client.subscribe_resource`."""
        self._wait(self._client.subscribe_resource(uri))

    def unsubscribe_resource(self, uri: object) -> None:
        """See `Client.unsubscribe_resource`."""
        self._wait(self._client.unsubscribe_resource(uri))

    def set_logging_level(self, level: LogLevel) -> None:
        """See `Client.set_logging_level`."""
        self._wait(self._client.set_logging_level(level))
