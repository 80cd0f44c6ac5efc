"""The command `mcpring`."""

from __future__ import annotations

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives the exit code: 0, 1 for a failure, 2 for wrong arguments."""
    from .parser import parse

    parsed = parse(arguments)
    from ..exceptions import McpringError
    from .commands import COMMANDS

    try:
        return COMMANDS[parsed.command](parsed)
    except McpringError as error:
        import sys

        print(f"mcpring {parsed.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
