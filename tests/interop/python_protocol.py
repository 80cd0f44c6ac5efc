"""The official Python SDK as a client of `everything`: what a server asks, tells and resumes.

Both eras, over stdio and Streamable HTTP. The SDK answers the questions of either era with the
same callbacks, resumes a cut stream by itself in the handshake era, and has no tasks of 2025-11-25;
those the TypeScript client exercises.
"""

import functools
import warnings

import anyio
import mcp_types as types
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

import python_tasks
from harness import EVERYTHING, STATELESS, Failure, Suite, want, want_equal
from proxy import Proxy
from python_person import ANSWER, FORM, ROOT_URI, Person, text_of

CASE_S = 60
# How long a change is waited for before it is made once more: the stream that tells of changes is
# opened beside the calls, so the first change may precede it.
RETRY_S = 0.5
ROUNDS = 3
SLEEPERS = 40
SLEEP_MS = 600_000
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
WATCHED = "test://watched-resource"
OTHER = "test://static-text"


class Place:
    """Where a case meets the server: the SDK's target, its era, and a way through a proxy."""

    def __init__(self, target, mode, address=None):
        self.target = target
        self.mode = mode
        self.address = address

    def client(self, person, **options):
        """A client with `person` behind it."""
        return Client(self.target, mode=self.mode, cache=None, **person.callbacks(), **options)


async def sampling(place):
    """The server asks for a completion and uses it."""
    person = Person()
    async with place.client(person) as client:
        result = await client.call_tool("test_sampling", {"prompt": "How deep is the sea?"})
        want(ANSWER in text_of(result), f"the answer is not in {text_of(result)!r}")
    (asked,) = person.asked
    want_equal(asked.messages[0].content.text, "How deep is the sea?", "prompt")
    want_equal(asked.max_tokens, 100, "maxTokens")


async def sampling_with_tools(place):
    """The server offers tools for a completion to a client that takes them."""
    person = Person()
    capabilities = types.SamplingCapability(tools=types.SamplingToolsCapability())
    async with place.client(person, sampling_capabilities=capabilities) as client:
        result = await client.call_tool("sample_with_tools", {})
        want(not result.is_error, f"failed: {text_of(result)}")
    want(person.asked[0].tools, "no tool was offered")


async def elicitation(place):
    """A form is filled in, then declined, then cancelled."""
    for action in ("accept", "decline", "cancel"):
        person = Person(action)
        async with place.client(person) as client:
            result = await client.call_tool("test_elicitation", {"message": "Who are you?"})
            want(action in text_of(result), f"{action!r} is not in {text_of(result)!r}")
            if action == "accept":
                want(FORM["username"] in text_of(result), f"no content in {text_of(result)!r}")
        (asked,) = person.asked
        want_equal(asked.message, "Who are you?", "message")
        want("username" in asked.requested_schema["properties"], "the form has no username")


async def elicitation_of_choices(place):
    """Enumerations of every kind reach the client and its choices come back."""
    person = Person()
    async with place.client(person) as client:
        result = await client.call_tool("test_elicitation_sep1330_enums", {})
        want("accept" in text_of(result), f"not accepted: {text_of(result)!r}")
    fields = person.asked[0].requested_schema["properties"]
    kinds = {"untitledSingle", "titledSingle", "legacyEnum", "untitledMulti", "titledMulti"}
    want_equal(set(fields), kinds, "fields of the form")
    want_equal(fields["untitledMulti"]["type"], "array", "type of a multiple choice")


async def elicitation_by_url(place):
    """The client is sent to an address."""
    person = Person()
    url = "https://example.org/consent?id=1"
    async with place.client(person) as client:
        result = await client.call_tool("elicit_url", {"url": url})
        want("accept" in text_of(result), f"not accepted: {text_of(result)!r}")
    (asked,) = person.asked
    want_equal((asked.mode, asked.url), ("url", url), "what was asked")


async def roots(place):
    """The server asks for the client's roots."""
    person = Person()
    async with place.client(person) as client:
        result = await client.call_tool("list_roots", {})
        want(ROOT_URI in text_of(result), f"{ROOT_URI} is not in {text_of(result)!r}")


async def several_questions(place):
    """Three questions of one call, and one call that asks twice."""
    person = Person()
    async with place.client(person) as client:
        result = await client.call_tool("test_input_required_result_multiple_inputs", {})
        want(not result.is_error, f"failed: {text_of(result)}")
        want_equal(len(person.asked), 3, "questions of the first call")
        result = await client.call_tool("test_input_required_result_multi_round", {})
        want(not result.is_error, f"failed: {text_of(result)}")
        want_equal(len(person.asked), 5, "questions of both calls")


async def question_of_a_prompt(place):
    """A prompt asks before it answers."""
    person = Person()
    async with place.client(person) as client:
        result = await client.get_prompt("test_input_required_result_prompt")
        want(result.messages, "the prompt has no message")
    want_equal(len(person.asked), 1, "questions")


