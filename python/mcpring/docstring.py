"""Docstrings in the styles of Google, NumPy and Sphinx: the words, and those for each parameter."""

from __future__ import annotations

import re

from ._record import Record

__all__ = ["Docstring", "parse_docstring"]

_SECTIONS = frozenset(
    """args arguments parameters params keyword keyword_args attributes returns return yields yield
    raises raise examples example notes note warnings warning see_also references other_parameters
    warns todo""".split()
)
_PARAMETERS = frozenset(
    ("args", "arguments", "parameters", "params", "keyword_args", "attributes", "other_parameters")
)
_SPHINX = re.compile(
    r":(param|parameter|arg|argument|key|keyword)\s+([^:]*?)(\*{0,2}\w+)\s*:\s*(.*)"
)
_SPHINX_OTHER = re.compile(r":(type|returns?|rtype|raises?|yields?|var|ivar)\b")
_GOOGLE = re.compile(r"(\*{0,2}\w+)\s*(?:\(([^)]*)\))?\s*:\s*(.*)")
_NUMPY = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")


class Docstring(Record):
    """What a docstring says."""

    description: str
    parameters: dict[str, str]


def parse_docstring(text: str) -> Docstring:
    """Reads `text`; sections about parameters are taken out of the description."""
    if not text:
        return Docstring(description="", parameters={})
    lines = _clean(text)
    kept: list[str] = []
    parameters: dict[str, str] = {}
    at = 0
    while at < len(lines):
        section, style, body_at = _heading(lines, at)
        if section in _PARAMETERS and section:
            at, found = _read_section(lines, body_at, style)
            parameters.update(found)
        elif _SPHINX.match(lines[at]) or _SPHINX_OTHER.match(lines[at]):
            at = _read_sphinx(lines, at, parameters)
        else:
            kept.append(lines[at])
            at += 1
    return Docstring(description="\n".join(kept).strip(), parameters=parameters)


def _clean(text: str) -> list[str]:
    """Lines without the indentation that the source code gave them."""
    lines = text.expandtabs().splitlines()
    margins = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(margins, default=0)
    return [lines[0].strip(), *[line[margin:].rstrip() for line in lines[1:]]] if lines else []


def _heading(lines: list[str], at: int) -> tuple[str, str, int]:
    """The section that begins at a line, its style, and where its body begins."""
    line = lines[at]
    name = line.strip().rstrip(":").lower().replace(" ", "_")
    if name not in _SECTIONS or line[:1] == " ":
        return "", "", at
    rule = lines[at + 1].strip() if at + 1 < len(lines) else ""
    if len(rule) >= 3 and set(rule) == {"-"}:
        return name, "numpy", at + 2
    return (name, "google", at + 1) if line.rstrip().endswith(":") else ("", "", at)


def _read_section(lines: list[str], at: int, style: str) -> tuple[int, dict[str, str]]:
    found: dict[str, list[str]] = {}
    names: list[str] = []
    margin: int | None = None
    while at < len(lines):
        line = lines[at]
        indent = len(line) - len(line.lstrip())
        ends = indent == 0 if style == "google" else bool(_heading(lines, at)[0])
        if line.strip() and ends:
            break
        if not line.strip():
            at += 1
            # In NumPy's style a line at the margin after a blank one is prose again.
            if style == "numpy" and _is_prose(lines, at):
                break
            continue
        margin = indent if margin is None else margin
        head = (_GOOGLE if style == "google" else _NUMPY).match(line.strip())
        if head is not None and indent <= margin:
            names = [name.strip().lstrip("*") for name in head.group(1).split(",")]
            rest = head.group(3) if style == "google" else ""
            found.update({name: [rest] if rest else [] for name in names})
        else:
            for name in names:
                found[name].append(line.strip())
        at += 1
    return at, {name: " ".join(words) for name, words in found.items() if words}


def _is_prose(lines: list[str], at: int) -> bool:
    line = lines[at] if at < len(lines) else ""
    return bool(line.strip()) and line[:1] != " " and not _NUMPY.match(line)


def _read_sphinx(lines: list[str], at: int, parameters: dict[str, str]) -> int:
    head = _SPHINX.match(lines[at])
    words = [head.group(4)] if head is not None else []
    at += 1
    while at < len(lines) and lines[at].startswith(" ") and lines[at].strip():
        words.append(lines[at].strip())
        at += 1
    if head is not None:
        parameters[head.group(3).lstrip("*")] = " ".join(word for word in words if word)
    return at
