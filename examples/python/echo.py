"""A first server: one tool. Hints say what it takes, the docstring what it does."""

from mcpring import Client, FastMCP

from example import serve_or_check

mcp = FastMCP("echo", "Call echo with a text.")


@mcp.tool
def echo(text: str, times: int = 1) -> str:
    """Says it again.

    Args:
        text: what to say
        times: how often
    """
    return " ".join([text] * times)


async def check(client: Client) -> None:
    """What is listed is what was written above; calls are checked before they arrive."""
    [tool] = await client.list_tools()
    assert (tool.name, tool.description) == ("echo", "Says it again.")
    assert tool.input_schema["required"] == ["text"]
    assert tool.input_schema["properties"]["times"]["description"] == "how often"

    assert (await client.call_tool("echo", {"text": "zwölf 🥊"})).data == "zwölf 🥊"
    assert (await client.call_tool("echo", {"text": "a", "times": "3"})).data == "a a a"
    refused = await client.call_tool("echo", {"times": 2}, raise_on_error=False)
    assert refused.is_error and "text" in refused.text


if __name__ == "__main__":
    serve_or_check(mcp, check)
