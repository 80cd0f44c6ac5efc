"""Calls made inside the process: `mcp.call_tool(…)`, tests, mounted servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from .exceptions import McpringError
from .suspend import Suspend

__all__ = ["Answerer", "LocalCall", "answer_questions"]

T = TypeVar("T")

Answerer = Callable[[str, str], Awaitable[str]]
"""Answers a question: method and parameters (JSON text) in, result (JSON text) out."""

_ROUNDS_MAX = 64


class LocalCall:
    """A call without a client on a wire; keeps what is reported, for whoever made it."""

    protocol_version = "2026-07-28"
    transport = "local"

    def __init__(self, name: str, session_id: str | None = None) -> None:
        self.name = name
        self.request_id: str | int = 0
        self.session_id = session_id
        self.answers: dict[str, tuple[bool, str]] = {}
        self.left: bytes | None = None
        self.on_progress: Callable[[float, float | None, str | None], None] | None = None
        self.on_log: Callable[[str, str, str | None], None] | None = None

    def headers(self) -> dict[str, str]:
        """None: there is no HTTP here."""
        return {}

    def client(self) -> str | None:
        """Nobody in particular."""
        return None

    def principal(self) -> str | None:
        """Nobody in particular."""
        return None

    def meta(self) -> str | None:
        """Nothing."""
        return None

    def is_cancelled(self) -> bool:
        """Never: whoever calls cancels the coroutine itself."""
        return False

    def time_left_s(self) -> float | None:
        """No limit."""
        return None

    def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Tells whoever made the call."""
        if self.on_progress is not None:
            self.on_progress(progress, total, message)

    def log(self, level: str, data: str, logger: str | None) -> None:
        """Tells whoever made the call."""
        if self.on_log is not None:
            self.on_log(level, data, logger)

    def answer(self, key: str) -> tuple[bool, str] | None:
        """An answer of an earlier round."""
        return self.answers.get(key)

    def state(self) -> bytes | None:
        """What the handler left in an earlier round."""
        return self.left

    def become_task(self) -> str | None:
        """Whoever calls waits."""
        return None

    def close_stream(self) -> None:
        """There is no stream."""


async def answer_questions(
    call: LocalCall, enter: Callable[[], Awaitable[T]], answerer: Answerer | None
) -> T:
    """Enters a handler until it asks nothing more, as the core does."""
    for _ in range(_ROUNDS_MAX):
        try:
            return await enter()
        except Suspend as suspended:
            if answerer is None:
                methods = sorted({method for _, method, _ in suspended.requests})
                raise McpringError(
                    f"{call.name!r} asks for {methods}, and nobody answers"
                ) from None
            if suspended.state is not None:
                call.left = suspended.state
            for key, method, params in suspended.requests:
                call.answers[key] = (True, await answerer(method, params))
    raise McpringError(f"{call.name!r} asked more than {_ROUNDS_MAX} times")
