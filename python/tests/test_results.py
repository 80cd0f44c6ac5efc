"""What a tool returned, on the wire."""

from __future__ import annotations

import datetime as dt
import enum
import pathlib
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pydantic
import pytest

from mcpring import Audio, File, Image, ToolResult
from mcpring.exceptions import ToolError
from mcpring.jsonable import jsonable, plain
from mcpring.results import OutputPlan, plain_data, to_tool_result
from mcpring.types import TextContent


@dataclass
class Point:
    x: int


class Model(pydantic.BaseModel):
    y: int


class Measured(pydantic.BaseModel):
    z: float


class Color(enum.Enum):
    RED = "red"


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


NONE, OBJECT = OutputPlan(), OutputPlan(schema={"type": "object"})
WRAP = OutputPlan(schema={"type": "object"}, wraps=True)
PIXEL = {"type": "image", "data": "AAE=", "mimeType": "image/png"}

ROWS: list[tuple[Any, OutputPlan, dict[str, Any]]] = [
    ("hi", NONE, {"content": [text("hi")]}),
    ("hi", WRAP, {"content": [text("hi")], "structuredContent": {"result": "hi"}}),
    (3, NONE, {"content": [text("3")]}),
    (None, NONE, {"content": []}),
    (None, WRAP, {"content": [], "structuredContent": {"result": None}}),
    ([1, 2], WRAP, {"content": [text("[1,2]")], "structuredContent": {"result": [1, 2]}}),
    ({"a": 1}, NONE, {"content": [text('{"a":1}')], "structuredContent": {"a": 1}}),
    (Point(1), OBJECT, {"content": [text('{"x":1}')], "structuredContent": {"x": 1}}),
    (Model(y=1), OBJECT, {"content": [text('{"y":1}')], "structuredContent": {"y": 1}}),
    (Image(data=b"\0\1"), NONE, {"content": [PIXEL]}),
    (["a", Image(data=b"\0\1")], NONE, {"content": [text("a"), PIXEL]}),
    (TextContent(text="t"), NONE, {"content": [text("t")]}),
    (b"raw", NONE, {"content": [text("raw")]}),
    (
        ToolResult("words", {"n": 1}, meta={"k": 1}),
        OBJECT,
        {"content": [text("words")], "structuredContent": {"n": 1}, "_meta": {"k": 1}},
    ),
    (ToolResult("no", is_error=True), NONE, {"content": [text("no")], "isError": True}),
    (
        ToolResult(structured_content={"n": 1}),
        NONE,
        {"content": [text('{"n":1}')], "structuredContent": {"n": 1}},
    ),
]


@pytest.mark.parametrize(("value", "plan", "want"), ROWS, ids=lambda one: repr(one)[:40])
def test_results(value: Any, plan: OutputPlan, want: dict[str, Any]) -> None:
    assert to_tool_result(value, plan, "t").to_dict() == want
    # The core is given what is data as such: clients see no difference.
    assert to_tool_result(plain_data(value), plan, "t").to_dict() == want


def test_what_breaks_a_promise_is_told() -> None:
    with pytest.raises(ToolError, match="has no JSON form"):
        to_tool_result({1: object()}, OBJECT, "t")
    assert to_tool_result(object, NONE, "t").content[0].text.startswith("<class"), "only words"
    with pytest.raises(ValueError, match="content, structured content, or both"):
        ToolResult()
    with pytest.raises(ValueError, match="is an object"):
        ToolResult(structured_content=[1])


class Held(list[Any]):
    """What a proxy may stand for."""


HELD = Held([1, Point(1)])
JSONABLE: list[tuple[Any, Any]] = [
    ({1: {2}}, {"1": [2]}),
    ({True: 1, None: 2}, {"true": 1, "null": 2}),
    (float("nan"), None),
    (Color.RED, "red"),
    (dt.datetime(2026, 1, 2, 3), "2026-01-02T03:00:00"),
    (dt.timedelta(seconds=90.5), "PT90.5S"),
    (dt.timedelta(0), "PT0S"),
    (Decimal("1.50"), "1.50"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (pathlib.Path("/a"), "/a"),
    ([Point(1), (Model(y=2),)], [{"x": 1}, [{"y": 2}]]),
    (Measured(z=float("nan")), {"z": None}),
    (range(2), [0, 1]),
    (weakref.proxy(HELD), [1, {"x": 1}]),
    (OrderedDict(a=Color.RED), {"a": "red"}),
]


@pytest.mark.parametrize(("value", "want"), JSONABLE, ids=repr)
def test_json(value: Any, want: Any) -> None:
    assert jsonable(value) == want
    # The core writes infinite numbers as `null`.
    assert jsonable(plain(value)) == want


def test_media(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\0\1")
    assert Image(path=path).to_image_content().mime_type == "image/jpeg"
    assert Image(data=b"", format="png").to_data_uri() == "data:image/png;base64,"
    assert Audio(data=b"", format="mp3").to_audio_content().mime_type == "audio/mpeg"
    words = tmp_path / "a.txt"
    words.write_text("hi")
    resource = File(path=words).to_resource_content().to_dict()["resource"]
    assert resource == {"uri": f"file://{words}", "mimeType": "text/plain", "text": "hi"}
    blob = File(data=b"\0", format="pdf", name="x").to_resource_content().to_dict()["resource"]
    assert blob == {"uri": "file:///x.pdf", "mimeType": "application/pdf", "blob": "AA=="}
    note = File(data=b"# Hi", format="md").to_resource_content().to_dict()["resource"]
    assert note == {"uri": "file:///resource.md", "mimeType": "text/markdown", "text": "# Hi"}
    page = tmp_path / "a.css"
    page.write_text("a{}")
    assert File(path=page).mime_type == "text/css"
    with pytest.raises(ValueError, match="either a path or data"):
        Image()
