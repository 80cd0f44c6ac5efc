"""Resources without a function: bytes, a file, the names in a folder."""

from __future__ import annotations

import os
from typing import Any

from ._narrow import kind_of
from ._record import Record
from .exceptions import ConfigError, ResourceError
from .plan import NO_ARGUMENTS
from .resources import Resource, ResourceContent, ResourceResult

__all__ = ["BinaryResource", "DirectoryResource", "FileResource"]


class BinaryResource(Resource):
    """A resource that always holds the same bytes."""

    data: bytes
    mime_type: str | None = "application/octet-stream"

    def __init__(self, **values: Any) -> None:
        super().__init__(**_named(values))

    @property
    def held(self) -> bytes | None:
        """The bytes, unless a subclass has a say."""
        is_plain = kind_of(self).read is BinaryResource.read and kind_of(self.data) is bytes
        return self.data if is_plain else None

    async def read(self) -> ResourceResult:
        """The bytes."""
        return ResourceResult([ResourceContent(self.data, self.mime_type)])


class FileResource(Resource):
    """A file, read whenever it is asked for: as text, unless its type or `is_binary` says bytes."""

    path: str | os.PathLike[str]
    is_binary: bool = False
    encoding: str = "utf-8"

    def __init__(self, **values: Any) -> None:
        said = _named(values)
        path = said["path"]
        _check_absolute(path)
        said["mime_type"] = mime = values.get("mime_type") or "text/plain"
        said["is_binary"] = is_binary = values.get("is_binary", not _is_text(mime))
        encoding = None if is_binary else values.get("encoding", "utf-8")
        read = _FileReader(name=said["name"], path=path, encoding=encoding)
        said["fn"], said["plan"] = read, NO_ARGUMENTS
        super().__init__(**said)


class DirectoryResource(Resource):
    """The files of a folder, as JSON: `{"files": [names]}`, looked up whenever it is asked for."""

    path: str | os.PathLike[str]
    recursive: bool = False
    pattern: str | None = None
    mime_type: str | None = "application/json"

    def __init__(self, **values: Any) -> None:
        said = _named(values)
        _check_absolute(said["path"])
        given = {name: said[name] for name in ("recursive", "pattern") if name in said}
        read = _FolderReader(name=said["name"], path=said["path"], **given)
        said["fn"], said["plan"] = read, NO_ARGUMENTS
        super().__init__(**said)

    def list_files(self) -> list[str]:
        """The names that the pattern fits, relative to the folder, sorted."""
        read: Any = self.fn
        files: list[str] = read()["files"]
        return files


class _FileReader(Record):
    """What a file holds now; bytes, without an encoding."""

    name: str
    path: str | os.PathLike[str]
    encoding: str | None

    def __call__(self) -> str | bytes:
        try:
            with open(self.path, "rb") as file:
                data = file.read()
            return data if self.encoding is None else data.decode(self.encoding)
        except (OSError, UnicodeDecodeError) as error:
            raise ResourceError(f"{self.name!r} cannot be read: {error}") from error


class _FolderReader(Record):
    """The files that are in a folder now."""

    name: str
    path: str | os.PathLike[str]
    recursive: bool = False
    pattern: str | None = None

    def __call__(self) -> dict[str, list[str]]:
        from pathlib import Path

        folder = Path(self.path)
        if not folder.is_dir():
            raise ResourceError(f"{self.name!r} cannot be read: {folder} is no folder")
        find = folder.rglob if self.recursive else folder.glob
        found = (one for one in find(self.pattern or "*") if one.is_file())
        return {"files": sorted(str(one.relative_to(folder)) for one in found)}


def _named(values: dict[str, Any]) -> dict[str, Any]:
    uri = str(values["uri"])
    return {**values, "uri": uri, "name": values.get("name") or uri}


def _check_absolute(path: Any) -> None:
    if not os.path.isabs(path):
        raise ConfigError(f"the path of a resource is absolute, unlike {str(path)!r}")


def _is_text(mime: str) -> bool:
    return mime.startswith("text/") or mime.rpartition("/")[2] in ("json", "xml", "yaml")
