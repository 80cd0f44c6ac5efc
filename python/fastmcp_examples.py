"""Counts which of FastMCP's own example servers run here with only their imports changed.

    python fastmcp_examples.py PATH

`PATH` is a FastMCP source distribution: the archive, or the folder it unpacks to. Its examples are
copied, `fastmcp` becomes `mcpring` in their import lines (and `mcp_types`, where FastMCP gets its
types from, becomes `mcpring.types`), and every server among them is

- started: imported, and its lifespan opened;
- listed: tools, resources, templates and prompts;
- asked: each tool is called with arguments made up from its schema, each resource read, each
  prompt made. A tool that fails by its own doing has answered.

Left out, and named: examples that are no servers, and those that need a package which is not
installed or an account somewhere. Nothing of FastMCP is imported.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STEPS = ("start", "list", "answer")
SHARE_WANTED = 0.8
SECONDS_MAX = 60

_IMPORT = re.compile(r"^(\s*)(from|import)\s+(fastmcp|mcp_types)\b", re.MULTILINE)
_NO_SERVER = re.compile(r"(^|/)(test_[^/]*|[^/]*client[^/]*|conftest|setup_db)\.py$|/tests/")
# Parts of FastMCP that are themselves shells around a package of their own.
_EXTRAS = {
    "fastmcp.apps": "prefab_ui",
    "fastmcp.experimental.transforms.code_mode": "pydantic_monty",
}
_MAKER = re.compile(r"(create|make|build)_")
_ACCOUNT = re.compile(r"fastmcp\.server\.auth\.providers\.(?!jwt|debug|in_memory|introspection)")


def main() -> int:
    """Runs the command; 0 when the share wanted was reached."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("path", type=Path, help="the archive or folder of a FastMCP release")
    parser.add_argument("--probe", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("-v", "--verbose", action="store_true", help="also what was left out")
    parsed = parser.parse_args()
    if parsed.probe:
        print(json.dumps(probe(parsed.path)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        examples = prepare(parsed.path, Path(scratch))
        return report(examples, parsed.verbose)


def prepare(path: Path, scratch: Path) -> Path:
    """A copy of the examples with their imports changed."""
    if path.is_file():
        with tarfile.open(path) as archive:
            archive.extractall(scratch / "release", filter="data")
        [path] = (scratch / "release").iterdir()
    target = scratch / "examples"
    shutil.copytree(path / "examples", target, ignore=shutil.ignore_patterns("node_modules"))
    for file in target.rglob("*.py"):
        file.with_suffix(".original").write_text(file.read_text())
        file.write_text(_IMPORT.sub(_changed, file.read_text()))
    return target


def _changed(found: re.Match[str]) -> str:
    space, verb, package = found.groups()
    name = {"fastmcp": "mcpring", "mcp_types": "mcpring.types"}[package]
    alias = f" as {package}" if verb == "import" else ""
    return f"{space}{verb} {name}{alias}"


def report(examples: Path, is_verbose: bool) -> int:
    """Probes every example and prints a line for each."""
    steps: list[str] = list(STEPS)
    counts = dict.fromkeys(steps, 0)
    total = 0
    for file in sorted(examples.rglob("*.py")):
        name = str(file.relative_to(examples))
        reason = reason_to_leave_out(file, name)
        if reason is not None:
            if is_verbose:
                print(f"{'left out':28} {name}: {reason}")
            continue
        total += 1
        done, words = probe_apart(file)
        lacking = re.match(r"ModuleNotFoundError: No module named '(?!mcpring)(\w+)", words)
        if lacking is not None and not done:
            total -= 1
            if is_verbose:
                print(f"{'left out':28} {name}: needs {lacking.group(1)}")
            continue
        for step in done:
            counts[step] += 1
        shown = " ".join(step if step in done else "-" * len(step) for step in STEPS)
        print(f"{shown:28} {name}{': ' + words if words else ''}")
    share = counts["answer"] / total if total else 0.0
    shares = ", ".join(f"{count} {step}" for step, count in counts.items())
    print(f"{total} servers need nothing else; {shares}; {share:.0%} do all three")
    return 0 if share >= SHARE_WANTED else 1


def reason_to_leave_out(file: Path, name: str) -> str | None:
    """Why an example does not count; `None` when it does."""
    source = file.with_suffix(".original").read_text()
    if _NO_SERVER.search(name):
        return "no server"
    tree = ast.parse(source)
    if not any(_makes_server(node) for node in server_places(tree)):
        return "makes no server to be run by others"
    if _ACCOUNT.search(source):
        return "needs an account at a vendor"
    missing = [module for module in imported(tree) if not is_there(module, file)]
    missing += [package for start, package in _EXTRAS.items() if start in source]
    return f"needs {', '.join(sorted(set(missing)))}" if missing else None


def server_places(tree: ast.Module) -> Iterator[ast.AST]:
    """Where a server can be found by who runs it: at the top, or in a function that makes it."""
    hidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        makes = isinstance(node, ast.FunctionDef) and _MAKER.match(node.name)
        if makes or not isinstance(node, hidden):
            yield from ast.walk(node)


def _makes_server(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "FastMCP"


def imported(tree: ast.Module) -> Iterator[str]:
    """The packages a module imports when it is imported, and not only when a function runs."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def is_there(module: str, file: Path) -> bool:
    """Whether a module can be imported, is beside the example, or is FastMCP itself."""
    if module in ("fastmcp", "mcp_types") or module in sys.stdlib_module_names:
        return True
    folders = (file.parent, *file.parents)
    if any((one / module).exists() or (one / f"{module}.py").exists() for one in folders):
        return True
    import importlib.util

    return importlib.util.find_spec(module) is not None


def probe_apart(file: Path) -> tuple[list[str], str]:
    """Probes in a process of its own: examples change the process they run in."""
    command = [sys.executable, os.path.abspath(__file__), str(file), "--probe"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS_MAX, cwd=file.parent
        )
    except subprocess.TimeoutExpired:
        return [], f"took more than {SECONDS_MAX} s"
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return [], (done.stderr.strip().splitlines() or ["no words"])[-1]
    return found["done"], found["words"]


def probe(file: Path) -> dict[str, Any]:
    """Starts, lists and asks the server of one example."""
    from mcpring.cli.target import load_server, read_target
    from mcpring.hosting import lifespans

    add_source_folder(file)
    done: list[str] = []

    async def whole(server: Any) -> str:
        async with lifespans(server):
            done.append("start")
            features = await list_all(server)
            done.append("list")
            words = await ask_all(server, features)
            done.append("answer")
            return words

    try:
        return {"done": done, "words": asyncio.run(whole(load_server(read_target(entry_of(file)))))}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        return {"done": done, "words": f"{type(error).__name__}: {error}".partition("\n")[0]}


def add_source_folder(file: Path) -> None:
    """A file inside a package is imported as a part of it."""
    folder = file.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    sys.path.insert(0, str(folder))


def entry_of(file: Path) -> str:
    """The file, or the function in it that makes the server."""
    for node in ast.parse(file.read_text()).body:
        name = node.name if isinstance(node, ast.FunctionDef) and not node.args.args else ""
        if _MAKER.match(name):
            return f"{file}:{name}"
    return str(file)


async def list_all(server: Any) -> dict[str, list[Any]]:
    """Everything, in the form that goes to clients."""
    found = {
        "tools": await server.list_tools(),
        "resources": await server.list_resources(),
        "templates": await server.list_resource_templates(),
        "prompts": await server.list_prompts(),
    }
    for features in found.values():
        json.dumps([one.to_dict() for one in features])
    return found


async def ask_all(server: Any, found: dict[str, list[Any]]) -> str:
    """Calls, reads and makes what can be; raises when the fault is ours."""
    from mcpring import Client

    client = Client(server, elicitation_handler=accept)
    own: list[str] = []
    for tool in found["tools"]:
        await _ask(client.call_tool(tool.name, sample(tool.parameters)), tool.name, own)
    for resource in found["resources"]:
        await _ask(client.read_resource(resource.uri), resource.uri, own)
    for prompt in found["prompts"]:
        arguments = {one.name: "1" for one in prompt.arguments if one.required}
        await _ask(client.get_prompt(prompt.name, arguments), prompt.name, own)
    return f"own failures: {', '.join(own)}" if own else ""


async def _ask(coming: Any, name: str, own: list[str]) -> None:
    from mcpring.exceptions import McpringError, NotFoundError

    try:
        await asyncio.wait_for(coming, SECONDS_MAX / 4)
    except TimeoutError:
        own.append(f"{name} (slow)")
    except McpringError as error:
        cause: BaseException = error
        while isinstance(cause.__cause__, BaseException) and isinstance(cause, McpringError):
            cause = cause.__cause__
        # What is asked is there, so what is not found is something with a made-up name.
        is_own = isinstance(cause, NotFoundError) or _raised_by_example(error)
        is_ours = isinstance(cause, McpringError) and not is_own
        if is_ours:
            raise
        own.append(f"{name} ({type(cause).__name__})")


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


if __name__ == "__main__":
    sys.exit(main())
