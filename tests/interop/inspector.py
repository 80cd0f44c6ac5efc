"""The MCP Inspector's command line as a client: both eras, over stdio and Streamable HTTP.

It is a TypeScript client of its own, so it checks other assumptions than the Python SDK does; it
needs a newer Node than many systems have, so one comes as a package beside it.
"""

import json
import os
import subprocess

from harness import (
    ECHO,
    NODE,
    NODE_MODULES,
    TOOL_NAMES,
    TOOLS,
    Failure,
    Suite,
    want,
    want_equal,
)

CASE_S = 90
LAUNCHER = NODE_MODULES / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
HOME = TOOLS / "home"
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
TOOL_IS_ERROR = 5


def inspect(era, target, *arguments, code=0):
    """One run of the Inspector; its answer is one line of JSON on standard output."""
    # The target goes last: everything behind a command belongs to that command. "-q" stands before
    # it because a list option such as --tool-arg would take the target for one of its values.
    command = [str(NODE), str(LAUNCHER), "--cli", "--protocol-era", era]
    command += [*arguments, "--format", "json", "-q", *target]
    HOME.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command,
        env={**os.environ, "HOME": str(HOME)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CASE_S,
    )
    if done.returncode != code:
        raise Failure(f"exit code {done.returncode}, wanted {code}:\n{done.stdout}{done.stderr}")
    answer = done.stdout.strip().splitlines()
    return json.loads(answer[-1])["result"] if answer else None


def lists(era, target):
    """tools/list names the demo's tools, each with a schema of an object."""
    tools = inspect(era, target, "--method", "tools/list")["tools"]
    names = {tool["name"] for tool in tools}
    want(names >= TOOL_NAMES, f"tools/list lacks {TOOL_NAMES - names}")
    for tool in tools:
        want_equal(tool["inputSchema"]["type"], "object", f"schema type of {tool['name']}")


def calls(era, target):
    """tools/call answers, in the era asked for, and says when a tool failed."""
    call = ["--method", "tools/call", "--tool-name"]
    result = inspect(era, target, *call, "echo", "--tool-arg", f"message={ECHO['message']}")
    want_equal(result["content"][0]["text"], ECHO["message"], "echo")
    # Only stateless results name the server, which shows that the era was the one asked for.
    named = SERVER_INFO in result.get("_meta", {})
    want_equal(named, era == "modern", f"server named in the result's _meta in the {era} era")
    result = inspect(era, target, *call, "add", "--tool-arg", "a=2", "b=3")
    want_equal(result["content"][0]["text"], "5", "add")
    inspect(era, target, *call, "fail", "--tool-arg", "message=no", code=TOOL_IS_ERROR)


def reads(era, target):
    """resources/list, resources/read and prompts/list answer."""
    resources = inspect(era, target, "--method", "resources/list")["resources"]
    uri = resources[0]["uri"]
    result = inspect(era, target, "--method", "resources/read", "--uri", uri)
    want_equal(result["contents"][0]["uri"], uri, "uri of what was read")
    want(inspect(era, target, "--method", "prompts/list")["prompts"], "no prompt listed")


def main():
    suite = Suite("inspector")
    if not LAUNCHER.exists():
        raise SystemExit(f"{LAUNCHER} is missing: `cargo xtask test` installs it")
    for driver in suite.drivers:
        for era in ("legacy", "modern"):
            for step in (lists, calls, reads):

                def over_http():
                    with suite.serve(driver, "--http", "127.0.0.1:0") as server:
                        step(era, [server.url(), "--transport", "http"])

                def over_stdio():
                    step(era, suite.words(driver, "--stdio"))

                suite.run(f"http {era} {step.__name__}", over_http, driver)
                suite.run(f"stdio {era} {step.__name__}", over_stdio, driver)
    suite.finish()


if __name__ == "__main__":
    main()
