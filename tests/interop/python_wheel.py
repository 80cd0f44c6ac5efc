"""The Python package as others meet it: README's server and the examples, by real clients.

The clients are the official Python SDK, FastMCP's, and the Inspector. This Python must have the
first two and the package that is tested: `cargo xtask python` makes such an environment below
target/tools/package. Each example's own check runs here, too.
"""

import functools
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing
import warnings

import anyio
import mcp_types as types
from fastmcp import Client as FastMcpClient
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from mcp import Client as SdkClient
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

import inspector
from harness import ROOT, STATELESS, Program, Server, Skip, Suite, want, want_equal
from python_person import Person, text_of

EXAMPLES = ROOT / "examples" / "python"
CASE_S = 60
CHECK_S = 120
ERAS = [("handshake", "legacy"), ("stateless", STATELESS)]
READMES = [ROOT / "README.md", ROOT / "python" / "README.md"]


class Target(typing.NamedTuple):
    """Where a client meets a server, for each kind of client, and in which era."""

    sdk: object
    fastmcp: object
    mode: str

    def of_sdk(self, person=None):
        """The official SDK's client, with `person` behind it."""
        callbacks = person.callbacks() if person else {}
        return SdkClient(self.sdk, mode=self.mode, cache=None, **callbacks)

    def of_fastmcp(self, **options):
        """FastMCP's client."""
        return FastMcpClient(self.fastmcp, mode=self.mode, **options)


def readme_server():
    """The first server in Python that a README shows: the text between its fences."""
    for readme in READMES:
        for block in re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL):
            if "from mcpring import" in block and "mcp.run(" in block:
                return block
    raise Skip("no README shows a server in Python")


def sample(schema):
    """Arguments that fit the schema of a README's tool."""
    plain = {"string": "io_uring", "integer": 2, "number": 2.5, "boolean": True}
    fields = schema.get("properties", {})
    return {name: plain[fields[name]["type"]] for name in schema.get("required", ())}


async def readme_by_sdk(target):
    """Every tool of the server can be listed and called."""
    async with target.of_sdk(Person()) as client:
        tools = (await client.list_tools()).tools
        want(tools, "no tool is listed")
        for tool in tools:
            result = await client.call_tool(tool.name, sample(tool.input_schema))
            want(not result.is_error, f"{tool.name} failed: {text_of(result)}")
            want(text_of(result), f"{tool.name} said nothing")


async def readme_by_fastmcp(target):
    """The same by FastMCP's client."""
    async with target.of_fastmcp() as client:
        tools = await client.list_tools()
        want(tools, "no tool is listed")
        for tool in tools:
            result = await client.call_tool(tool.name, sample(tool.input_schema))
            want(result.data is not None, f"{tool.name} gave no data")


async def echo(target):
    """Text comes back, fifty calls at once do, and what breaks the schema does not get that far."""
    answers = {}

    async def one(number):
        result = await client.call_tool("echo", {"text": f"number {number}"})
        answers[number] = result.structured_content["result"]

    async with target.of_sdk() as client:
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(one, number)
        want_equal(answers, {n: f"number {n}" for n in range(50)}, "answers")
        result = await client.call_tool("echo", {"times": 3})
        want_equal(result.is_error, True, "isError without an argument")
        try:
            await client.call_tool("no-such-tool", {})
        except MCPError as fault:
            want_equal(fault.error.code, -32602, "code for an unknown tool")
        else:
            want(False, "an unknown tool was called")


JOURNEY = {
    "passengers": [{"name": "Ann"}, {"name": "Tom", "age": 4}],
    "legs": [{"start": "Rome", "end": "Milan"}],
    "day": "2027-05-01",
}


async def typed(target):
    """Output schemas are what clients hold results to; FastMCP's makes objects of them."""
    async with target.of_sdk() as client:
        result = await client.call_tool("book", JOURNEY)
        want_equal(result.structured_content["price"], 50.0, "price")
        want_equal(result.structured_content["passengers"], ["Ann", "Tom"], "passengers")
    async with target.of_fastmcp() as client:
        data = (await client.call_tool("book", JOURNEY)).data
        want_equal((data.price, list(data.passengers)), (50.0, ["Ann", "Tom"]), "ticket")


