"""Skills: folders with a SKILL.md, as resources at `skill://name/…`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Any

from ...exceptions import NotFoundError, ResourceError
from .local import LocalProvider

__all__ = ["SkillProvider", "SkillsDirectoryProvider"]

_MAIN = "SKILL.md"


class SkillProvider(LocalProvider):
    """One skill: its main file and its manifest are listed, its other files can be read."""

    def __init__(self, path: str | os.PathLike[str], main_file_name: str = _MAIN) -> None:
        super().__init__()
        self._add_skill(os.path.abspath(os.fspath(path)), main_file_name)

    def _add_skill(self, folder: str, main: str) -> None:
        if not os.path.isfile(os.path.join(folder, main)):
            raise NotFoundError(f"{folder!r} has no {main}")
        name = os.path.basename(folder)

        def read_main() -> str:
            return str(read_file(folder, main))

        def manifest() -> dict[str, Any]:
            return {"skill": name, "files": list_files(folder)}

        def file(path: str) -> str | bytes:
            return read_file(folder, path)

        words = _description(os.path.join(folder, main))
        add = self.resource
        add(f"skill://{name}/{main}", name=f"{name}/{main}", description=words)(read_main)
        add(f"skill://{name}/_manifest", name=f"{name}/_manifest")(manifest)
        add(f"skill://{name}/{{path*}}", name=f"{name}_files")(file)


class SkillsDirectoryProvider(SkillProvider):
    """All skills in some folders; of two with the same name the first counts."""

    def __init__(
        self,
        roots: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        reload: bool = False,
        main_file_name: str = _MAIN,
    ) -> None:
        LocalProvider.__init__(self, on_duplicate="ignore")
        given: Any = roots
        listed: list[Any] = [given] if isinstance(given, (str, os.PathLike)) else list(given)
        for root in listed:
            for folder in sorted(os.scandir(root), key=lambda one: one.name):
                if os.path.isfile(os.path.join(folder.path, main_file_name)):
                    self._add_skill(folder.path, main_file_name)


def list_files(folder: str) -> list[dict[str, Any]]:
    """The files of a skill, with size and digest, so that a copy can be checked."""
    found: list[dict[str, Any]] = []
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(place, name), folder)
            data = _read_bytes(folder, path)
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            found.append({"path": path, "size": len(data), "hash": digest})
    return found


def read_file(folder: str, path: str) -> str | bytes:
    """A file of a skill; text where it is text."""
    data = _read_bytes(folder, path)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _read_bytes(folder: str, path: str) -> bytes:
    """Links that lead out of the folder are refused like paths that do."""
    whole = os.path.realpath(os.path.join(folder, path))
    if not whole.startswith(os.path.realpath(folder) + os.sep):
        raise ResourceError(f"{path!r} leads elsewhere")
    if not os.path.isfile(whole):
        raise ResourceError(f"there is no file {path!r}")
    with open(whole, "rb") as file:
        return file.read()


def _description(path: str) -> str | None:
    """The `description` in the front matter of a main file."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("---\n", 2)
    head = lines[1] if len(lines) == 3 and not lines[0] else ""
    for line in head.splitlines():
        name, mark, words = line.partition(":")
        if mark and name.strip() == "description":
            return words.strip().strip("\"'")
    return None
