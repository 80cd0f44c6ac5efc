"""Transforms: other views of the same features."""

from __future__ import annotations

from ...exceptions import UnsupportedError
from .as_tools import PromptsAsTools, ResourcesAsTools
from .base import Transform
from .version_filter import VersionFilter

__all__ = ["PromptsAsTools", "ResourcesAsTools", "Transform", "VersionFilter"]


def __getattr__(name: str) -> object:
    if name[:1].isupper():
        raise UnsupportedError(f"mcpring has no transform {name!r}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
