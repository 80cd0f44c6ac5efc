"""What a `Context` needs of a call, whether the core received it or this process makes it."""

from __future__ import annotations

from typing import Literal, Protocol

__all__ = ["AskMethod", "CallHandle"]

AskMethod = Literal["elicitation/create", "sampling/createMessage", "roots/list"]
"""What a client can be asked."""


class CallHandle(Protocol):
    """A call; `_core.Call` has these and more."""

    @property
    def name(self) -> str:
        """The feature's name, or the URI that is read."""
        ...

    @property
    def request_id(self) -> str | int:
        """The id the client gave its request."""
        ...

    @property
    def session_id(self) -> str | None:
        """The session of the handshake era; `None` where there is none."""
        ...

    @property
    def protocol_version(self) -> str:
        """The version spoken."""
        ...

    @property
    def transport(self) -> str:
        """`stdio`, `http`, `tcp`, `unix` or `local`."""
        ...

    def headers(self) -> dict[str, str]:
        """The headers of the HTTP request, names in small letters."""
        ...

    def client(self) -> str | None:
        """`{"name", "version", "capabilities"}` in the client's own words, as JSON text."""
        ...

    def principal(self) -> str | None:
        """`{"subject", "issuer", "client_id", "scopes", "claims"}` of the token, as JSON text."""
        ...

    def meta(self) -> str | None:
        """The request's `_meta`, as JSON text."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the answer is no longer wanted."""
        ...

    def time_left_s(self) -> float | None:
        """The time until the call is answered for being late."""
        ...

    def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Reports how far the work is."""
        ...

    def log(self, level: str, data: str, logger: str | None) -> None:
        """Hands on a log message; `data` is JSON text."""
        ...

    def answer(self, key: str) -> tuple[bool, str] | None:
        """The client's answer to a question: whether it is one, and it (or the error) as JSON."""
        ...

    def state(self) -> bytes | None:
        """What the handler left for itself when it last asked."""
        ...

    def become_task(self) -> str | None:
        """Goes on as a task; gives its id, or `None` where the client takes none."""
        ...

    def close_stream(self) -> None:
        """Lets go of the connection that waits, where the client can come back for the answer."""
        ...