async def missing_capability(place):
    """A client that cannot answer is told so."""
    async with Client(place.target, mode=place.mode, cache=None) as client:
        try:
            await client.call_tool("test_missing_capability", {})
        except MCPError as fault:
            want_equal(fault.error.code, types.MISSING_REQUIRED_CLIENT_CAPABILITY, "code")
            want("sampling" in fault.error.data["requiredCapabilities"], f"{fault.error.data}")
        else:
            raise Failure("the call succeeded")


async def progress(place):
    """Progress comes while a call runs, in order and once."""
    heard = []

    async def hear(done, total, message):
        heard.append((done, total))

    async with place.client(Person()) as client:
        await client.call_tool("test_tool_with_progress", {}, progress_callback=hear)
    # The SDK handles each notification by itself, so their order here is its own.
    want_equal(sorted(heard), [(0, 100), (50, 100), (100, 100)], "progress")


async def logging(place):
    """Log messages come at the level asked for and above."""
    person = Person()
    name = "test_tool_with_logging"

    async def call(client, level):
        if place.mode == STATELESS:
            await client.call_tool(name, {}, meta={LOG_LEVEL: level} if level else None)
        else:
            await client.set_logging_level(level or "error")
            await client.call_tool(name, {})

    async with place.client(person) as client:
        await call(client, "debug")
        await person.until(lambda: len(person.logged) >= 3, "three log messages")
        count = len(person.logged)
        await call(client, None)
        await call(client, "info")
        await person.until(lambda: len(person.logged) >= 2 * count, "the log messages again")
        want_equal(len(person.logged), 2 * count, "log messages of two calls that log")


async def cancellation(place):
    """More cancelled calls than may be open at once leave room for the next one."""
    async with place.client(Person()) as client:
        for _ in range(ROUNDS):
            async with anyio.create_task_group() as sleepers:
                for _ in range(SLEEPERS):
                    sleepers.start_soon(client.call_tool, "sleep", {"ms": SLEEP_MS})
                await anyio.wait_all_tasks_blocked()
                await client.call_tool("test_simple_text", {})
                sleepers.cancel_scope.cancel()
        want(not (await client.call_tool("test_simple_text", {})).is_error, "the last call failed")


async def cancelled_question(place):
    """A cancelled call takes back the question it has asked."""
    person = Person("wait")
    async with place.client(person) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "test_elicitation", {"message": "Hello?"})
            await person.until(lambda: person.asked, "the question")
            group.cancel_scope.cancel()
        await person.until(lambda: person.interrupted, "the end of the question")


async def until_heard(client, person, kind, tool, arguments):
    """Has the server make a change until the client hears of it."""
    count = len(person.of(kind))
    for _ in range(int(CASE_S / RETRY_S)):
        await client.call_tool(tool, arguments)
        with anyio.move_on_after(RETRY_S):
            await person.until(lambda: len(person.of(kind)) > count, kind.__name__)
            return
    raise Failure(f"{kind.__name__} was not heard")


UPDATED = types.ResourceUpdatedNotification


async def subscription(place):
    """Updates come for what is subscribed, and only for that."""
    person = Person()
    async with place.client(person) as client:
        await client.subscribe_resource(WATCHED)
        await until_heard(client, person, UPDATED, "update_resource", {"uri": WATCHED})
        want_equal({str(found.params.uri) for found in person.of(UPDATED)}, {WATCHED}, "updated")
        await client.unsubscribe_resource(WATCHED)
        await client.subscribe_resource(OTHER)
        await person.settle()
        await client.call_tool("update_resource", {"uri": WATCHED})
        await until_heard(client, person, UPDATED, "update_resource", {"uri": OTHER})
        want_equal({str(found.params.uri) for found in person.of(UPDATED)}, {OTHER}, "updated")


async def list_changes(place):
    """Tools and prompts that come and go are announced."""
    person = Person()
    async with place.client(person) as client:
        kind = types.ToolListChangedNotification
        await until_heard(client, person, kind, "test_trigger_tool_change", {})
        kind = types.PromptListChangedNotification
        await until_heard(client, person, kind, "test_trigger_prompt_change", {})


async def listen(place):
    """Two streams of changes, each with what it asked for."""
    async with place.client(Person()) as client:
        async with (
            client.listen(resource_subscriptions=[WATCHED, OTHER]) as updates,
            client.listen(tools_list_changed=True, prompts_list_changed=True) as changes,
        ):
            want_equal(set(updates.honored.resource_subscriptions), {WATCHED, OTHER}, "granted")
            await client.call_tool("update_resource", {"uri": WATCHED})
            want_equal(await anext(updates), ResourceUpdated(uri=WATCHED), "first update")
            await client.call_tool("test_trigger_tool_change", {})
            want_equal(await anext(changes), ToolsListChanged(), "first change")
            await client.call_tool("test_trigger_prompt_change", {})
            heard = await anext(changes)
            while heard == ToolsListChanged():  # a tool that came and went may be told twice
                heard = await anext(changes)
            want_equal(heard, PromptsListChanged(), "second change")
            await client.call_tool("update_resource", {"uri": OTHER})
            want_equal(await anext(updates), ResourceUpdated(uri=OTHER), "second update")
        want(not (await client.call_tool("test_simple_text", {})).is_error, "no call afterwards")


