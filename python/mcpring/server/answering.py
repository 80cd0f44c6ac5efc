"""What a server answers inside the process: the same features, without a client on a wire.

For tests, for middleware, and for handlers that use their own server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import late
from .._narrow import is_list
from ..exceptions import (
    AuthorizationError,
    McpringError,
    NotFoundError,
    PromptError,
    ResourceError,
    ToolError,
    ValidationError,
)
from ..schema.fits import fits

if TYPE_CHECKING:
    from ..local import Answerer, LocalCall
    from ..prompts import Prompt, PromptResult
    from ..resources import Resource, ResourceResult, ResourceTemplate
    from ..results import ToolResult
    from ..tools import Tool
    from .fastmcp import FastMCP
    from .registry import Entry, Kind

__all__ = ["Answering"]


class Answering:
    """The part of a server that lists and answers."""

    async def list_tools(self: Any, *, run_middleware: bool = True) -> list[Tool]:
        """The tools that show."""
        tools: list[Tool] = await _list(self, "tool", "tools/list", run_middleware)
        return tools

    async def list_resources(self: Any, *, run_middleware: bool = True) -> list[Resource]:
        """The resources that show."""
        found: list[Resource] = await _list(self, "resource", "resources/list", run_middleware)
        return found

    async def list_resource_templates(
        self: Any, *, run_middleware: bool = True
    ) -> list[ResourceTemplate]:
        """The templates that show."""
        method = "resources/templates/list"
        found: list[ResourceTemplate] = await _list(self, "template", method, run_middleware)
        return found

    async def list_prompts(self: Any, *, run_middleware: bool = True) -> list[Prompt]:
        """The prompts that show."""
        found: list[Prompt] = await _list(self, "prompt", "prompts/list", run_middleware)
        return found

    async def get_tool(self: Any, name: str, version: str | None = None) -> Tool | None:
        """The tool of that name."""
        entry = self.find("tool", name, version)
        return entry.component if entry is not None else None

    async def get_resource(self: Any, uri: str, version: str | None = None) -> Resource | None:
        """The resource at that URI."""
        entry = self.find("resource", str(uri), version)
        return entry.component if entry is not None else None

    async def get_resource_template(
        self: Any, uri: str, version: str | None = None
    ) -> ResourceTemplate | None:
        """The template of that text, or the one that fits a URI."""
        entry = self.find("template", uri, version)
        if entry is None:
            found = self.find_template(uri)
            entry = found[0] if found is not None else None
        return entry.component if entry is not None else None

    async def get_prompt(self: Any, name: str, version: str | None = None) -> Prompt | None:
        """The prompt of that name."""
        entry = self.find("prompt", name, version)
        return entry.component if entry is not None else None

    async def call_tool(
        self: Any,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        version: str | None = None,
        run_middleware: bool = True,
        call: LocalCall | None = None,
        answerer: Answerer | None = None,
    ) -> ToolResult:
        """Calls a tool; its failure is a `ToolError`. `answerer` answers what it asks."""
        entry = self.find("tool", name, version)
        if entry is None:
            raise NotFoundError(f"there is no tool {name!r}")
        given = dict(arguments or {})

        async def end(params: Any) -> Any:
            return await call_entry(entry, dict(params.arguments))

        said = {"name": name, "arguments": given}
        try:
            result: ToolResult = await _serve(
                entry.path, "tools/call", said, end, run_middleware, call, answerer
            )
        except McpringError:
            raise
        except Exception as error:
            raise ToolError(entry.owner.failure_words("tool", name, error)) from error
        return result

    async def read_resource(
        self: Any,
        uri: object,
        *,
        version: str | None = None,
        run_middleware: bool = True,
        call: LocalCall | None = None,
        answerer: Answerer | None = None,
    ) -> ResourceResult:
        """Reads a resource, or what a template has there."""
        text = str(uri)
        entry, variables = _find_read(self, text, version)
        component, path = entry.component, entry.path

        async def end(_: Any) -> Any:
            check_access(component, path[-1])
            read = component.read_with(variables) if variables else component.read()
            return await read

        try:
            result: ResourceResult = await _serve(
                path, "resources/read", {"uri": text}, end, run_middleware, call, answerer
            )
        except McpringError:
            raise
        except Exception as error:
            raise ResourceError(path[-1].failure_words("resource", text, error)) from error
        return result

    async def render_prompt(
        self: Any,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        version: str | None = None,
        run_middleware: bool = True,
        call: LocalCall | None = None,
        answerer: Answerer | None = None,
    ) -> PromptResult:
        """Makes a prompt."""
        entry = self.find("prompt", name, version)
        if entry is None:
            raise NotFoundError(f"there is no prompt {name!r}")

        async def end(params: Any) -> Any:
            check_access(entry.component, entry.owner)
            return await entry.component.render(dict(params.arguments))

        said = {"name": name, "arguments": dict(arguments or {})}
        try:
            result: PromptResult = await _serve(
                entry.path, "prompts/get", said, end, run_middleware, call, answerer
            )
        except McpringError:
            raise
        except Exception as error:
            raise PromptError(entry.owner.failure_words("prompt", name, error)) from error
        return result

    async def complete(
        self: Any, reference: Any, argument: str, value: str, known: dict[str, str] | None = None
    ) -> Any:
        """Completes an argument of a prompt (by name) or template (by its text)."""
        from ..completions import to_completion

        found = complete_with(self, reference, argument, value, known or {})
        return to_completion(await found if hasattr(found, "__await__") else found)

    def failure_words(self: Any, kind: str, name: str, error: BaseException) -> str:
        """What a client is told of a failure; the program's log has the rest."""
        import logging

        from ..settings import read_settings

        if isinstance(error, (ToolError, ResourceError, PromptError, ValidationError)):
            return str(error)
        if type(error).__name__ == "CancelledError":  # nobody waits for the answer
            return f"the {kind} {name!r} was cancelled"
        logging.getLogger("mcpring").error("the %s %r failed", kind, name, exc_info=error)
        masks = self.mask_error_details
        if masks is None:
            masks = read_settings().mask_error_details
        return f"the {kind} {name!r} failed" if masks else f"the {kind} {name!r} failed: {error}"


