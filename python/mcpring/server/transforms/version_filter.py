"""One range of versions out of a pool of components."""

from __future__ import annotations

from typing import Any

from ..registry import Kind, version_key
from .base import Transform

__all__ = ["VersionFilter"]


class VersionFilter(Transform):
    """Shows versions from `version_gte` on and before `version_lt`."""

    def __init__(
        self,
        *,
        version_gte: str | None = None,
        version_lt: str | None = None,
        include_unversioned: bool = True,
    ) -> None:
        self.version_gte = version_gte
        self.version_lt = version_lt
        self.include_unversioned = include_unversioned

    def allows(self, kind: Kind, component: Any) -> bool:
        """Whether the component's version is in the range."""
        if component.version is None:
            return self.include_unversioned
        version = version_key(component.version)
        is_old = self.version_gte is not None and version < version_key(self.version_gte)
        is_new = self.version_lt is not None and version >= version_key(self.version_lt)
        return not (is_old or is_new)
