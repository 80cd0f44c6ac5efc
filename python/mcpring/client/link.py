"""JSON-RPC on a wire: who waits for which answer, and what comes without being asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .._narrow import is_dict
from ..exceptions import McpringError, RequestError
from .events import Events, is_inside
from .transports import Wire

__all__ = ["Link", "ProgressHandler"]

ProgressHandler = Callable[[float, float | None, str | None], "Awaitable[None] | None"]
"""Hears how far a call is: progress, total, message."""

QUESTIONS_MAX = 64
"""Questions of the server that are being answered at once; more are refused."""

_METHOD_NOT_FOUND = -32601
_INTERNAL_ERROR = -32603


class Link:
    """One connection. Used on the thread of its event loop."""

    def __init__(
        self,
        wire: Wire,
        on_request: Callable[[str, dict[str, Any]], Awaitable[Any]],
        on_notification: Callable[[str, dict[str, Any]], Awaitable[None] | None],
    ) -> None:
        self._wire = wire
        self._on_request = on_request
        self._on_notification = on_notification
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._progress: dict[int, ProgressHandler] = {}
        self._inner: set[int] = set()
        self._events = Events()
        self._asked = 0
        self._answering: dict[Any, asyncio.Task[None]] = {}
        self._closed = "the connection is closed"
        self._reader: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Starts to read."""
        self._reader = asyncio.ensure_future(self._read())

    @property
    def is_open(self) -> bool:
        """Whether the other side can still be reached."""
        return self._reader is not None and not self._reader.done()

    async def close(self) -> None:
        """Ends the connection; whoever waits is told."""
        tasks = [*self._answering.values(), *([self._reader] if self._reader else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._events.close()
        await self._wire.close()

    async def request(
        self,
        method: str,
        params: dict[str, Any],
        *,
        timeout: float | None = None,
        on_progress: ProgressHandler | None = None,
    ) -> dict[str, Any]:
        """The result of a request; a `RequestError` when the server refuses.

        Whoever stops waiting (cancelled, or after `timeout` seconds) has the server told.
        """
        if not self.is_open:
            raise McpringError(self._closed)
        self._asked += 1
        number = self._asked
        if on_progress is not None:
            self._progress[number] = on_progress
            params = {**params, "_meta": {**(params.get("_meta") or {}), "progressToken": number}}
        coming: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = coming
        if is_inside():
            self._inner.add(number)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            await self._wire.send(message if params else _without_params(message))
            return await asyncio.wait_for(coming, timeout)
        except TimeoutError:
            await self._stop_waiting(number, method)
            raise McpringError(f"{method} was not answered in {timeout} s") from None
        except asyncio.CancelledError:
            await self._stop_waiting(number, method)
            raise
        except (ConnectionError, RuntimeError) as error:
            raise McpringError(f"{self._closed}: {error}") from error
        finally:
            self._waiting.pop(number, None)
            self._progress.pop(number, None)
            self._inner.discard(number)

    async def _stop_waiting(self, number: int, method: str) -> None:
        if method != "initialize" and self.is_open:
            params = {"requestId": number, "reason": "nobody waits for it"}
            try:
                await self.notify("notifications/cancelled", params)
            except McpringError:
                pass  # there is nobody left to be told

    async def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Tells the server."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        try:
            await self._wire.send({**message, "params": dict(params)} if params else message)
        except (OSError, RuntimeError) as error:
            raise McpringError(f"{self._closed}: {error}") from error

    async def _read(self) -> None:
        try:
            while (message := await self._wire.receive()) is not None:
                self._take(message)
        except McpringError as error:
            self._closed = str(error)
        finally:
            for coming in self._waiting.values():
                if not coming.done():
                    coming.set_exception(McpringError(self._closed))

    def _take(self, message: dict[str, Any]) -> None:
        method: Any = message.get("method")
        params: Any = message.get("params")
        said: dict[str, Any] = params if is_dict(params) else {}
        if method is None:
            self._answered(message)
        elif "id" in message:
            self._start_answering(message["id"], str(method), said)
        elif method == "notifications/progress":
            self._events.put(lambda: self._progressed(said))
        elif method == "notifications/cancelled":
            task = self._answering.get(said.get("requestId"))
            if task is not None:
                task.cancel()
        else:
            self._events.put(lambda: self._on_notification(str(method), said))

    def _answered(self, message: dict[str, Any]) -> None:
        number: Any = message.get("id")
        if number in self._inner:
            self._resolve(number, message)
        elif number in self._waiting:
            self._events.put_answer(lambda: self._resolve(number, message))

    def _resolve(self, number: int, message: dict[str, Any]) -> None:
        coming = self._waiting.get(number)
        if coming is None or coming.done():
            return
        fault: Any = message.get("error")
        result: Any = message.get("result")
        if is_dict(fault):
            coming.set_exception(RequestError(fault))
        else:
            coming.set_result(result if is_dict(result) else {})

    def _progressed(self, said: dict[str, Any]) -> Awaitable[None] | None:
        handler = self._progress.get(said.get("progressToken", 0))
        if handler is None:
            return None
        return handler(said.get("progress", 0.0), said.get("total"), said.get("message"))

    def _start_answering(self, asked: Any, method: str, params: dict[str, Any]) -> None:
        task = asyncio.ensure_future(self._answer(asked, method, params))
        self._answering[asked] = task
        task.add_done_callback(lambda _: self._answering.pop(asked, None))

    async def _answer(self, asked: Any, method: str, params: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked}
        try:
            if len(self._answering) > QUESTIONS_MAX:
                raise McpringError(f"more than {QUESTIONS_MAX} questions at once")
            answer["result"] = await self._on_request(method, params)
        except NotImplementedError as error:
            answer["error"] = {"code": _METHOD_NOT_FOUND, "message": str(error)}
        except Exception as error:  # whatever a person's handler raises is for the server to hear
            answer["error"] = {"code": _INTERNAL_ERROR, "message": str(error)}
        try:
            await self._wire.send(answer)
        except (OSError, RuntimeError):
            pass  # the reader learns that the connection is gone, and tells everybody


def _without_params(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "params"}
