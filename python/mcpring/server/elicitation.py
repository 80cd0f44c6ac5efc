"""`mcpring.asking` under the name FastMCP has for it."""

from __future__ import annotations

from ..asking import AcceptedElicitation, CancelledElicitation, DeclinedElicitation

__all__ = ["AcceptedElicitation", "CancelledElicitation", "DeclinedElicitation"]
