"""What a server has, by kind and name, and which of it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from .._record import Record
from ..exceptions import ConfigError
from ..uri import UriTemplate

__all__ = ["Entry", "Kind", "Registry", "Rule"]

Kind = Literal["tool", "resource", "template", "prompt"]
KINDS: tuple[Kind, ...] = ("tool", "resource", "template", "prompt")
OnDuplicate = Literal["error", "warn", "replace", "ignore"]


class Rule(Record):
    """Switches what it is about on or off; of several, the last one counts."""

    enables: bool
    names: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    version: str | None = None

    def covers(self, kind: Kind, component: Any) -> bool:
        """Whether a component is what this is about."""
        names = {component.name, component.key}
        return (
            (self.names is None or bool(self.names & names))
            and (self.tags is None or bool(self.tags & component.tags))
            and (self.kinds is None or kind in self.kinds)
            and (self.version is None or self.version == component.version)
        )


class Entry(Record):
    """A component as a server shows it, and the servers a call passes on the way to it."""

    kind: Kind
    component: Any
    path: tuple[Any, ...]

    @property
    def owner(self) -> Any:
        """The server it was registered with."""
        return self.path[-1]


class Registry:
    """The components of one server."""

    def __init__(self, on_duplicate: OnDuplicate = "warn") -> None:
        self.on_duplicate = on_duplicate
        self.listeners: list[Callable[[], None]] = []
        self._components: dict[Kind, dict[str, dict[str | None, Any]]] = {k: {} for k in KINDS}
        self._rules: list[Rule] = []

    def add(self, kind: Kind, component: Any) -> Any:
        """Adds a component; gives the one that counts from now on."""
        versions = self._components[kind].setdefault(component.key, {})
        known = versions.get(component.version)
        if known is not None:
            words = f"the {kind} {component.key!r} exists already"
            if self.on_duplicate == "error":
                raise ConfigError(words)
            if self.on_duplicate == "ignore":
                return known
            if self.on_duplicate == "warn":
                import logging

                logging.getLogger("mcpring").warning("%s; it is replaced", words)
        if versions and (component.version is None) != (None in versions):
            raise ConfigError(f"{component.key!r} needs a version each time, or never one")
        versions[component.version] = component
        self.changed()
        return component

    def remove(self, kind: Kind, key: str) -> bool:
        """Takes a component away, in all its versions; whether it was there."""
        was_there = self._components[kind].pop(key, None) is not None
        if was_there:
            self.changed()
        return was_there

    def rule(self, rule: Rule) -> None:
        """Adds a rule of what shows."""
        self._rules.append(rule)
        self.changed()

    def forget_rules(self) -> None:
        """Back to what the components say of themselves."""
        self._rules.clear()
        self.changed()

    def changed(self) -> None:
        """Tells those who have handed the components on."""
        for listener in self.listeners:
            listener()

    def shown(
        self,
        kind: Kind,
        version: str | None = None,
        allows: Callable[[Kind, Any], bool] | None = None,
    ) -> Iterator[Any]:
        """What shows, in the order it was added, in the highest version or the one asked for."""
        for versions in self._components[kind].values():
            fitting = [one for one in versions.values() if self.shows(kind, one)]
            if allows is not None:
                fitting = [one for one in fitting if allows(kind, one)]
            if version is not None:
                fitting = [one for one in fitting if one.version in (version, None)]
            if fitting:
                yield _highest(fitting)

    def shows(self, kind: Kind, component: Any) -> bool:
        """Whether a component shows, its own or one that is mounted."""
        shows: bool = component.enabled
        for rule in self._rules:
            if rule.covers(kind, component):
                shows = rule.enables
        return shows


def _highest(components: list[Any]) -> Any:
    """The highest version, which in its `_meta` says which others there are."""
    if len(components) == 1:
        return components[0]
    ordered = sorted(components, key=lambda one: version_key(one.version), reverse=True)
    meta: Any = ordered[0].meta or {}
    own: dict[str, Any] = {**(meta.get("fastmcp") or {})}
    own["versions"] = [one.version for one in ordered]
    return ordered[0].replace(meta={**meta, "fastmcp": own})


def version_key(version: str | None) -> list[tuple[int, int | str]]:
    """Orders versions: numbers as numbers, words after them."""
    parts = (version or "").replace("-", ".").split(".")
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def prefixed(kind: Kind, component: Any, prefix: str | None, names: dict[str, str]) -> Any:
    """A component as it is called where its server is mounted."""
    if kind in ("resource", "template"):
        return component.replace(uri=prefixed_uri(component.uri, prefix)) if prefix else component
    name = names.get(component.name) if kind == "tool" else None
    if name is None:
        name = f"{prefix}_{component.name}" if prefix else component.name
    return component if name == component.name else component.replace(name=name)


def prefixed_uri(uri: str, prefix: str | None) -> str:
    """`data://x` below `weather` is `data://weather/x`."""
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}://{prefix}/{rest}" if prefix and mark else uri


def match_template(entries: Iterable[Entry], uri: str) -> tuple[Entry, dict[str, str]] | None:
    """The first template that fits `uri`, and its variables."""
    for entry in entries:
        variables = UriTemplate(entry.component.uri).match(uri)
        if variables is not None:
            return entry, variables
    return None
