"""HTTP routes of one's own beside the protocol: health, a webhook, a page."""

import asyncio
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from mcpring import Client, FastMCP
from mcpring.routes import JSONResponse, PlainTextResponse, Request, Response

from example import check_at

mcp = FastMCP("routes", "Counts events that a webhook brings.")
events: list[str] = []


@mcp.tool
def event_count() -> int:
    """How many events came."""
    return len(events)


@mcp.custom_route("/health", methods=["GET"])
async def health(request: Request) -> Response:
    """For whoever watches over the process."""
    return PlainTextResponse("well")


@mcp.custom_route("/events", methods=["POST", "GET"])
async def webhook(request: Request) -> Response:
    """Takes an event, or lists those that begin so: `/events?start=a`."""
    if request.method == "GET":
        start = request.query_params.get("start", "")
        return JSONResponse([event for event in events if event.startswith(start)])
    try:
        events.append(str((await request.json())["name"]))
    except (ValueError, TypeError, KeyError):
        return JSONResponse({"error": "an event has a name"}, status_code=422)
    return Response(status_code=204, headers={"x-count": str(len(events))})


async def check(url: str) -> None:
    """The routes are there beside the endpoint, and what they do shows in the tool."""
    base = "://".join(urlsplit(url)[:2])

    async def fetch(path: str, body: object = None) -> tuple[int, str, str | None]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(base + path, data)

        def run() -> tuple[int, str, str | None]:
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer.read().decode(), answer.headers.get("x-count")
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode(), None

        return await asyncio.to_thread(run)

    assert await fetch("/health") == (200, "well", None)
    assert await fetch("/events", {"name": "start"}) == (204, "", "1")
    assert await fetch("/events", {"name": "stop"}) == (204, "", "2")
    assert await fetch("/events?start=sto") == (200, '["stop"]', None)
    assert (await fetch("/events", []))[0] == 422
    assert (await fetch("/nowhere"))[0] == 404
    async with Client(url) as client:
        assert (await client.call_tool("event_count")).data == 2


if __name__ == "__main__":
    check_at(mcp, check)
