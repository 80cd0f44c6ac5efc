"""`mcpring.lifespan` under the name FastMCP has for it."""

from __future__ import annotations

from ..lifespan import ContextManagerLifespan, Lifespan, lifespan

__all__ = ["ContextManagerLifespan", "Lifespan", "lifespan"]
