"""Prompts: messages made from named arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from . import late
from ._narrow import is_dict, is_sequence
from ._record import Record
from .docstring import parse_docstring
from .exceptions import PromptError
from .jsonable import dumps
from .marks import marker
from .media import Audio, File, Image
from .parameters import read_function
from .plan import Plan, make_plan
from .tools import named, with_tags
from .types import Icon, TextContent, as_json, is_content

if TYPE_CHECKING:
    from .auth import AuthCheck

__all__ = ["Message", "Prompt", "PromptArgument", "PromptResult", "prompt"]

Role = Literal["user", "assistant"]


class Message:
    """One message of a prompt; what is no content becomes words."""

    __slots__ = ("content", "role")

    def __init__(self, content: Any, role: Role = "user") -> None:
        self.role: Role = role
        self.content: Any = _content(content)

    def to_dict(self) -> dict[str, Any]:
        """The protocol's own form."""
        return {"role": self.role, "content": as_json(self.content)}

    def __repr__(self) -> str:
        return f"Message({self.content!r}, role={self.role!r})"


def _content(value: Any) -> Any:
    if isinstance(value, (Image, Audio, File)):
        return value.to_content()
    if is_content(value) or (is_dict(value) and "type" in value):
        return value
    return TextContent(text=value if isinstance(value, str) else dumps(value))


class PromptResult:
    """A prompt's messages, with a description of what they are this time."""

    __slots__ = ("description", "messages", "meta")

    def __init__(
        self,
        messages: str | Iterable[Message | str],
        description: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        listed = [messages] if isinstance(messages, str) else list(messages)
        self.messages: list[Message] = [_message(one) for one in listed]
        self.description = description
        self.meta = dict(meta) if meta is not None else None

    def to_dict(self) -> dict[str, Any]:
        """The members of the protocol's result."""
        out: dict[str, Any] = {"messages": [message.to_dict() for message in self.messages]}
        if self.description is not None:
            out["description"] = self.description
        return {**out, "_meta": self.meta} if self.meta else out


def _message(value: Any) -> Message:
    if isinstance(value, Message):
        return value
    role = getattr(value, "role", None)
    if role is None and is_dict(value) and "role" in value:
        return Message(value["content"], value["role"])
    if role is not None:
        sdk: Any = value
        return Message(sdk.content, role)  # the official SDK's
    return Message(value)


def to_prompt_result(value: Any, name: str) -> PromptResult:
    """What the function of a prompt returned, in full."""
    if isinstance(value, PromptResult):
        return value
    if isinstance(value, (str, Message)) or is_content(value) or is_dict(value):
        return PromptResult([_message(value)])
    if is_sequence(value):
        return PromptResult([_message(item) for item in value])
    raise PromptError(
        f"the prompt {name!r} returned {type(value).__name__}: it should return text, a Message, a "
        "list of these, or a PromptResult"
    )


class PromptArgument(Record):
    """One argument as it is listed; all arguments of prompts are text."""

    name: str
    description: str | None = None
    required: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The protocol's own form."""
        words = {"description": self.description} if self.description else {}
        return {"name": self.name, **words, "required": self.required}


class Prompt(Record):
    """A prompt, complete."""

    name: str
    title: str | None = None
    description: str | None = None
    arguments: tuple[PromptArgument, ...] = ()
    icons: tuple[Icon | Mapping[str, Any], ...] = ()
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, Any] | None = None
    version: str | None = None
    enabled: bool = True
    is_async: bool = False
    auth: AuthCheck | list[AuthCheck] | None = None
    fn: Callable[..., Any]
    plan: Plan

    @classmethod
    def from_function(
        cls,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        version: str | int | float | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Iterable[Icon | Mapping[str, Any]] | None = None,
        tags: Iterable[str] | None = None,
        meta: Mapping[str, Any] | None = None,
        auth: AuthCheck | list[AuthCheck] | None = None,
        enabled: bool = True,
    ) -> Prompt:
        """Reads hints, defaults and docstring of `fn`."""
        function = read_function(fn)
        plan = make_plan(function)
        words = parse_docstring(function.doc).description or None
        return cls(
            name=name or named(function.name, "prompt"),
            title=title,
            description=description if description is not None else words,
            arguments=_arguments(plan),
            icons=tuple(icons or ()),
            tags=frozenset(tags or ()),
            meta=meta,
            version=None if version is None else str(version),
            enabled=enabled,
            is_async=function.is_async,
            auth=auth,
            fn=fn,
            plan=plan,
        )

    @property
    def key(self) -> str:
        """What the registry files it under."""
        return self.name

    async def render(self, arguments: dict[str, Any] | None = None) -> PromptResult:
        """The messages; text is read as the types the function names."""
        given = self.plan.read_text(dict(arguments or {}))
        missing = [one.name for one in self.arguments if one.required and one.name not in given]
        if missing:
            raise PromptError(f"the prompt {self.name!r} needs the arguments {missing}")
        value = await late.run_function()(self.fn, self.plan, given, self.is_async, True)
        return self.convert_result(value)

    def convert_result(self, value: Any) -> PromptResult:
        """What the function returned, in full."""
        made = to_prompt_result(value, self.name)
        if made.description is None:
            made.description = self.description
        return made

    def info(self) -> dict[str, Any]:
        """What is listed of it besides its name, in the protocol's names."""
        out = {
            "title": self.title,
            "description": self.description,
            "arguments": [argument.to_dict() for argument in self.arguments] or None,
            "icons": [as_json(icon) for icon in self.icons] or None,
            "_meta": with_tags(self.meta, self.tags, self.version) or None,
        }
        return {name: value for name, value in out.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """As it is listed."""
        return {"name": self.name, **self.info()}


def _arguments(plan: Plan) -> tuple[PromptArgument, ...]:
    required = plan.schema.get("required", ())
    found: list[PromptArgument] = []
    for name, schema in plan.schema["properties"].items():
        words = schema.get("description")
        if schema.get("type") != "string":
            # Hosts show the description only: it has to say that text is not all that is wanted.
            form = {
                key: item for key, item in schema.items() if key not in ("description", "title")
            }
            hint = f"JSON of this form: {dumps(form)}"
            words = f"{words}\n\n{hint}" if words else hint
        argument = PromptArgument(name=name, description=words, required=name in required)
        found.append(argument)
    return tuple(found)


prompt = marker(Prompt)
"""Marks a function as a prompt without a server."""
