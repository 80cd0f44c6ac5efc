"""Providers: features kept outside of a server, to be shown by one or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...exceptions import UnsupportedError

if TYPE_CHECKING:
    from .filesystem import FileSystemProvider as FileSystemProvider
    from .local import LocalProvider as LocalProvider

__all__ = ["FileSystemProvider", "LocalProvider"]


def __getattr__(name: str) -> Any:
    if name == "LocalProvider":
        from .local import LocalProvider

        return LocalProvider
    if name == "FileSystemProvider":
        from .filesystem import FileSystemProvider

        return FileSystemProvider
    if name[:1].isupper():
        raise UnsupportedError(f"mcpring has no provider {name!r}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
