"""Who may call: settings for the core's own verifier, and checks of single features.

Tokens are verified in the core, before any Python runs. These classes only say how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._narrow import is_list
from ._record import Record
from .exceptions import ConfigError

if TYPE_CHECKING:
    from .context import Context

__all__ = [
    "AccessToken",
    "AuthCheck",
    "AuthContext",
    "AuthSettings",
    "JWTVerifier",
    "RemoteAuthProvider",
    "StaticTokenVerifier",
    "TokenVerifier",
    "require_scopes",
    "restrict_tag",
]


class AccessToken(Record):
    """Whom an access token speaks for."""

    client_id: str | None = None
    subject: str | None = None
    issuer: str | None = None
    scopes: tuple[str, ...] = ()
    claims: Mapping[str, Any] = {}
    expires_at: int | None = None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> AccessToken:
        """From the core's words."""
        claims: Mapping[str, Any] = said.get("claims") or {}  # a fixed token has none
        return cls(
            client_id=said.get("client_id"),
            subject=said.get("subject"),
            issuer=said.get("issuer"),
            scopes=tuple(said.get("scopes") or ()),
            claims=dict(claims),
            expires_at=claims.get("exp"),
        )


class AuthSettings(Record):
    """What the core's verifier is told; made by the providers below."""

    resource: str | None = None
    issuers: tuple[Mapping[str, Any], ...] = ()
    static_tokens: Mapping[str, Mapping[str, Any]] = {}
    authorization_servers: tuple[str, ...] = ()
    required_scopes: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] = ()
    resource_name: str | None = None

    def at(self, url: str) -> AuthSettings:
        """The same for a server that listens at `url`: tokens are for its address.

        A base URL of the program's is where the server is reached from outside; the path is that
        of the endpoint.
        """
        from urllib.parse import urlsplit

        path = urlsplit(url).path
        base = self.resource
        outside = base if base is None or base.endswith(path) else f"{base}{path}"
        made: AuthSettings = self.replace(resource=outside or url)
        return made

    def to_dict(self) -> dict[str, Any]:
        """The engine's setting "authorization"."""
        from .jsonable import jsonable

        said = {
            "resource": self.resource,
            "resource_name": self.resource_name,
            "servers": self.authorization_servers,
            "issuers": self.issuers,
            "static_tokens": self.static_tokens,
            "require": self.required_scopes,
            "support": self.scopes_supported,
        }
        made: dict[str, Any] = jsonable({name: value for name, value in said.items() if value})
        return made


class TokenVerifier:
    """Base of what says how tokens are verified."""

    def __init__(
        self, *, base_url: object = None, required_scopes: Sequence[str] | None = None
    ) -> None:
        self.base_url = str(base_url).rstrip("/") if base_url is not None else None
        self.required_scopes = tuple(required_scopes or ())

    def settings(self) -> AuthSettings:
        """What the core is told."""
        raise NotImplementedError(
            f"{type(self).__name__} says nothing the core could verify tokens with"
        )


class JWTVerifier(TokenVerifier):
    """Signed tokens of an issuer, by its key set or one key."""

    def __init__(
        self,
        *,
        public_key: str | bytes | None = None,
        jwks_uri: str | None = None,
        issuer: str | Sequence[str] | None = None,
        audience: str | Sequence[str] | None = None,
        algorithm: str | None = None,
        required_scopes: Sequence[str] | None = None,
        base_url: object = None,
    ) -> None:
        super().__init__(base_url=base_url, required_scopes=required_scopes)
        if (public_key is None) == (jwks_uri is None):
            raise ConfigError("JWTVerifier needs either public_key or jwks_uri")
        if issuer is None:
            raise ConfigError("JWTVerifier needs the issuer: a token of any other is refused")
        self.issuers = (issuer,) if isinstance(issuer, str) else tuple(issuer)
        self.audience = audience
        self.algorithm = algorithm
        self.public_key = public_key.decode() if isinstance(public_key, bytes) else public_key
        self.jwks_uri = jwks_uri

    def settings(self) -> AuthSettings:
        """What the core is told."""
        given = self._key()
        if self.audience is not None:
            audience = self.audience
            given["audiences"] = [audience] if isinstance(audience, str) else list(audience)
        if self.algorithm is not None:
            given["algorithms"] = [self.algorithm]
        return AuthSettings(
            resource=self.base_url,
            issuers=tuple({"name": name, **given} for name in self.issuers),
            required_scopes=self.required_scopes,
        )

    def _key(self) -> dict[str, Any]:
        if self.public_key is None:
            return {"jwks_url": self.jwks_uri}
        if self.algorithm is not None and self.algorithm.startswith("HS"):
            return {"secret": self.public_key}
        from .pem import read_public_key

        return {"jwks": {"keys": [read_public_key(self.public_key)]}}


