"""Who may call over HTTP: keys, fixed tokens, scopes, as the engine verifies them."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from calling import needs_core
from mcpring import Client, Context, FastMCP
from mcpring.auth import (
    JWTVerifier,
    RemoteAuthProvider,
    StaticTokenVerifier,
    TokenVerifier,
    require_scopes,
)
from mcpring.exceptions import ConfigError, RequestError, ToolError, UnsupportedError
from mcpring.pem import read_public_key
from tokens import ED25519, KEYS, P256, RS256_TOKEN, RSA, RSA_OLD

JWKS: list[tuple[str, dict[str, str]]] = [
    (RSA, {"kty": "RSA", "e": "AQAB"}),
    (RSA_OLD, {"kty": "RSA", "e": "AQAB"}),
    (P256, {"kty": "EC", "crv": "P-256"}),
    (ED25519, {"kty": "OKP", "crv": "Ed25519", "x": "ChgZLzeswfnzDaqrgjPDnw999F1CczrVtna0XJhJ6j4"}),
]


@pytest.mark.parametrize(("pem", "want"), JWKS, ids=lambda one: str(one)[27:50])
def test_keys_are_spelled_anew(pem: str, want: dict[str, str]) -> None:
    made = read_public_key(pem)
    assert {name: made[name] for name in want} == want


def test_both_forms_of_an_rsa_key_are_the_same() -> None:
    assert read_public_key(RSA) == read_public_key(RSA_OLD)
    assert read_public_key("\r\n" + RSA.replace("\n", "\r\n")) == read_public_key(RSA)


DAMAGED: list[tuple[str, str]] = [
    ("ssh-rsa AAAA", "is no PEM"),
    (RSA.replace("PUBLIC KEY", "PRIVATE KEY"), "PEM of 'PRIVATE KEY'"),
    (RSA.replace("MIIB", "MII!"), "damaged"),
    (RSA.replace("MIIB", "AAAA"), "damaged"),
    ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "damaged"),
    ("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", "damaged"),
]


@pytest.mark.parametrize(("text", "words"), DAMAGED, ids=lambda one: str(one)[:30])
def test_what_is_no_key_is_told(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_public_key(text)


def guarded(auth: TokenVerifier) -> FastMCP:
    mcp = FastMCP("guarded", auth=auth)

    @mcp.tool
    async def who(ctx: Context) -> str:
        token = ctx.access_token
        return f"{token.subject} by {token.client_id}" if token is not None else "nobody"

    @mcp.tool(auth=require_scopes("admin"))
    def reset() -> str:
        return "done"

    return mcp


def served(mcp: FastMCP, check: Callable[[str], Awaitable[Any]]) -> Any:
    """What `check` gives of the URL at which the server listens."""

    async def whole() -> Any:
        task = asyncio.ensure_future(mcp.run_async("http", port=0, show_banner=False))
        while mcp.running is None:
            await asyncio.sleep(0)
            if task.done():
                await task
        try:
            return await check(mcp.running.addresses()[0])
        finally:
            mcp.stop()
            await task

    return asyncio.run(asyncio.wait_for(whole(), 30))


def asking(name: str, token: str | None) -> Callable[[str], Awaitable[Any]]:
    async def check(url: str) -> Any:
        async with Client(url, auth=token) as client:
            return (await client.call_tool(name)).data

    return check


@needs_core
@pytest.mark.parametrize(("algorithm", "key", "token"), KEYS, ids=lambda one: str(one)[:10])
def test_tokens_are_verified_with_a_key(algorithm: str, key: str, token: str) -> None:
    verifier = JWTVerifier(
        public_key=key, issuer="https://issuer.test", audience="me", algorithm=algorithm
    )
    assert served(guarded(verifier), asking("who", token)) == "ann by cli"
    with pytest.raises(RequestError, match="HTTP 401"):
        served(guarded(verifier), asking("who", token[:-4] + "AAAA"))
    with pytest.raises(RequestError, match="HTTP 401"):
        served(guarded(verifier), asking("who", None))


REFUSING: list[TokenVerifier] = [
    JWTVerifier(public_key=RSA, issuer="https://issuer.test", audience="you"),
    JWTVerifier(public_key=RSA, issuer="https://other.test", audience="me"),
    JWTVerifier(public_key=P256, issuer="https://issuer.test", audience="me"),
    JWTVerifier(public_key=RSA, issuer="https://issuer.test", audience="me", algorithm="ES256"),
    JWTVerifier(
        public_key=RSA, issuer="https://issuer.test", audience="me", required_scopes=["admin"]
    ),
]


@needs_core
@pytest.mark.parametrize("verifier", REFUSING, ids=range(len(REFUSING)))
def test_tokens_for_others_are_refused(verifier: TokenVerifier) -> None:
    with pytest.raises(RequestError, match="HTTP 40[13]"):
        served(guarded(verifier), asking("who", RS256_TOKEN))


@needs_core
def test_fixed_tokens_and_scopes() -> None:
    mcp = guarded(
        StaticTokenVerifier(
            {
                "secret-of-a-reader": {"client_id": "reader", "scopes": ["read"]},
                "secret-of-the-admin": {"client_id": "boss", "sub": "ann", "scopes": ["admin"]},
            }
        )
    )
    assert served(mcp, asking("who", "secret-of-a-reader")) == "reader by reader"
    assert served(mcp, asking("reset", "secret-of-the-admin")) == "done"
    with pytest.raises((RequestError, ToolError)):
        served(mcp, asking("reset", "secret-of-a-reader"))


@needs_core
def test_where_tokens_come_from_is_published() -> None:
    verifier = JWTVerifier(jwks_uri="https://issuer.test/keys", issuer="https://issuer.test")
    mcp = guarded(RemoteAuthProvider(verifier, ["https://issuer.test"], "https://me.test"))

    async def check(url: str) -> Any:
        place = url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")

        def read() -> Any:
            with urllib.request.urlopen(place) as answer:
                return json.load(answer)

        return await asyncio.to_thread(read)

    found = served(mcp, check)
    assert found["resource"] == "https://me.test/mcp"
    assert found["authorization_servers"] == ["https://issuer.test"]


@needs_core
def test_who_is_in_the_process_needs_no_token() -> None:
    verifier = JWTVerifier(public_key=RSA, issuer="https://issuer.test")
    with Client(guarded(verifier)) as client:
        assert client.call_tool("who").data == "nobody"
    with pytest.raises(UnsupportedError, match="does not log in"):
        Client("http://127.0.0.1:1/mcp", auth="oauth")
