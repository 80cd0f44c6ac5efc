"""Searching instead of listing: for servers with more tools than a model can read."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from ...exceptions import NotFoundError
from ...jsonable import dumps
from ...tools import Tool
from ..registry import Entry
from .base import Transform

__all__ = ["BM25SearchTransform", "RegexSearchTransform"]


class SearchTransform(Transform):
    """Base: shows a tool that searches and one that calls what was found."""

    def __init__(
        self,
        *,
        max_results: int = 5,
        always_visible: Iterable[str] | None = None,
        search_tool_name: str = "search_tools",
        call_tool_name: str = "call_tool",
    ) -> None:
        self.max_results = max_results
        self.always_visible = frozenset(always_visible or ())
        self.search_tool_name = search_tool_name
        self.call_tool_name = call_tool_name
        self._entries: dict[str, Entry] = {}
        self._made: list[Tool] = []

    def tools(self, server: Any, entries: list[Entry]) -> list[Entry]:
        """The two tools, and those that are always visible."""
        self._entries = {entry.component.key: entry for entry in entries}
        if not self._made:
            self._made = [
                Tool.from_function(self._search_function(), name=self.search_tool_name),
                Tool.from_function(self._call_function(), name=self.call_tool_name),
            ]
        shown = [entry for entry in entries if entry.component.name in self.always_visible]
        own = [Entry(kind="tool", component=tool, path=(server,)) for tool in self._made]
        return [*shown, *own]

    def _search_function(self) -> Any:
        raise NotImplementedError

    def _call_function(self) -> Any:
        async def call(
            name: Annotated[str, "the name of the tool"],
            arguments: Annotated[dict[str, Any] | None, "its arguments"] = None,
        ) -> Any:
            """Calls a tool that was found."""
            from ..answering import call_entry

            entry = self._entries.get(name)
            if entry is None:
                raise NotFoundError(f"there is no tool {name!r}")
            return await call_entry(entry, dict(arguments or {}))

        return call

    def _found(self, names: Iterable[str]) -> str:
        tools = [self._entries[name].component.to_dict() for name in names]
        return dumps(tools[: self.max_results])

    def _texts(self) -> dict[str, str]:
        return {name: _text(entry.component) for name, entry in self._entries.items()}


def _text(tool: Tool) -> str:
    """What is searched: name, words, parameters and their words."""
    fields: dict[str, Any] = tool.parameters.get("properties", {})
    words = [f"{name} {schema.get('description', '')}" for name, schema in fields.items()]
    return " ".join([tool.name, tool.description or "", *words])


class RegexSearchTransform(SearchTransform):
    """Finds tools by a regular expression."""

    def _search_function(self) -> Any:
        def search(pattern: Annotated[str, "a regular expression, in any case"]) -> str:
            """Finds tools whose name, words or parameters match."""
            try:
                wanted = re.compile(pattern, re.IGNORECASE)
            except re.error:
                return "[]"
            return self._found(name for name, text in self._texts().items() if wanted.search(text))

        return search


class BM25SearchTransform(SearchTransform):
    """Finds tools by words, the best first (Okapi BM25)."""

    def _search_function(self) -> Any:
        def search(query: Annotated[str, "what the tool should do, in words"]) -> str:
            """Finds tools by what they do."""
            return self._found(ranked(self._texts(), query))

        return search


_K1, _B = 1.5, 0.75


def ranked(texts: dict[str, str], query: str) -> list[str]:
    """The names whose texts have words of the query, the best first."""
    words = {name: _words(text) for name, text in texts.items()}
    length = sum(map(len, words.values())) / max(1, len(words))
    counts = {name: Counter(of) for name, of in words.items()}
    scores: dict[str, float] = {}
    for word in set(_words(query)):
        having = [name for name in counts if word in counts[name]]
        rarity = math.log(1 + (len(words) - len(having) + 0.5) / (len(having) + 0.5))
        for name in having:
            count = counts[name][word]
            norm = _K1 * (1 - _B + _B * len(words[name]) / length)
            scores[name] = scores.get(name, 0.0) + rarity * count * (_K1 + 1) / (count + norm)
    return sorted(scores, key=lambda name: -scores[name])


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
