"""Names that are imported with their first use, by functions that calls pass through.

An `import` statement in a function looks for a module that is there each time anew, which takes as
long as Python takes for a whole small call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .context import Context

__all__ = ["context_of_core", "crc32", "run_chain", "run_function", "sampling"]


@lru_cache(1)
def context_of_core() -> Callable[[], Context | None]:
    """`adapter.context_of_core`."""
    from .adapter import context_of_core

    return context_of_core


@lru_cache(1)
def crc32() -> Callable[[bytes], int]:
    """`zlib.crc32`."""
    from zlib import crc32

    return crc32


@lru_cache(1)
def run_chain() -> Callable[..., Awaitable[Any]]:
    """`server.middleware.run_chain`."""
    from .server.middleware import run_chain

    return run_chain


@lru_cache(1)
def run_function() -> Callable[..., Awaitable[Any]]:
    """`invoke.run_function`."""
    from .invoke import run_function

    return run_function


@lru_cache(1)
def sampling() -> tuple[Callable[..., dict[str, Any]], Callable[[dict[str, Any]], Any]]:
    """What makes the parameters of a question to the client's model, and what reads its answer."""
    from .asking import SamplingResult, sampling_params

    return sampling_params, SamplingResult.read
