"""Streamable HTTP, as a client: the standard library's streams and no more.

Each message is a request of its own on a connection of its own: a client that is used by people
and tests has no need of more, and closing a connection is what cancels.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .._narrow import is_dict, is_list
from .http_exchange import Answer, exchange, head_of

__all__ = ["HttpWire", "request_head"]

_INBOX_MAX = 1024
"""Messages that wait for the client; streams are not read on beyond."""

_RESUMES_MAX = 100
"""How often a stream that ended early is taken up again, for one answer."""

_LOCAL_FAILURE = -32000
"""The code of failures that no server answered."""

_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_TYPES = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
}
_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"


class HttpWire:
    """A connection in the sense of the protocol: a session, when the server has them."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = urlsplit(url)
        self._headers = {name.lower(): value for name, value in headers.items()}
        self._session: str | None = None
        self._version: str | None = None
        self._inbox: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_INBOX_MAX)
        self._running: dict[Any, asyncio.Task[None]] = {}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Posts a message. The answer to a request comes by `receive`, like everything else."""
        method = message.get("method")
        if method == "notifications/cancelled" and self._session is None:
            task = self._running.get(message["params"].get("requestId"))
            if task is not None:
                task.cancel()
            return
        if method is None or "id" not in message:
            await self._post(message)
            if method == "notifications/initialized":
                self._start("stream", self._follow())
            return
        self._start(message["id"], self._ask(message))

    def _start(self, key: Any, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))

    async def receive(self) -> dict[str, Any] | None:
        """The next message of any stream."""
        return await self._inbox.get()

    async def close(self) -> None:
        """Ends the session and all streams."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._session is not None:
            try:
                async with exchange(self._url, "DELETE", self._own_headers()):
                    pass
            except (OSError, ValueError):
                pass  # the server is gone, and the session with it
        await self._inbox.put(None)

    async def _ask(self, message: Mapping[str, Any]) -> None:
        asked = message["id"]
        try:
            seen = await self._post(message)
        except (OSError, ValueError) as error:
            place = self._url.geturl()
            await self._fail(asked, f"cannot reach {place}: {error or type(error).__name__}")
            return
        for _ in range(_RESUMES_MAX):
            if asked in seen.answered or seen.last_id is None:
                break
            seen = await self._resume(seen)
        if asked not in seen.answered:
            await self._fail(asked, "the stream ended without the answer")

    async def _fail(self, asked: Any, words: str) -> None:
        error = {"code": _LOCAL_FAILURE, "message": words}
        await self._inbox.put({"jsonrpc": "2.0", "id": asked, "error": error})

    async def _post(self, message: Mapping[str, Any]) -> _Seen:
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        headers = self._own_headers() | _mirrored(message) | _TYPES
        async with exchange(self._url, "POST", headers, body) as answer:
            self._session = answer.headers.get("mcp-session-id", self._session)
            return await self._take(answer, message)

    async def _take(self, answer: Answer, message: Mapping[str, Any]) -> _Seen:
        seen = _Seen()
        if answer.kind == "text/event-stream" and answer.status < 400:
            async for event_id, data in answer.events():
                seen.last_id = event_id or seen.last_id
                seen.retry_s = answer.retry_s
                await self._deliver(data, seen)
            return seen
        body = await answer.body()
        if answer.kind == "application/json" and body:
            await self._deliver(body, seen)
        if "id" in message and "method" in message and message["id"] not in seen.answered:
            words = body.decode(errors="replace").strip() or "no words"
            await self._fail(message["id"], f"HTTP {answer.status}: {words}")
            seen.answered.add(message["id"])
        return seen

    async def _deliver(self, data: bytes, seen: _Seen) -> None:
        if not data:
            return
        said: Any = json.loads(data)
        for one in said if is_list(said) else [said]:
            if not is_dict(one):
                raise ValueError("the server does not speak MCP")
            if "method" not in one:
                seen.answered.add(one.get("id"))
                self._version = _agreed(one) or self._version
            await self._inbox.put(one)

    async def _resume(self, before: _Seen) -> _Seen:
        """Takes up a stream where it ended."""
        await asyncio.sleep(before.retry_s)
        seen = _Seen()
        seen.last_id, seen.retry_s = before.last_id, before.retry_s
        headers = {"accept": "text/event-stream", "last-event-id": before.last_id or ""}
        async with exchange(self._url, "GET", self._own_headers() | headers) as answer:
            if answer.status >= 400:
                seen.last_id = None
                return seen
            async for event_id, data in answer.events():
                seen.last_id = event_id or seen.last_id
                seen.retry_s = answer.retry_s
                await self._deliver(data, seen)
        return seen

    async def _follow(self) -> None:
        """What the server says by itself; a server that says nothing refuses, which is fine."""
        try:
            headers = self._own_headers() | {"accept": "text/event-stream"}
            async with exchange(self._url, "GET", headers) as answer:
                if answer.status < 400 and answer.kind == "text/event-stream":
                    async for _, data in answer.events():
                        await self._deliver(data, _Seen())
        except (OSError, ValueError):
            pass  # the next request tells what there is to tell

    def _own_headers(self) -> dict[str, str]:
        made = dict(self._headers)
        if self._session is not None:
            made["mcp-session-id"] = self._session
        if self._version is not None:
            made["mcp-protocol-version"] = self._version
        return made


def request_head(url: str, message: Mapping[str, Any], body: bytes) -> bytes:
    """The head of a request that carries `message`, on a connection that stays."""
    headers = _mirrored(message) | _TYPES | {"connection": "keep-alive"}
    return head_of(urlsplit(url), "POST", headers, body)


class _Seen:
    """What a stream has brought."""

    def __init__(self) -> None:
        self.answered: set[Any] = set()
        self.last_id: str | None = None
        self.retry_s = 1.0


def _agreed(answer: dict[str, Any]) -> str | None:
    """The version, when this answers `initialize`."""
    result: Any = answer.get("result")
    return result.get("protocolVersion") if is_dict(result) else None


def _mirrored(message: Mapping[str, Any]) -> dict[str, str]:
    """What of a stateless request has to stand in its headers as well."""
    params: Any = message.get("params")
    meta: Any = params.get("_meta") if is_dict(params) else None
    version = meta.get(_VERSION_KEY) if is_dict(meta) else None
    if version is None or not is_dict(params):
        return {}
    method = str(message["method"])
    made = {"mcp-protocol-version": str(version), "mcp-method": method}
    if method in _NAMED:
        made["mcp-name"] = _header_value(str(params.get(_NAMED[method], "")))
    return made


def _header_value(text: str) -> str:
    """As it is, when a header can hold it."""
    is_plain = text.isascii() and text.isprintable() and text == text.strip()
    if is_plain and not (text.startswith("=?") and text.endswith("?=")):
        return text
    import base64

    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


