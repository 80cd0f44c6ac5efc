"""The plainest client: one socket, one message a line, no thread, nothing of the package."""

from __future__ import annotations

import json
import socket
import struct
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Wire"]

WAIT_S = 60


class Wire:
    """A connection with its handshake done."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.socket = socket.create_connection((place.hostname, place.port), WAIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")
        self._number = 0
        client = {"name": "wire", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        self.ask("initialize", params)
        self.notify("notifications/initialized", {})

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self.socket.close()

    def vanish(self) -> None:
        """Closes as a machine does that loses its power."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._file.close()
        self.socket.close()

    def begin(self, method: str, params: dict[str, Any]) -> int:
        """Sends a request; gives its id."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        return self._number

    def begin_call(self, name: str, **arguments: Any) -> int:
        """Sends a call of a tool; gives its id."""
        return self.begin("tools/call", {"name": name, "arguments": arguments})

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Sends a notification."""
        self._send({"method": method, "params": params})

    def cancel(self, number: int) -> None:
        """No longer wants an answer."""
        self.notify("notifications/cancelled", {"requestId": number})

    def answer(self) -> dict[str, Any]:
        """The next answer, whichever it is."""
        while True:
            line = self._file.readline()
            if not line:
                raise EOFError("the server closed the connection")
            said: dict[str, Any] = json.loads(line)
            if "method" not in said:
                return said

    def ask(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Sends a request and gives its result; nothing else may be in flight."""
        number = self.begin(method, params or {})
        said = self.answer()
        assert said["id"] == number, said
        return said["result"]

    def call(self, name: str, **arguments: Any) -> Any:
        """Calls a tool and gives what it returned."""
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        assert not result.get("isError"), result
        return result["structuredContent"]["result"]

    def _send(self, message: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
