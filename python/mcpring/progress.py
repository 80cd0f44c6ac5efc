"""`Progress`: a counter that reports itself to the client."""

from __future__ import annotations

from .dependencies import Dependency
from .done import Done

__all__ = ["Progress"]


class Progress(Dependency):
    """As the default of a parameter (`progress: Progress = Progress()`) a fresh counter a call."""

    __slots__ = ("current", "message", "total")

    def __init__(self) -> None:
        super().__init__(Progress)
        self.current: int | None = None
        self.total: int = 1
        self.message: str | None = None

    def set_total(self, total: int) -> Done[None]:
        """How far it will go."""
        if total < 1:
            raise ValueError("the total must be at least 1")
        self.total = total
        return self._report()

    def increment(self, amount: int = 1) -> Done[None]:
        """It came further."""
        if amount < 1:
            raise ValueError("progress only grows")
        self.current = (self.current or 0) + amount
        return self._report()

    def set_message(self, message: str | None) -> Done[None]:
        """Words for a person."""
        self.message = message
        return self._report()

    def _report(self) -> Done[None]:
        from .context import find_context

        context = find_context()
        if context is not None and self.current is not None:
            context.report_progress(self.current, self.total, self.message)
        return Done(None)
