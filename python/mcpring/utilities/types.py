"""`mcpring.media` under the name FastMCP has for it."""

from __future__ import annotations

from ..media import Audio, File, Image

__all__ = ["Audio", "File", "Image"]
