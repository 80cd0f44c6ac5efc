"""The tools that every side offers, written once: plain functions with hints.

What each answers is expected in `benches/src/workload`.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any


def echo(message: str) -> str:
    return message


async def aecho(message: str) -> str:
    return message


def sleep(ms: int) -> str:
    """Blocks its thread, as a driver of a database does."""
    time.sleep(ms / 1000)
    return f"slept {ms} ms"


def summary(words: tuple[str, ...], whole: int, part: float, flags: tuple[bool, ...]) -> str:
    """Names every parameter, so that none of the decoding can be left out."""
    return f"{sum(map(len, words))} bytes, {whole}, {part}, {sum(flags)} set"


def form20(field: Callable[..., Any]) -> Callable[..., str]:
    """The form of twenty parameters; `field` is pydantic's `Field`, or what stands for it."""
    natural = Annotated[int, field(ge=0)]

    def form20(
        name: str,
        email: str,
        street: str,
        city: str,
        country: str,
        phone: str,
        company: str,
        title: str,
        note: str,
        reference: str,
        age: natural,
        quantity: natural,
        floor: int,
        year: natural,
        price: float,
        discount: float,
        weight: float,
        active: bool,
        verified: bool,
        newsletter: bool,
    ) -> str:
        return summary(
            (name, email, street, city, country, phone, company, title, note, reference),
            age + quantity + floor + year,
            price + discount + weight,
            (active, verified, newsletter),
        )

    return form20
