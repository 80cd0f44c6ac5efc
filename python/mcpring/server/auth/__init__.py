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
from ...exceptions import UnsupportedError

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

_NOT_HERE = {
    "OAuthProxy": "name the vendor's issuer and its key set: JWTVerifier(issuer=…, jwks_uri=…)",
    "OIDCProxy": "name the issuer and its key set: JWTVerifier(issuer=…, jwks_uri=…)",
    "OAuthProvider": "an authorization server is a program of its own: name it as an issuer",
    "MultiAuth": "one verifier is asked: JWTVerifier(issuer=[…]) takes several with one key set",
}


def __getattr__(name: str) -> object:
    if name in _NOT_HERE:
        raise UnsupportedError(f"{name} is not here: {_NOT_HERE[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
