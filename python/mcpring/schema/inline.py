"""Schemas without needless references.

Hosts differ in how well they follow `$ref`; every definition that does not contain itself is put
where it is used. What is recursive stays in `$defs`.
"""

from __future__ import annotations

from typing import Any

from .._narrow import is_dict, is_list
from .shape import Schema

__all__ = ["inline", "names_used"]

_PREFIX = "#/$defs/"


def names_used(node: Any) -> set[str]:
    """The definitions that `node` refers to, directly."""
    if is_list(node):
        return {name for item in node for name in names_used(item)}
    if not is_dict(node):
        return set()
    found = {name for key, item in node.items() if key != "$ref" for name in names_used(item)}
    ref = node.get("$ref")
    if isinstance(ref, str) and ref.startswith(_PREFIX):
        found.add(ref[len(_PREFIX) :])
    return found


def inline(schema: Schema, defs: dict[str, Schema]) -> Schema:
    """`schema` with its definitions inlined; the recursive ones it needs are added as `$defs`."""
    if not defs:
        return schema
    recursive = {name for name in defs if name in _reach(name, defs)}
    out: Schema = _expand(schema, defs, recursive)
    needed: dict[str, Schema] = {}
    waiting = sorted(names_used(out))
    while waiting:
        name = waiting.pop()
        if name not in needed and name in defs:
            needed[name] = _expand(defs[name], defs, recursive)
            waiting += sorted(names_used(needed[name]))
    return {**out, "$defs": dict(sorted(needed.items()))} if needed else out


def _reach(start: str, defs: dict[str, Schema]) -> set[str]:
    """The definitions that can be come to from `start`."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in names_used(defs.get(waiting.pop(), {})):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def _expand(node: Any, defs: dict[str, Schema], recursive: set[str]) -> Any:
    if is_list(node):
        return [_expand(item, defs, recursive) for item in node]
    if not is_dict(node):
        return node
    ref = node.get("$ref")
    name = ref[len(_PREFIX) :] if isinstance(ref, str) and ref.startswith(_PREFIX) else None
    beside = {key: _expand(item, defs, recursive) for key, item in node.items() if key != "$ref"}
    if name is None:
        return {"$ref": ref, **beside} if ref is not None else beside
    if name in recursive or name not in defs:
        return {"$ref": ref, **beside}
    return {**_expand(defs[name], defs, recursive), **beside}
