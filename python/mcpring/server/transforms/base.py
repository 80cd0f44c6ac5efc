"""What a transform is."""

from __future__ import annotations

from typing import Any

from ..registry import Entry, Kind

__all__ = ["Transform"]


class Transform:
    """Base: hides features, or shows other tools than there are."""

    def allows(self, kind: Kind, component: Any) -> bool:
        """Whether a component shows at all; asked before its highest version is chosen."""
        return True

    def tools(self, server: Any, entries: list[Entry]) -> list[Entry]:
        """The tools to show in the place of `entries`."""
        return entries
