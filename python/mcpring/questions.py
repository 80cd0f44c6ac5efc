"""The part of a context that asks its client.

A handler that asks ends with the question and is entered again, from its beginning, with the
answer. What it did before it asked is done again then: earlier answers are found by the order of
the questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._narrow import is_dict
from .done import Done
from .exceptions import McpringError
from .suspend import Suspend

if TYPE_CHECKING:
    from .asking import ElicitationResult, SamplingResult
    from .handle import AskMethod, CallHandle
    from .types import Root

__all__ = ["Questions", "loads_object"]

T = TypeVar("T")


class Questions:
    """Questions to the person, to the client's model, and to the client itself."""

    __slots__ = ("_asked", "_call", "_memo")

    def __init__(self, call: CallHandle) -> None:
        self._call = call
        self._asked = 0
        self._memo: dict[str, Any] | None = None

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
        answer = self._ask("elicitation/create", params, key)
        action = answer.get("action")
        if action == "accept":
            return Done(AcceptedElicitation(form.read(answer.get("content"))))
        return Done(DeclinedElicitation() if action == "decline" else CancelledElicitation())

    def elicit_url(self, message: str, url: str, *, key: str | None = None) -> Done[str]:
        """Sends the person to a page, for what the client must not see; gives the action."""
        from zlib import crc32

        name = key or f"url-{crc32(url.encode()):08x}"
        params = {"mode": "url", "message": message, "url": url, "elicitationId": name}
        return Done(str(self._ask("elicitation/create", params, key).get("action")))

    def sample(
        self,
        messages: Any,
        *,
        system_prompt: str | None = None,
        temperature: float | None = None,
        max_tokens: int = 512,
        model_preferences: Any = None,
        stop_sequences: list[str] | None = None,
        key: str | None = None,
    ) -> Done[SamplingResult]:
        """Asks the client's model; `messages` is text, a message, or a list of these."""
        from .asking import SamplingResult, sampling_params

        params = sampling_params(
            messages,
            max_tokens=max_tokens,
            system_prompt=system_prompt,
            temperature=temperature,
            stop_sequences=stop_sequences,
            model_preferences=model_preferences,
        )
        answer = self._ask("sampling/createMessage", params, key)
        return Done(
            SamplingResult(
                content=answer.get("content"),
                model=str(answer.get("model", "")),
                role=str(answer.get("role", "assistant")),
                stop_reason=answer.get("stopReason"),
            )
        )

    def list_roots(self, *, key: str | None = None) -> Done[list[Root]]:
        """Asks which places the client works in; its word, not a right to go there."""
        from .types import Root

        answer = self._ask("roots/list", {}, key)
        found = answer.get("roots", [])
        return Done([Root(uri=root["uri"], name=root.get("name")) for root in found])

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

    def _ask(self, method: AskMethod, params: dict[str, Any], key: str | None) -> dict[str, Any]:
        from .jsonable import dumps

        text = dumps(params)
        name = key or self._next_key(method, text)
        answer = self._call.answer(name)
        if answer is None:
            memo = self._remembered()
            raise Suspend([(name, method, text)], dumps(memo).encode() if memo else None)
        is_result, json = answer
        if not is_result:
            error = loads_object(json)
            raise McpringError(f"the client did not answer: {error.get('message', json)}")
        return loads_object(json)

    def _next_key(self, method: str, params: str) -> str:
        """By the order of the questions and by what is asked.

        A handler that takes another way when it is entered again asks another question at the same
        place; with its words in the key it never gets the answer to the old one.
        """
        from zlib import crc32

        self._asked += 1
        return f"{self._asked}-{method.partition('/')[0]}-{crc32(params.encode()):08x}"


def loads_object(text: str | None) -> dict[str, Any]:
    """An object in JSON text; empty without one."""
    if not text:
        return {}
    import json

    value: Any = json.loads(text)
    return value if is_dict(value) else {}
