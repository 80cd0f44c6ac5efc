"""The fixture that every side offers, written once: plain functions with hints, texts, and prompts.

What each answers is expected in `benches/workloads`.
"""

import inspect
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

ITEMS = 8
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
# URI, name and text.
RESOURCES = [
    ("bench:///left", "left", "left"),
    ("bench:///right", "right", "right"),
    *(
        (f"bench:///item/{at}", f"item {at}", f"item {at}: {ALPHABET * 7}")
        for at in range(ITEMS)
    ),
]
KIND = "text/plain"


def echo(message: str) -> str:
    return message


def echo_pooled(message: str) -> str:
    """Functions run on a pool of threads; where they do not, the server sees to it."""
    return message


def add(a: int, b: int) -> str:
    return str(a + b)


async def aecho(message: str) -> str:
    return message


def sleep(ms: int) -> str:
    """Blocks its thread, as a driver of a database does."""
    time.sleep(ms / 1000)
    return f"slept {ms} ms"


def form5(field: Callable[..., Any]) -> Callable[..., str]:
    """The form of five bounded parameters; `field` is pydantic's `Field`, or what stands for it."""

    def form5(
        name: Annotated[str, field(min_length=1, max_length=100)],
        email: Annotated[str, field(min_length=1, max_length=200)],
        age: Annotated[int, field(ge=0, le=150)],
        price: Annotated[float, field(ge=0)],
        active: Literal["yes", "no"],
    ) -> str:
        return f"{len(name.encode()) + len(email.encode())} bytes, {age}, {price}, {active}"

    return form5


def named(function: Callable[..., str], names: list[str], hint: Any) -> Callable[..., str]:
    """Gives a function of any keywords the parameters `names`, as if they were written out."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, keyword, annotation=hint) for name in names]
    function.__annotations__ = dict.fromkeys(names, hint) | {"return": str}
    signature = inspect.Signature(parameters, return_annotation=str)
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def form1000() -> Callable[..., str]:
    """No function takes whatever comes, so this one has a thousand parameters, each of any type."""

    def form1000(**fields: Any) -> str:
        return f"{len(fields)} fields"

    return named(form1000, [f"field_{at:04}" for at in range(1000)], Any)


def prompt_simple() -> str:
    return "Summarize what was said so far."


def prompt(name: str, count: int) -> Callable[..., str]:
    """A prompt of `count` required arguments, `a00` and so on, that repeats them."""
    names = [f"a{at:02}" for at in range(count)]

    def repeat(**values: str) -> str:
        return "; ".join(f"{name}={values[name]}" for name in names)

    repeat.__name__ = name
    return named(repeat, names, str)


PROMPTS = [prompt_simple, prompt("prompt_medium", 10), prompt("prompt_complex", 50)]


def plain(field: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The tools that need nothing but their arguments."""
    forms = [form5(field), form20(field), form1000()]
    return [echo, aecho, echo_pooled, add, *forms, sleep]


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
