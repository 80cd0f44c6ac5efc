"""Asking the person, and the client's model, from inside of a tool: in every protocol version.

A handler that asks ends there and is entered again with the answer. No thread waits while a person
thinks; what must happen once goes after the last question, or into `ctx.once`.
"""

import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from mcpring import AcceptedElicitation, Client, Context, FastMCP, Field

from example import serve_or_check

mcp = FastMCP("restaurant", "Books tables.")


@dataclass
class Booking:
    """A form: fields are text, numbers, booleans or choices."""

    name: Annotated[str, "in whose name"]
    guests: Annotated[int, Field(ge=1, le=12)] = 2
    place: Literal["inside", "terrace"] = "inside"


@mcp.tool
async def book_table(day: str, ctx: Context) -> str:
    """Books a table, when the person says for whom."""
    number = ctx.once("number", lambda: uuid.uuid4().hex)  # the same in every round
    answer = await ctx.elicit(f"A table on {day}?", Booking)
    if not isinstance(answer, AcceptedElicitation):
        return f"Nothing was booked: {answer.action}."
    table = answer.data
    if table.guests > 6:
        sure = await ctx.elicit("We have to join tables. Is that all right?", bool)
        if not sure.data:
            return "Nothing was booked."
    return f"{table.name}, {table.guests}, {table.place}: {len(number)}"


@mcp.tool
def recommend(ctx: Context) -> str:
    """Asks two at once; in a function that is not async, `.value` takes the place of await."""
    with ctx.together():
        taste = ctx.elicit("What do you like?", ["fish", "meat", "neither"])
        wine = ctx.sample("Name one wine.", max_tokens=10)
    return f"{taste.value.data} with {wine.value.text}"


async def check(client: Client) -> None:
    """The person below answers; whoever declines gets no table."""
    assert (await client.call_tool("book_table", {"day": "Monday"})).data == "Ann, 8, terrace: 32"
    said = (await client.call_tool("book_table", {"day": "Sunday"})).data
    assert said == "Nothing was booked: decline."
    assert (await client.call_tool("recommend")).data == "fish with Riesling"


def person(question: dict[str, Any]) -> dict[str, Any]:
    """Who sits before the client."""
    answers: dict[str, Any] = {
        "A table on Monday?": {"name": "Ann", "guests": 8, "place": "terrace"},
        "We have to join tables. Is that all right?": {"value": True},
        "What do you like?": {"value": "fish"},
    }
    content = answers.get(question["message"])
    return {"action": "accept", "content": content} if content else {"action": "decline"}


def model(question: dict[str, Any]) -> str:
    """The client's model."""
    assert question["messages"][0]["content"]["text"] == "Name one wine."
    return "Riesling"


if __name__ == "__main__":
    serve_or_check(mcp, check, elicitation_handler=person, sampling_handler=model)
