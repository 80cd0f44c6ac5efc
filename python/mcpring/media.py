"""`Image`, `Audio` and `File`: bytes or a path, as content."""

from __future__ import annotations

import os
from typing import Any

from .types import (
    Annotations,
    AudioContent,
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    TextResourceContents,
)

__all__ = ["Audio", "File", "Image"]

_SUFFIXES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
    "txt": "text/plain",
    "text": "text/plain",
    "plain": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "htm": "text/html",
    "md": "text/markdown",
    "markdown": "text/markdown",
    "json": "application/json",
    "pdf": "application/pdf",
}


class _Media:
    """Bytes given, or read from a file when they are needed."""

    _kind = "application"
    _default = "application/octet-stream"

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        data: bytes | None = None,
        format: str | None = None,
        annotations: Annotations | None = None,
    ) -> None:
        if (path is None) == (data is None):
            raise ValueError("give either a path or data")
        self.path: str | None = None if path is None else os.path.expanduser(str(path))
        self.data = data
        self.format = format.lower() if format is not None else None
        self.annotations = annotations

    def read(self) -> bytes:
        """The bytes."""
        if self.path is None:
            return self.data or b""
        with open(self.path, "rb") as file:
            return file.read()

    @property
    def mime_type(self) -> str:
        """By the format that was given, else by the name of the file."""
        if self.format is not None:
            known = _SUFFIXES.get(self.format, "")
            is_known = known.startswith(self._kind) or (known and self._kind == "application")
            return known if is_known else f"{self._kind}/{self.format}"
        suffix = (self.path or "").rpartition(".")[2].lower()
        return _SUFFIXES.get(suffix) or self._guessed() or self._default

    def _guessed(self) -> str | None:
        import mimetypes

        return mimetypes.guess_type(self.path or "")[0]

    def _base64(self) -> str:
        return to_base64(self.read())


def to_base64(data: bytes) -> str:
    """`data` in base64."""
    from binascii import b2a_base64

    return b2a_base64(data, newline=False).decode()


class Image(_Media):
    """A picture, from a path or bytes: return it from a tool."""

    _kind = "image"
    _default = "image/png"

    def to_image_content(
        self, mime_type: str | None = None, annotations: Annotations | None = None
    ) -> ImageContent:
        """As a piece of content."""
        return ImageContent(
            data=self._base64(),
            mime_type=mime_type or self.mime_type,
            annotations=annotations or self.annotations,
        )

    to_content = to_image_content

    def to_data_uri(self, mime_type: str | None = None) -> str:
        """As a `data:` URI, for HTML."""
        return f"data:{mime_type or self.mime_type};base64,{self._base64()}"


class Audio(_Media):
    """Sound, from a path or bytes: return it from a tool."""

    _kind = "audio"
    _default = "audio/wav"

    def to_audio_content(
        self, mime_type: str | None = None, annotations: Annotations | None = None
    ) -> AudioContent:
        """As a piece of content."""
        return AudioContent(
            data=self._base64(),
            mime_type=mime_type or self.mime_type,
            annotations=annotations or self.annotations,
        )

    to_content = to_audio_content


class File(_Media):
    """A file, from a path or bytes: return it from a tool; it becomes an embedded resource."""

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        data: bytes | None = None,
        format: str | None = None,
        name: str | None = None,
        annotations: Annotations | None = None,
    ) -> None:
        super().__init__(path, data, format, annotations)
        self.name = name

    def to_resource_content(
        self, mime_type: str | None = None, annotations: Annotations | None = None
    ) -> EmbeddedResource:
        """As a piece of content: words when it is text, base64 otherwise."""
        data, mime = self.read(), mime_type or self.mime_type
        uri = (
            f"file://{os.path.abspath(self.path)}" if self.path else f"file:///{self._file_name()}"
        )
        resource: Any = BlobResourceContents(uri=uri, mime_type=mime, blob=to_base64(data))
        if mime.startswith("text/"):
            try:
                resource = TextResourceContents(uri=uri, mime_type=mime, text=data.decode())
            except UnicodeDecodeError:
                pass  # text in name only travels as bytes
        return EmbeddedResource(resource=resource, annotations=annotations or self.annotations)

    to_content = to_resource_content

    def _file_name(self) -> str:
        extension = f".{self.format}" if self.format else ""
        name = self.name or "resource"
        return name if name.endswith(extension) else f"{name}{extension}"
