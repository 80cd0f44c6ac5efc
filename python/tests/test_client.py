"""The client, through the whole engine, in both eras; and what it takes from handlers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from calling import needs_core
from mcpring import Client, Context, FastMCP
from mcpring.client import CallToolResult
from mcpring.client.answers import Answers, ElicitResult, arity, response_type
from mcpring.client.results import PromptInfo, ToolInfo, read_block, read_data, read_info
from mcpring.client.transports import StdioTransport, StreamableHttpTransport, make_transport
from mcpring.exceptions import (
    ConfigError,
    McpringError,
    RequestError,
    ToolError,
    UnsupportedError,
)
from mcpring.resources import (
    BinaryResource,
    DirectoryResource,
    FileResource,
    ResourceResult,
    TextResource,
)
from mcpring.server.middleware import Middleware

VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
ERAS = ["2025-11-25", "2026-07-28"]


def shop() -> FastMCP:
    """A server with something of everything."""
    mcp = FastMCP("shop", "Ask for prices.", version="2", list_page_size=2)

    @mcp.tool
    def add(a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    @mcp.tool
    async def describe(name: str) -> dict[str, Any]:
        return {"name": name, "sizes": [{"eu": 40}], "result": None}

    @mcp.tool
    def fail() -> None:
        raise ToolError("no such thing")

    @mcp.tool
    async def count(ctx: Context, to: int) -> int:
        for at in range(to):
            await ctx.report_progress(at + 1, to, f"step {at + 1}")
            await ctx.info({"at": at})
        return to

    @mcp.tool
    async def who(ctx: Context) -> str:
        answer = await ctx.elicit("Who?", str)
        return f"{answer.action}: {answer.data}"

    @mcp.tool
    async def poem(ctx: Context) -> str:
        return (await ctx.sample("A poem.")).text

    @mcp.tool
    async def places(ctx: Context) -> list[str]:
        return [root.uri for root in await ctx.list_roots()]

    @mcp.tool
    async def slow() -> None:
        await asyncio.Event().wait()

    @mcp.tool
    async def grow() -> None:
        mcp.tool("grown")(lambda: 1)

    @mcp.tool
    async def touch(ctx: Context) -> None:
        ctx.resource_updated("data://x")

    @mcp.resource("data://x", mime_type="text/x")
    def data() -> str:
        return "held"

    @mcp.resource("data://bytes")
    def raw() -> bytes:
        return b"\0\1"

    @mcp.resource("data://{name}/about")
    def about(name: str) -> str:
        return f"about {name}"

    @mcp.prompt
    def ask(topic: str, depth: int = 1) -> str:
        return f"{topic} at {depth}"

    @mcp.completion("ask", "topic")
    def topics(typed: str) -> list[str]:
        return [one for one in ("cats", "cars", "dogs") if one.startswith(typed)]

    return mcp


Check = Callable[[Client], Awaitable[Any]]


def through(mcp: FastMCP, version: str, check: Check, **handlers: Any) -> Any:
    """What `check` gives of a connected client."""

    async def whole() -> Any:
        async with Client(mcp, protocol_version=version, **handlers) as client:
            return await check(client)

    return asyncio.run(asyncio.wait_for(whole(), 30))


async def _listed(c: Client) -> list[Any]:
    tools, prompts = await c.list_tools(), await c.list_prompts()
    resources, templates = await c.list_resources(), await c.list_resource_templates()
    return [
        len(tools),
        tools[0].name,
        tools[0].input_schema["required"],
        [one.uri for one in resources],
        templates[0].uri_template,
        [(one.name, one.required) for one in prompts[0].arguments],
    ]


async def _data(c: Client) -> Any:
    found = (await c.call_tool("describe", {"name": "shoe"})).data
    return [found["name"], found.name, found.sizes[0].eu]


async def _refused(c: Client) -> list[Any]:
    seen: list[Any] = []
    for name, arguments in (("fail", {}), ("add", {"a": "x"}), ("none", {})):
        result = await c.call_tool(name, arguments, raise_on_error=False)
        seen.append(result.is_error)
        with pytest.raises(ToolError):
            await c.call_tool(name, arguments)
    for ask in (c.read_resource("data://none"), c.get_prompt("none")):
        with pytest.raises(RequestError):
            await ask
    return seen


async def _read(c: Client) -> list[Any]:
    [text], [blob] = await c.read_resource("data://x"), await c.read_resource("data://bytes")
    [made] = await c.read_resource("data://me/about")
    return [text.text, text.mime_type, getattr(text, "mimeType"), blob.blob, made.text]


async def _prompted(c: Client) -> list[Any]:
    made = await c.get_prompt("ask", {"topic": "cats", "depth": 2})
    return [made.messages[0].content.text, made.messages[0].role]


async def _completed(c: Client) -> list[str]:
    return (await c.complete("ask", {"name": "topic", "value": "ca"})).values


async def _about(c: Client) -> list[Any]:
    found = c.initialize_result
    about = found["serverInfo"]
    assert (c.server_info, c.instructions) == (about, found["instructions"])
    assert "tools" in c.server_capabilities
    assert c.protocol_version == found.get("protocolVersion", "2026-07-28")
    return [about["name"], about["version"], found["instructions"], await c.ping()]


CHECKS: list[tuple[str, Check, Any]] = [
    ("about", _about, ["shop", "2", "Ask for prices.", True]),
    (
        "lists",
        _listed,
        [
            10,
            "add",
            ["a"],
            ["data://x", "data://bytes"],
            "data://{name}/about",
            [("topic", True), ("depth", False)],
        ],
    ),
    ("data", _data, ["shoe", "shoe", 40]),
    ("failures", _refused, [True, True, True]),
    ("reading", _read, ["held", "text/x", "text/x", "AAE=", "about me"]),
    ("prompts", _prompted, ["cats at 2", "user"]),
    ("completion", _completed, ["cats", "cars"]),
]


@needs_core
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "check", "want"), CHECKS, ids=lambda one: str(one)[:12])
def test_asking(version: str, name: str, check: Check, want: Any) -> None:
    if name == "data" and version < "2025-06-18":
        pytest.skip("structured content is younger")
    assert through(shop(), version, check) == want


TEMPLATES: list[tuple[str, str, str]] = [
    ("t://{a}", "t://x", "x||"),
    ("t://{a*}", "t://x/y/z", "x/y/z||"),
    ("t://{+a}", "t://x/y", "x/y||"),
    ("t://{a}/{b*}", "t://x/y/z", "x|y/z|"),
    ("t://{a}{?q}", "t://x?q=1", "x||1"),
    ("t://{a}{?q}", "t://x", "x||"),
    ("t://{a}", "t://a%20b", "a b||"),
]


@needs_core
@pytest.mark.parametrize(("template", "uri", "want"), TEMPLATES, ids=lambda one: str(one)[:20])
def test_templates(template: str, uri: str, want: str) -> None:
    mcp = FastMCP("x")
    names = {"a": "", "b": "", "q": ""}
    used = [name for name in names if f"{name}}}" in template or f"{name}*" in template]
    given = ", ".join(f"{name}: str = ''" for name in used)
    shown = "|".join(f"{{{name}}}" if name in used else "" for name in names)
    found: dict[str, Any] = {}
    exec(f"def read({given}) -> str: return f'{shown}'", found)
    mcp.resource(template)(found["read"])

    async def check(c: Client) -> list[Any]:
        [listed] = await c.list_resource_templates()
        before = (await c.read_resource(uri))[0].text
        mcp.remove_resource(template)
        await changed.wait()
        return [listed.uri_template.replace("{+", "{"), before, await c.list_resource_templates()]

    def hear(told: dict[str, Any]) -> None:
        changed.set()

    changed = asyncio.Event()
    assert through(mcp, ERAS[0], check, message_handler=hear) == [
        template.replace("*", "").replace("{+", "{"),
        want,
        [],
    ]


class Spoken(TextResource):
    """The same words, by Python."""

    async def read(self) -> ResourceResult:
        return await super().read()


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_what_never_changes_is_read_as_if_python_read_it(version: str) -> None:
    mcp = FastMCP("fixed")
    for kind in (TextResource, Spoken):
        name = kind.__name__
        mcp.add_resource(kind(uri=f"f://{name}", name=name, mime_type="text/css", text="\u00e9"))
    mcp.add_resource(BinaryResource(uri="f://raw", data=b"\0\xff"))
    words = {"mimeType": "text/css", "text": "\u00e9"}

    async def check(c: Client) -> Any:
        sizes = {one.uri: one.size for one in await c.list_resources()}
        contents = [(await c.read_resource(uri))[0].to_dict() for uri in sizes]
        mcp.add_middleware(Middleware())
        return sizes, contents, [(await c.read_resource(uri))[0].to_dict() for uri in sizes]

    contents = [
        {"uri": "f://TextResource", **words},
        {"uri": "f://Spoken", **words},
        {"uri": "f://raw", "mimeType": "application/octet-stream", "blob": "AP8="},
    ]
    sizes = {"f://TextResource": 2, "f://Spoken": None, "f://raw": 2}
    assert through(mcp, version, check) == (sizes, contents, contents)


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_files_are_read_when_they_are_asked_for(version: str, tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("first")
    mcp = FastMCP("files")
    for name in ("a.css", "none"):
        path = tmp_path / name
        mcp.add_resource(
            FileResource(uri=f"f://{name}", name=name, path=path, mime_type="text/css")
        )
    mcp.add_resource(DirectoryResource(uri="f://all", path=tmp_path))

    async def check(c: Client) -> Any:
        first = await c.read_resource("f://a.css")
        (tmp_path / "a.css").write_text("second")
        with pytest.raises(McpringError, match="'none' cannot be read: .*No such file"):
            await c.read_resource("f://none")
        found = [*first, *await c.read_resource("f://a.css"), *await c.read_resource("f://all")]
        return [(one.text, one.mime_type) for one in found]

    assert through(mcp, version, check) == [
        ("first", "text/css"),
        ("second", "text/css"),
        ('{"files":["a.css"]}', "application/json"),
    ]


@needs_core
def test_words_that_cannot_be_sent_are_refused_by_name() -> None:
    mcp = FastMCP("fixed")
    mcp.add_resource(TextResource(uri="f://odd", text="\ud800"))
    with pytest.raises(ConfigError, match='resource "f://odd": .*surrogates not allowed'):
        through(mcp, ERAS[0], lambda c: c.ping())


@needs_core
@pytest.mark.parametrize("version", ["2025-06-18", *ERAS])
def test_values_come_as_they_were_returned(version: str) -> None:
    async def check(c: Client) -> list[Any]:
        return [(await c.call_tool("add", {"a": a})).data for a in (2, 5)]

    assert through(shop(), version, check) == [3, 6]


@needs_core
@pytest.mark.parametrize(("version", "want"), [(ERAS[0], "initialize"), (ERAS[1], "discover")])
def test_the_first_question_passes_through_middleware(version: str, want: str) -> None:
    class Greeter(Middleware):
        async def on_initialize(self, context: Any, call_next: Any) -> Any:
            return {**await call_next(context), "instructions": "initialize"}

        async def on_discover(self, context: Any, call_next: Any) -> Any:
            return {**await call_next(context), "instructions": "discover"}

    mcp = shop()
    mcp.add_middleware(Greeter())

    async def check(c: Client) -> Any:
        return c.instructions

    assert through(mcp, version, check) == want


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_all_progress_and_logs_are_heard_before_the_result(version: str) -> None:
    progress: list[Any] = []
    logs: list[Any] = []

    async def hear(at: float, total: float | None, message: str | None) -> None:
        await asyncio.sleep(0)
        progress.append((at, total, message))

    async def check(c: Client) -> Any:
        result = await c.call_tool("count", {"to": 3}, progress_handler=hear)
        return [result.data, list(progress), list(logs)]

    found = through(shop(), version, check, log_handler=lambda said: logs.append(said.data))
    steps = [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]
    assert found == [3, steps, [{"at": 0}, {"at": 1}, {"at": 2}]]


@needs_core
def test_lists_pass_through_middleware() -> None:
    class Short(Middleware):
        async def on_list_tools(self, context: Any, call_next: Any) -> Any:
            return [one for one in await call_next(context) if one.name != "fail"]

        async def on_list_resource_templates(self, context: Any, call_next: Any) -> Any:
            return await call_next(context)

    mcp = shop()
    mcp.resource("files://{path*}", name="files")(lambda path: path)
    mcp.add_middleware(Short())

    async def check(c: Client) -> list[Any]:
        names = {tool.name for tool in await c.list_tools()}
        templates = [one.uri_template for one in await c.list_resource_templates()]
        return [len(names), "fail" in names, templates]

    templates = ["data://{name}/about", "files://{+path}"]
    assert through(mcp, ERAS[0], check) == [9, False, templates]


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_a_version_may_be_named(version: str) -> None:
    mcp = FastMCP("x")
    mcp.tool("t", version="1.9")(lambda: "old")
    mcp.tool("t", version="1.10")(lambda: "new")

    async def check(c: Client) -> list[str]:
        seen = [(await c.call_tool("t", version=v)).text for v in (None, "1.9", "1.10")]
        with pytest.raises(ToolError, match="no version '2'"):
            await c.call_tool("t", version="2")
        return seen

    assert through(mcp, version, check) == ["new", "old", "new"]


async def ask_like_fastmcp(message: str, kind: Any, params: Any, context: Any) -> Any:
    assert message == "Who?" and params["requestedSchema"]
    return kind(value="Ann")


ANSWERS: list[tuple[Any, str]] = [
    (lambda params: {"action": "accept", "content": {"value": "Ann"}}, "accept: Ann"),
    (lambda params: "Ann", "accept: Ann"),
    (ask_like_fastmcp, "accept: Ann"),
    (lambda *said: ElicitResult(action="decline"), "decline: None"),
    (lambda params: {"action": "cancel"}, "cancel: None"),
]


@needs_core
@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(("handler", "want"), ANSWERS, ids=lambda one: str(one)[:20])
def test_questions_to_a_person(version: str, handler: Any, want: str) -> None:
    async def check(c: Client) -> Any:
        return (await c.call_tool("who")).data

    assert through(shop(), version, check, elicitation_handler=handler) == want


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_questions_to_a_model_and_about_places(version: str) -> None:
    async def check(c: Client) -> list[Any]:
        return [(await c.call_tool("poem")).data, (await c.call_tool("places")).data]

    handlers = {"sampling_handler": lambda params: "roses", "roots": ["file:///a"]}
    assert through(shop(), version, check, **handlers) == ["roses", ["file:///a"]]


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_who_cannot_be_asked_is_not(version: str) -> None:
    async def check(c: Client) -> Any:
        with pytest.raises(ToolError):
            await c.call_tool("who")
        return (await c.call_tool("add", {"a": 1})).data

    assert through(shop(), version, check) == 2


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_changes_are_told(version: str) -> None:
    async def check(c: Client) -> list[Any]:
        await c.subscribe_resource("data://x")
        await c.call_tool("touch")
        await c.call_tool("grow")
        seen = {(await told.get())["method"] for _ in range(2)}
        names = [tool.name for tool in await c.list_tools()]
        await c.unsubscribe_resource("data://x")
        await c.call_tool("touch")
        await c.call_tool("add", {"a": 1})
        return [seen, "grown" in names, told.empty()]

    async def whole() -> list[Any]:
        async with Client(
            shop(), protocol_version=version, message_handler=told.put_nowait
        ) as client:
            return await check(client)

    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    want = {"notifications/resources/updated", "notifications/tools/list_changed"}
    assert asyncio.run(asyncio.wait_for(whole(), 30)) == [want, True, True]


@needs_core
def test_a_handler_may_ask_the_server() -> None:
    """An answer to a handler does not wait behind the handler."""
    seen: list[int] = []

    async def whole() -> None:
        async def changed(told: dict[str, Any]) -> None:
            if told["method"] == "notifications/tools/list_changed":
                seen.append(len(await client.list_tools()))

        async with Client(shop(), message_handler=changed) as client:
            await client.call_tool("grow")
            await client.ping()

    asyncio.run(asyncio.wait_for(whole(), 30))
    assert seen == [11]


@needs_core
@pytest.mark.parametrize("version", ERAS)
def test_who_stops_waiting_is_not_answered(version: str) -> None:
    mcp = FastMCP("x")
    cancelled = asyncio.Event()

    @mcp.tool
    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def check(c: Client) -> bool:
        with pytest.raises(McpringError, match="was not answered in"):
            await c.call_tool("slow", timeout=0.05)
        await cancelled.wait()
        return await c.ping()

    assert through(mcp, version, check)


@needs_core
def test_a_client_may_be_entered_twice_and_used_again() -> None:
    opened: list[str] = []

    @asynccontextmanager
    async def life(server: Any) -> AsyncIterator[dict[str, int]]:
        opened.append("open")
        yield {"n": len(opened)}
        opened.append("close")

    mcp = FastMCP("x", lifespan=life)

    @mcp.tool
    def n(ctx: Context) -> int:
        return int(ctx.lifespan_context["n"])

    async def whole() -> list[Any]:
        client, other = Client(mcp), Client(mcp)
        seen: list[Any] = []
        async with client, client, other:
            seen += [(await c.call_tool("n")).data for c in (client, other)]
        with pytest.raises(McpringError, match="not connected"):
            await client.ping()
        async with client:
            seen.append((await client.call_tool("n")).data)
        return seen

    assert asyncio.run(asyncio.wait_for(whole(), 30)) == [1, 1, 3]
    assert opened == ["open", "close"] * 2 and mcp.shared == {}


@needs_core
def test_a_lifespan_that_fails_is_told() -> None:
    @asynccontextmanager
    async def life(server: Any) -> AsyncIterator[None]:
        raise ConfigError("the database is away")
        yield

    mcp = FastMCP("x", lifespan=life)
    for _ in range(2):
        with pytest.raises(ConfigError, match="the database is away"):
            with Client(mcp):
                pass


@needs_core
def test_the_client_without_await() -> None:
    mcp = shop()
    with Client(mcp) as client:
        assert client.is_connected() and client.ping()
        assert (client.server_info["name"], client.protocol_version) == ("shop", ERAS[0])
        assert "tools" in client.server_capabilities and client.instructions == "Ask for prices."
        assert client.call_tool("add", {"a": 1}).data == 2
        assert client.read_resource("data://x")[0].text == "held"
        assert client.get_prompt("ask", {"topic": "a"}).messages[0].content.text == "a at 1"
        assert client.complete("ask", {"name": "topic", "value": "d"}).values == ["dogs"]
        assert len(client.list_tools()) == 10 and len(client.list_resources()) == 2
        failed = client.call_tool("fail", raise_on_error=False)
        assert failed.is_error and failed.text == "no such thing"
    with pytest.raises(RuntimeError, match="not connected"):
        client.ping()
    assert not [one for one in threading.enumerate() if one.name == "mcpring-client"]


@needs_core
def test_the_client_without_await_inside_of_a_loop() -> None:
    async def whole() -> Any:
        with Client(shop()) as client:  # as a notebook's cell would have it
            return client.call_tool("describe", {"name": "x"}).data.name

    assert asyncio.run(whole()) == "x"


def test_what_is_named() -> None:
    assert make_transport(FastMCP("x")).server.name == "x"  # type: ignore[attr-defined]
    web = make_transport("https://a.test/mcp", headers={"A": "b"})
    assert isinstance(web, StreamableHttpTransport) and web.headers == {"A": "b"}
    child = make_transport("server.py")
    assert isinstance(child, StdioTransport) and child.args == ("server.py",)
    assert make_transport(child) is child
    with pytest.raises(ConfigError, match="is no server"):
        make_transport("carrier pigeon")
    with pytest.raises(UnsupportedError, match="one server"):
        make_transport({"mcpServers": {}})
    with pytest.raises(ConfigError, match="the protocol version is one of"):
        through(FastMCP("x"), "1999-01-01", _about)


def test_what_comes_is_read_leniently() -> None:
    tool = read_info(ToolInfo, {"name": "t", "inputSchema": {"a": 1}, "_meta": {"m": 1}, "new": 1})
    assert (tool.name, getattr(tool, "inputSchema"), tool.meta) == ("t", {"a": 1}, {"m": 1})
    assert tool.to_dict()["new"] == 1
    with pytest.raises(AttributeError):
        getattr(tool, "nothing")
    prompt = read_info(PromptInfo, {"name": "p", "arguments": [{"name": "a", "required": True}]})
    assert prompt.arguments[0].required
    embedded = {"type": "resource", "resource": {"uri": "a://b", "text": "t"}}
    assert read_block(embedded).resource.text == "t"
    assert read_block({"type": "hologram"}) == {"type": "hologram"}
    data = read_data({"a": [{"b": 1}]})
    assert data.a[0].b == 1 and data == {"a": [{"b": 1}]}
    with pytest.raises(AttributeError, match="no 'c'"):
        getattr(data, "c")
    assert CallToolResult({"structuredContent": {"result": 1}}).data == {"result": 1}
    assert CallToolResult({"structuredContent": {"result": 1}}, wraps=True).data == 1


def test_handlers_of_both_forms() -> None:
    assert [arity(one) for one in (lambda a: 1, lambda a, b, c=1: 1, lambda *a: 1, print)] == [
        1,
        2,
        4,
        4,
    ]
    kind = response_type({"properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]})
    assert (kind("x").a, kind("x").b) == ("x", None)
    assert response_type({"properties": {}}) is None
    answers = Answers(None, None, lambda: ["file:///a", {"uri": "file:///b", "name": "b"}])
    found = asyncio.run(answers.answer("roots/list", {}))
    assert found == {"roots": [{"uri": "file:///a"}, {"uri": "file:///b", "name": "b"}]}
    assert list(answers.capabilities()) == ["roots"]
    with pytest.raises(NotImplementedError):
        asyncio.run(answers.answer("elicitation/create", {}))
