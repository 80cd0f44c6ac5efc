"""Frames of the socket transports: cut a stream of bytes into messages, and back."""

from __future__ import annotations

from ._core import Frames, encode_frame

__all__ = ["Frames", "encode_frame"]
