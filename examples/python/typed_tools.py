"""Types in, types out: dataclasses, choices, bounds. Schemas are made of them, and hold."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

from mcpring import Client, FastMCP, Field

from example import serve_or_check

mcp = FastMCP("typed", "Plans journeys.")


class Class(Enum):
    """How to sit."""

    FIRST = "first"
    SECOND = "second"


@dataclass
class Passenger:
    """Who travels."""

    name: str
    age: Annotated[int, Field(ge=0, le=150)] = 30


class Leg(TypedDict):
    """From here to there."""

    start: str
    end: str


@dataclass
class Ticket:
    """What it comes to."""

    price: float
    day: date
    passengers: list[str]
    via: list[str]


@mcp.tool
def book(
    passengers: Annotated[list[Passenger], Field(min_length=1)],
    legs: list[Leg],
    day: date,
    seat: Class = Class.SECOND,
    pays_with: Literal["card", "cash"] = "card",
) -> Ticket:
    """Books a journey."""
    fare = {Class.FIRST: 90.0, Class.SECOND: 50.0}[seat] * len(legs)
    discount = 0.5 if pays_with == "cash" else 1.0
    price = sum(fare * (0 if one.age < 6 else discount) for one in passengers)
    return Ticket(price, day, [one.name for one in passengers], [leg["end"] for leg in legs[:-1]])


async def check(client: Client) -> None:
    """Values arrive as their types, results leave as data, and what does not fit is refused."""
    journey = {
        "passengers": [{"name": "Ann"}, {"name": "Tom", "age": 4}],
        "legs": [{"start": "Rome", "end": "Milan"}, {"start": "Milan", "end": "Paris"}],
        "day": "2027-05-01",
        "seat": "first",
    }
    ticket = (await client.call_tool("book", journey)).structured_content
    assert ticket == {
        "price": 180.0,
        "day": "2027-05-01",
        "passengers": ["Ann", "Tom"],
        "via": ["Milan"],
    }
    faults: list[tuple[str, Any]] = [("passengers", []), ("day", "May"), ("seat", "third")]
    for name, wrong in faults:
        refused = await client.call_tool("book", {**journey, name: wrong}, raise_on_error=False)
        assert refused.is_error, name


if __name__ == "__main__":
    serve_or_check(mcp, check)
