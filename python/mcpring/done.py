"""`Done`: a result that is there already and may still be awaited.

Reporting and asking never wait: the one hands a message on, the other has its answer or ends the
handler. So the methods of `Context` do their work when they are called. `await` gives the result,
as programs written for FastMCP expect it; `.value` gives it in handlers that are not `async`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .exceptions import McpringError

__all__ = ["Done"]

T = TypeVar("T")


class Done(Generic[T]):
    """A result to await or to read."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, None, T]:
        return self.value
        yield  # what makes this a generator, as the protocol of `await` wants one

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Asked for the value of a question that waits for the others beside it."""
            if name == "value":
                raise McpringError("questions asked together have their answers after the block")
            raise AttributeError(name)

    @classmethod
    def unanswered(cls) -> Done[Any]:
        """Stands for an answer inside of `Context.together`."""
        return cls.__new__(cls)

    def __repr__(self) -> str:
        return f"Done({getattr(self, 'value', ...)!r})"
