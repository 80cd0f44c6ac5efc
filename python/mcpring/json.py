"""JSON read where it lies: `scan` checks a text, its `Value` builds nothing until asked."""

from __future__ import annotations

from ._core import Schema, Value, scan

__all__ = ["Schema", "Value", "scan"]
