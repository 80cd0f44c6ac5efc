"""What a handler can do: report, ask, remember, inject."""

from __future__ import annotations

import asyncio
import enum
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import pydantic
import pytest

from calling import WAYS, Caller, call_inside, needs_core
from mcpring import Client, Context, CurrentContext, Depends, FastMCP
from mcpring.asking import make_form
from mcpring.dependencies import CurrentFastMCP, CurrentHeaders, Progress, get_context
from mcpring.exceptions import ConfigError, McpringError, NotFoundError, ToolError, ValidationError
from mcpring.local import LocalCall
from mcpring.suspend import Suspend


@dataclass
class Person:
    name: str
    age: int = 0


class Pet(pydantic.BaseModel):
    kind: Literal["cat", "dog"]


class Size(enum.Enum):
    S = "small"
    L = "large"


@pytest.fixture(params=WAYS)
def run(request: pytest.FixtureRequest) -> Caller:
    return Caller(request.param)


def accepting(content: dict[str, Any]) -> dict[str, Any]:
    return {"action": "accept", "content": content}


STR = {"type": "string"}
FORMS: list[tuple[Any, dict[str, Any], dict[str, Any], Any]] = [
    (str, {"value": STR}, {"value": "a"}, "a"),
    (int, {"value": {"type": "integer"}}, {"value": "3"}, 3),
    (bool, {"value": {"type": "boolean"}}, {"value": True}, True),
    (Size, {"value": {"enum": ["small", "large"], "type": "string"}}, {"value": "small"}, Size.S),
    (Literal["a", "b"], {"value": {"enum": ["a", "b"], "type": "string"}}, {"value": "b"}, "b"),
    (["a", "b"], {"value": {"type": "string", "enum": ["a", "b"]}}, {"value": "a"}, "a"),
    (
        {"lo": {"title": "Low"}},
        {"value": {"type": "string", "oneOf": [{"const": "lo", "title": "Low"}]}},
        {"value": "lo"},
        "lo",
    ),
    (
        [["a", "b"]],
        {"value": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}},
        {"value": ["a"]},
        ["a"],
    ),
    (
        [{"lo": {"title": "Low"}}],
        {"value": {"type": "array", "items": {"anyOf": [{"const": "lo", "title": "Low"}]}}},
        {"value": ["lo"]},
        ["lo"],
    ),
    (
        Person,
        {"name": STR, "age": {"type": "integer", "default": 0}},
        {"name": "Ann", "age": "7"},
        Person("Ann", 7),
    ),
    (Pet, {"kind": {"enum": ["cat", "dog"], "type": "string"}}, {"kind": "cat"}, Pet(kind="cat")),
    (None, {}, {}, {}),
]


