"""`mcpring.auth` under the name FastMCP has for it."""

from __future__ import annotations

from ....auth import JWTVerifier, StaticTokenVerifier

__all__ = ["JWTVerifier", "StaticTokenVerifier"]
