"""How a client reaches a server: what is said to `Client`, and the wire that is made of it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .._narrow import is_dict
from ..exceptions import ConfigError, UnsupportedError

if TYPE_CHECKING:
    from ..server.fastmcp import FastMCP

__all__ = [
    "FastMCPTransport",
    "MESSAGE_BYTES_MAX",
    "StdioTransport",
    "StreamableHttpTransport",
    "Transport",
    "Wire",
    "make_transport",
]

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
"""Longest message a client takes."""

_EXIT_S = 5.0
"""How long a program may take to end after its input has, and again after SIGTERM."""


class Wire(Protocol):
    """Carries messages both ways. One reader; senders on the loop's thread."""

    async def send(self, message: Mapping[str, Any]) -> None:
        """Hands on one message."""
        ...

    async def receive(self) -> dict[str, Any] | None:
        """The next message; `None` when the other side has closed."""
        ...

    async def close(self) -> None:
        """Lets go of it."""
        ...


class Transport(Protocol):
    """Where a server is; can be connected to more than once."""

    async def connect(self) -> Wire:
        """A new connection."""
        ...


def make_transport(
    said: Any, *, headers: Mapping[str, str] | None = None, auth: str | None = None
) -> Transport:
    """What a person names: a server object, a URL, a program's file, or a transport."""
    if hasattr(said, "registry"):
        return FastMCPTransport(said)
    if hasattr(said, "connect"):
        made: Transport = said
        return made
    if is_dict(said):
        raise UnsupportedError("a client has one server: name one, not a table of them")
    place = str(said)
    if place.startswith(("http://", "https://")):
        return StreamableHttpTransport(place, headers=headers, auth=auth)
    if place.endswith(".py"):
        return StdioTransport(sys.executable, [place])
    if place.endswith((".js", ".mjs")):
        return StdioTransport("node", [place])
    raise ConfigError(f"{place!r} is no server: name an object, a URL, or a .py or .js file")


class FastMCPTransport:
    """A server in this process, through the whole engine.

    The server that runs already is used; one that does not is started, without listeners, until
    the last of its clients has gone.
    """

    def __init__(self, mcp: FastMCP[Any]) -> None:
        self.server = mcp

    async def connect(self) -> Wire:
        """A pair of sockets, one end of which the engine serves."""
        from ..hosting import host

        hosted = await host(self.server)
        try:
            end = socket.socket(fileno=hosted.core.connect())
            end.setblocking(False)
            reader, writer = await asyncio.open_unix_connection(sock=end, limit=MESSAGE_BYTES_MAX)
        except BaseException:
            await hosted.release()
            raise
        return _HostedWire(reader, writer, hosted)


class StdioTransport:
    """A program that speaks on its standard input and output, started for each connection."""

    def __init__(
        self,
        command: str,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        self.command = command
        self.args = tuple(args)
        self.env = dict(env) if env is not None else None
        self.cwd = cwd

    async def connect(self) -> Wire:
        """Starts the program; its standard error stays ours."""
        try:
            child = await asyncio.create_subprocess_exec(
                self.command,
                *self.args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **self.env} if self.env is not None else None,
                cwd=self.cwd,
                limit=MESSAGE_BYTES_MAX,
            )
        except OSError as error:
            raise ConfigError(f"{self.command!r} cannot be started: {error}") from error
        assert child.stdout is not None and child.stdin is not None
        return _ProcessWire(child.stdout, child.stdin, child)


class StreamableHttpTransport:
    """A server behind a URL. `auth` is a token; of `headers` each request has all."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        auth: str | None = None,
    ) -> None:
        self.url = url
        self.headers = dict(headers or {})
        if auth == "oauth":
            raise UnsupportedError("this client does not log in: get a token and give it as auth")
        if auth is not None:
            self.headers["authorization"] = f"Bearer {auth}"

    async def connect(self) -> Wire:
        """Nothing is sent yet."""
        from .http import HttpWire

        return HttpWire(self.url, self.headers)


class LineWire:
    """One message a line, on any stream of bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: Mapping[str, Any]) -> None:
        """Writes the message; waits while the other side does not read."""
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        self._writer.write(text.encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Reads a line; what is no JSON object ends the connection."""
        try:
            line = await self._reader.readuntil(b"\n")
            said: Any = json.loads(line)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except (asyncio.LimitOverrunError, ValueError) as error:
            raise ConfigError(f"the other side does not speak MCP: {error}") from error
        return said if is_dict(said) else None

    async def close(self) -> None:
        """Closes our end."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (ConnectionError, BrokenPipeError):
            pass  # the other end was first


class _HostedWire(LineWire):
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hosted: Any
    ) -> None:
        super().__init__(reader, writer)
        self._hosted = hosted

    async def close(self) -> None:
        try:
            await super().close()
        finally:
            await self._hosted.release()


class _ProcessWire(LineWire):
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        child: asyncio.subprocess.Process,
    ) -> None:
        super().__init__(reader, writer)
        self._child = child

    async def close(self) -> None:
        """Ends its input, as the protocol says; then with signals."""
        await super().close()
        for push in (self._child.terminate, self._child.kill):
            try:
                await asyncio.wait_for(self._child.wait(), _EXIT_S)
                return
            except TimeoutError:
                push()
        await self._child.wait()