def _find_read(server: Any, uri: str, version: str | None) -> tuple[Entry, dict[str, str]]:
    """What is read at a URI, and the variables when it is a template."""
    entry: Entry | None = server.find("resource", uri, version)
    if entry is not None:
        return entry, {}
    found: tuple[Entry, dict[str, str]] | None = server.find_template(uri)
    if found is None:
        raise NotFoundError(f"there is no resource {uri!r}")
    return found


async def call_entry(entry: Entry, arguments: dict[str, Any]) -> Any:
    """Checks the arguments and runs the tool, as the core does for calls from a wire."""
    tool = entry.component
    check_access(tool, entry.owner)
    given = checked(tool, arguments, entry.owner.strict_input_validation or False)
    return held_to(tool, await _run_in_time(tool, given))


async def _run_in_time(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
    if tool.timeout is None:
        return await tool.run(arguments)
    import asyncio

    try:
        return await asyncio.wait_for(tool.run(arguments), tool.timeout)
    except TimeoutError as error:
        raise ToolError(f"{tool.name!r} took longer than {tool.timeout} s") from error


def held_to(tool: Tool, result: ToolResult) -> ToolResult:
    """The result, if it is what the tool's output schema promises."""
    schema = tool.output_schema
    if (
        schema is None
        or result.is_error
        or fits(result.structured_content, schema, schema.get("$defs", {}))
    ):
        return result
    raise ToolError(f"the result of {tool.name!r} breaks its output schema")


def checked(tool: Tool, arguments: dict[str, Any], is_strict: bool) -> dict[str, Any]:
    """Arguments that fit the tool's schema; repaired if that is allowed and helps."""
    from ..schema.coerce import coerce
    from ..schema.shape import settle

    schema = tool.parameters
    defs = schema.get("$defs", {})
    if not fits(arguments, schema, defs) and not is_strict:
        arguments = coerce(arguments, schema, defs)
    unknown = [name for name in arguments if name not in schema.get("properties", {})]
    if unknown and schema.get("additionalProperties") is False:
        raise ValidationError(f"{tool.name!r} has no parameter {unknown}")
    missing = [name for name in schema.get("required", ()) if name not in arguments]
    if missing:
        raise ValidationError(f"{tool.name!r} needs {missing}")
    for name, value in arguments.items():
        known = schema.get("properties", {}).get(name, {})
        if not fits(value, known, defs):
            raise ValidationError(
                f"{tool.name!r}: {name!r} is {value!r}, which does not fit {known}"
            )
    exact = tool.plan.exact if tool.plan is not None else {}
    return {
        name: settle(value, exact[name]) if name in exact else value
        for name, value in arguments.items()
    }


def check_access(component: Any, server: Any) -> None:
    """Refuses who may not have the component."""
    if component.auth is None:
        return
    from ..auth import AuthContext
    from ..context import find_context

    auth: Any = component.auth
    listed: list[Any] = auth if is_list(auth) else [auth]
    context = find_context()
    token = context.access_token if context is not None else None
    if context is not None and context.transport in ("local", "stdio"):
        return  # nobody is asked for a token there
    said = AuthContext(token=token, component=component, context=context)
    if not all(check(said) for check in listed):
        raise AuthorizationError(f"{component.name!r} of {server.name!r} is not for this token")


def complete_with(
    server: FastMCP[Any], reference: Any, argument: str, value: str, known: dict[str, str]
) -> Any:
    """What the completer of an argument, or the one handler for all, gives."""
    from ..completions import CompletionArgument, CompletionContext, CompletionReference
    from ..parameters import read_function

    name = getattr(reference, "name", None) or getattr(reference, "uri", None) or str(reference)
    completer = server.completers.get((name, argument))
    if completer is not None:
        takes_known = len(read_function(completer).parameters) > 1
        return completer(value, known) if takes_known else completer(value)
    if server.completion_handler is None:
        return None
    if isinstance(reference, str):
        is_uri = "://" in reference
        reference = CompletionReference(
            type="ref/resource" if is_uri else "ref/prompt",
            **{"uri" if is_uri else "name": reference},
        )
    asked = CompletionArgument(name=argument, value=value)
    context = CompletionContext(arguments=known) if known else None
    return server.completion_handler(reference, asked, context)


async def _list(server: Any, kind: Kind, method: str, run_middleware: bool) -> list[Any]:
    async def end(_: Any) -> Any:
        return [entry.component for entry in server.entries(kind)]

    return list(
        await late.run_chain()([server], method, {}, end, None) if run_middleware else await end(0)
    )


async def _serve(
    path: tuple[Any, ...],
    method: str,
    said: dict[str, Any],
    end: Callable[[Any], Any],
    run_middleware: bool,
    call: LocalCall | None,
    answerer: Answerer | None,
) -> Any:
    """Enters a feature: context, middleware of every server on the way, questions."""
    from ..context import Context, enter_context, find_context, leave_context
    from ..local import LocalCall, answer_questions

    outer = find_context()
    handle = call or LocalCall(said.get("name") or said.get("uri", ""))

    async def enter() -> Any:
        # Inside of another call its client is the one that is told and asked.
        source = outer.call if outer is not None and call is None else handle
        context = Context(path[-1], source)
        token = enter_context(context)
        try:
            servers = path if run_middleware else ()
            return await late.run_chain()(servers, method, said, end, context)
        finally:
            leave_context(token)

    if outer is not None and call is None:
        return await enter()
    return await answer_questions(handle, enter, answerer)
