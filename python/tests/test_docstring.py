"""Docstrings in three styles."""

from __future__ import annotations

import pytest

from mcpring.docstring import parse_docstring

GOOGLE = """Books a trip.

    A second paragraph.

    Args:
        city (str): where to,
            in words
        days: how long: in days
        **rest: the rest

    Returns:
        What was booked.
    """
NUMPY = """Books a trip.

    Parameters
    ----------
    city : str
        where to,
        in words
    days, nights : int
        how long

    Returns
    -------
    str
        What was booked.
    """
SPHINX = """Books a trip.

    :param city: where to,
        in words
    :param int days: how long
    :type days: int
    :returns: what was booked
    """

ROWS: list[tuple[str, str, dict[str, str]]] = [
    ("", "", {}),
    ("Just words.", "Just words.", {}),
    (
        "Words: with a colon.\n\nargs are fine here.",
        "Words: with a colon.\n\nargs are fine here.",
        {},
    ),
    ("Only.\n\n    Args:\n        a: b", "Only.", {"a": "b"}),
    (SPHINX, "Books a trip.", {"city": "where to, in words", "days": "how long"}),
]


@pytest.mark.parametrize(("text", "words", "parameters"), ROWS, ids=lambda one: repr(one)[:30])
def test_docstrings(text: str, words: str, parameters: dict[str, str]) -> None:
    read = parse_docstring(text)
    assert (read.description, read.parameters) == (words, parameters)


def test_google() -> None:
    read = parse_docstring(GOOGLE)
    want = {"city": "where to, in words", "days": "how long: in days", "rest": "the rest"}
    assert read.parameters == want
    assert read.description.startswith("Books a trip.\n\nA second paragraph.")
    assert "Returns:" in read.description, "only what is listed elsewhere is taken out"


def test_numpy() -> None:
    read = parse_docstring(NUMPY)
    assert read.parameters == {
        "city": "where to, in words",
        "days": "how long",
        "nights": "how long",
    }
    assert read.description.startswith("Books a trip.")
