"""The part of a context that asks its client.

A handler that asks ends with the question and is entered again, from its beginning, with the
answer. What it did before it asked is done again then: earlier answers are found by the order of
the questions.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import late
from ._narrow import is_dict
from .done import Done
from .exceptions import McpringError
from .jsonable import dumps
from .suspend import Suspend

if TYPE_CHECKING:
    from .asking import ElicitationResult, SamplingResult
    from .handle import AskMethod, CallHandle
    from .types import Root

__all__ = ["Questions", "loads_object"]

T = TypeVar("T")

Request = tuple[str, str, str]
"""Key, method and parameters (JSON text) of a question."""


class Questions:
    """Questions to the person, to the client's model, and to the client itself."""

    __slots__ = ("_asked", "_call", "_memo", "_together")

    def __init__(self, call: CallHandle) -> None:
        self._call = call
        self._asked = 0
        self._memo: dict[str, Any] | None = None
        self._together: list[Request] | None = None

    @overload
    def elicit(
        self,
        message: str,
        response_type: type[T],
        *,
        response_title: str | None = None,
        response_description: str | None = None,
        key: str | None = None,
    ) -> Done[ElicitationResult[T]]: ...
    @overload
    def elicit(
        self,
        message: str,
        response_type: list[str] | dict[str, dict[str, str]],
        *,
        response_title: str | None = None,
        response_description: str | None = None,
        key: str | None = None,
    ) -> Done[ElicitationResult[str]]: ...
    @overload
    def elicit(
        self,
        message: str,
        response_type: list[list[str]] | list[dict[str, dict[str, str]]],
        *,
        response_title: str | None = None,
        response_description: str | None = None,
        key: str | None = None,
    ) -> Done[ElicitationResult[list[str]]]: ...
    @overload
    def elicit(
        self,
        message: str,
        response_type: None = None,
        *,
        response_title: str | None = None,
        response_description: str | None = None,
        key: str | None = None,
    ) -> Done[ElicitationResult[dict[str, Any]]]: ...
    def elicit(
        self,
        message: str,
        response_type: Any = None,
        *,
        response_title: str | None = None,
        response_description: str | None = None,
        key: str | None = None,
    ) -> Done[Any]:
        """Asks the person to fill in a form.

        Works in every protocol version. What the handler did before it asked is done again when it
        is entered with the answer: put what must happen once after the last question, or into
        `once`.
        """
        from .asking import (
            AcceptedElicitation,
            CancelledElicitation,
            DeclinedElicitation,
            make_form,
        )

        form = make_form(response_type, response_title, response_description)
        params = {"message": message, "requestedSchema": form.schema}

        def read(answer: dict[str, Any]) -> ElicitationResult[Any]:
            if answer.get("action") == "accept":
                return AcceptedElicitation(form.read(answer.get("content")))
            is_declined = answer.get("action") == "decline"
            return DeclinedElicitation() if is_declined else CancelledElicitation()

        return self._ask("elicitation/create", params, key, read)

    def elicit_url(self, message: str, url: str, *, key: str | None = None) -> Done[str]:
        """Sends the person to a page, for what the client must not see; gives the action."""
        name = key or f"url-{late.crc32()(url.encode()):08x}"
        params = {"mode": "url", "message": message, "url": url, "elicitationId": name}
        return self._ask("elicitation/create", params, key, lambda said: str(said.get("action")))

    def sample(
        self,
        messages: Any,
        *,
        system_prompt: str | None = None,
        temperature: float | None = None,
        max_tokens: int = 512,
        model_preferences: Any = None,
        stop_sequences: list[str] | None = None,
        tools: Sequence[Any] | None = None,
        tool_choice: Literal["auto", "required", "none"] | None = None,
        key: str | None = None,
    ) -> Done[SamplingResult]:
        """Asks the client's model; `messages` is text, a message, or a list of these.

        `tools` (functions, or what `@tool` makes of them) are for the model to use: the result
        then has `tool_uses`, and whoever asked answers each of them in the next question.
        """
        make, read = late.sampling()
        params = make(
            messages,
            max_tokens=max_tokens,
            system_prompt=system_prompt,
            temperature=temperature,
            stop_sequences=stop_sequences,
            model_preferences=model_preferences,
            tools=tools,
            tool_choice=tool_choice,
        )
        return self._ask("sampling/createMessage", params, key, read)

    def list_roots(self, *, key: str | None = None) -> Done[list[Root]]:
        """Asks which places the client works in; its word, not a right to go there."""
        from .types import Root

        def read(answer: dict[str, Any]) -> list[Root]:
            found = answer.get("roots", [])
            return [Root(uri=root["uri"], name=root.get("name")) for root in found]

        return self._ask("roots/list", {}, key, read)

    @contextmanager
    def together(self) -> Generator[None, None, None]:
        """Puts the questions of a block at once: `with ctx.together():`.

        Each call in the block stands for its answer and is awaited, or read by `.value`, after it.
        """
        if self._together is not None:
            raise McpringError("questions are asked together already")
        waiting: list[Request] = []
        self._together = waiting
        try:
            yield
        finally:
            self._together = None
        if waiting:
            raise self._suspend(waiting)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gave the first time, also when the handler is entered again.

        The value travels with the question, sealed where the client carries it, so it has to be
        JSON. A value is kept from the next question on; a handler that fails before asks `make`
        again.
        """
        memo = self._remembered()
        if name not in memo:
            memo[name] = make()
        value: T = memo[name]
        return value

    def _remembered(self) -> dict[str, Any]:
        if self._memo is None:
            left = self._call.state()
            self._memo = loads_object(left.decode()) if left is not None else {}
        return self._memo

    def _ask(
        self,
        method: AskMethod,
        params: dict[str, Any],
        key: str | None,
        read: Callable[[dict[str, Any]], T],
    ) -> Done[T]:
        text = dumps(params)
        name = key or self._next_key(method, text)
        answer = self._call.answer(name)
        if answer is None:
            if self._together is None:
                raise self._suspend([(name, method, text)])
            self._together.append((name, method, text))
            return Done.unanswered()
        is_result, json = answer
        if not is_result:
            error = loads_object(json)
            raise McpringError(f"the client did not answer: {error.get('message', json)}")
        return Done(read(loads_object(json)))

    def _suspend(self, requests: list[Request]) -> Suspend:
        memo = self._remembered()
        return Suspend(requests, dumps(memo).encode() if memo else None)

    def _next_key(self, method: str, params: str) -> str:
        """By the order of the questions and by what is asked.

        A handler that takes another way when it is entered again asks another question at the same
        place; with its words in the key it never gets the answer to the old one.
        """
        self._asked += 1
        return f"{self._asked}-{method.partition('/')[0]}-{late.crc32()(params.encode()):08x}"


def loads_object(text: str | None) -> dict[str, Any]:
    """An object in JSON text; empty without one."""
    if not text:
        return {}
    import json

    value: Any = json.loads(text)
    return value if is_dict(value) else {}
