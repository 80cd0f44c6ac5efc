"""What goes wrong, by who has to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "AuthorizationError",
    "ConfigError",
    "DisabledError",
    "FastMCPError",
    "ForkedError",
    "McpError",
    "McpringError",
    "NotFoundError",
    "PromptError",
    "RequestError",
    "ResourceError",
    "ToolError",
    "UnsupportedError",
    "ValidationError",
]


class McpringError(Exception):
    """Base of everything this package raises on purpose."""


class ToolError(McpringError):
    """A tool failed; its words are for the client's model and are never masked."""


class ResourceError(McpringError):
    """A resource cannot be read; its words are for the client and are never masked."""


class PromptError(McpringError):
    """A prompt cannot be made; its words are for the client and are never masked."""


class ValidationError(McpringError):
    """Arguments, or a client's answer, do not have the shape that was asked for."""


class NotFoundError(McpringError):
    """No feature has that name or URI."""


class DisabledError(NotFoundError):
    """The feature exists but is switched off."""


class AuthorizationError(McpringError):
    """Whoever asks may not have this."""


class ConfigError(McpringError, ValueError):
    """A setting, a decorator's argument or a file of settings makes no sense."""


class UnsupportedError(ConfigError):
    """FastMCP has it, this package does not; the words say what to do in its place."""


class RequestError(McpringError):
    """A server refused a request: an error of JSON-RPC, with its `code`, words and `data`."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__(str(said.get("message", "the server refused")))
        self.code = int(said.get("code", 0))
        self.data: Any = said.get("data")


class ForkedError(McpringError, RuntimeError):
    """The process was forked after a server had started: its threads stayed with the parent."""


McpError = RequestError
"""The name the official SDK gives it."""

FastMCPError = McpringError
"""The name FastMCP gives its base, so that `except FastMCPError` goes on working."""