class StaticTokenVerifier(TokenVerifier):
    """Fixed tokens, for development: `{"secret": {"client_id": "dev", "scopes": ["read"]}}`."""

    def __init__(
        self,
        tokens: Mapping[str, Mapping[str, Any]],
        required_scopes: Sequence[str] | None = None,
    ) -> None:
        super().__init__(required_scopes=required_scopes)
        self.tokens = {token: dict(claims) for token, claims in tokens.items()}

    def settings(self) -> AuthSettings:
        """What the core is told."""
        known = {token: _principal(claims) for token, claims in self.tokens.items()}
        return AuthSettings(static_tokens=known, required_scopes=self.required_scopes)


def _principal(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Whom a fixed token speaks for, in the core's words."""
    client = claims.get("client_id")
    subject = claims.get("sub") or client
    if subject is None:
        raise ConfigError("a fixed token says whom it speaks for: client_id or sub")
    said = {"subject": subject, "client_id": client, "scopes": list(claims.get("scopes") or ())}
    return {name: value for name, value in said.items() if value}


class RemoteAuthProvider(TokenVerifier):
    """A verifier, and where clients get tokens: published as RFC 9728 says."""

    def __init__(
        self,
        token_verifier: TokenVerifier,
        authorization_servers: Iterable[object],
        base_url: object,
        scopes_supported: Sequence[str] | None = None,
        resource_name: str | None = None,
    ) -> None:
        super().__init__(base_url=base_url, required_scopes=token_verifier.required_scopes)
        self.token_verifier = token_verifier
        self.authorization_servers = tuple(str(url) for url in authorization_servers)
        self.scopes_supported = tuple(scopes_supported or ())
        self.resource_name = resource_name

    def settings(self) -> AuthSettings:
        """What the core is told."""
        made: AuthSettings = self.token_verifier.settings().replace(
            resource=self.base_url,
            authorization_servers=self.authorization_servers,
            scopes_supported=self.scopes_supported,
            resource_name=self.resource_name,
        )
        return made


class AuthContext(Record):
    """What a check decides by."""

    token: AccessToken | None
    component: Any
    context: Context | None = None


AuthCheck = Callable[[AuthContext], bool]
"""Whether somebody may have a feature; see `require_scopes`."""


class _RequireScopes:
    """Known to the core by its scopes, so that no Python runs for it."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes

    def __call__(self, context: AuthContext) -> bool:
        return context.token is not None and set(self.scopes) <= set(context.token.scopes)


def require_scopes(*scopes: str) -> AuthCheck:
    """Only for tokens with all of these scopes."""
    return _RequireScopes(scopes)


def restrict_tag(tag: str, *, scopes: Sequence[str]) -> AuthCheck:
    """Only features of this tag need these scopes."""
    inner = _RequireScopes(tuple(scopes))

    def check(context: AuthContext) -> bool:
        return tag not in context.component.tags or inner(context)

    return check


def split_checks(auth: AuthCheck | list[AuthCheck] | None) -> tuple[list[str], list[AuthCheck]]:
    """Scopes that the core checks, and what is left for Python."""
    given: Any = auth
    listed: list[Any] = given if is_list(given) else [given] if given is not None else []
    scopes = [name for one in listed if isinstance(one, _RequireScopes) for name in one.scopes]
    return scopes, [one for one in listed if not isinstance(one, _RequireScopes)]
