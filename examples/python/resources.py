"""Resources: text, data and bytes at URIs; templates with variables; telling those who follow."""

import asyncio
from typing import Any

from mcpring import Client, Context, FastMCP
from mcpring.exceptions import RequestError, ResourceError

from example import serve_or_check

mcp = FastMCP("notes", "Keeps notes.")
notes = {"milk": "Buy milk."}


@mcp.resource("notes://index")
def index() -> list[str]:
    """The names of all notes, as JSON."""
    return sorted(notes)


@mcp.resource("notes://logo", mime_type="image/png")
def logo() -> bytes:
    """Bytes travel in base64."""
    return b"\x89PNG\r\n\x1a\n"


@mcp.resource("notes://by-name/{name}", mime_type="text/plain")
async def note(name: str) -> str:
    """One note. What is not there is an error in words."""
    if name not in notes:
        raise ResourceError(f"there is no note {name!r}")
    return notes[name]


@mcp.completion("notes://by-name/{name}", "name")
def complete_name(typed: str) -> list[str]:
    """Names that begin with what was typed."""
    return [name for name in sorted(notes) if name.startswith(typed)]


@mcp.tool
def write(name: str, text: str, ctx: Context) -> str:
    """Writes a note, and tells the clients that follow it."""
    notes[name] = text
    ctx.resource_updated(f"notes://by-name/{name}")
    return "written"


async def check(client: Client) -> None:
    """Reads, completes, follows."""
    assert (await client.read_resource("notes://index"))[0].text == '["milk"]'
    assert (await client.read_resource("notes://logo"))[0].blob == "iVBORw0KGgo="
    [read] = await client.read_resource("notes://by-name/milk")
    assert (read.text, read.mime_type, read.uri) == (
        "Buy milk.",
        "text/plain",
        "notes://by-name/milk",
    )
    found = await client.complete("notes://by-name/{name}", {"name": "name", "value": "m"})
    assert found.values == ["milk"]
    for uri in ("notes://by-name/none", "notes://by-name/..%2Fetc"):
        try:
            await client.read_resource(uri)
        except RequestError:
            continue
        raise AssertionError(f"{uri} was read")

    await client.subscribe_resource("notes://by-name/milk")
    await client.call_tool("write", {"name": "milk", "text": "Buy milk."})
    await asyncio.wait_for(updated.acquire(), 10)


updated = asyncio.Semaphore(0)


def heard(message: dict[str, Any]) -> None:
    """The client is told which resource to read again."""
    if message["method"] == "notifications/resources/updated":
        assert message["params"]["uri"] == "notes://by-name/milk"
        updated.release()


if __name__ == "__main__":
    serve_or_check(mcp, check, message_handler=heard)