async def resumed_call(place):
    """A call whose stream is cut goes on where it was, and nothing comes twice."""
    heard = []

    async def hear(done, total, message):
        heard.append(done)

    with Proxy(*place.address, b"notifications/progress") as proxy:
        async with Place(proxy.url(), place.mode).client(Person()) as client:
            name = "test_tool_with_progress"
            result = await client.call_tool(name, {}, progress_callback=hear)
        want(not result.is_error, f"failed: {text_of(result)}")
        want_equal(proxy.cuts, 1, "cuts")
    want_equal(sorted(heard), [0, 50, 100], "progress")


async def resumed_question(place):
    """A question whose stream is cut once it is asked is answered all the same, and asked once."""
    person = Person()
    with Proxy(*place.address, b"elicitation/create") as proxy:
        async with Place(proxy.url(), place.mode).client(person) as client:
            result = await client.call_tool("test_elicitation", {"message": "Still there?"})
        want("accept" in text_of(result), f"not accepted: {text_of(result)!r}")
        want_equal(proxy.cuts, 1, "cuts")
    want_equal(len(person.asked), 1, "questions")


async def resumed_updates(place):
    """Updates go on when their stream is cut."""
    person = Person()
    with Proxy(*place.address, b"notifications/resources/updated") as proxy:
        async with Place(proxy.url(), place.mode).client(person) as client:
            await client.subscribe_resource(WATCHED)
            await until_heard(client, person, UPDATED, "update_resource", {"uri": WATCHED})
            want_equal(proxy.cuts, 1, "cuts")
            await until_heard(client, person, UPDATED, "update_resource", {"uri": WATCHED})


async def polled_call(place):
    """A call whose stream the server closes early is answered on the next one."""
    async with place.client(Person()) as client:
        result = await client.call_tool("test_reconnection", {})
        want(not result.is_error, f"failed: {text_of(result)}")


HANDSHAKE_MODE = "legacy"
ERAS = [("handshake", HANDSHAKE_MODE), ("stateless", STATELESS)]
BOTH = [mode for _, mode in ERAS]
STEPS = [
    # The case, in which eras, over which transports.
    (sampling, BOTH, "http stdio"),
    (sampling_with_tools, BOTH, "http stdio"),
    (elicitation, BOTH, "http stdio"),
    (elicitation_of_choices, BOTH, "http stdio"),
    (elicitation_by_url, BOTH, "http stdio"),
    (roots, BOTH, "http stdio"),
    (several_questions, BOTH, "http stdio"),
    (question_of_a_prompt, BOTH, "http stdio"),
    (missing_capability, [STATELESS], "http stdio"),
    (progress, BOTH, "http stdio"),
    (logging, BOTH, "http stdio"),
    (cancellation, BOTH, "http stdio"),
    (cancelled_question, [HANDSHAKE_MODE], "http stdio"),
    (subscription, [HANDSHAKE_MODE], "http stdio"),
    (list_changes, [HANDSHAKE_MODE], "http stdio"),
    (listen, [STATELESS], "http stdio"),
    (resumed_call, [HANDSHAKE_MODE], "http"),
    (resumed_question, [HANDSHAKE_MODE], "http"),
    (resumed_updates, [HANDSHAKE_MODE], "http"),
    (polled_call, [HANDSHAKE_MODE], "http"),
    *((step, [STATELESS], "http stdio") for step in python_tasks.STEPS),
]


def meet(step, place):
    """One case, not longer than it may take."""

    async def bounded():
        with anyio.fail_after(CASE_S):
            await step(place)

    with warnings.catch_warnings():
        # The SDK warns of what newer versions have no more; this is a test of the older ones.
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        anyio.run(bounded)


def over_http(suite, driver, step, mode):
    with suite.serve(driver, "--http", "127.0.0.1:0") as server:
        meet(step, Place(server.url(), mode, server.pair("http")))


def over_stdio(suite, driver, step, mode):
    command, *arguments = suite.words(driver, "--stdio")
    meet(step, Place(StdioServerParameters(command=command, args=arguments), mode))


def main():
    suite = Suite("python-protocol", program=EVERYTHING)
    transports = {"http": over_http, "stdio": over_stdio}
    for driver in suite.drivers:
        for step, modes, names in STEPS:
            for transport in names.split():
                for era, mode in ERAS:
                    if mode in modes:
                        body = functools.partial(transports[transport], suite, driver, step, mode)
                        name = step.__name__.replace("_", " ")
                        suite.run(f"{transport} {era}: {name}", body, driver)
    suite.finish()


if __name__ == "__main__":
    main()
