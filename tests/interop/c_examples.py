"""The examples in C and C++, driven by the official Python SDK over stdio and Streamable HTTP.

`--folder` names where they were built. What a server with everything does in detail is for the
conformance suite and `python_protocol.py --server`; here it is compared with the one in Rust.
"""

import functools
import json
import pathlib
import struct
import subprocess
import typing
import warnings

import anyio
import mcp_types as types
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPDeprecationWarning

from harness import (
    EVERYTHING,
    MCPRING,
    ROOT,
    STATELESS,
    Program,
    Server,
    Skip,
    Suite,
    want,
    want_equal,
)
from python_person import Person, text_of

FOLDER = ROOT / "target" / "c-examples"
CASE_S = 60
PIPE_S = 20
TRIES = 1000
ERAS = [("handshake", "legacy"), ("stateless", STATELESS)]


class Examples(Suite):
    """The cases of the programs in one folder."""

    def add_place(self, parser):
        parser.add_argument(
            "--folder", metavar="PATH", default=str(FOLDER), help="where the examples were built"
        )

    def find(self):
        return [str(self.example("echo"))]

    def place(self):
        return [] if self.options.folder == str(FOLDER) else ["--folder", self.options.folder]

    def example(self, name):
        """The path of one of them."""
        return pathlib.Path(self.options.folder).resolve() / name


class Place(typing.NamedTuple):
    """Where a case meets a server."""

    target: object
    mode: str

    def client(self, person=None):
        """A client, with `person` behind it."""
        callbacks = person.callbacks() if person else {}
        return Client(self.target, mode=self.mode, cache=None, **callbacks)


async def call(client, name, arguments, is_error=False):
    """The text that a tool answers."""
    result = await client.call_tool(name, arguments)
    want_equal(result.is_error, is_error, f"isError of {name}: {text_of(result)!r}")
    return text_of(result)


async def echo(place):
    """Texts come back as they were; arguments that break the schema do not get that far."""
    async with place.client() as client:
        for message in ("hello", "", "zwölf Boxkämpfer 🥊", "a \" b \\ c \n \0 d", "x" * 100_000):
            want_equal(await call(client, "echo", {"message": message}), message, "echo")
        await call(client, "echo", {}, is_error=True)


async def echo_together(place):
    """Fifty calls at once, each answered with its own argument."""
    answers = {}

    async def one(number):
        answers[number] = await call(client, "echo", {"message": f"number {number}"})

    async with place.client() as client:
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(one, number)
    want_equal(answers, {n: f"number {n}" for n in range(50)}, "answers of calls in flight together")


async def kept_call(place):
    """A call is answered from another thread, which reports its progress before."""
    heard = []

    async def hear(done, total, message):
        heard.append((done, total))

    async with place.client() as client:
        result = await client.call_tool("count", {"steps": 3, "ms": 5}, progress_callback=hear)
    want_equal(text_of(result), "counted to 3", "answer")
    want_equal(sorted(heard), [(1, 3), (2, 3), (3, 3)], "progress")


async def kept_call_is_cancelled(place):
    """Cancelled calls make room for others: there are as many threads as may be, twice."""
    async with place.client() as client:
        for _ in range(2):
            async with anyio.create_task_group() as group:
                for _ in range(40):
                    group.start_soon(client.call_tool, "count", {"steps": 1000, "ms": 20})
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
        want_equal(await call(client, "count", {"steps": 1, "ms": 1}), "counted to 1", "afterwards")


async def time_left(place):
    """A handler that knows its deadline does not begin what it cannot end."""
    async with place.client() as client:
        words = await call(client, "count", {"steps": 1000, "ms": 10_000}, is_error=True)
        want("not enough time" in words, f"the deadline is not in {words!r}")


async def resources(place):
    """Fixed and made content is read, a template too, and its variable completed."""
    async with place.client() as client:
        listed = {str(one.uri): one for one in (await client.list_resources()).resources}
        want_equal(set(listed), {"memo://about", "memo://note"}, "resources")
        about = (await client.read_resource("memo://about")).contents[0]
        want_equal(about.text, "A note, and the weather.", "fixed text")
        text = 'Buy milk, "whole".'
        want_equal(await call(client, "write_note", {"text": text}), "written", "write_note")
        note = (await client.read_resource("memo://note")).contents[0]
        want_equal((note.text, note.mime_type), (text, "text/plain"), "note")
        weather = (await client.read_resource('weather://Sa%22o')).contents[0]
        want_equal(json.loads(weather.text), {"city": 'Sa"o', "sky": "clear"}, "template")
        ref = types.ResourceTemplateReference(type="ref/resource", uri="weather://{city}")
        found = await client.complete(ref, {"name": "city", "value": "P"})
        want_equal(found.completion.values, ["Paris", "Prague"], "completion")


