"""Dependency injection: parameters that the server fills, hidden from the schema.

`Depends(factory)` as a default calls the factory, once a call, and closes what it opened after the
call. Factories may have dependencies of their own. `CurrentContext()` and its siblings are the same
for what the server itself has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .exceptions import McpringError

if TYPE_CHECKING:
    from .auth import AccessToken
    from .context import Context
    from .progress import Progress as Progress
    from .server import FastMCP

__all__ = [
    "CurrentAccessToken",
    "CurrentContext",
    "CurrentFastMCP",
    "CurrentHeaders",
    "Dependency",
    "Depends",
    "Progress",
    "TokenClaim",
    "get_access_token",
    "get_context",
    "get_http_headers",
    "get_server",
]

T = TypeVar("T")


class Dependency:
    """What stands as the default of an injected parameter."""

    __slots__ = ("factory", "is_cached")

    def __init__(self, factory: Callable[..., object], is_cached: bool = True) -> None:
        self.factory = factory
        self.is_cached = is_cached

    def __repr__(self) -> str:
        return f"Depends({getattr(self.factory, '__name__', self.factory)!s})"


@overload
def Depends(factory: Callable[..., AbstractAsyncContextManager[T]]) -> T: ...
@overload
def Depends(factory: Callable[..., AbstractContextManager[T]]) -> T: ...
@overload
def Depends(factory: Callable[..., AsyncIterator[T]]) -> T: ...
@overload
def Depends(factory: Callable[..., Iterator[T]]) -> T: ...
@overload
def Depends(factory: Callable[..., Awaitable[T]]) -> T: ...
@overload
def Depends(factory: Callable[..., T]) -> T: ...
def Depends(factory: Callable[..., Any], *, use_cache: bool = True) -> Any:  # noqa: N802
    """A parameter whose value `factory` makes: plain, `async`, a generator or a context manager.

    Typed as the value, so that `db: Database = Depends(open_database)` is what it says.
    """
    return Dependency(factory, use_cache)


def CurrentContext() -> Context:  # noqa: N802
    """The `Context` of the call, as a default; a parameter annotated `Context` needs no default."""
    value: Any = Dependency(get_context)
    return value  # type: ignore[no-any-return]


def CurrentFastMCP() -> FastMCP[Any]:  # noqa: N802
    """The server, as a default."""
    value: Any = Dependency(get_server)
    return value  # type: ignore[no-any-return]


def CurrentHeaders() -> dict[str, str]:  # noqa: N802
    """The headers of the HTTP request, as a default; empty on other transports."""
    value: Any = Dependency(get_http_headers)
    return value  # type: ignore[no-any-return]


def CurrentAccessToken() -> AccessToken:  # noqa: N802
    """Whom the caller's access token speaks for, as a default; the call fails without one."""
    value: Any = Dependency(_require_token)
    return value  # type: ignore[no-any-return]


def TokenClaim(name: str) -> str:  # noqa: N802
    """One claim of the caller's access token, as a default; the call fails without it."""

    def claim() -> object:
        token = _require_token()
        if name not in token.claims:
            raise McpringError(f"the access token has no claim {name!r}")
        return token.claims[name]

    value: Any = Dependency(claim)
    return value  # type: ignore[no-any-return]


def get_context() -> Context:
    """The `Context` of the call that runs."""
    from .context import current_context

    return current_context()


def get_server() -> FastMCP[Any]:
    """The server whose call runs."""
    return get_context().fastmcp


def get_http_headers(include_all: bool = False, include: set[str] | None = None) -> dict[str, str]:
    """The headers of the HTTP request, with small names; empty where there is none.

    Those that belong to one connection, or would be wrong when passed on, are left out unless asked
    for.
    """
    from .context import find_context

    context = find_context()
    headers = context.headers if context is not None else {}
    if include_all:
        return headers
    hidden = _HOP_BY_HOP - {name.lower() for name in include or ()}
    return {name: value for name, value in headers.items() if name not in hidden}


_HOP_BY_HOP = frozenset(
    """host content-length connection transfer-encoding upgrade te keep-alive expect accept
    proxy-authenticate proxy-authorization proxy-connection authorization cookie
    mcp-session-id mcp-protocol-version content-type""".split()
)


def get_access_token() -> AccessToken | None:
    """Whom the caller's access token speaks for; `None` without authorization."""
    from .context import find_context

    context = find_context()
    return context.access_token if context is not None else None


def _require_token() -> AccessToken:
    token = get_access_token()
    if token is None:
        raise McpringError("this call needs an access token, and none was sent")
    return token


def __getattr__(name: str) -> Any:
    if name == "Progress":
        from .progress import Progress

        return Progress
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
