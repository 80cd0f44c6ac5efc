"""A server's features, as they are changed and answered inside the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

import mcpring
from mcpring import Context, FastMCP, ToolResult, lifespan
from mcpring.exceptions import (
    ConfigError,
    NotFoundError,
    PromptError,
    ResourceError,
    ToolError,
    UnsupportedError,
    ValidationError,
)
from mcpring.prompts import Message
from mcpring.resources import (
    BinaryResource,
    DirectoryResource,
    FileResource,
    ResourceContent,
    ResourceResult,
    TextResource,
)
from mcpring.server import auth
from mcpring.server.middleware import CallNext, Middleware, MiddlewareContext
from mcpring.tools import Tool, tool
from mcpring.types import ToolAnnotations

T = TypeVar("T")


def wait(coming: Awaitable[T]) -> T:
    async def whole() -> T:
        return await coming

    return asyncio.run(whole())


def names(mcp: FastMCP) -> list[str]:
    return [one.name for one in wait(mcp.list_tools())]


def call(mcp: FastMCP, name: str, **arguments: Any) -> Any:
    result = wait(mcp.call_tool(name, arguments)).to_dict()
    return result.get("structuredContent", {}).get("result", result["content"])


def adder() -> FastMCP:
    mcp = FastMCP("adder")

    @mcp.tool
    def add(a: int, b: int = 2) -> int:
        return a + b

    return mcp


def test_decorators_return_the_function() -> None:
    mcp = FastMCP("x")

    def fn(a: int) -> int:
        return a

    assert mcp.tool(fn) is fn
    assert mcp.tool()(fn) is fn
    assert mcp.tool("named")(fn) is fn
    assert mcp.tool(fn, name="direct") is fn
    assert mcp.tool(name="other", tags={"t"})(fn) is fn
    assert mcp.prompt(fn) is fn and mcp.prompt("p")(fn) is fn
    assert names(mcp) == ["fn", "named", "direct", "other"]
    with pytest.raises(ConfigError, match="has two names"):
        mcp.tool("a", name="b")
    with pytest.raises(ConfigError, match="needs its URI"):
        mcp.resource(fn)  # type: ignore[arg-type]


CALLS: list[tuple[dict[str, Any], Any]] = [
    ({"a": 1}, 3),
    ({"a": "1", "b": "5"}, 6),
    ({"a": 1.0}, 3),
]


@pytest.mark.parametrize(("arguments", "want"), CALLS, ids=repr)
def test_calls(arguments: dict[str, Any], want: Any) -> None:
    got = call(adder(), "add", **arguments)
    assert got == want and type(got) is type(want)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, r"needs \['a'\]"),
    ({"a": "x"}, "'a' is 'x'"),
    ({"a": 1, "c": 1}, r"no parameter \['c'\]"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=repr)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        call(adder(), "add", **arguments)


def test_strict_servers_repair_nothing() -> None:
    mcp = FastMCP("x", strict_input_validation=True, tools=[lambda_tool()])
    assert call(mcp, "double", n=2) == 4
    with pytest.raises(ValidationError):
        call(mcp, "double", n="2")


def lambda_tool() -> Tool:
    def double(n: int) -> int:
        return 2 * n

    return Tool.from_function(double)


def test_failures() -> None:
    mcp = FastMCP("x")

    @mcp.tool
    def fail() -> None:
        raise RuntimeError("the secret")

    @mcp.tool
    def refuse() -> None:
        raise ToolError("not today")

    with pytest.raises(ToolError, match="'fail' failed: the secret"):
        call(mcp, "fail")
    mcp.mask_error_details = True
    with pytest.raises(ToolError, match="'fail' failed$"):
        call(mcp, "fail")
    with pytest.raises(ToolError, match="not today"):
        call(mcp, "refuse")
    with pytest.raises(NotFoundError):
        call(mcp, "nothing")


def test_results_are_held_to_their_schema() -> None:
    mcp = FastMCP("x")

    @mcp.tool
    def lie() -> int:
        return "three"  # type: ignore[return-value]

    with pytest.raises(ToolError, match="breaks its output schema"):
        call(mcp, "lie")


def test_threads() -> None:
    mcp = FastMCP("x")
    main = threading.get_ident()

    @mcp.tool
    def elsewhere() -> bool:
        return threading.get_ident() != main

    @mcp.tool(run_in_thread=False)
    def here() -> bool:
        return threading.get_ident() == main

    @mcp.tool(timeout=0.01)
    async def slow() -> None:
        await asyncio.sleep(10)

    assert call(mcp, "elsewhere") and call(mcp, "here")
    with pytest.raises(ToolError, match="longer than 0.01 s"):
        call(mcp, "slow")


def test_generators_are_read() -> None:
    mcp = FastMCP("x")

    @mcp.tool
    def count(n: int) -> list[int]:
        yield from range(n)  # type: ignore[misc]

    @mcp.tool
    async def count_slowly(n: int) -> list[int]:
        for one in range(n):
            yield one  # type: ignore[misc]

    assert call(mcp, "count", n=2) == [0, 1]
    assert call(mcp, "count_slowly", n=2) == [0, 1]


def test_adding_removing_switching() -> None:
    mcp = adder()
    changes: list[int] = []
    mcp.registry.listeners.append(lambda: changes.append(1))
    mcp.add_tool(lambda_tool())
    assert names(mcp) == ["add", "double"]
    mcp.disable(names={"add"})
    assert names(mcp) == ["double"]
    with pytest.raises(NotFoundError):
        call(mcp, "add", a=1)
    mcp.enable(keys={"tool:add@"})
    assert names(mcp) == ["add", "double"]
    mcp.enable(names={"double"}, only=True)
    assert names(mcp) == ["double"]
    mcp.reset_visibility()
    assert mcp.remove_tool("add") and not mcp.remove_tool("add")
    assert names(mcp) == ["double"]
    assert len(changes) == 7, "clients are told of each"


def test_what_a_server_has_of_its_own_is_removed_where_fastmcp_keeps_it() -> None:
    mcp = adder()
    assert mcp.local_provider.remove_tool("add") and names(mcp) == []


def test_versions_of_servers() -> None:
    """As with FastMCP: a server without a version has that of the package."""
    assert FastMCP("x").version == mcpring.__version__
    assert FastMCP("x", version=2).version == "2"


def test_tags_switch_groups() -> None:
    mcp = FastMCP("x")

    @mcp.tool(tags={"admin"})
    def drop() -> None: ...

    @mcp.tool(enabled=False)
    def hidden() -> None: ...

    assert names(mcp) == ["drop"]
    mcp.disable(tags={"admin", "other"})
    mcp.enable(names={"hidden"})
    assert names(mcp) == ["hidden"]


def test_duplicates() -> None:
    for policy, want in (("replace", 4), ("ignore", 3), ("warn", 4)):
        mcp = FastMCP("x", on_duplicate=policy)  # type: ignore[arg-type]
        mcp.tool("t")(lambda: 3)
        mcp.tool("t")(lambda: 4)
        result = wait(mcp.call_tool("t"))
        assert result.content[0].text == str(want), policy
    mcp = FastMCP("x", on_duplicate="error")
    mcp.tool("t")(lambda: 3)
    with pytest.raises(ConfigError, match="exists already"):
        mcp.tool("t")(lambda: 4)


def test_versions() -> None:
    mcp = FastMCP("x")

    @mcp.tool(version="1.9")
    def what() -> str:
        return "old"

    @mcp.tool("what", version="1.10")
    def newer() -> str:
        return "new"

    listed = wait(mcp.list_tools())
    assert [one.version for one in listed] == ["1.10"]
    assert listed[0].info()["_meta"]["fastmcp"] == {"versions": ["1.10", "1.9"], "version": "1.10"}
    assert call(mcp, "what") == "new"
    old = wait(mcp.call_tool("what", version="1.9"))
    assert old.structured_content == {"result": "old"}
    with pytest.raises(ConfigError, match="a version each time"):
        mcp.tool("what")(lambda: None)


def test_resources() -> None:
    mcp = FastMCP("x")

    @mcp.resource("data://plain", mime_type="text/plain")
    def plain() -> str:
        """Plain."""
        return "words"

    @mcp.resource("data://bytes")
    async def binary() -> bytes:
        return b"\0"

    @mcp.resource("data://json")
    def data() -> dict[str, int]:
        return {"a": 1}

    @mcp.resource("data://all")
    def several() -> ResourceResult:
        return ResourceResult(
            [ResourceContent("a", "text/a"), ResourceContent(b"b", meta={"k": 1})]
        )

    mcp.add_resource(TextResource(uri="data://fixed", name="fixed", text="always"))

    def read(uri: str, mime: str | None = None) -> Any:
        return wait(mcp.read_resource(uri)).to_dict(uri, mime)["contents"]

    assert read("data://plain", "text/plain") == [
        {"uri": "data://plain", "mimeType": "text/plain", "text": "words"}
    ]
    mime = "application/octet-stream"
    assert read("data://bytes") == [{"uri": "data://bytes", "mimeType": mime, "blob": "AA=="}]
    assert read("data://json")[0]["mimeType"] == "application/json"
    assert [part.get("_meta") for part in read("data://all")] == [None, {"k": 1}]
    assert read("data://fixed")[0]["text"] == "always"
    with pytest.raises(NotFoundError):
        read("data://none")
    listed = wait(mcp.list_resources())[0].to_dict()
    assert listed == {
        "uri": "data://plain",
        "name": "plain",
        "description": "Plain.",
        "mimeType": "text/plain",
    }


MIME_TYPES: list[tuple[Any, str | None, Any, str | None]] = [
    (str, None, "a", "text/plain"),
    (bytes, None, b"a", "application/octet-stream"),
    (dict[str, int], None, {}, "application/json"),
    (list[str], None, [], "application/json"),
    (ResourceResult, None, "a", None),
    (list[ResourceContent], None, "a", None),
    (str, "text/css", "a", "text/css"),
    (dict[str, int], "application/geo+json", {}, "application/geo+json"),
]


@pytest.mark.parametrize(("hint", "said", "value", "want"), MIME_TYPES, ids=repr)
def test_mime_types(hint: Any, said: str | None, value: Any, want: str | None) -> None:
    """What is listed is what is read; where nothing is said, the hint says it."""
    mcp = FastMCP("x")

    def read() -> Any:
        return value

    read.__annotations__["return"] = hint
    mcp.resource("data://x", mime_type=said)(read)
    assert wait(mcp.list_resources())[0].to_dict().get("mimeType") == want
    assert wait(mcp.read_resource("data://x")).contents[0].mime_type == want


def test_resources_without_a_function(tmp_path: Path) -> None:
    mcp = FastMCP("x")
    (tmp_path / "in").mkdir()
    for name, data in (("a.txt", b"\xc3\xa9"), ("b.bin", b"\xff"), ("in/c.txt", b"c")):
        (tmp_path / name).write_bytes(data)
    mcp.add_resource(FileResource(uri="f://a", path=tmp_path / "a.txt", name="a"))
    mcp.add_resource(FileResource(uri="f://b", path=tmp_path / "b.bin", mime_type="image/x"))
    mcp.add_resource(FileResource(uri="f://wrong", path=tmp_path / "b.bin"))
    mcp.add_resource(FileResource(uri="f://gone", path=tmp_path / "gone"))
    mcp.add_resource(BinaryResource(uri="f://raw", data=b"\0"))
    mcp.add_resource(DirectoryResource(uri="f://top", path=tmp_path))
    mcp.add_resource(
        DirectoryResource(uri="f://all", path=tmp_path, recursive=True, pattern="*.txt")
    )

    def read(uri: str) -> Any:
        part = wait(mcp.read_resource(uri)).contents[0]
        return part.content, part.mime_type

    assert read("f://a") == ("é", "text/plain")
    assert read("f://b") == (b"\xff", "image/x")
    assert read("f://raw") == (b"\0", "application/octet-stream")
    assert read("f://top") == ('{"files":["a.txt","b.bin"]}', "application/json")
    assert read("f://all") == ('{"files":["a.txt","in/c.txt"]}', "application/json")
    for uri in ("f://wrong", "f://gone"):
        with pytest.raises(ResourceError, match="cannot be read"):
            read(uri)
    with pytest.raises(ConfigError, match="absolute"):
        FileResource(uri="f://x", path="a.txt")


TITLES: list[tuple[dict[str, Any], str]] = [
    ({}, "Add Two Numbers"),
    ({"title": "Sum"}, "Sum"),
    ({"annotations": {"title": "Plus"}}, "Plus"),
    ({"title": "Sum", "annotations": ToolAnnotations(title="Plus")}, "Sum"),
    ({"name": "my-sum"}, "My Sum"),
]


@pytest.mark.parametrize(("said", "want"), TITLES, ids=repr)
def test_titles(said: dict[str, Any], want: str) -> None:
    """Hosts show titles, and some show nothing else."""

    def add_two_numbers() -> None: ...

    assert Tool.from_function(add_two_numbers, **said).to_dict()["title"] == want


TEMPLATES: list[tuple[str, str, Any]] = [
    ("a://{id}", "a://7", {"id": "7"}),
    ("a://{id}", "a://7/8", None),
    ("a://{id}/x", "a://a%20b/x", {"id": "a b"}),
    ("a://{path*}", "a://b/c", {"path": "b/c"}),
    ("a://{+path}", "a://b/c", {"path": "b/c"}),
    ("a://x{?q,limit}", "a://x?limit=3", {"limit": "3"}),
    ("a://x{?q}", "a://x", {}),
    ("a://{a}.{b}", "a://1.2", {"a": "1", "b": "2"}),
]


@pytest.mark.parametrize(("template", "uri", "want"), TEMPLATES, ids=repr)
def test_templates_match(template: str, uri: str, want: Any) -> None:
    from mcpring.uri import UriTemplate

    assert UriTemplate(template).match(uri) == want


def test_templates() -> None:
    mcp = FastMCP("x")

    @mcp.resource("item://{id}{?full}")
    def item(id: int, full: bool = False) -> dict[str, Any]:
        return {"id": id, "full": full}

    def read(uri: str) -> str:
        return str(wait(mcp.read_resource(uri)).contents[0].content)

    assert read("item://7") == '{"id":7,"full":false}'
    assert read("item://7?full=true") == '{"id":7,"full":true}'
    with pytest.raises(ValidationError, match="'id' is 'seven', which does not fit"):
        read("item://seven")
    with pytest.raises(ConfigError, match="variables without a parameter"):
        mcp.resource("item://{other}")(item)
    with pytest.raises(ConfigError, match="no variables for"):
        mcp.resource("item://x")(item)

    @mcp.resource("file://{path*}")
    def file(path: str) -> str:
        return path

    for uri in ("file://../x", "file:///etc/x", "file://a/%2e%2e/b"):
        with pytest.raises(ResourceError, match="leads elsewhere"):
            read(uri)
    assert read("file://a/b") == "a/b"
    assert [one.uri_template for one in wait(mcp.list_resource_templates())][1] == "file://{path*}"


def test_prompts() -> None:
    mcp = FastMCP("x")

    @mcp.prompt
    def ask(topic: str, depth: int = 1) -> list[Message | str]:
        """Asks.

        Args:
            topic: about what
        """
        return [Message("sure", role="assistant"), topic * depth]

    @mcp.prompt("plain")
    async def _plain() -> str:
        return "hi"

    made = wait(mcp.render_prompt("ask", {"topic": "a", "depth": "2"})).to_dict()
    assert made == {
        "description": "Asks.",
        "messages": [
            {"role": "assistant", "content": {"type": "text", "text": "sure"}},
            {"role": "user", "content": {"type": "text", "text": "aa"}},
        ],
    }
    listed = wait(mcp.list_prompts())[0].to_dict()["arguments"]
    assert listed[0] == {"name": "topic", "description": "about what", "required": True}
    assert '{"type":"integer","default":1}' in listed[1]["description"]
    with pytest.raises(PromptError, match=r"needs the arguments \['topic'\]"):
        wait(mcp.render_prompt("ask"))
    with pytest.raises(ValidationError, match="'depth' is 'deep', which does not fit"):
        wait(mcp.render_prompt("ask", {"topic": "a", "depth": "deep"}))
    assert wait(mcp.render_prompt("plain")).messages[0].content.text == "hi"


def test_rules_hold_for_what_is_mounted() -> None:
    """A server may hide what is mounted, and cannot show what is hidden below."""
    parent, child = FastMCP("parent"), FastMCP("child")
    child.tool("a", tags={"beta"})(lambda: 1)
    child.tool("b")(lambda: 1)
    child.disable(names={"b"})
    parent.mount(child, "c")

    def names() -> list[str]:
        return [tool.name for tool in asyncio.run(parent.list_tools())]

    assert names() == ["c_a"]
    parent.disable(tags={"beta"})
    assert names() == []
    parent.enable(names={"c_a", "c_b"})
    assert names() == ["c_a"]


def test_mounting() -> None:
    child, parent = adder(), FastMCP("parent")
    parent.mount(child, namespace="math")

    @child.resource("data://now")
    def now() -> str:
        return "now"

    @child.resource("data://{id}/x")
    def one(id: str) -> str:
        return id

    @child.tool
    def late(ctx: Context) -> str:
        return ctx.fastmcp.name

    assert names(parent) == ["math_add", "math_late"], "what is added later shows too"
    assert call(parent, "math_add", a=1) == 3
    assert call(parent, "math_late") == "adder"
    assert wait(parent.read_resource("data://math/now")).contents[0].content == "now"
    assert wait(parent.read_resource("data://math/7/x")).contents[0].content == "7"
    parent.disable(names={"math_add"})
    assert names(child) == ["add", "late"], "the child does not know"
    flat = FastMCP("flat")
    flat.mount(child, tool_names={"add": "plus"})
    assert names(flat) == ["plus", "late"]
    with pytest.raises(ConfigError, match="below itself"):
        child.mount(parent)


class Recorder(Middleware):
    def __init__(self, name: str, seen: list[str]) -> None:
        self.name, self.seen = name, seen

    async def on_message(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        self.seen.append(f"{self.name}:{context.method}")
        return await call_next(context)

    async def on_call_tool(self, context: MiddlewareContext, call_next: CallNext) -> Any:
        self.seen.append(f"{self.name}:tool:{context.message.name}")
        changed = {**context.message.arguments, "b": 10}
        result = await call_next(context.copy(message=context.message.replace(arguments=changed)))
        assert isinstance(result, ToolResult)
        return result


def test_middleware() -> None:
    seen: list[str] = []
    child = adder()
    child.add_middleware(Recorder("child", seen))
    parent = FastMCP("parent", middleware=[Recorder("parent", seen)])
    parent.mount(child, "m")
    assert call(parent, "m_add", a=1) == 11
    assert seen == [
        "parent:tools/call",
        "parent:tool:m_add",
        "child:tools/call",
        "child:tool:m_add",
    ]
    seen.clear()
    names(parent)
    assert seen == ["parent:tools/list"]
    assert wait(parent.call_tool("m_add", {"a": 1}, run_middleware=False)).structured_content == {
        "result": 3
    }


def test_lifespans_join() -> None:
    from mcpring.hosting import lifespans

    order: list[str] = []

    @lifespan
    async def database(server: Any) -> AsyncIterator[dict[str, Any]]:
        order.append("open database")
        yield {"db": 1}
        order.append("close database")

    @asynccontextmanager
    async def cache(server: Any) -> AsyncIterator[dict[str, Any]]:
        order.append("open cache")
        yield {"cache": 2}
        order.append("close cache")

    mcp = FastMCP("x", lifespan=database | cache)

    @mcp.tool
    async def see(ctx: Context) -> dict[str, int]:
        return dict(ctx.lifespan_context)

    async def run() -> None:
        async with lifespans(mcp):
            result = await mcp.call_tool("see")
            assert result.structured_content == {"db": 1, "cache": 2}

    asyncio.run(run())
    assert order == ["open database", "open cache", "close cache", "close database"]


def test_completion() -> None:
    mcp = FastMCP("x")

    @mcp.prompt
    def travel(city: str, country: str = "") -> str:
        return city

    @mcp.completion("travel", "city")
    def city(value: str, known: dict[str, str]) -> list[str]:
        cities = {"": ["Paris", "Pisa"], "Italy": ["Pisa"]}[known.get("country", "")]
        return [one for one in cities if one.startswith(value)]

    assert wait(mcp.complete("travel", "city", "P")).values == ["Paris", "Pisa"]
    assert wait(mcp.complete("travel", "city", "P", {"country": "Italy"})).values == ["Pisa"]
    assert wait(mcp.complete("travel", "country", "")).values == []

    @mcp.completion
    async def anything(ref: Any, argument: Any, context: Any) -> list[str]:
        return [f"{ref.type}:{ref.name}{ref.uri}:{argument.name}={argument.value}"] * 101

    made = wait(mcp.complete("travel", "country", "I"))
    assert made.values[0] == "ref/prompt:travel:country=I"
    assert (len(made.values), made.total, made.has_more) == (100, 101, True)


def test_marks() -> None:
    @tool(name="marked", tags={"t"})
    def fn() -> int:
        return 1

    mcp = FastMCP("x")
    assert mcp.add_tool(fn).name == "marked"


def test_own_tools() -> None:
    class Fixed(Tool):
        value: int

        async def run(self, arguments: dict[str, Any]) -> ToolResult:
            return ToolResult(structured_content={"value": self.value, **arguments})

    mcp = FastMCP("x")
    mcp.add_tool(Fixed(name="fixed", parameters={"type": "object"}, value=7))
    result = wait(mcp.call_tool("fixed", {"a": 1}))
    assert result.structured_content == {"value": 7, "a": 1}


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(UnsupportedError, match=r"\['event_store'\]"):
        FastMCP("x", event_store=1)
    calls: list[tuple[Any, str]] = [
        (FastMCP.from_openapi, "OpenAPI"),
        (FastMCP.from_fastapi, "add_tool"),
        (FastMCP("x").http_app, "custom_route"),
        (lambda: getattr(auth, "OAuthProxy"), "jwks_uri"),  # noqa: B009 - it is not there
    ]
    for missing, words in calls:
        with pytest.raises(UnsupportedError, match=words):
            missing()
    with pytest.raises(TypeError, match="cannot be pickled"):
        __import__("pickle").dumps(FastMCP("x"))
