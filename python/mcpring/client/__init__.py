"""A client: of a server in this process, of one behind a URL, or of a program that is started."""

from __future__ import annotations

from .client import Client
from .results import CallToolResult, PromptInfo, ResourceInfo, TemplateInfo, ToolInfo
from .sync import SyncClient

__all__ = [
    "CallToolResult",
    "Client",
    "PromptInfo",
    "ResourceInfo",
    "SyncClient",
    "TemplateInfo",
    "ToolInfo",
]
