"""A server of the core's with tools of a test's own, and a connection to it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mcpring import _core

ANYTHING = '{"type":"object"}'
WAIT_S = 30.0


class Client:
    """A client of one connection: one request at a time."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.socket.settimeout(WAIT_S)
        self.lines = self.socket.makefile("rb")
        self.last = 0
        told = {"name": "test", "version": "1"}
        self.ask("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=told)
        self.tell("notifications/initialized")

    def send(self, message: str) -> None:
        self.socket.sendall(message.encode() + b"\n")

    def tell(self, method: str) -> None:
        self.send(json.dumps({"jsonrpc": "2.0", "method": method}))

    def ask(self, method: str, **params: Any) -> bytes:
        """The answer to a request, as it came."""
        return self.ask_text(method, json.dumps(params))

    def ask_text(self, method: str, params: str) -> bytes:
        """As `ask`, with parameters that are JSON text: numbers stay as they are written."""
        self.last += 1
        said = f'{{"jsonrpc":"2.0","id":{self.last},"method":"{method}","params":{params}}}'
        self.send(said)
        for line in self.lines:
            if json.loads(line).get("id") == self.last:
                return line
        raise ConnectionError("the server closed the connection")

    def call(self, tool: str, arguments: str = "{}") -> dict[str, Any]:
        """The result of a tool called with arguments that are JSON text."""
        answer = self.ask_text("tools/call", f'{{"name":"{tool}","arguments":{arguments}}}')
        result: dict[str, Any] = json.loads(answer)["result"]
        return result

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


def failure_words(kind: str, name: str, error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def handler(fn: Callable[..., object], **settings: Any) -> _core.Handler:
    """A handler on the pool; what has no fast path becomes the text `encoded`."""
    encode = settings.pop("encode", lambda value: '{"content":[{"type":"text","text":"encoded"}]}')
    return _core.Handler(fn, **{"owner": None, "lane": "pool", "encode": encode, **settings})


def new_server(**settings: Any) -> _core.Server:
    """A server without features."""
    driver = os.environ.get("MCPRING_DRIVER")
    own = {"shards": 1, "workers": 2, **({"driver": driver} if driver else {})}
    options = json.dumps({**own, **settings})
    return _core.Server("core", "1", options=options, on_error=failure_words)


@contextmanager
def served(
    tools: dict[str, _core.Handler], schemas: dict[str, str] | None = None
) -> Iterator[Client]:
    """A running server with these tools, and a client of it."""
    server = new_server()
    for name, one in tools.items():
        schema = (schemas or {}).get(name, ANYTHING)
        server.add_tool(name, one, info="{}", input_schema=schema)
    server.start()
    client = Client(server.connect())
    try:
        yield client
    finally:
        client.close()
        server.stop()
        assert server.wait(WAIT_S)
