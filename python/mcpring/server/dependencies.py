"""`mcpring.dependencies` under the name FastMCP has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..dependencies import (
    CurrentAccessToken,
    CurrentContext,
    CurrentFastMCP,
    CurrentHeaders,
    Depends,
    TokenClaim,
    get_access_token,
    get_context,
    get_http_headers,
    get_server,
)

if TYPE_CHECKING:
    from ..progress import Progress as Progress

__all__ = [
    "CurrentAccessToken",
    "CurrentContext",
    "CurrentFastMCP",
    "CurrentHeaders",
    "Depends",
    "Progress",
    "TokenClaim",
    "get_access_token",
    "get_context",
    "get_http_headers",
    "get_server",
]


def __getattr__(name: str) -> Any:
    if name == "Progress":
        from ..progress import Progress

        return Progress
    if name in ("get_http_request", "CurrentRequest"):
        raise ImportError(f"{name} is not here: get_http_headers() has the request's headers")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
