"""A logger under this package's name."""

from __future__ import annotations

import logging

__all__ = ["get_logger"]


def get_logger(name: str) -> logging.Logger:
    """The logger `mcpring.name`."""
    return logging.getLogger(f"mcpring.{name}")
