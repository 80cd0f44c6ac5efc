"""Resources and prompts for clients that know tools only."""

from __future__ import annotations

from typing import Annotated, Any

from ...jsonable import dumps
from ...tools import Tool
from ...types import ToolAnnotations, as_json
from ..registry import Entry
from .base import Transform

__all__ = ["PromptsAsTools", "ResourcesAsTools"]

_READ_ONLY = ToolAnnotations(read_only_hint=True)


class _Adding(Transform):
    """Shows some tools more; they work on the server they are added to."""

    def __init__(self, server: Any = None) -> None:
        self._made: list[Tool] = []

    def tools(self, server: Any, entries: list[Entry]) -> list[Entry]:
        """All there are, and ours."""
        if not self._made:
            self._made = [
                Tool.from_function(fn, annotations=_READ_ONLY) for fn in self._functions(server)
            ]
        own = [Entry(kind="tool", component=tool, path=(server,)) for tool in self._made]
        return [*entries, *own]

    def _functions(self, server: Any) -> list[Any]:
        raise NotImplementedError


class ResourcesAsTools(_Adding):
    """Adds the tools `list_resources` and `read_resource`."""

    def _functions(self, server: Any) -> list[Any]:
        async def list_resources() -> str:
            """Lists what can be read: resources by `uri`, templates by `uri_template`."""
            resources = [one.to_dict() for one in await server.list_resources()]
            templates = [one.to_dict() for one in await server.list_resource_templates()]
            for one in templates:
                one["uri_template"] = one.pop("uriTemplate")
            return dumps([*resources, *templates])

        async def read_resource(uri: Annotated[str, "the URI, variables filled in"]) -> str:
            """Reads a resource by its URI."""
            found = (await server.read_resource(uri)).to_dict(uri, None)["contents"]
            if len(found) == 1 and "text" in found[0]:
                return str(found[0]["text"])
            return dumps(found)

        return [list_resources, read_resource]


class PromptsAsTools(_Adding):
    """Adds the tools `list_prompts` and `get_prompt`."""

    def _functions(self, server: Any) -> list[Any]:
        async def list_prompts() -> str:
            """Lists the prompts and their arguments."""
            return dumps([one.to_dict() for one in await server.list_prompts()])

        async def get_prompt(
            name: Annotated[str, "the name of the prompt"],
            arguments: Annotated[dict[str, Any] | None, "its arguments"] = None,
        ) -> str:
            """Makes a prompt."""
            made = await server.render_prompt(name, arguments)
            return dumps(as_json(made))

        return [list_prompts, get_prompt]
