"""The official Python SDK as a client: both eras, over stdio and Streamable HTTP.

The SDK chooses the era by its `mode`: "legacy" performs the handshake, a version names the
stateless era, "auto" asks `server/discover` first.
"""

import warnings

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

from harness import (
    ECHO,
    HANDSHAKE_LATEST,
    PROMPTS,
    RESOURCES,
    STATELESS,
    TOOL_NAMES,
    Failure,
    Suite,
    want,
    want_equal,
)

CASE_S = 60
MODES = [
    ("handshake", "legacy", HANDSHAKE_LATEST),
    ("stateless", STATELESS, STATELESS),
    ("auto", "auto", STATELESS),
]


def first_text(result):
    """The text of a result's first content block."""
    want_equal(result.content[0].type, "text", "kind of the first content block")
    return result.content[0].text


async def tools(client):
    """Lists the tools and calls them, the failing and the missing one too."""
    names = {tool.name for tool in (await client.list_tools()).tools}
    want(names >= TOOL_NAMES, f"tools/list lacks {TOOL_NAMES - names}")
    result = await client.call_tool("echo", ECHO)
    want_equal((result.is_error, first_text(result)), (False, ECHO["message"]), "echo")
    result = await client.call_tool("add", {"a": 2, "b": 3})
    want_equal((result.is_error, first_text(result)), (False, "5"), "add")
    result = await client.call_tool("fail", {"message": "no"})
    want_equal(result.is_error, True, "isError of fail")
    result = await client.call_tool("add", {"a": "two"})
    want_equal(result.is_error, True, "isError of arguments that break the schema")


async def missing_tool(client):
    """A tool that does not exist is a protocol error that names the fault."""
    try:
        await client.call_tool("no-such-tool", {})
    except MCPError as fault:
        want_equal(fault.error.code, -32602, "code for an unknown tool")
    else:
        raise Failure("calling an unknown tool succeeded")


async def resources(client):
    """Lists the resources and the templates, and reads the first resource."""
    listed = (await client.list_resources()).resources
    want(len(listed) >= RESOURCES, f"only {len(listed)} resources listed")
    contents = (await client.read_resource(str(listed[0].uri))).contents
    want_equal(str(contents[0].uri), str(listed[0].uri), "uri of what was read")
    want(contents[0].text, "the first resource is empty")
    templates = (await client.list_resource_templates()).resource_templates
    want(templates, "no resource template listed")


async def prompts(client):
    """Lists the prompts and gets each with its arguments filled in."""
    listed = (await client.list_prompts()).prompts
    want(len(listed) >= PROMPTS, f"only {len(listed)} prompts listed")
    for prompt in listed:
        filled = {argument.name: "x" for argument in prompt.arguments or []}
        messages = (await client.get_prompt(prompt.name, filled)).messages
        want(messages, f"prompt {prompt.name} has no message")


async def together(client):
    """Fifty calls at once, each answered with its own argument."""
    answers = {}

    async def call(number):
        answers[number] = first_text(await client.call_tool("echo", {"message": f"number {number}"}))

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(call, number)
    want_equal(answers, {n: f"number {n}" for n in range(50)}, "answers of calls in flight together")


STEPS = [tools, missing_tool, resources, prompts, together]


def talk(target, mode, version):
    """Connects once and runs every step on that connection."""

    async def connection():
        with anyio.fail_after(CASE_S):
            async with Client(target, mode=mode, cache=None) as client:
                want_equal(client.protocol_version, version, "negotiated version")
                for step in STEPS:
                    await step(client)
                if mode == "legacy":
                    with warnings.catch_warnings():
                        # The SDK warns that newer versions have no ping; this one has.
                        warnings.simplefilter("ignore", MCPDeprecationWarning)
                        await client.send_ping()

    anyio.run(connection)


def main():
    suite = Suite("python-sdk")
    for driver in suite.drivers:
        for era, mode, version in MODES:

            def over_http():
                with suite.serve(driver, "--http", "127.0.0.1:0") as server:
                    talk(server.url(), mode, version)

            def over_stdio():
                command, *arguments = suite.words(driver, "--stdio")
                talk(StdioServerParameters(command=command, args=arguments), mode, version)

            suite.run(f"http {era}: list, call, read, get", over_http, driver)
            suite.run(f"stdio {era}: list, call, read, get", over_stdio, driver)
    suite.finish()


if __name__ == "__main__":
    main()
