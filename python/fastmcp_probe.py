"""One of FastMCP's examples, served by a process of its own and asked by a client over HTTP.

python fastmcp_probe.py FILE      serves the example until it is told to stop
"""

from __future__ import annotations

import ast
import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

__all__ = ["probe"]

SECONDS_MAX = 60
OWN, OURS = " [the example's own]", " [ours]"
"""Say in the words of a failure whose it is: clients are told nothing but words."""

_MAKER = re.compile(r"(create|make|build)_")
_NAMES = ("mcp", "server", "app")


async def probe(file: Path) -> tuple[list[str], str]:
    """Starts, lists and asks; gives the steps that were done, and what is to be said of it."""
    done: list[str] = []
    try:
        words = await asyncio.wait_for(_probe(file, done), SECONDS_MAX)
    except TimeoutError:
        return done, f"took more than {SECONDS_MAX} s"
    except Exception as error:
        return done, f"{type(error).__name__}: {error}".partition("\n")[0]
    return done, words


async def _probe(file: Path, done: list[str]) -> str:
    from mcpring import Client

    server = await asyncio.create_subprocess_exec(
        sys.executable,
        os.path.abspath(__file__),
        str(file),
        cwd=source_folder(file),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert server.stderr is not None
    try:
        said: list[str] = []
        async for line in server.stderr:
            said.append(line.decode().strip())
            if said[-1].startswith("listening http "):
                break
        else:
            return next((line for line in reversed(said) if line), "it ended without a word")
        drained = asyncio.create_task(server.stderr.read())
        url = said[-1].split()[2]
        async with Client(url, elicitation_handler=accept) as client:
            done.append("start")
            features = await list_all(client)
            done.append("list")
            words = await ask_all(client, features)
            done.append("answer")
        server.terminate()
        await drained
        code = await server.wait()
        return words if code == 0 else f"{words}; exit code {code}"
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


async def list_all(client: Any) -> dict[str, list[Any]]:
    """Everything, as clients see it."""
    return {
        "tools": await client.list_tools(),
        "resources": await client.list_resources(),
        "templates": await client.list_resource_templates(),
        "prompts": await client.list_prompts(),
    }


async def ask_all(client: Any, found: dict[str, list[Any]]) -> str:
    """Calls, reads and makes what can be; raises when the fault is ours."""
    own: list[str] = []
    for tool in found["tools"]:
        arguments = sample(dict(tool.input_schema))
        await _ask(client.call_tool(tool.name, arguments), tool.name, own)
    for resource in found["resources"]:
        await _ask(client.read_resource(resource.uri), resource.uri, own)
    for prompt in found["prompts"]:
        arguments = {one.name: "1" for one in prompt.arguments if one.required}
        await _ask(client.get_prompt(prompt.name, arguments), prompt.name, own)
    return f"own failures: {', '.join(own)}" if own else ""


async def _ask(coming: Any, name: str, own: list[str]) -> None:
    from mcpring.exceptions import McpringError

    try:
        await asyncio.wait_for(coming, SECONDS_MAX / 4)
    except TimeoutError:
        own.append(f"{name} (slow)")
    except McpringError as error:
        words, mark, _ = str(error).partition(OWN)
        if not mark:
            raise  # the engine refused, or something of ours failed
        own.append(f"{name} ({words.rpartition('<')[2].rstrip('>')})")


def accept(params: dict[str, Any]) -> dict[str, Any]:
    """A person who agrees to everything."""
    return {"action": "accept", "content": sample(params["requestedSchema"])}


def sample(schema: dict[str, Any], defs: dict[str, Any] | None = None) -> Any:
    """Something that fits a schema, as small as can be."""
    known = schema.get("$defs", defs or {})
    if "$ref" in schema:
        return sample(known[schema["$ref"].rsplit("/", 1)[-1]], known)
    for word in ("default", "const"):
        if word in schema:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    arms = schema.get("anyOf") or schema.get("oneOf")
    if arms:
        return sample(arms[0], known)
    kind = schema.get("type")
    if kind == "object":
        names = schema.get("required", ())
        return {name: sample(schema["properties"][name], known) for name in names}
    if kind == "array":
        return [sample(schema.get("items", {}), known)] * schema.get("minItems", 0)
    plain = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.5)}
    return plain.get(str(kind), {"boolean": True, "null": None}.get(str(kind), "text"))


# In the process of the server.


def serve(file: Path) -> None:
    """Serves an example; whose fault a failure is, is told in its words."""
    from mcpring.cli.target import load_server, read_target

    sys.stderr.flush()
    server = load_server(read_target(entry_of(file)))
    words_of = server.failure_words

    def tell(kind: str, name: str, error: BaseException) -> Any:
        return f"{words_of(kind, name, error)}{_whose(error)}"

    server.failure_words = tell
    server.run("http", host="127.0.0.1", port=0, show_banner=False)


def entry_of(file: Path) -> str:
    """How an example is named to who runs it: a file, a module of a package, an object inside."""
    tree = ast.parse(file.read_text())
    place = str(file)
    folder = source_folder(file)
    if folder != file.parent:
        place = ".".join(file.relative_to(folder).with_suffix("").parts)
    for node in tree.body:
        name = node.name if isinstance(node, ast.FunctionDef) and not node.args.args else ""
        if _MAKER.match(name):
            return f"{place}:{name}"
    servers = [
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "FastMCP"
    ]
    is_plain = len(servers) < 2 or any(name in servers for name in _NAMES)
    return place if is_plain else f"{place}:{servers[0]}"


def source_folder(file: Path) -> Path:
    """The folder of a file; of one inside a package, where the package lies."""
    folder = file.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def _whose(error: BaseException) -> str:
    """Whether an example failed by its own doing, or by ours."""
    from mcpring.exceptions import McpringError, NotFoundError

    cause: BaseException = error
    while isinstance(cause.__cause__, BaseException) and isinstance(cause, McpringError):
        cause = cause.__cause__
    # What is asked is there, so what is not found is something with a made-up name.
    is_own = not isinstance(cause, McpringError) or isinstance(cause, NotFoundError)
    return f" <{type(cause).__name__}>{OWN if is_own or _raised_by_example(error) else OURS}"


def _raised_by_example(error: BaseException) -> bool:
    """Whether the example's own code raised one of our exceptions."""
    one: BaseException | None = error
    while one is not None:
        trace = one.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None and "mcpring" not in trace.tb_frame.f_globals.get("__name__", ""):
            return True
        one = one.__cause__
    return False


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
