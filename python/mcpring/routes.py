"""HTTP routes of the program's own: what a route is given, and what it may answer.

Names and meanings are Starlette's, as far as they go, and Starlette's own responses are taken too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .exceptions import ConfigError

__all__ = ["JSONResponse", "PlainTextResponse", "Request", "Response"]


class Request:
    """A request for a route."""

    __slots__ = ("_body", "headers", "method", "path", "query")

    def __init__(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        """Names in small letters."""
        self._body = body

    @property
    def query_params(self) -> dict[str, str]:
        """The last value of each name in the query."""
        from urllib.parse import parse_qsl

        return dict(parse_qsl(self.query, keep_blank_values=True))

    async def body(self) -> bytes:
        """The whole body; it was read before the route was entered."""
        return self._body

    async def json(self) -> Any:
        """The body, read as JSON."""
        import json

        return json.loads(self._body)


class Response:
    """What a route answers."""

    media_type: str | None = None

    def __init__(
        self,
        content: str | bytes = b"",
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        self.body = content.encode() if isinstance(content, str) else content
        self.status_code = status_code
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        kind = media_type or self.media_type
        if kind is not None:
            self.headers.setdefault("content-type", kind)


class PlainTextResponse(Response):
    """Words."""

    media_type = "text/plain; charset=utf-8"


class JSONResponse(Response):
    """Anything that has a form in JSON."""

    media_type = "application/json"

    def __init__(
        self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        from .jsonable import dumps

        super().__init__(dumps(content), status_code, headers)


def answer_of(error: Exception) -> Response:
    """The answer that an exception is: Starlette's has a status and words for the client."""
    status, detail = getattr(error, "status_code", None), getattr(error, "detail", None)
    if not isinstance(status, int) or detail is None:
        raise error
    return PlainTextResponse(str(detail), status, getattr(error, "headers", None))


def core_route(core: Any, fn: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    """`fn` as the core calls it: its request in, its response out."""

    async def route(received: Any) -> Any:
        request = Request(
            received.method, received.path, received.query, received.headers(), received.body()
        )
        try:
            answer = await fn(request)
        except Exception as error:
            answer = answer_of(error)
        if not (hasattr(answer, "body") and hasattr(answer, "status_code")):
            raise ConfigError(
                f"the route {request.path!r} returned {answer!r}, which is no response"
            )
        headers = dict(answer.headers.items())
        return core.Response(bytes(answer.body), answer.status_code, headers)

    return route
