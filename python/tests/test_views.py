"""Other views of a server's features: transforms, providers, proxies."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest

from mcpring import FastMCP
from mcpring.exceptions import NotFoundError, ResourceError, ToolError, UnsupportedError
from mcpring.server import create_proxy
from mcpring.server.providers import FileSystemProvider, LocalProvider
from mcpring.server.providers.skills import SkillProvider, SkillsDirectoryProvider
from mcpring.server.transforms import PromptsAsTools, ResourcesAsTools, VersionFilter
from mcpring.server.transforms.search import BM25SearchTransform, RegexSearchTransform, ranked

T = TypeVar("T")


def wait(coming: Awaitable[T]) -> T:
    async def whole() -> T:
        return await coming

    return asyncio.run(whole())


def names(mcp: FastMCP) -> list[str]:
    return [one.name for one in wait(mcp.list_tools())]


def text(mcp: FastMCP, name: str, /, **arguments: Any) -> str:
    return str(wait(mcp.call_tool(name, arguments)).content[0].text)


def library() -> FastMCP:
    mcp = FastMCP("library")

    @mcp.tool
    def add(a: int, b: int) -> int:
        """Adds two numbers."""
        return a + b

    @mcp.tool
    def reverse(words: str) -> str:
        """Turns a text around."""
        return words[::-1]

    @mcp.resource("data://{id}")
    def data(id: str) -> str:
        return f"data {id}"

    @mcp.prompt
    def ask(topic: str) -> str:
        return f"About {topic}"

    return mcp


def test_resources_and_prompts_as_tools() -> None:
    mcp = library()
    mcp.add_transform(ResourcesAsTools(mcp))
    mcp.add_transform(PromptsAsTools(mcp))
    own = ["list_resources", "read_resource", "list_prompts", "get_prompt"]
    assert names(mcp) == ["add", "reverse", *own]
    assert json.loads(text(mcp, "list_resources"))[0]["uri_template"] == "data://{id}"
    assert text(mcp, "read_resource", uri="data://7") == "data 7"
    assert json.loads(text(mcp, "list_prompts"))[0]["name"] == "ask"
    made = json.loads(text(mcp, "get_prompt", name="ask", arguments={"topic": "cats"}))
    assert made["messages"][0]["content"]["text"] == "About cats"
    with pytest.raises(NotFoundError):
        text(mcp, "read_resource", uri="none://x")


def test_searching() -> None:
    mcp = library()
    mcp.add_transform(RegexSearchTransform(max_results=1, always_visible=["reverse"]))
    assert names(mcp) == ["reverse", "search_tools", "call_tool"]
    found = json.loads(text(mcp, "search_tools", pattern="NUMBERS|words"))
    assert [one["name"] for one in found] == ["add"]
    assert text(mcp, "search_tools", pattern="(") == "[]"
    assert text(mcp, "call_tool", name="add", arguments={"a": "1", "b": 2}) == "3"
    with pytest.raises(NotFoundError):
        text(mcp, "call_tool", name="none")
    mcp = library()
    mcp.add_transform(BM25SearchTransform(search_tool_name="find"))
    assert json.loads(text(mcp, "find", query="sum of numbers"))[0]["name"] == "add"


RANKS: list[tuple[str, list[str]]] = [
    ("cat", ["one", "two"]),
    ("cat dog", ["two", "one"]),
    ("bird", []),
    ("", []),
]


@pytest.mark.parametrize(("query", "want"), RANKS)
def test_ranks(query: str, want: list[str]) -> None:
    assert ranked({"one": "a cat cat", "two": "a cat and a dog", "three": "a fish"}, query) == want


def test_versions_of_a_pool() -> None:
    pool = LocalProvider()
    for version in ("1.0", "2.0", "3.0"):
        pool.tool("run", version=version)(lambda version=version: version)
    pool.tool("health")(lambda: "ok")
    ranges: list[tuple[dict[str, Any], str | None]] = [
        ({"version_lt": "2.0"}, "1.0"),
        ({"version_gte": "2.0", "version_lt": "3.0"}, "2.0"),
        ({"version_gte": "2.0"}, "3.0"),
        ({"version_gte": "4"}, None),
    ]
    for said, want in ranges:
        mcp = FastMCP("x", providers=[pool], transforms=[VersionFilter(**said)])
        assert names(mcp) == (["run", "health"] if want else ["health"])
        if want is not None:
            assert text(mcp, "run", version=want) == want


def test_a_proxy_inside_the_process() -> None:
    proxy = create_proxy(library(), name="proxy")
    assert (proxy.name, names(proxy), text(proxy, "add", a=1, b=2)) == (
        "proxy",
        ["add", "reverse"],
        "3",
    )
    with pytest.raises(UnsupportedError):
        create_proxy("http://elsewhere.test/mcp")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="no provider 'Provider'"):
        from mcpring.server.providers import Provider  # type: ignore[attr-defined]  # noqa: F401


TOOL_FILE = """
from mcpring.tools import tool
from mcpring.resources import resource
from mcpring.prompts import prompt

