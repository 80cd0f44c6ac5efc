"""`ElicitResult`, where FastMCP has it."""

from __future__ import annotations

from .answers import ElicitResult

__all__ = ["ElicitResult"]
