"""What is said on a link, in either era: a session after a handshake, or requests by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .._narrow import is_dict
from ..exceptions import ConfigError, McpringError
from .link import Link, ProgressHandler
from .transports import Wire

__all__ = ["DEFAULT_VERSION", "STATELESS_VERSION", "Session"]

DEFAULT_VERSION = "2025-11-25"
STATELESS_VERSION = "2026-07-28"
VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", DEFAULT_VERSION, STATELESS_VERSION)

ROUNDS_MAX = 64
"""How often one request may come back with questions."""

_PREFIX = "io.modelcontextprotocol/"
_CHANGES = {
    "tools": "toolsListChanged",
    "prompts": "promptsListChanged",
    "resources": "resourcesListChanged",
}

Answerer = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Answers a question of the server: method and parameters in, result out."""


class Session:
    """A connection on which both sides know each other."""

    def __init__(
        self,
        wire: Wire,
        *,
        version: str,
        info: Mapping[str, Any],
        capabilities: Mapping[str, Any],
        answerer: Answerer,
        on_notification: Callable[[str, dict[str, Any]], Awaitable[None] | None],
        log_level: str | None,
    ) -> None:
        if version not in VERSIONS:
            raise ConfigError(f"the protocol version is one of {VERSIONS}, not {version!r}")
        self.version = version
        self.server: dict[str, Any] = {}
        """What the server said of itself: the result of `initialize` or `server/discover`."""
        self._info = dict(info)
        self._capabilities = dict(capabilities)
        self._answerer = answerer
        self._on_notification = on_notification
        self._log_level = log_level
        self._watched: set[str] = set()
        self._listening: asyncio.Task[None] | None = None
        self._granted: asyncio.Future[None] | None = None
        self._link = Link(wire, answerer, self._told)

    @property
    def is_stateless(self) -> bool:
        """Whether each request stands for itself."""
        return self.version == STATELESS_VERSION

    @property
    def is_open(self) -> bool:
        """Whether the server can be reached."""
        return self._link.is_open

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the server offers."""
        return _part(self.server, "capabilities")

    async def open(self, timeout: float | None) -> None:
        """Gets acquainted."""
        self._link.open()
        if self.is_stateless:
            said = await self.ask("server/discover", {}, timeout=timeout)
            self.server = {"serverInfo": _part(said, "_meta").get(f"{_PREFIX}serverInfo"), **said}
            return
        offered = {
            "protocolVersion": self.version,
            "capabilities": self._capabilities,
            "clientInfo": self._info,
        }
        self.server = await self._link.request("initialize", offered, timeout=timeout)
        agreed = str(self.server.get("protocolVersion"))
        if agreed not in VERSIONS:
            raise McpringError(f"the server speaks {agreed}, which this client does not")
        self.version = agreed
        await self._link.notify("notifications/initialized")
        if self._log_level is not None and "logging" in self.capabilities:
            await self.ask("logging/setLevel", {"level": self._log_level})

    async def close(self) -> None:
        """Ends it."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._link.close()

    async def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Tells the server, in the era that has notifications."""
        if not self.is_stateless:
            await self._link.notify(method, params)

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        meta: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        on_progress: ProgressHandler | None = None,
    ) -> dict[str, Any]:
        """A request's result, with what the server asks on the way answered."""
        said = dict(params)
        own = {**(self._meta() if self.is_stateless else {}), **(meta or {})}
        if own:
            said["_meta"] = own
        if not self.is_stateless:
            return await self._link.request(
                method, said, timeout=timeout, on_progress=on_progress
            )
        return await self._ask_in_rounds(method, said, timeout, on_progress)

    async def _ask_in_rounds(
        self,
        method: str,
        said: dict[str, Any],
        timeout: float | None,
        on_progress: ProgressHandler | None,
    ) -> dict[str, Any]:
        first = said
        for _ in range(ROUNDS_MAX):
            result = await self._link.request(
                method, said, timeout=timeout, on_progress=on_progress
            )
            if result.get("resultType") != "input_required":
                return result
            answers: dict[str, Any] = {}
            for key, one in _part(result, "inputRequests").items():
                answers[key] = await self._answerer(one["method"], _part(one, "params"))
            said = {**first, "inputResponses": answers}
            if "requestState" in result:
                said["requestState"] = result["requestState"]
        raise McpringError(f"{method} asked more than {ROUNDS_MAX} times")

    def _meta(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            f"{_PREFIX}protocolVersion": self.version,
            f"{_PREFIX}clientCapabilities": self._capabilities,
            f"{_PREFIX}clientInfo": self._info,
        }
        if self._log_level is not None:
            made[f"{_PREFIX}logLevel"] = self._log_level
        return made

    async def set_log_level(self, level: str) -> None:
        """From which level on the server's log messages are wanted."""
        self._log_level = level
        if not self.is_stateless:
            await self.ask("logging/setLevel", {"level": level})

    async def watch(self, uri: str, *, wants: bool = True) -> None:
        """Follows a resource, or stops to."""
        if not self.is_stateless:
            method = "resources/subscribe" if wants else "resources/unsubscribe"
            await self.ask(method, {"uri": uri})
            return
        (self._watched.add if wants else self._watched.discard)(uri)
        await self.listen()

    async def listen(self) -> None:
        """Has the server say what changes: lists, and the resources that are followed.

        Sessions of earlier versions are told without asking.
        """
        if not self.is_stateless:
            return
        wanted: dict[str, Any] = {
            name: True
            for kind, name in _CHANGES.items()
            if _part(self.capabilities, kind).get("listChanged")
        }
        if self._watched:
            wanted["resourceSubscriptions"] = sorted(self._watched)
        before, self._listening = self._listening, None
        if wanted:
            granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._granted = granted
            self._listening = asyncio.ensure_future(self._listen(wanted))
            await asyncio.wait(
                (granted, self._listening), return_when=asyncio.FIRST_COMPLETED
            )
        if before is not None:
            before.cancel()
            await asyncio.gather(before, return_exceptions=True)
        if self._listening is not None and self._listening.done():
            await self._listening

    async def _listen(self, wanted: dict[str, Any]) -> None:
        params = {"notifications": wanted, "_meta": self._meta()}
        await self._link.request("subscriptions/listen", params)

    def _told(self, method: str, params: dict[str, Any]) -> Awaitable[None] | None:
        if method != "notifications/subscriptions/acknowledged":
            return self._on_notification(method, params)
        if self._granted is not None and not self._granted.done():
            self._granted.set_result(None)
        return None


def _part(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object; an empty one when it is none."""
    found: Any = said.get(name)
    return found if is_dict(found) else {}
