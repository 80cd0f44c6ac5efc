"""Counts which of FastMCP's own example servers run here with only their imports changed.

    python fastmcp_examples.py PATH

`PATH` is a FastMCP source distribution: the archive, or the folder it unpacks to. Its examples are
copied, `fastmcp` becomes `mcpring` in their import lines (and `mcp_types`, where FastMCP gets its
types from, becomes `mcpring.types`), and every server among them is

- started: imported and served over HTTP by a process of its own;
- listed by a client: tools, resources, templates and prompts;
- asked: each tool is called with arguments made up from its schema, each resource read, each
  prompt made. A tool that fails by its own doing has answered.

Left out, and named: examples that are no servers, and those that need a package which is not
installed or an account somewhere. Nothing of FastMCP is imported.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fastmcp_probe import probe

STEPS = ("start", "list", "answer")
SHARE_WANTED = 0.8

_IMPORT = re.compile(r"^(\s*)(from|import)\s+(fastmcp|mcp_types)\b", re.MULTILINE)
_NO_SERVER = re.compile(r"(^|/)(test_[^/]*|[^/]*client[^/]*|conftest|setup_db)\.py$|/tests/")
# Parts of FastMCP that are themselves shells around a package of their own.
_EXTRAS = {
    "fastmcp.apps": "prefab_ui",
    "fastmcp.experimental.transforms.code_mode": "pydantic_monty",
}
# A package or a program that is not there.
_LACKING = re.compile(
    r"No module named '(?!mcpring)(\w+)|^FileNotFoundError: .* No such file or directory: '(\w+)'$"
)
_MAKER = re.compile(r"(create|make|build)_")
# Vendors' providers, and settings with the keys of an account.
_ACCOUNT = re.compile(
    r"\(BaseSettings\)|fastmcp\.server\.auth\.providers\.(?!jwt|debug|in_memory|introspection)"
)


def main() -> int:
    """Runs the command; 0 when the share wanted was reached."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("path", type=Path, help="the archive or folder of a FastMCP release")
    parser.add_argument("-v", "--verbose", action="store_true", help="also what was left out")
    parsed = parser.parse_args()
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
        done, words = asyncio.run(probe(file))
        lacking = _LACKING.search(words)
        if lacking is not None and not done:
            total -= 1
            if is_verbose:
                print(f"{'left out':28} {name}: needs {lacking.group(1) or lacking.group(2)}")
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
    beside = file.parent.glob("*.original") if (file.parent / "__init__.py").exists() else ()
    if any(_ACCOUNT.search(text) for text in (source, *(one.read_text() for one in beside))):
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


if __name__ == "__main__":
    sys.exit(main())
