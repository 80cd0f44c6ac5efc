"""Lifespans: what is opened before the first call and closed after the last."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

__all__ = ["Lifespan", "lifespan"]

LifespanFunction = Callable[[Any], AbstractAsyncContextManager[Any]]
"""Takes the server, gives a context manager whose value handlers find in their context."""


class Lifespan:
    """A lifespan that can be joined to another: `database | cache`."""

    def __init__(self, open_: LifespanFunction) -> None:
        self._open = open_

    def __call__(self, server: Any) -> AbstractAsyncContextManager[Any]:
        return self._open(server)

    def __or__(self, other: Lifespan | LifespanFunction) -> Lifespan:
        """Both, the left one first; what they yield is merged."""
        left, right = self._open, other

        @asynccontextmanager
        async def both(server: Any) -> AsyncGenerator[dict[str, Any], None]:
            async with left(server) as first, right(server) as second:
                yield {**(first or {}), **(second or {})}

        return Lifespan(both)


class ContextManagerLifespan(Lifespan):
    """A lifespan made with `@asynccontextmanager`, so that it can be joined."""


def lifespan(fn: Callable[[Any], AsyncIterator[Any]]) -> Lifespan:
    """Makes a lifespan of an asynchronous generator that takes the server and yields once."""
    generator: Any = fn
    return Lifespan(asynccontextmanager(generator))
