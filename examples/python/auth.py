"""Who may call: tokens are verified by the engine, before any Python runs.

Here they are fixed ones, for development; `JWTVerifier(jwks_uri=…, issuer=…, audience=…)` takes
those of an identity provider, and `RemoteAuthProvider` tells clients where to get them.
"""

from mcpring import Client, Context, FastMCP, ToolError
from mcpring.auth import StaticTokenVerifier, require_scopes
from mcpring.client.transports import StreamableHttpTransport
from mcpring.exceptions import McpringError

from example import check_at

READER, EDITOR, STRANGER = "reader-0123456789abcdef", "editor-0123456789abcdef", "nobody-0123456789"

mcp = FastMCP(
    "vault",
    "Needs a token with the scope read.",
    auth=StaticTokenVerifier(
        {
            READER: {"client_id": "ann", "scopes": ["read"]},
            EDITOR: {"client_id": "bob", "scopes": ["read", "write"]},
        },
        required_scopes=["read"],
    ),
)


@mcp.tool
def whoami(ctx: Context) -> str:
    """Who the token speaks for."""
    token = ctx.access_token
    return f"{token.client_id}: {', '.join(sorted(token.scopes))}" if token else "nobody"


@mcp.tool(auth=require_scopes("write"))
def write(text: str) -> str:
    """Only for tokens that may write; others do not even see it."""
    return f"wrote {text}"


async def check(url: str) -> None:
    """Readers read, editors write, strangers get nowhere."""

    def client(token: str) -> Client:
        return Client(StreamableHttpTransport(url, auth=token))

    async with client(READER) as reader:
        assert (await reader.call_tool("whoami")).data == "ann: read"
        try:
            await reader.call_tool("write", {"text": "x"})
        except (McpringError, ToolError):
            pass
        else:
            raise AssertionError("a reader wrote")
    async with client(EDITOR) as editor:
        assert (await editor.call_tool("whoami")).data == "bob: read, write"
        assert (await editor.call_tool("write", {"text": "x"})).data == "wrote x"
    try:
        async with client(STRANGER):
            pass
    except McpringError as error:
        assert "401" in str(error), error
    else:
        raise AssertionError("a stranger came in")


if __name__ == "__main__":
    check_at(mcp, check)
