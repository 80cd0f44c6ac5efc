"""`mcpring.auth` under the name FastMCP has for it."""

from __future__ import annotations

from ...auth import (
    AccessToken,
    AuthContext,
    AuthSettings,
    JWTVerifier,
    RemoteAuthProvider,
    StaticTokenVerifier,
    TokenVerifier,
    require_scopes,
    restrict_tag,
)

__all__ = [
    "AccessToken",
    "AuthContext",
    "AuthSettings",
    "JWTVerifier",
    "RemoteAuthProvider",
    "StaticTokenVerifier",
    "TokenVerifier",
    "require_scopes",
    "restrict_tag",
]