@tool(name="filed", tags={"t"})
def add(a: int) -> int:
    return a + 1

@resource("filed://{id}")
def read(id: int) -> str:
    return str(id)

@prompt
def ask() -> str:
    return "hi"

def helper() -> None: ...
"""


def test_a_folder_of_features(tmp_path: pathlib.Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.py").write_text(TOOL_FILE)
    (tmp_path / "broken.py").write_text("1 +")
    provider = FileSystemProvider(tmp_path, reload=True)
    mcp = FastMCP("x", providers=[provider])
    assert names(mcp) == ["filed"] and text(mcp, "filed", a=1) == "2"
    assert wait(mcp.read_resource("filed://3")).contents[0].content == "3"
    assert [one.name for one in wait(mcp.list_prompts())] == ["ask"]
    assert "SyntaxError" in provider.failed_files[str(tmp_path / "broken.py")]
    path = tmp_path / "broken.py"
    path.write_text(TOOL_FILE.replace('"filed"', '"second"').replace("filed:", "second:"))
    os.utime(path, (1, 1))
    assert sorted(names(mcp)) == ["filed", "second"]


SKILL = """---
name: cooking
description: "How to cook"
---
# Cooking
"""


def skills(root: pathlib.Path) -> None:
    folder = root / "cooking"
    (folder / "more").mkdir(parents=True)
    (folder / "SKILL.md").write_text(SKILL)
    (folder / "more" / "salt.md").write_text("salt")
    (root / "none").mkdir()


def test_skills(tmp_path: pathlib.Path) -> None:
    skills(tmp_path)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "cooking" / "link").symlink_to(tmp_path / "secret")
    mcp = FastMCP("x")
    mcp.add_provider(SkillsDirectoryProvider(roots=tmp_path))
    listed = {one.uri: one.description for one in wait(mcp.list_resources())}
    assert listed["skill://cooking/SKILL.md"] == "How to cook"

    def read(path: str) -> Any:
        return wait(mcp.read_resource(f"skill://cooking/{path}")).contents[0].content

    assert read("SKILL.md") == SKILL and read("more/salt.md") == "salt"
    for path in ("link", "none.md"):
        with pytest.raises(ResourceError):
            read(path)
    with pytest.raises(NotFoundError):
        SkillProvider(tmp_path / "none")


def test_a_manifest_has_digests(tmp_path: pathlib.Path) -> None:
    skills(tmp_path)
    mcp = FastMCP("x", providers=[SkillProvider(tmp_path / "cooking")])
    content = wait(mcp.read_resource("skill://cooking/_manifest")).contents[0].content
    files = json.loads(content)["files"]
    assert [one["path"] for one in files] == ["SKILL.md", "more/salt.md"]
    assert all(one["hash"].startswith("sha256:") for one in files)


def test_no_tool_of_that_name_fails_plainly() -> None:
    with pytest.raises((NotFoundError, ToolError)):
        text(library(), "none")
