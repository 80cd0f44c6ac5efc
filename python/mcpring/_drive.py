"""The Python side of the event loop's lane; the core calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._core import Call, LoopLane

__all__ = ["drive", "run_loop"]


async def drive(call: Call, awaitable: Awaitable[Any]) -> None:
    """Awaits what a handler came to, and answers its call in the same step of the loop."""
    try:
        value = await awaitable
    except BaseException as error:
        call.fail(error)
        if not isinstance(error, Exception) and not _is_question(error):
            raise  # cancelled, or told to stop: the loop has to know
    else:
        call.finish(value)


def _is_question(error: BaseException) -> bool:
    from .suspend import Suspend

    return isinstance(error, Suspend)


def run_loop(lane: LoopLane) -> None:
    """Runs a loop of the lane's own on this thread until the lane stops it."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        lane.attach(loop)
        loop.run_forever()