async def reading(target):
    """Text, bytes and templates; what is not there is an error; variables are completed."""
    async with target.of_sdk() as client:
        index = (await client.read_resource("notes://index")).contents[0]
        want("milk" in json.loads(index.text), "the index lacks a note")
        logo = (await client.read_resource("notes://logo")).contents[0]
        want_equal((logo.blob[:4], logo.mime_type), ("iVBO", "image/png"), "logo")
        uri = "notes://by-name/milk"
        note = (await client.read_resource(uri)).contents[0]
        want_equal((str(note.uri), note.mime_type), (uri, "text/plain"), "note")
        ref = types.ResourceTemplateReference(type="ref/resource", uri="notes://by-name/{name}")
        found = await client.complete(ref, {"name": "name", "value": "mi"})
        want_equal(found.completion.values, ["milk"], "completion")
        try:
            await client.read_resource("notes://by-name/none")
        except MCPError:
            pass
        else:
            want(False, "what is not there was read")
    async with target.of_fastmcp() as client:
        want_equal((await client.read_resource(uri))[0].text, note.text, "note by FastMCP's client")


async def prompting(target):
    """Prompts are listed with their arguments, made, and completed."""
    async with target.of_sdk() as client:
        names = {prompt.name for prompt in (await client.list_prompts()).prompts}
        want_equal(names, {"explain", "review"}, "prompts")
        made = await client.get_prompt("review", {"code": "x = 1", "language": "python"})
        want_equal([one.role for one in made.messages], ["user", "user", "assistant"], "roles")
        ref = types.PromptReference(type="ref/prompt", name="review")
        found = await client.complete(ref, {"name": "language", "value": "c"})
        want_equal(found.completion.values, ["c", "cpp"], "completion")
    async with target.of_fastmcp() as client:
        made = await client.get_prompt("explain", {"topic": "tea"})
        want_equal(made.messages[0].content.text, "Explain tea in three sentences.", "message")


async def waiting(target):
    """Progress is heard in order; a call that is cancelled is not answered, and others are."""
    heard = []

    async def hear(done, total, message):
        heard.append((done, total, message))

    async with target.of_sdk() as client:
        result = await client.call_tool("count", {"to": 3}, progress_callback=hear)
        want_equal(text_of(result), "counted to 3", "answer")
        # The SDK hands each report to a task of its own: their order there is not ours.
        want_equal(sorted(heard), [(n, 3, f"{n} of 3") for n in (1, 2, 3)], "progress")
        with anyio.move_on_after(0.1):
            await client.call_tool("count", {"to": 1_000_000})
        want_equal(text_of(await client.call_tool("count", {"to": 1})), "counted to 1", "then")


class Guest(Person):
    """Who books a table: answers the forms of the example."""

    async def elicit(self, context, params):
        fields = params.requested_schema["properties"]
        values = {"name": "Ann", "guests": 8, "place": "terrace", "value": True}
        if "enum" in fields.get("value", {}):
            values["value"] = fields["value"]["enum"][0]
        content = {name: values[name] for name in fields}
        return types.ElicitResult(action="accept", content=content)


async def asking(target):
    """Forms, one after the other and two questions at once, in both eras."""
    async with target.of_sdk(Guest()) as client:
        result = await client.call_tool("book_table", {"day": "Monday"})
        want_equal(text_of(result), "Ann, 8, terrace: 32", "booking")
        result = await client.call_tool("recommend", {})
        want_equal(text_of(result), "fish with eleven kilometres", "recommendation")


async def fastmcp_asking(target):
    """FastMCP's client makes a class of the form, and takes an instance."""

    async def person(message, response_type, params, context):
        return response_type(name="Ann", guests=3, place="inside")

    async with target.of_fastmcp(elicitation_handler=person) as client:
        result = await client.call_tool("book_table", {"day": "Monday"})
        want_equal(result.data, "Ann, 3, inside: 32", "booking")


# The case, its example, and over which transports.
STEPS = [
    (echo, "echo"),
    (typed, "typed_tools"),
    (reading, "resources"),
    (prompting, "prompts"),
    (waiting, "async_tools"),
    (asking, "elicitation"),
    (fastmcp_asking, "elicitation"),
]


def meet(step, target):
    """One case, not longer than it may take."""

    async def bounded():
        with anyio.fail_after(CASE_S):
            await step(target)

    with warnings.catch_warnings():
        # The SDK warns of what newer versions have no more; this is a test of the older ones too.
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        anyio.run(bounded)


