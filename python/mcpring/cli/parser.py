"""What the command takes."""

from __future__ import annotations

import argparse

__all__ = ["build_parser", "parse"]

_SERVER = """a file (server.py, server.py:mcp, server.py:make), a module (package.module or
package.module:mcp), a fastmcp.json, or, where a client is meant, the address of a server"""

HOSTS = ("mcp-json", "claude-code", "claude-desktop", "cursor")
"""Programs that can be told about a server."""

_TRANSPORTS = ("stdio", "http", "streamable-http", "sse", "tcp", "unix")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="mcpring", description="Runs and inspects MCP servers written in Python."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_dev(commands)
    _add_inspect(commands)
    _add_list(commands)
    _add_call(commands)
    _add_install(commands)
    _add_bench(commands)
    return parser


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parses `arguments`; what comes after `--` is the server's own."""
    import sys

    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        build_parser().print_help()
        raise SystemExit(2)
    own: list[str] = []
    if "--" in given:
        at = given.index("--")
        given, own = given[:at], given[at + 1 :]
    parser = build_parser()
    parsed, unknown = parser.parse_known_args(given)
    if unknown:
        parser.error(
            f"{parsed.command} does not know {' '.join(unknown)}: "
            f"see mcpring {parsed.command} --help"
        )
    parsed.server_arguments = own
    parsed.given = given
    return parsed


def _version() -> str:
    from .. import __version__

    return f"mcpring {__version__}"


def _add(commands: object, name: str, words: str) -> argparse.ArgumentParser:
    add = getattr(commands, "add_parser")  # noqa: B009 - the class has no public name
    made: argparse.ArgumentParser = add(name, help=words, description=words)
    return made


def _add_server(parser: argparse.ArgumentParser, is_needed: bool = True) -> None:
    parser.add_argument("server", nargs=None if is_needed else "?", help=_SERVER)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-t", "--transport", choices=_TRANSPORTS, help="how clients reach it")
    parser.add_argument("--host", help="where HTTP listens (127.0.0.1)")
    parser.add_argument("-p", "--port", type=int, help="where HTTP listens (8000)")
    parser.add_argument("--path", help="the path of HTTP (/mcp), or the socket of unix")
    parser.add_argument("--shards", type=int, help="threads that serve sockets")
    parser.add_argument("--threads", type=int, help="threads for functions that are not async")
    parser.add_argument("--workers", type=int, help="processes that share the port (1)")
    parser.add_argument("-l", "--log-level", help="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    parser.add_argument("--no-banner", action="store_true", help="say nothing at the start")


def _add_run(commands: object) -> None:
    parser = _add(commands, "run", "Runs a server. Arguments after -- are the server's own.")
    _add_server(parser, is_needed=False)
    _add_run_options(parser)
    parser.add_argument("-m", "--module", help="run a module, as python -m does")
    parser.add_argument("--reload", action="store_true", help="start anew when a file changes")
    parser.add_argument(
        "--reload-dir", action="append", default=[], metavar="DIR", help="watch this folder as well"
    )


def _add_dev(commands: object) -> None:
    parser = _add(commands, "dev", "Runs a server with the Inspector beside it, reloading.")
    _add_server(parser, is_needed=False)
    parser.add_argument("-l", "--log-level", help="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    parser.add_argument("--no-reload", action="store_true", help="do not watch files")
    parser.add_argument("--inspector-version", default="latest", help="which Inspector to fetch")


def _add_client_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--auth", metavar="TOKEN", help="show this token to the server")
    parser.add_argument(
        "--header", action="append", default=[], metavar="NAME: VALUE", help="send it along"
    )
    parser.add_argument("--timeout", type=float, help="seconds that each answer may take")
    parser.add_argument(
        "--protocol-version", default="2025-11-25", help="2026-07-28 speaks without a session"
    )


def _add_inspect(commands: object) -> None:
    parser = _add(commands, "inspect", "Shows what a server has, without running it.")
    _add_server(parser, is_needed=False)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", help="write it to this file")
    _add_client_options(parser)


def _add_list(commands: object) -> None:
    parser = _add(commands, "list", "Lists the tools of a server, or everything.")
    _add_server(parser, is_needed=False)
    parser.add_argument("--resources", action="store_true", help="resources and templates too")
    parser.add_argument("--prompts", action="store_true", help="prompts too")
    parser.add_argument("--schemas", action="store_true", help="with their schemas")
    parser.add_argument("--json", action="store_true", help="as JSON")
    _add_client_options(parser)


def _add_call(commands: object) -> None:
    parser = _add(commands, "call", "Calls a tool, reads a resource, or makes a prompt.")
    _add_server(parser)
    parser.add_argument("target", help="a tool, a URI, or (with --prompt) a prompt")
    parser.add_argument("arguments", nargs="*", help="name=value; JSON where the schema wants it")
    parser.add_argument("--prompt", action="store_true", help="the target is a prompt")
    parser.add_argument("--input-json", help="the arguments as one JSON object")
    parser.add_argument("--json", action="store_true", help="print the whole result as JSON")
    _add_client_options(parser)


def _add_install(commands: object) -> None:
    parser = _add(commands, "install", "Tells a host about a server.")
    parser.add_argument("host_name", choices=HOSTS)
    _add_server(parser)
    parser.add_argument("-n", "--name", help="what the host calls it; the server's own name")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="set for the server"
    )
    parser.add_argument("--python", help="which interpreter; the one that runs this")
    parser.add_argument("--print", action="store_true", help="only print what would be done")


def _add_bench(commands: object) -> None:
    parser = _add(commands, "bench", "Measures how fast a tool of a server answers.")
    _add_server(parser)
    parser.add_argument("tool", nargs="?", help="a tool; else the first that can be called so")
    parser.add_argument("values", nargs="*", help="name=value; JSON where the schema wants it")
    parser.add_argument("--arguments", metavar="JSON", help="the arguments as one JSON object")
    parser.add_argument("-c", "--connections", type=int, default=50)
    parser.add_argument("-s", "--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true", help="as JSON")
