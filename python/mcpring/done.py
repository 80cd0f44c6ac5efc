"""`Done`: a result that is there already and may still be awaited.

Reporting and asking never wait: the one hands a message on, the other has its answer or ends the
handler. So the methods of `Context` do their work when they are called. `await` gives the result,
as programs written for FastMCP expect it; `.value` gives it in handlers that are not `async`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Generic, TypeVar

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

    def __repr__(self) -> str:
        return f"Done({self.value!r})"
