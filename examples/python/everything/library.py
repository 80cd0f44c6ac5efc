"""Resources that can be read and watched, a template, and prompts of every kind."""

from dataclasses import dataclass
from typing import Annotated

from mcpring import Context, Message

from app import mcp
from content import PIXEL, embedded


@mcp.resource("test://static-text", mime_type="text/plain")
def static_text_resource() -> str:
    """Text that never changes."""
    return "This is the content of the static text resource."


@mcp.resource("test://static-binary", mime_type="image/png")
def static_binary_resource() -> bytes:
    """A picture that never changes."""
    return PIXEL.read()


@mcp.resource("test://watched-resource", mime_type="text/plain")
def watched_resource() -> str:
    """Text to subscribe to."""
    return "Watched resource content"


TEMPLATE = "test://template/{id}/data"


@mcp.resource(TEMPLATE, mime_type="application/json")
def template_resource(id: str) -> dict[str, str | bool]:
    """Data made for an id."""
    return {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}


@mcp.completion(TEMPLATE, "id")
def complete_id(typed: str) -> list[str]:
    """Ids that begin so."""
    return [one for one in ("1", "2", "3", "123") if one.startswith(typed)]


@mcp.prompt
def test_simple_prompt() -> str:
    """Says one thing."""
    return "This is a simple prompt for testing."


@mcp.prompt
def test_prompt_with_arguments(
    arg1: Annotated[str, "One thing to say"], arg2: Annotated[str, "Another thing to say"]
) -> str:
    """Says what it was given."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@mcp.completion("test_prompt_with_arguments", "arg1")
def complete_arg1(typed: str) -> list[str]:
    """Words that begin so."""
    return [one for one in ("test", "testing", "tested") if one.startswith(typed)]


@mcp.completion("test_prompt_with_arguments", "arg2")
def complete_arg2(typed: str, known: dict[str, str]) -> list[str]:
    """What fits beside the other argument."""
    return [f"{known['arg1']} too"] if "arg1" in known else []


@mcp.prompt
def test_prompt_with_embedded_resource(resourceUri: Annotated[str, "Its URI"]) -> list[Message]:
    """Says a resource, whole."""
    return [
        Message(embedded(resourceUri, "Embedded resource content for testing.")),
        Message("Please process the embedded resource above."),
    ]


@mcp.prompt
def test_prompt_with_image() -> list[Message]:
    """Shows a picture."""
    return [Message(PIXEL), Message("Please analyze the image above.")]


@dataclass
class PromptContext:
    """What a prompt is about."""

    context: str


@mcp.prompt
async def test_input_required_result_prompt(ctx: Context) -> str:
    """Asks for its context first."""
    question = "What context should the prompt use?"
    answer = await ctx.elicit(question, PromptContext, key="user_context")
    return f"Prompt with elicited context: {answer.data.context if answer.data else '(no context)'}"
