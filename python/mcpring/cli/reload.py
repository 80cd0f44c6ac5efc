"""`--reload`: a child that is started anew when a file changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator

__all__ = ["run_reloading", "snapshot"]

_EXTENSIONS = (".py", ".json", ".toml", ".env")
_SKIPPED = frozenset(("__pycache__", "node_modules", ".git", ".venv", "venv"))
_POLL_S = 0.5
_STOP_S = 5.0


def snapshot(folders: Iterable[str]) -> dict[str, float]:
    """The files that matter, and when each was changed."""
    return {path: changed for folder in folders for path, changed in _files(folder)}


def _files(folder: str) -> Iterator[tuple[str, float]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in _SKIPPED and not one.startswith(".")]
        for name in names:
            if name.endswith(_EXTENSIONS):
                path = os.path.join(place, name)
                try:
                    yield path, os.stat(path).st_mtime
                except OSError:
                    continue  # it went away while we looked


def run_reloading(arguments: list[str], folders: Iterable[str]) -> int:
    """Runs `python -m mcpring` with these arguments until it is interrupted."""
    watched = list(folders)
    while True:
        before = snapshot(watched)
        child = subprocess.Popen([sys.executable, "-m", "mcpring", *arguments])
        try:
            while snapshot(watched) == before:
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            stop(child)
            return 130
        print("mcpring: a file has changed, starting anew", file=sys.stderr)
        stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Lets the child end, and ends it when it does not."""
    child.terminate()
    try:
        child.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
