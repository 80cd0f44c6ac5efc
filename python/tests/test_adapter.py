"""What is handed to the core, seen by a fake of it.

`FakeCore` records what is registered and calls a handler as the contract (`_core.pyi`) says. It
parses no protocol and serves nothing: it is here for the adapter alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcpring import Context, Depends, FastMCP, Field
from mcpring.adapter import authorize, install
from mcpring.auth import JWTVerifier, RemoteAuthProvider, StaticTokenVerifier, require_scopes
from mcpring.exceptions import ConfigError
from mcpring.local import LocalCall
from mcpring.resources import (
    BinaryResource,
    DirectoryResource,
    FileResource,
    ResourceResult,
    TextResource,
)
from mcpring.routes import JSONResponse, Request
from mcpring.running import RunPlan
from mcpring.schema.fits import fits
from mcpring.schema.shape import settle
from mcpring.server.middleware import Middleware


class FakeHandler:
    def __init__(self, fn: Any, **settings: Any) -> None:
        self.fn = fn
        self.settings = {"style": "keywords", "convert": None, **settings}

    def enter(self, arguments: dict[str, Any], schema: dict[str, Any] | None = None) -> Any:
        """One call, in the order the contract gives."""
        own = self.settings
        if schema is not None and not fits(arguments, schema, schema.get("$defs", {})):
            arguments = own["repair"](arguments) if own.get("repair") else arguments
            assert fits(arguments, schema, {}), arguments
        for name, kind in own.get("exact", {}).items():
            if name in arguments:
                arguments[name] = settle(arguments[name], kind)
        if own["convert"] is not None:
            arguments = own["convert"](arguments)
        if own["style"] == "call":
            call: Any = LocalCall("t")
            call.owner, call.partial = own["owner"], "par"
            value = self.fn(call, arguments)
        else:
            value = self.fn(**arguments)
        return asyncio.run(_waited(value)) if hasattr(value, "__await__") else value


async def _waited(value: Any) -> Any:
    return await value


class FakeServer:
    def __init__(self, name: str, version: str, **settings: Any) -> None:
        self.name, self.version, self.settings = name, version, settings
        self.features: dict[tuple[str, str], Any] = {}
        self.completers: dict[tuple[str, str, str], Any] = {}
        self.routes: list[Any] = []
        self.authorization: Any = None
        self.edits = 0
        self.added: list[str] = []

    @contextlib.contextmanager
    def edit(self) -> Iterator[None]:
        self.edits += 1
        self.added = []
        yield

    def _add(self, kind: str, key: str, handler: Any, **said: Any) -> None:
        self.features[kind, key] = (handler, said)
        self.added.append(key)

    def add_tool(self, name: str, handler: Any, **said: Any) -> None:
        self._add("tool", name, handler, **said)

    def add_resource(self, uri: str, handler: Any, **said: Any) -> None:
        self._add("resource", uri, handler, **said)

    def add_template(self, uri: str, handler: Any, **said: Any) -> None:
        self._add("template", uri, handler, **said)

    def add_prompt(self, name: str, handler: Any, **said: Any) -> None:
        self._add("prompt", name, handler, **said)

    def add_completer(self, kind: str, key: str, argument: str, handler: Any) -> None:
        self.completers[kind, key, argument] = handler

    def add_route(self, path: str, methods: Any, handler: Any) -> None:
        self.routes.append((path, methods, handler))

    def remove(self, kind: str, key: str) -> bool:
        return self.features.pop((kind, key), None) is not None

    def authorize(self, settings: str) -> None:
        self.authorization = json.loads(settings)

    def resource_updated(self, uri: str) -> None:
        self.added.append(uri)


class FakeResponse:
    def __init__(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        self.said = (body, status, headers)


class FakeRequest:
    method, path, query = "GET", "/healthz", "deep=1"

    def headers(self) -> dict[str, str]:
        return {"accept": "*/*"}

    def body(self) -> bytes:
        return b'{"n": 1}'


class FakeCore:
    Server = FakeServer
    Response = FakeResponse
    Handler = FakeHandler


def installed(mcp: FastMCP) -> FakeServer:
    made: FakeServer = install(FakeCore, mcp, {}).core
    return made


@dataclass
class Point:
    x: int


def direct(a: int, b: float = 1.0) -> float:
    return a + b


async def direct_async(a: str) -> str:
    return a


def converted(p: Point) -> int:
    return p.x


def filled(n: int = Field(3)) -> int:
    return n


def with_context(a: int, ctx: Context) -> list[Any]:
    return [a, ctx.transport]


async def with_context_async(ctx: Context) -> str:
    return ctx.transport


def with_dependency(d: int = Depends(lambda: 5)) -> int:
    return d


FORMS: list[tuple[Any, dict[str, Any], dict[str, Any], Any]] = [
    (
        direct,
        {"style": "keywords", "lane": "pool", "exact": {"a": int, "b": float}},
        {"a": 1, "b": 2},
        3.0,
    ),
    (direct, {}, {"a": "1"}, 2.0),
    (direct_async, {"style": "keywords", "lane": "loop"}, {"a": "x"}, "x"),
    (converted, {"style": "keywords", "lane": "pool"}, {"p": {"x": 4}}, 4),
    (filled, {"style": "keywords"}, {}, 3),
    (with_context, {"style": "call", "lane": "pool"}, {"a": 1.0}, [1, "local"]),
    (with_context_async, {"style": "call", "lane": "loop"}, {}, "local"),
]


@pytest.mark.parametrize(("fn", "form", "arguments", "want"), FORMS, ids=lambda one: str(one)[:30])
def test_the_cheapest_form_is_taken(
    fn: Any, form: dict[str, Any], arguments: dict[str, Any], want: Any
) -> None:
    mcp = FastMCP("x")
    mcp.tool("t")(fn)
    handler, said = installed(mcp).features["tool", "t"]
    assert {name: handler.settings.get(name) for name in form} == form
    if handler.settings["style"] == "keywords":
        assert handler.fn is fn, "the core calls the function itself"
    assert handler.enter(arguments, json.loads(said["input_schema"])) == want


def test_what_may_wait_goes_the_long_way() -> None:
    class Nothing(Middleware):
        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            return await call_next(context)

    for mcp, fn in (
        (FastMCP("x"), with_dependency),
        (FastMCP("x", middleware=[Nothing()]), lambda: 5),
    ):
        mcp.tool("t")(fn)
        handler, _ = installed(mcp).features["tool", "t"]
        assert (handler.settings["lane"], handler.settings["style"]) == ("loop", "call")
        result = handler.enter({})
        assert json.loads(handler.settings["encode"](result))["content"][0]["text"] == "5"


class Passing(Middleware):
    async def on_read_resource(self, context: Any, call_next: Any) -> Any:
        return await call_next(context)


class Own(TextResource):
    async def read(self) -> ResourceResult:
        return ResourceResult("own")


class Words(str):
    """Not quite a `str`."""


WORDS = TextResource(uri="f://a", text="\u00e9")
HELD: list[tuple[Any, dict[str, Any], Any, int | None]] = [
    (WORDS, {}, "\u00e9", 2),
    (TextResource(uri="f://a", text=""), {}, "", 0),
    (BinaryResource(uri="f://a", data=b"\0"), {}, b"\0", 1),
    (WORDS.replace(auth=require_scopes("read")), {}, "\u00e9", 2),
    (WORDS.replace(auth=lambda context: True), {}, None, 2),
    (WORDS.replace(version="1"), {}, "\u00e9", 2),
    (WORDS.replace(mime_type=None), {}, None, 2),
    (WORDS.replace(text=Words("x")), {}, None, None),
    (Own(uri="f://a", text=""), {}, None, None),
    (WORDS, {"middleware": [Passing()]}, None, 2),
]


@pytest.mark.parametrize(("resource", "server", "want", "size"), HELD, ids=repr)
def test_the_core_holds_what_never_changes(
    resource: Any, server: dict[str, Any], want: Any, size: int | None
) -> None:
    mcp = FastMCP("x", **server)
    mcp.add_resource(resource)
    made = install(FakeCore, mcp, {})
    given, said = made.core.features["resource", "f://a"]
    assert (None if isinstance(given, FakeHandler) else given) == want
    assert made.needs_loop is isinstance(given, FakeHandler)
    assert json.loads(said["info"]).get("size") == size


def test_files_are_read_where_they_may_block(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    rows: list[tuple[Any, Any]] = [
        (FileResource(uri="f://a", path=tmp_path / "a.txt"), "words"),
        (FileResource(uri="f://a", path=tmp_path / "a.txt", is_binary=True), b"words"),
        (DirectoryResource(uri="f://a", path=tmp_path), {"files": ["a.txt"]}),
    ]
    for resource, want in rows:
        mcp = FastMCP("x")
        mcp.add_resource(resource)
        handler, _ = installed(mcp).features["resource", "f://a"]
        assert (handler.settings["lane"], handler.settings["style"]) == ("pool", "keywords")
        assert handler.enter({}) == want
        assert resource.replace() == resource, "and is added once"


def test_a_tool_is_told_whole() -> None:
    mcp = FastMCP("x", version=3, instructions="Do.", strict_input_validation=True)
    mcp.tool("t", title="T", timeout=2.5, auth=require_scopes("read"), task=True)(direct)
    made = installed(mcp)
    assert (made.name, made.version, made.settings["instructions"]) == ("x", "3", "Do.")
    handler, said = made.features["tool", "t"]
    assert handler.settings["repair"] is None and handler.settings["wraps"]
    assert said["timeout_s"] == 2.5 and said["scopes"] == ["read"] and said["task"] == "optional"
    assert json.loads(said["info"]) == {"title": "T"}
    assert json.loads(said["output_schema"])["x-fastmcp-wrap-result"]


def test_texts_become_what_functions_take() -> None:
    mcp = FastMCP("x")

    @mcp.prompt
    def p(n: int, p: Point) -> str:
        return f"{n * p.x}"

    @mcp.resource("r://{id}")
    def r(id: int) -> int:
        return id

    made = installed(mcp)
    handler, _ = made.features["prompt", "p"]
    assert handler.enter({"n": "2", "p": '{"x": 3}'}) == "6"
    assert json.loads(handler.settings["encode"]("6"))["messages"][0]["content"]["text"] == "6"
    handler, said = made.features["template", "r://{id}"]
    encoded = json.loads(handler.settings["encode"](handler.enter({"id": "7"})))
    # The URI that was read, not the template.
    assert encoded["contents"][0] == {"uri": "t", "mimeType": "application/json", "text": "7"}
    assert said["screened"] is True


def test_changes_reach_the_core_once_and_only_what_changed() -> None:
    mcp, child = FastMCP("x"), FastMCP("child")
    mcp.tool("a")(direct)
    mcp.mount(child, "c")
    made = installed(mcp)
    assert (made.edits, made.added) == (1, ["a"])
    child.tool("b")(direct)
    assert (made.edits, made.added) == (2, ["c_b"])
    mcp.disable(names={"a"})
    assert list(made.features) == [("tool", "c_b")] and made.added == []
    mcp.enable(names={"a"})
    assert made.added == ["a"]
    mcp.resource_updated("r://x")
    assert made.added[-1] == "r://x"


def test_completers_and_routes() -> None:
    mcp = FastMCP("x")
    mcp.prompt("p")(lambda city, other="": city)
    mcp.completion("p", "city")(lambda value: [value + "is"])

    @mcp.custom_route("/healthz", methods=["get"])
    async def health(request: Request) -> Any:
        sent = await request.json()
        return JSONResponse({**sent, **request.query_params}, headers={"X-A": "b"})

    made = installed(mcp)
    assert list(made.completers) == [("prompt", "p", "city")]
    handler = made.completers["prompt", "p", "city"]
    done = handler.enter({})
    assert json.loads(handler.settings["encode"](done)) == {"completion": {"values": ["paris"]}}
    [(path, methods, route)] = made.routes
    assert (path, methods) == ("/healthz", ("GET",))
    headers = {"x-a": "b", "content-type": "application/json"}
    assert asyncio.run(route(FakeRequest())).said == (b'{"n":1,"deep":"1"}', 200, headers)
    with pytest.raises(ConfigError, match="begins with a slash"):
        mcp.custom_route("healthz")(health)


def authorization(auth: Any) -> Any:
    mcp = FastMCP("x", auth=auth)
    made = installed(mcp)
    authorize(made, mcp, ["stdio:", "http://127.0.0.1:9/mcp"])
    return made.authorization


def test_authorization_is_told_to_the_core() -> None:
    verifier = JWTVerifier(
        jwks_uri="https://issuer.test/keys",
        issuer="https://issuer.test",
        audience="me",
        required_scopes=["read"],
    )
    auth = RemoteAuthProvider(
        verifier, ["https://issuer.test"], "https://me.test/", ["read", "write"]
    )
    assert authorization(auth) == {
        "resource": "https://me.test/mcp",
        "require": ["read"],
        "support": ["read", "write"],
        "servers": ["https://issuer.test"],
        "issuers": [
            {
                "name": "https://issuer.test",
                "jwks_url": "https://issuer.test/keys",
                "audiences": ["me"],
            }
        ],
    }
    assert authorization(StaticTokenVerifier({"s": {"client_id": "dev", "scopes": ["a"]}})) == {
        "resource": "http://127.0.0.1:9/mcp",
        "static_tokens": {"s": {"subject": "dev", "client_id": "dev", "scopes": ["a"]}},
    }
    secret = JWTVerifier(public_key="shared", algorithm="HS256", issuer="i")
    assert authorization(secret)["issuers"] == [
        {"name": "i", "secret": "shared", "algorithms": ["HS256"]}
    ]
    with pytest.raises(ConfigError, match="client_id or sub"):
        StaticTokenVerifier({"s": {}}).settings()
    with pytest.raises(ConfigError, match="either public_key or jwks_uri"):
        JWTVerifier(issuer="x")


ADDRESSES: list[tuple[dict[str, Any], str]] = [
    ({"transport": "stdio"}, "stdio:"),
    ({"transport": "http"}, "http://127.0.0.1:8000/mcp"),
    ({"transport": "http", "host": "::1", "port": 1, "path": "/x"}, "http://[::1]:1/x"),
    ({"transport": "tcp"}, "tcp://127.0.0.1:8000"),
    ({"transport": "unix", "path": "/run/s"}, "unix:///run/s"),
]


@pytest.mark.parametrize(("said", "want"), ADDRESSES, ids=repr)
def test_addresses(said: dict[str, Any], want: str) -> None:
    given = {"host": "127.0.0.1", "port": 8000, "path": "/mcp", "options": {}, "shows_banner": True}
    assert RunPlan(**{**given, **said}).address == want


def test_running_without_the_compiled_part_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcpring._core", None)
    monkeypatch.delattr("mcpring._core", raising=False)
    with pytest.raises(ConfigError, match="compiled part is not there"):
        FastMCP("x").run()
    with pytest.raises(ConfigError, match="the transport is one of"):
        FastMCP("x").run("carrier-pigeon")  # type: ignore[arg-type]
    for port in ("http", -1, 1 << 16):
        with pytest.raises(ConfigError, match="a port is a number from 0"):
            FastMCP("x").run("http", port=port)  # type: ignore[arg-type]
