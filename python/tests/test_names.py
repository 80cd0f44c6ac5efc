"""Names where FastMCP keeps them: an import is all that a program changes."""

from __future__ import annotations

import importlib

import pytest

NAMES: list[tuple[str, str]] = [
    ("", "FastMCP Context Client settings"),
    (".server", "FastMCP Context create_proxy"),
    (".server.context", "Context"),
    (
        ".server.dependencies",
        "get_context get_access_token get_http_headers CurrentContext Depends Progress",
    ),
    (".server.elicitation", "AcceptedElicitation DeclinedElicitation CancelledElicitation"),
    (".server.lifespan", "lifespan Lifespan ContextManagerLifespan"),
    (".server.middleware", "Middleware MiddlewareContext CallNext"),
    (".server.auth", "AccessToken TokenVerifier RemoteAuthProvider require_scopes restrict_tag"),
    (".server.auth.providers.jwt", "JWTVerifier StaticTokenVerifier"),
    (".server.providers", "LocalProvider FileSystemProvider"),
    (".server.providers.skills", "SkillProvider SkillsDirectoryProvider"),
    (".server.transforms", "ResourcesAsTools PromptsAsTools VersionFilter Transform"),
    (".server.transforms.search", "RegexSearchTransform BM25SearchTransform"),
    (".dependencies", "Depends CurrentContext CurrentFastMCP CurrentHeaders Progress TokenClaim"),
    (
        ".exceptions",
        "ToolError ResourceError PromptError NotFoundError FastMCPError ValidationError",
    ),
    (".tools", "Tool ToolResult tool"),
    (
        ".resources",
        "Resource ResourceTemplate ResourceResult ResourceContent resource "
        "TextResource BinaryResource FileResource DirectoryResource",
    ),
    (".prompts", "Prompt Message PromptResult PromptArgument prompt"),
    (".client", "Client CallToolResult"),
    (".utilities.types", "Image Audio File"),
    (".utilities.tasks", "TaskConfig"),
    (".utilities.logging", "get_logger"),
    (".types", "TextContent ImageContent ToolAnnotations Annotations Icon"),
]


@pytest.mark.parametrize(("module", "names"), NAMES)
def test_names(module: str, names: str) -> None:
    found = importlib.import_module(f"mcpring{module}")
    assert [name for name in names.split() if not hasattr(found, name)] == []


def test_a_name_that_is_elsewhere_is_told() -> None:
    with pytest.raises(ImportError, match="get_http_headers"):
        exec("from mcpring.server.dependencies import get_http_request")
