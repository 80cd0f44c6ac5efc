"""How a handler ends when it has asked: it is entered again with the answers."""

from __future__ import annotations

__all__ = ["Suspend"]


class Suspend(BaseException):
    """Ends a handler that asked its client something; the core puts the questions.

    It is no `Exception`, so that `except Exception` around a question does not swallow it.
    `finally` and `async with` do what they always do.
    """

    def __init__(self, requests: list[tuple[str, str, str]], state: bytes | None) -> None:
        super().__init__("the handler asked its client and is entered again with the answer")
        self.requests = requests
        """Key, method and parameters (JSON text) of each question."""
        self.state = state
        """What the handler gets back when it is entered again."""
