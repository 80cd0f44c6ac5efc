"""Tools that ask: the person by forms and URLs, the client's model, and the client for its roots.

A handler that asks is entered again from its beginning when the answer is there. Written like this
it runs in both eras: with requests to the client in one, with results that require input in the
other.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from mcpring import Context, Field
from mcpring.asking import ElicitationResult
from mcpring.jsonable import dumps

from app import mcp

TOKENS = 100
"""Most tokens of a model's answer."""


def told(words: str, answer: ElicitationResult[Any]) -> str:
    """What the person did with a question and, in a form, wrote."""
    content = "{}" if answer.data is None else dumps(answer.data)
    return f"{words}: action={answer.action}, content={content}"


@mcp.tool
async def test_sampling(prompt: Annotated[str, "What to ask the model."], ctx: Context) -> str:
    """Asks the client's model."""
    answer = await ctx.sample(prompt, max_tokens=TOKENS)
    return f"LLM response: {answer.text}"


def weather(city: str = "nowhere") -> str:
    """Tells the weather in a city."""
    return f"Sunny, for {city}"


@mcp.tool
async def sample_with_tools(ctx: Context) -> str:
    """Asks the client's model, and lets it use a tool."""
    question = {
        "role": "user",
        "content": {"type": "text", "text": "How is the weather in Paris?"},
    }
    answer = await ctx.sample([question], tools=[weather], max_tokens=TOKENS)
    if answer.tool_uses:
        # Models want an answer to each use of a tool, and nothing else beside.
        results = [use.result(weather(**use.input)) for use in answer.tool_uses]
        messages = [question, answer.message, {"role": "user", "content": results}]
        answer = await ctx.sample(messages, tools=[weather], max_tokens=TOKENS)
    return f"LLM response: {answer.text}"


@dataclass
class Account:
    """Whom to write to."""

    username: Annotated[str, "Your name"]
    email: Annotated[str, "Where to write to"]


@mcp.tool
async def test_elicitation(
    message: Annotated[str, "What to tell the person."], ctx: Context
) -> str:
    """Asks the person for a name and an address."""
    return told("User response", await ctx.elicit(message, Account))


@dataclass
class Defaults:
    """A default for every kind of value."""

    name: Annotated[str, "Your name"] = "John Doe"
    age: Annotated[int, "Your age"] = 30
    score: Annotated[float, "Your score"] = 95.5
    status: Annotated[Literal["active", "inactive", "pending"], "Your status"] = "active"
    verified: Annotated[bool, "Whether this is so"] = True


@mcp.tool
async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
    """Asks with a default for every kind of value."""
    return told("Elicitation completed", await ctx.elicit("Please check these values", Defaults))


Plain = Literal["option1", "option2", "option3"]
TITLES = {"value1": "First Option", "value2": "Second Option", "value3": "Third Option"}
TITLED = [{"const": value, "title": title} for value, title in TITLES.items()]
NAMES = {"opt1": "Option One", "opt2": "Option Two", "opt3": "Option Three"}
NAMED = {"enum": list(NAMES), "enumNames": list(NAMES.values())}


@dataclass
class Choices:
    """A choice of every kind: one or several, plain or with titles, and how these once were."""

    untitledSingle: Plain | None = None
    titledSingle: Annotated[str | None, Field(json_schema_extra={"oneOf": TITLED})] = None
    legacyEnum: Annotated[str | None, Field(json_schema_extra=NAMED)] = None
    untitledMulti: list[Plain] | None = None
    titledMulti: list[Annotated[str, Field(json_schema_extra={"anyOf": TITLED})]] | None = None


@mcp.tool
async def test_elicitation_sep1330_enums(ctx: Context) -> str:
    """Asks for choices of every kind."""
    return told("Elicitation completed", await ctx.elicit("Please choose", Choices))


@mcp.tool
async def elicit_url(url: Annotated[str, "Where to send the person."], ctx: Context) -> str:
    """Sends the person to a page."""
    action = await ctx.elicit_url("Please visit this page.", url)
    return f"Visit: action={action}, content={{}}"


async def roots(ctx: Context, key: str) -> str:
    """The client's roots, in words."""
    found = await ctx.list_roots(key=key)
    lines = [f"{root.uri} ({root.name})" if root.name else root.uri for root in found]
    return f"Client roots: {', '.join(lines)}"


@mcp.tool
async def list_roots(ctx: Context) -> str:
    """Asks for the client's roots."""
    return await roots(ctx, "roots")


@mcp.tool
async def test_missing_capability(ctx: Context) -> str:
    """Needs a client that has a model."""
    await ctx.sample("Are you there?", max_tokens=TOKENS)
    return "The client has a model"


@dataclass
class Value:
    """One value."""

    value: str


@mcp.tool
async def test_streaming_elicitation(ctx: Context) -> str:
    """Asks the person for a value."""
    return told("Elicitation completed", await ctx.elicit("Give a value", Value))
