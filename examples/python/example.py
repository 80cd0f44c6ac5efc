"""What the examples share: the command line, and how one checks itself.

python echo.py                        serves standard input and output
python echo.py --http 127.0.0.1:8000  serves HTTP
python echo.py --check                starts itself in both ways, asks itself as a client would
                                      in both eras of the protocol, and ends with 0 if all holds
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

from mcpring import Client, FastMCP
from mcpring.client.transports import StdioTransport

__all__ = ["check_at", "serve_or_check"]

ERAS = ("2025-11-25", "2026-07-28")
CHECK_S = 30

Check = Callable[[Client], Awaitable[None]]
CheckAt = Callable[[str], Awaitable[None]]


def serve_or_check(mcp: FastMCP[Any], check: Check, **client: Any) -> None:
    """Serves, or has `check` ask a server of this program; `client` are options of its clients."""

    async def over_stdio() -> None:
        for era in ERAS:
            transport = StdioTransport(sys.executable, [*_words(), "--quiet"])
            await _ask(transport, era, "stdio", check, client)

    async def over_http(url: str) -> None:
        for era in ERAS:
            await _ask(url, era, "http", check, client)

    def run_checks() -> None:
        asyncio.run(over_stdio())
        with _started() as url:
            asyncio.run(over_http(url))

    _main(mcp, run_checks)


def check_at(mcp: FastMCP[Any], check: CheckAt) -> None:
    """Serves, or has `check` ask a server of this program at a URL: for what only HTTP has."""

    def run_checks() -> None:
        with _started() as url:
            asyncio.run(asyncio.wait_for(check(url), CHECK_S))
            print(f"ok {_name()}: http")

    _main(mcp, run_checks)


def _main(mcp: FastMCP[Any], run_checks: Callable[[], None]) -> None:
    parser = argparse.ArgumentParser(description=mcp.instructions)
    parser.add_argument("--http", metavar="ADDR", help="serve HTTP there; port 0 takes a free one")
    parser.add_argument("--driver", choices=("uring", "epoll"), help="how to talk to the kernel")
    parser.add_argument("--check", action="store_true", help="start this program and check it")
    parser.add_argument("--quiet", action="store_true", help="say nothing on standard error")
    given = parser.parse_args()
    if given.driver:
        os.environ["MCPRING_DRIVER"] = given.driver  # for the programs that a check starts, too
    if given.check:
        run_checks()
    else:
        listen = [f"http://{given.http}/mcp" if given.http else "stdio:"]
        mcp.run(listen=listen, show_banner=not given.quiet)


async def _ask(target: Any, era: str, how: str, check: Check, options: dict[str, Any]) -> None:
    async with Client(target, protocol_version=era, **options) as client:
        await asyncio.wait_for(check(client), CHECK_S)
    print(f"ok {_name()}: {how}, {era}", flush=True)


@contextmanager
def _started() -> Generator[str]:
    """This program as a server; gives its URL, and ends it as a terminal would."""
    command = [sys.executable, *_words(), "--quiet", "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            yield server.stderr.readline().split()[2]  # listening http URL
        finally:
            server.terminate()
        assert server.wait(CHECK_S) == 0, "the server did not end well"


def _words() -> list[str]:
    """How this program was started, but for the wish to check it."""
    return [word for word in sys.orig_argv[1:] if word != "--check"]


def _name() -> str:
    return os.path.basename(sys.argv[0]).removesuffix(".py")
