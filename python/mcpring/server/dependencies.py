"""`mcpring.dependencies` under the name FastMCP has for it."""

from __future__ import annotations

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

__all__ = [
    "CurrentAccessToken",
    "CurrentContext",
    "CurrentFastMCP",
    "CurrentHeaders",
    "Depends",
    "TokenClaim",
    "get_access_token",
    "get_context",
    "get_http_headers",
    "get_server",
]