@pytest.mark.parametrize(
    ("wanted", "fields", "answer", "want"), FORMS, ids=lambda one: repr(one)[:30]
)
def test_forms(
    run: Caller, wanted: Any, fields: dict[str, Any], answer: dict[str, Any], want: Any
) -> None:
    mcp = FastMCP("x")
    got: list[Any] = []

    @mcp.tool
    async def t(ctx: Context) -> None:
        result = await ctx.elicit("which?", wanted)
        got.append(result.data)

    asked: list[dict[str, Any]] = []

    def answers(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        return accepting(answer)

    run(mcp, elicitation_handler=answers)
    assert asked[0]["message"] == "which?"
    assert asked[0]["requestedSchema"]["properties"] == fields
    assert got == [want] and type(got[0]) is type(want)


def test_what_a_form_cannot_ask() -> None:
    @dataclass
    class Deep:
        inner: Person

    for wanted in (Deep, list[int], dict[str, int], []):
        with pytest.raises(ConfigError):
            make_form(wanted)


def test_declining_and_going_away(run: Caller) -> None:
    mcp = FastMCP("x")

    @mcp.tool
    async def t(ctx: Context) -> str:
        result = await ctx.elicit("who?", str)
        return result.data if result.action == "accept" else result.action

    for action in ("decline", "cancel"):
        assert run(mcp, elicitation_handler=lambda _, a=action: {"action": a}) == action
    with pytest.raises(ToolError, match="answer elicitation/create|the capability elicitation"):
        run(mcp)
    with pytest.raises(ToolError, match="does not fit"):
        run(mcp, elicitation_handler=lambda _: accepting({}))


def test_handlers_are_entered_again_from_their_beginning(run: Caller) -> None:
    """Earlier answers are found again by their order; `once` keeps what must not be done twice."""
    mcp = FastMCP("x")
    entered: list[int] = []
    orders: list[str] = []

    def order() -> str:
        orders.append("order")
        return f"order-{len(orders)}"

    @mcp.tool
    async def t(ctx: Context) -> list[str]:
        entered.append(1)
        name = (await ctx.elicit("name?", str)).data
        number = ctx.once("number", order)
        city = (await ctx.elicit("city?", str)).data
        roots = await ctx.list_roots()
        return [str(name), number, str(city), roots[0].uri]

    answers = iter(["Ann", "Rome"])
    got = run(
        mcp,
        elicitation_handler=lambda _: accepting({"value": next(answers)}),
        roots=["file:///a"],
    )
    assert got == ["Ann", "order-1", "Rome", "file:///a"]
    assert (len(entered), orders) == (4, ["order"])


def test_another_question_never_gets_an_old_answer(run: Caller) -> None:
    mcp = FastMCP("x")
    turns = iter(["first?", "other?", "other?"])

    @mcp.tool
    async def t(ctx: Context) -> str:
        return str((await ctx.elicit(next(turns), str)).data)

    got = run(mcp, elicitation_handler=lambda p: accepting({"value": p["message"]}))
    assert got == "other?"


def test_questions_asked_together(run: Caller) -> None:
    """All are put at once, and the handler is entered again once, with all the answers."""
    mcp = FastMCP("x")
    entered: list[int] = []

    @mcp.tool
    async def t(ctx: Context) -> list[Any]:
        entered.append(1)
        with ctx.together():
            name = ctx.elicit("name?", str)
            words = ctx.sample("hello?")
            places = ctx.list_roots()
        return [(await name).data, (await words).text, [one.uri for one in await places]]

    def person(_: dict[str, Any]) -> dict[str, Any]:
        return accepting({"value": "Ann"})

    def model(_: dict[str, Any]) -> dict[str, Any]:
        return {"role": "assistant", "model": "m", "content": {"type": "text", "text": "hi"}}

    got = run(mcp, elicitation_handler=person, sampling_handler=model, roots=["file:///a"])
    assert got == ["Ann", "hi", ["file:///a"]] and len(entered) == 2


def test_an_answer_is_not_there_before_its_question_was_put() -> None:
    mcp = FastMCP("x")

    @mcp.tool
    async def t(ctx: Context) -> str:
        with ctx.together():
            return str((await ctx.elicit("name?", str)).data)

    @mcp.tool
    async def nested(ctx: Context) -> None:
        with ctx.together(), ctx.together():
            pass

    for name, words in (("t", "after the block"), ("nested", "together already")):
        with pytest.raises(ToolError, match=words):
            asyncio.run(call_inside(mcp, name))


def test_a_model_that_uses_tools(run: Caller) -> None:
    mcp = FastMCP("x")

    def weather(city: str) -> str:
        """Tells the weather."""
        return f"Sunny in {city}"

    @mcp.tool
    async def t(ctx: Context) -> str:
        first = await ctx.sample("How is it in Paris?", tools=[weather], tool_choice="auto")
        results = [use.result(weather(**use.input)) for use in first.tool_uses]
        return (
            await ctx.sample([first.message, {"role": "user", "content": results}], tools=[weather])
        ).text

    asked: list[dict[str, Any]] = []

    def model(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        use = {"type": "tool_use", "id": "u1", "name": "weather", "input": {"city": "Paris"}}
        text = {"type": "text", "text": "Take sunglasses."}
        content: Any = [use] if len(asked) == 1 else text
        return {"role": "assistant", "model": "m", "content": content, "stopReason": "toolUse"}

    able = {"tools": {}}
    got = run(mcp, sampling_handler=model, sampling_capabilities=able)
    assert got == "Take sunglasses."
    assert asked[0]["toolChoice"] == {"mode": "auto"}
    [tool] = asked[0]["tools"]
    assert (tool["name"], tool["description"]) == ("weather", "Tells the weather.")
    [answer] = asked[1]["messages"][1]["content"]
    assert answer["toolUseId"] == "u1" and answer["content"][0]["text"] == "Sunny in Paris"


def test_asking_works_without_await(run: Caller) -> None:
    mcp = FastMCP("x")

    @mcp.tool
    def t(ctx: Context) -> str:
        try:
            answer = ctx.sample("2+2?", max_tokens=9, system_prompt="brief").value
        except Exception:  # noqa: BLE001 - a question is no Exception, so this does not see it
            return "swallowed"
        return answer.text

    asked: list[Any] = []

    def answers(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        return {"role": "assistant", "model": "m", "content": {"type": "text", "text": "4"}}

    assert run(mcp, sampling_handler=answers) == "4"
    assert asked == [
        {
            "messages": [{"role": "user", "content": {"type": "text", "text": "2+2?"}}],
            "maxTokens": 9,
            "systemPrompt": "brief",
        }
    ]


def test_what_a_question_is_to_the_core() -> None:
    call = LocalCall("t")
    context = Context(FastMCP("x"), call)
    context.once("n", lambda: 1)
    with pytest.raises(Suspend) as raised:
        context.elicit("who?", str)
    [(key, method, params)] = raised.value.requests
    assert key.startswith("1-elicitation-") and method == "elicitation/create"
    assert json.loads(params)["message"] == "who?"
    assert raised.value.state == b'{"n":1}'
    with pytest.raises(Suspend) as raised:
        Context(FastMCP("x"), call).elicit("who?", str, key="mine")
    assert raised.value.requests[0][0] == "mine" and raised.value.state is None
    call.answers["mine"] = (False, '{"code":-1,"message":"no way"}')
    with pytest.raises(McpringError, match="no way"):
        Context(FastMCP("x"), call).elicit("who?", str, key="mine")


def test_reports(run: Caller) -> None:
    mcp = FastMCP("x")

    @mcp.tool
    async def t(ctx: Context) -> None:
        await ctx.report_progress(1, 2, "half")
        await ctx.info("words", logger_name="me")
        await ctx.warning("more", extra={"k": 1})
        ctx.log({"any": "JSON"}, level="notice")
        with pytest.raises(McpringError, match="a log level is one of"):
            ctx.log("x", level="loud")  # type: ignore[arg-type]

    progress: list[Any] = []
    logs: list[Any] = []
    run(
        mcp,
        progress_handler=lambda *said: progress.append(said),
        log_handler=lambda *said: logs.append(said),
    )
    assert progress == [(1, 2, "half")]
    assert logs == [
        ("info", "words", "me"),
        ("warning", {"msg": "more", "extra": {"k": 1}}, None),
        ("notice", {"any": "JSON"}, None),
    ]


def remembering() -> FastMCP:
    mcp = FastMCP("x")

    @mcp.tool
    async def put(ctx: Context) -> None:
        await ctx.set_state("k", 1)

    @mcp.tool
    async def get(ctx: Context) -> list[int | None]:
        return [await ctx.get_state("k")]

    @mcp.tool
    async def drop(ctx: Context) -> None:
        await ctx.delete_state("k")

    return mcp


def test_state_lasts_as_long_as_the_session() -> None:
    mcp = remembering()

    def get(session: str | None) -> Any:
        return asyncio.run(call_inside(mcp, "get", session_id=session))

    asyncio.run(call_inside(mcp, "put", session_id="one"))
    assert (get("one"), get("two"), get(None)) == ([1], [None], [None])
    asyncio.run(call_inside(mcp, "drop", session_id="one"))
    assert get("one") == [None]


@needs_core
def test_connections_of_the_handshake_era_have_a_session_each() -> None:
    mcp = remembering()

    async def whole() -> list[Any]:
        async with Client(mcp) as one, Client(mcp) as two:
            await one.call_tool("put")
            seen = [(await c.call_tool("get")).data for c in (one, two, one)]
            await one.call_tool("drop")
            return [*seen, (await one.call_tool("get")).data]

    assert asyncio.run(whole()) == [[1], [None], [1], [None]]


def test_sessions_are_bounded() -> None:
    from mcpring.server.sessions import SessionStates

    states = SessionStates(2)
    states.of("a")["k"] = 1
    states.of("b")
    states.of("a")
    states.of("c")
    assert states.of("a") == {"k": 1} and len(states) == 2
    assert states.of("b") == {}


def test_dependencies(run: Caller) -> None:
    order: list[str] = []

    def settings() -> dict[str, int]:
        order.append("settings")
        return {"n": 1}

    async def database(s: dict[str, int] = Depends(settings)) -> AsyncIterator[int]:
        order.append("open")
        yield s["n"]
        order.append("close")

    @contextmanager
    def managed(s: dict[str, int] = Depends(settings)) -> Iterator[str]:
        order.append("enter")
        yield "managed"
        order.append("leave")

    async def user(ctx: Context) -> str:
        return ctx.fastmcp.name

    mcp = FastMCP("named")

    @mcp.tool
    def t(
        db: int = Depends(database),
        m: str = Depends(managed),
        u: str = Depends(user),
        ctx: Context = CurrentContext(),
        server: FastMCP = CurrentFastMCP(),
        headers: dict[str, str] = CurrentHeaders(),
    ) -> list[Any]:
        order.append("call")
        same = server is ctx.fastmcp and get_context() is ctx
        return [db, m, u, same, headers]

    assert run(mcp) == [1, "managed", "named", True, {}]
    assert order == ["settings", "open", "enter", "call", "leave", "close"]


def test_a_circle_of_dependencies_is_told(run: Caller) -> None:
    def first(x: int = Depends(lambda: 1)) -> int:
        return x

    first.__defaults__ = (Depends(first),)
    mcp = FastMCP("x")

    @mcp.tool
    def t(x: int = Depends(first)) -> int:
        return x

    with pytest.raises(ToolError, match="depends on itself"):
        run(mcp)


def test_progress_counts(run: Caller) -> None:
    mcp = FastMCP("x")

    @mcp.tool
    async def t(progress: Progress = Progress()) -> int:
        await progress.set_total(3)
        await progress.increment()
        await progress.increment(2)
        await progress.set_message("done")
        return progress.current or 0

    seen: list[Any] = []
    for _ in range(2):  # a fresh counter each time
        assert run(mcp, progress_handler=lambda *said: seen.append(said)) == 3
    steps = [(1, 3, None), (3, 3, None), (3, 3, "done")]
    if run.way == "engine":
        steps.pop()  # the protocol wants progress to grow: the last report says nothing new
    assert seen == steps * 2


def test_a_handler_changes_what_shows(run: Caller) -> None:
    mcp = FastMCP("x")
    mcp.tool("extra", tags={"more"})(lambda: 1)

    @mcp.tool
    async def t(ctx: Context) -> list[list[str]]:
        seen: list[list[str]] = []
        for change in (ctx.disable_components, ctx.enable_components):
            await change(tags={"more"})
            seen.append([tool.name for tool in await mcp.list_tools()])
        await ctx.disable_components(names={"extra"})
        await ctx.reset_visibility()
        return [*seen, [tool.name for tool in await mcp.list_tools()]]

    assert run(mcp) == [["t"], ["extra", "t"], ["extra", "t"]]


def test_what_others_have_elsewhere_is_told(run: Caller) -> None:
    mcp = FastMCP("x")

    @mcp.tool
    def t(ctx: Context) -> list[Any]:
        whole: Any = ctx
        told: list[str] = []
        for name in ("session", "send_notification", "misspelt"):
            with pytest.raises(AttributeError) as caught:
                getattr(whole, name)
            told.append(str(caught.value))
        same = ctx.request_context.lifespan_context == ctx.lifespan_context
        return [same, told[0][:50], "resource_updated" in told[1], told[2]]

    told = "a Context has no 'session'; ask with ctx.elicit, c"
    assert run(mcp) == [True, told, True, "a Context has no 'misspelt'"]


def test_there_is_a_context_only_inside_of_calls() -> None:
    with pytest.raises(NotFoundError, match="no call runs here"):
        get_context()


def test_inside_of_a_call_the_client_stays_the_same(run: Caller) -> None:
    mcp = FastMCP("x")

    @mcp.tool
    async def inner(ctx: Context) -> str:
        await ctx.info("from inside")
        return str((await ctx.elicit("who?", str)).data)

    @mcp.resource("data://x")
    async def data(ctx: Context) -> str:
        return ctx.session_id

    @mcp.tool
    async def t(ctx: Context) -> list[Any]:
        result = await mcp.call_tool("inner")
        read = await ctx.read_resource("data://x")
        return [result.structured_content, read.contents[0].content]

    logs: list[Any] = []
    got = run(
        mcp,
        elicitation_handler=lambda _: accepting({"value": "Ann"}),
        log_handler=lambda *said: logs.append(said[1]),
    )
    assert got[0] == {"result": "Ann"} and isinstance(got[1], str)
    assert set(logs) == {"from inside"}


def test_answers_have_to_fit() -> None:
    form = make_form(Person)
    with pytest.raises(ValidationError, match="does not fit what was asked"):
        form.read({"age": 1})


@needs_core
def test_blocking_functions_with_dependencies_run_at_once() -> None:
    """On threads of their own, as many as the core would give them."""
    mcp = FastMCP("x")
    barrier = threading.Barrier(40, timeout=30)

    @mcp.tool
    def t(n: int = Depends(lambda: 1)) -> int:
        return barrier.wait() * 0 + n  # passes when all are here

    async def whole() -> list[Any]:
        async with Client(mcp) as client:
            calls = [client.call_tool("t") for _ in range(40)]
            return [one.data for one in await asyncio.gather(*calls)]

    assert asyncio.run(whole()) == [1] * 40


def test_a_thread_hands_on_what_was_raised() -> None:
    from mcpring.threads import call_in_thread

    def leak(error: BaseException) -> None:
        raise error

    for error, kind in ((KeyError("a"), KeyError), (StopIteration(), RuntimeError)):
        with pytest.raises(kind):
            asyncio.run(call_in_thread(leak, error))
