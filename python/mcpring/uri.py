"""RFC 6570 templates, as far as resources use them.

The core matches by its own router, in linear time; this one serves calls inside the process, and
says at registration which variables a template has.
"""

from __future__ import annotations

import re

__all__ = ["UriTemplate", "standard"]

_EXPRESSION = re.compile(r"\{([+#./;?&]?)([^{}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")


_REST = re.compile(r"\{(\w+)\*\}")


def standard(text: str) -> str:
    """FastMCP's `{path*}` as the standard writes what it means, `{+path}`: clients fill it in."""
    return _REST.sub(r"{+\1}", text)


class UriTemplate:
    """A template and what it matches: `{name}` one part, `{+name}` and `{name*}` the rest."""

    __slots__ = ("_pattern", "query", "text", "variables")

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: list[str] = []
        self.query: list[str] = []
        self._pattern: re.Pattern[str] | None = None
        for found in _EXPRESSION.finditer(text):
            names = _VARIABLE.findall(found.group(2))
            self.variables += [name for name in names if name not in self.variables]
            if found.group(1) in ("?", "&"):
                self.query += names

    def match(self, uri: str) -> dict[str, str] | None:
        """The variables in `uri`, decoded; `None` when it is another kind of URI."""
        from urllib.parse import parse_qsl, unquote

        if self._pattern is None:
            self._pattern = re.compile(self._source())
        path, mark, query = uri.partition("?") if self.query else (uri, "", "")
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        named = found.groupdict()
        out = {name: unquote(value) for name, value in named.items() if value is not None}
        given = dict(parse_qsl(query, keep_blank_values=True)) if mark else {}
        return {**out, **{name: given[name] for name in self.query if name in given}}

    def _source(self) -> str:
        parts: list[str] = []
        at = 0
        for found in _EXPRESSION.finditer(self.text):
            parts.append(re.escape(self.text[at : found.start()]))
            at = found.end()
            operator, body = found.groups()
            if operator in ("?", "&"):
                continue
            is_rest = operator in ("+", "#") or body.endswith("*")
            head = re.escape(operator) if operator in ("#", ".", "/") else ""
            class_of = ".+" if is_rest else "[^/?#]+"
            groups = [f"(?P<{name}>{class_of})" for name in _VARIABLE.findall(body)]
            parts.append(head + (head or ",").join(groups))
        parts.append(re.escape(self.text[at:]))
        return "".join(parts)