async def subscription(place):
    """Subscribers hear that the note was changed."""
    person = Person()
    async with place.client(person) as client:
        if place.mode == STATELESS:
            async with client.listen(resource_subscriptions=["memo://note"]) as updates:
                await call(client, "write_note", {"text": "new"})
                want_equal(await anext(updates), ResourceUpdated(uri="memo://note"), "update")
            return
        await client.subscribe_resource("memo://note")
        kind = types.ResourceUpdatedNotification
        # The stream that tells is opened beside the calls: the first change may precede it.
        for _ in range(TRIES):
            await call(client, "write_note", {"text": "new"})
            with anyio.move_on_after(0.2):
                await person.until(lambda: person.of(kind), "the update")
            if person.of(kind):
                break
        want_equal(str(person.of(kind)[0].params.uri), "memo://note", "what was updated")


async def embedded(place):
    """The tool runs on the loop's own thread, beside its timer, which goes on."""

    async def ticks():
        return int((await call(client, "ticks", {})).split()[0])

    async with place.client() as client:
        first = last = await ticks()
        for _ in range(TRIES):
            last = await ticks()
            if last > first:
                break
        want(last > first, f"the timer stands still at {last}")


async def cpp(place):
    """Handlers that are C++ functions; one of them answers from another thread."""
    async with place.client() as client:
        want_equal(await call(client, "echo", {"message": "hello"}), "hello", "echo")
        await call(client, "echo", {}, is_error=True)
        for terms in ([], [1, 2.5], list(range(100))):
            result = await client.call_tool("add", {"terms": terms})
            want_equal(result.structured_content, {"sum": sum(terms)}, f"sum of {terms}")


async def everything(place):
    """Its lists are what the server in Rust has, word for word."""
    if not EVERYTHING.path.exists():
        raise Skip(f"nothing to compare with: `{EVERYTHING.build}`")
    parameters = StdioServerParameters(command=str(EVERYTHING.path), args=["--stdio"])
    async with Place(parameters, place.mode).client() as client:
        wanted = await lists(client)
    async with place.client() as client:
        found = await lists(client)
        for kind, entries in wanted.items():
            want_equal(found[kind], entries, kind)


async def lists(client):
    """Everything that a server lists, by kind."""
    return {
        "tools": (await client.list_tools()).tools,
        "resources": (await client.list_resources()).resources,
        "templates": (await client.list_resource_templates()).resource_templates,
        "prompts": (await client.list_prompts()).prompts,
    }


async def plugin(place):
    """What a plugin adds is served by a program that knew nothing of it."""
    async with place.client() as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        want_equal(names, {"shout"}, "tools")
        want_equal(await call(client, "shout", {"text": "oh, no"}), "OH, NO", "shout")
        words = await call(client, "shout", {"text": "x" * 5000}, is_error=True)
        want("too long" in words, f"the plugin's words are not in {words!r}")
        count = (await client.read_resource("plugin://shouts")).contents[0]
        want_equal(count.text, "1", "shouts")


# The case, its program, and over which transports.
STEPS = [
    (echo, "echo", "http stdio"),
    (echo_together, "echo", "http stdio"),
    (kept_call, "async_tool", "http stdio"),
    (kept_call_is_cancelled, "async_tool", "http stdio"),
    (time_left, "async_tool", "http stdio"),
    (resources, "resource", "http stdio"),
    (subscription, "resource", "http stdio"),
    (embedded, "embed_epoll", "http stdio"),
    (cpp, "echo_cpp", "http stdio"),
    (everything, "everything_c", "http stdio"),
    (plugin, "plugin.so", "http stdio"),
]

