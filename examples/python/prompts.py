"""Prompts: messages from arguments, with completion. A prompt may bring a resource along."""

from typing import Annotated, Literal

from mcpring import Client, FastMCP, Message
from mcpring.exceptions import RequestError
from mcpring.prompts import PromptResult
from mcpring.types import EmbeddedResource, TextResourceContents

from example import serve_or_check

mcp = FastMCP("prompts", "Helps with reviews.")
LANGUAGES = ["c", "cpp", "python", "rust"]


@mcp.prompt
def explain(topic: Annotated[str, "what to explain"]) -> str:
    """Asks for an explanation; a text is one message of the user's."""
    return f"Explain {topic} in three sentences."


@mcp.prompt(title="Review code", tags={"review"})
def review(code: str, language: str, depth: Literal["quick", "thorough"] = "quick") -> PromptResult:
    """Asks for a review of code, as a talk that has begun."""
    source = EmbeddedResource(
        resource=TextResourceContents(uri="code://mine", mime_type="text/plain", text=code)
    )
    return PromptResult(
        [
            Message(f"Give this {language} a {depth} review.", role="user"),
            Message(source, role="user"),
            Message("Gladly. Is anything in it on purpose?", role="assistant"),
        ],
        description=f"A {depth} review",
    )


@mcp.completion("review", "language")
def complete_language(typed: str, known: dict[str, str]) -> list[str]:
    """Languages that begin so; `known` has the arguments that were filled in already."""
    braces = "{" in known.get("code", "")
    return [one for one in LANGUAGES if one.startswith(typed) and not (braces and one == "python")]


async def check(client: Client) -> None:
    """Lists, makes, completes; refuses what lacks an argument."""
    listed = {prompt.name: prompt for prompt in await client.list_prompts()}
    assert [one.name for one in listed["review"].arguments if one.required] == ["code", "language"]
    assert listed["review"].title == "Review code"

    made = await client.get_prompt("explain", {"topic": "io_uring"})
    assert made.messages[0].content.text == "Explain io_uring in three sentences."
    made = await client.get_prompt("review", {"code": "x = 1", "language": "python"})
    assert made.description == "A quick review"
    assert [message.role for message in made.messages] == ["user", "user", "assistant"]
    assert made.messages[1].content.resource.text == "x = 1"

    argument = {"name": "language", "value": ""}
    assert (await client.complete("review", argument)).values == LANGUAGES
    found = await client.complete("review", argument, {"code": "int main() {}"})
    assert found.values == ["c", "cpp", "rust"]
    try:
        await client.get_prompt("review", {"code": "x = 1"})
    except RequestError as error:
        assert "language" in str(error)
    else:
        raise AssertionError("a prompt without its argument was made")


if __name__ == "__main__":
    serve_or_check(mcp, check)
