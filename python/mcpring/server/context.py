"""`mcpring.context` under the name FastMCP has for it."""

from __future__ import annotations

from ..context import Context, current_context

__all__ = ["Context", "current_context"]
