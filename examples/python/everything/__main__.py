"""A server with everything the protocol has, for the official conformance suite and other tests:
`python examples/python/everything --http 127.0.0.1:0`.

Names, arguments and answers of its features are those the suite looks for. Each module beside this
one adds some of them, in the order in which they are listed: the first tool answers a call without
arguments, and the first resource can be read, for the suite takes the first of each.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from app import mcp

for part in ("content", "work", "asking", "keyed_questions", "jobs", "library"):
    import_module(part)


def main() -> None:
    """Serves where the command line says."""
    parser = argparse.ArgumentParser(description="A server with everything the protocol has.")
    for option, words in (
        ("--http", "serve Streamable HTTP on this address, path /mcp; port 0 takes a free one"),
        ("--tcp", "serve TCP with a four-byte length before each message"),
        ("--tcp-line", "serve TCP with one message a line"),
    ):
        parser.add_argument(option, metavar="ADDR", action="append", default=[], help=words)
    parser.add_argument("--stdio", action="store_true", help="serve standard input and output")
    parser.add_argument("--driver", choices=("auto", "uring", "epoll"), default="auto")
    parser.add_argument("--shards", type=int, default=1, help="threads that serve connections")
    given = parser.parse_args()

    listen = [f"http://{address}/mcp" for address in given.http]
    listen += [f"tcp://{address}" for address in given.tcp]
    listen += [f"tcp+line://{address}" for address in given.tcp_line]
    listen += ["stdio:"] if given.stdio else []
    mcp.run(
        listen=listen or ["http://127.0.0.1:8080/mcp"],
        driver=given.driver,
        shards=given.shards,
        show_banner=False,
    )


if __name__ == "__main__":
    main()
