"""The marked functions in the Python files of a folder."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ...marks import find_mark
from ...resources import Resource
from ...tools import Tool
from ..registry import Entry, Kind, Registry
from .local import LocalProvider

__all__ = ["FileSystemProvider"]


class FileSystemProvider(LocalProvider):
    """Registers what `@tool`, `@prompt` and `@resource` mark in a folder and all below it.

    With `reload` the folder is read anew, when it has changed, each time the features are listed.
    A file that cannot be imported is left out and named in `failed_files`.
    """

    def __init__(self, root: str | os.PathLike[str] = ".", reload: bool = False) -> None:
        super().__init__()
        self.root: str = os.path.abspath(str(root))
        self.reload = reload
        self.failed_files: dict[str, str] = {}
        self._seen: dict[str, float] = {}
        self._read()

    def entries(
        self,
        kind: Kind,
        version: str | None = None,
        allows: Callable[[Kind, Any], bool] | None = None,
    ) -> Iterator[Entry]:
        """What shows of a kind."""
        if self.reload and self._seen != self._snapshot():
            listeners = self.registry.listeners
            self.registry = Registry("replace")
            self._read()
            self.registry.listeners = listeners
        return super().entries(kind, version, allows)

    def _snapshot(self) -> dict[str, float]:
        from ...cli.reload import snapshot

        seen = snapshot([self.root])
        return {path: changed for path, changed in seen.items() if path.endswith(".py")}

    def _read(self) -> None:
        self._seen = self._snapshot()
        self.failed_files.clear()
        for path in sorted(self._seen):
            try:
                module = _imported(path)
            except Exception as error:  # noqa: BLE001 - any fault of a file is the file's own
                self.failed_files[path] = f"{type(error).__name__}: {error}"
                continue
            names: dict[str, Any] = module.__dict__
            for value in list(names.values()):
                if getattr(value, "__module__", None) == module.__name__:
                    self._add(value)

    def _add(self, value: Any) -> None:
        mark = find_mark(value)
        if mark is None:
            return
        if mark.kind is Tool:
            self.add_tool(value)
        elif mark.kind is Resource:
            self.add_resource(value)
        else:
            self.add_prompt(value)


def _imported(path: str) -> Any:
    """Imports a file by its path, under a name of its own."""
    name = f"mcpring_files_{abs(hash(path)):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
