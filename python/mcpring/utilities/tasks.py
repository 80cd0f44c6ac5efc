"""`TaskConfig`: whether calls of a tool may become tasks."""

from __future__ import annotations

from typing import Any, Literal

from .._record import Record

__all__ = ["TaskConfig"]


class TaskConfig(Record):
    """Give it as a tool's `task`; how often to ask for a task is the engine's to say.

    `by_handler` is for clients that take tasks, and the function says when it becomes one:
    `ctx.become_task()`.
    """

    mode: Literal["forbidden", "optional", "required", "by_handler"] = "optional"
    poll_interval: Any = None
