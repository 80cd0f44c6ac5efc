"""One request of HTTP/1.1 and its answer, read as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import SplitResult

__all__ = ["Answer", "exchange", "head_of"]

_LINE_BYTES_MAX = 64 * 1024 * 1024
"""Longest line of a stream of events, and longest body."""

_HEADERS_MAX = 200
_RETRY_S_MAX = 60.0


class Answer:
    """Status and headers; the body is read by `body` or `events`, once."""

    def __init__(self, reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> None:
        self._reader = reader
        self.status = status
        self.headers = headers
        self.retry_s = 1.0
        """How long to wait before the stream is taken up again."""

    @property
    def kind(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """All of it."""
        parts: list[bytes] = []
        size = 0
        async for part in self._parts():
            parts.append(part)
            size += len(part)
            if size > _LINE_BYTES_MAX:
                raise ValueError("the answer is too long")
        return b"".join(parts)

    async def events(self) -> AsyncIterator[tuple[str | None, bytes]]:
        """The id and the data of each event."""
        event_id: str | None = None
        data: list[bytes] = []
        async for line in self._lines():
            if not line:
                if data or event_id is not None:
                    yield event_id, b"\n".join(data)
                event_id, data = None, []
                continue
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"id":
                event_id = value.decode()
            elif field == b"retry" and value.isdigit():
                self.retry_s = min(int(value) / 1000, _RETRY_S_MAX)

    async def _lines(self) -> AsyncIterator[bytes]:
        rest = b""
        async for part in self._parts():
            rest += part
            if len(rest) > _LINE_BYTES_MAX:
                raise ValueError("an event is too long")
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r")

    async def _parts(self) -> AsyncIterator[bytes]:
        reader = self._reader
        if self.status in (202, 204, 304):
            return
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readline()).partition(b";")[0] or b"0", 16):
                yield await _exactly(reader, size)
                await reader.readline()
        elif "content-length" in self.headers:
            yield await _exactly(reader, int(self.headers["content-length"]))
        else:
            while part := await reader.read(65536):
                yield part


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    if size > _LINE_BYTES_MAX:
        raise ValueError("the answer is too long")
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise ConnectionError("the connection ended in the middle of an answer") from error


@asynccontextmanager
async def exchange(
    url: SplitResult, method: str, headers: Mapping[str, str], body: bytes | None = None
) -> AsyncGenerator[Answer, None]:
    """Sends a request and gives the answer, whose body is still to be read.

    Raises `OSError` when the server cannot be reached, `ValueError` when it answers no HTTP.
    """
    is_secure = url.scheme == "https"
    port = url.port or (443 if is_secure else 80)
    reader, writer = await asyncio.open_connection(
        url.hostname, port, ssl=True if is_secure else None, limit=_LINE_BYTES_MAX
    )
    try:
        writer.write(head_of(url, method, headers, body) + (body or b""))
        await writer.drain()
        yield await _read_head(reader)
    finally:
        writer.close()


def head_of(
    url: SplitResult, method: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    """The head of a request."""
    target = url.path or "/"
    if url.query:
        target = f"{target}?{url.query}"
    said = {"host": url.netloc.rpartition("@")[2], "connection": "close", **headers}
    if body is not None:
        said["content-length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has no line breaks")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _read_head(reader: asyncio.StreamReader) -> Answer:
    first = await reader.readline()
    parts = first.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
        raise ValueError("the other side does not answer in HTTP")
    headers: dict[str, str] = {}
    for _ in range(_HEADERS_MAX):
        line = (await reader.readline()).strip()
        if not line:
            return Answer(reader, int(parts[1]), headers)
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ValueError("the answer has too many headers")
