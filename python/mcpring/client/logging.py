"""`LogMessage`, where FastMCP has it."""

from __future__ import annotations

from .client import LogMessage

__all__ = ["LogMessage"]