# Messages and what is answered, as a member of the answer's `error` or as its `result`.
MESSAGES = [
    ('{"jsonrpc":"2.0","id":1,"method":"add","params":{"terms":[1,2.5,-4]}}', (1, -0.5)),
    ('{"jsonrpc":"2.0","id":"two","method":"add","params":{"terms":[]}}', ("two", 0)),
    ('{"jsonrpc":"2.0","method":"add","params":{"terms":[1]}}', None),
    ('{"jsonrpc":"2.0","id":3,"result":{}}', None),
    ('{"jsonrpc":"2.0","id":4,"method":"divide"}', (4, "-32601")),
    ('{"jsonrpc":"2.0","id":5,"method":"add","params":{"terms":["1"]}}', (5, "-32602")),
    ('{"jsonrpc":"2.0","id":6,"method":"add"}', (6, "-32602")),
    ('{"jsonrpc":"2.0","id":7,"method":', (None, "-32700")),
    ('{"jsonrpc":"2.0","id":8,"method":8}', (8, "-32600")),
    ('{"jsonrpc":"2.0","id":9,"method":"add","params":{"terms":[9]}}', (9, 9)),
]


def framed(text, has_lengths):
    """A message in its frame."""
    payload = text.encode()
    return struct.pack(">I", len(payload)) + payload if has_lengths else payload + b"\n"


def unframed(stream, has_lengths):
    """The messages of a stream."""
    if not has_lengths:
        return [json.loads(line) for line in stream.splitlines()]
    messages = []
    while stream:
        (length,) = struct.unpack(">I", stream[:4])
        messages.append(json.loads(stream[4 : 4 + length]))
        stream = stream[4 + length :]
    return messages


def summary(message):
    """An answer as the table above has it."""
    if "error" in message:
        return message["id"], str(message["error"]["code"])
    return message["id"], message["result"]


def building_blocks(suite, has_lengths, piece):
    """A stream that comes in pieces of so many bytes is answered message by message."""
    stream = b"".join(framed(text, has_lengths) for text, _ in MESSAGES)
    command = [str(suite.example("building_blocks")), *(["--length"] if has_lengths else [])]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        for start in range(0, len(stream), piece):
            process.stdin.write(stream[start : start + piece])
            process.stdin.flush()
    except BrokenPipeError:
        pass  # what it says tells more
    output, said = process.communicate(timeout=PIPE_S)
    want_equal(process.returncode, 0, f"exit code, having said:\n{said.decode()}\nexit code")
    answers = [summary(message) for message in unframed(output, has_lengths)]
    want_equal(answers, [answer for _, answer in MESSAGES if answer], "answers")


def command_of(suite, program, driver):
    """How a program is started, without listeners: a plugin needs a host."""
    if program == "plugin.so":
        path = str(suite.example(program))
        return [str(MCPRING.path), *MCPRING.words, "--plugin", path, "--driver", driver]
    return [str(suite.example(program)), "--driver", driver, "--shards", "2"]


def meet(step, place):
    """One case, not longer than it may take."""

    async def bounded():
        with anyio.fail_after(CASE_S):
            await step(place)

    with warnings.catch_warnings():
        # The SDK warns of what newer versions have no more; this is a test of the older ones too.
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        anyio.run(bounded)


def over_http(step, command, mode):
    with Server([*command, "--http", "127.0.0.1:0"], 1) as server:
        meet(step, Place(server.url(), mode))


def over_stdio(step, command, mode):
    program, *arguments = [*command, "--stdio"]
    meet(step, Place(StdioServerParameters(command=program, args=arguments), mode))


def main():
    suite = Examples("c-examples", program=Program(FOLDER / "echo", "make -C examples/c"))
    transports = {"http": over_http, "stdio": over_stdio}
    for driver in suite.drivers:
        for step, program, names in STEPS:
            command = command_of(suite, program, driver)
            for transport in names.split():
                for era, mode in ERAS:
                    body = functools.partial(transports[transport], step, command, mode)
                    name = step.__name__.replace("_", " ")
                    suite.run(f"{program}: {transport} {era}: {name}", body, driver)
    for has_lengths in (False, True):
        for piece in (1, 7, 100_000):
            body = functools.partial(building_blocks, suite, has_lengths, piece)
            framing = "lengths" if has_lengths else "lines"
            suite.run(f"building_blocks: {framing} in pieces of {piece}", body)
    suite.finish()


if __name__ == "__main__":
    main()