def settings(driver, is_http=False):
    """What the environment says to a program that has `mcp.run()` alone."""
    said = {"MCPRING_DRIVER": driver, "MCPRING_SHOW_SERVER_BANNER": "false"}
    if is_http:
        said |= {"MCPRING_TRANSPORT": "http", "MCPRING_PORT": "0"}
    if "PYTHONPATH" in os.environ:  # clients hand on little of their own environment
        said["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return said


def program(path, driver, is_http=False):
    """The command that starts a program."""
    said = [f"{name}={value}" for name, value in settings(driver, is_http).items()]
    return ["env", *said, sys.executable, str(path)]


def over_stdio(step, driver, mode, path):
    command, *words = program(path, driver)
    sdk = StdioServerParameters(command=command, args=words)
    meet(step, Target(sdk, StdioTransport(command, words, keep_alive=False), mode))


def over_http(step, driver, mode, path):
    is_example = path.parent == EXAMPLES
    words = ["--http", "127.0.0.1:0"] if is_example else []
    with Server([*program(path, driver, not is_example), *words], 1) as server:
        url = server.url()
        meet(step, Target(url, StreamableHttpTransport(url), mode))


def inspected(driver, era, path, is_http):
    """The Inspector lists and calls."""
    if not inspector.LAUNCHER.exists():
        raise Skip("the Inspector is not installed")

    def talk(place):
        tools = inspector.inspect(era, place, "--method", "tools/list")["tools"]
        for tool in tools:
            given = [f"{name}={value}" for name, value in sample(tool["inputSchema"]).items()]
            words = ["--method", "tools/call", "--tool-name", tool["name"]]
            words += ["--tool-arg", *given] if given else []
            result = inspector.inspect(era, place, *words)
            want(result["content"][0]["text"], f"{tool['name']} said nothing")

    if not is_http:
        talk(program(path, driver))
        return
    with Server(program(path, driver, is_http=True), 1) as server:
        talk([server.url(), "--transport", "http"])


def checks_itself(path, driver):
    """The example's own check."""
    source = path.read_text()
    options = ["--check"] if "check_at(" in source or "serve_or_check(" in source else []
    done = subprocess.run(
        [*program(path, driver), *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CHECK_S,
    )
    want_equal(done.returncode, 0, f"exit code, having said:\n{done.stdout}{done.stderr}\nexit code")
    want("ok " in done.stdout, f"it does not say that anything was checked: {done.stdout}")


def main():
    # The server is a Python program: the harness is told of the interpreter.
    python = Program(pathlib.Path(sys.executable), "cargo xtask python")
    suite = Suite("python-wheel", program=python)
    if importlib.util.find_spec("mcpring") is None:
        sys.exit("this Python has no mcpring package: `cargo xtask python` makes one that has")
    with tempfile.TemporaryDirectory() as folder:
        server = pathlib.Path(folder, "server.py")
        server.write_text(readme_server())
        for driver in suite.drivers:
            readme_cases(suite, driver, server)
            example_cases(suite, driver)
    suite.finish()


def readme_cases(suite, driver, server):
    for era, mode in ERAS:
        for name, over in (("stdio", over_stdio), ("http", over_http)):
            for step in (readme_by_sdk, readme_by_fastmcp):
                case = f"README: {name} {era}: {step.__name__.split('_')[-1]}"
                body = functools.partial(over, step, driver, mode, server)
                suite.run(case, body, driver)
            inspector_era = "modern" if mode == STATELESS else "legacy"
            body = functools.partial(inspected, driver, inspector_era, server, name == "http")
            suite.run(f"README: {name} {era}: inspector", body, driver)


def example_cases(suite, driver):
    for step, program in STEPS:
        path = EXAMPLES / f"{program}.py"
        for era, mode in ERAS:
            for name, over in (("stdio", over_stdio), ("http", over_http)):
                case = f"{program}: {name} {era}: {step.__name__.replace('_', ' ')}"
                suite.run(case, functools.partial(over, step, driver, mode, path), driver)
    for path in sorted(EXAMPLES.glob("*.py")):
        if path.stem != "example":  # what the others share
            body = functools.partial(checks_itself, path, driver)
            suite.run(f"{path.stem}: checks itself", body, driver)


if __name__ == "__main__":
    main()
