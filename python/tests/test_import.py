"""What a server costs before it serves: the package imports nothing that a program does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from calling import needs_core

ONE_TOOL = """
from mcpring import FastMCP
mcp = FastMCP("x")
@mcp.tool
def add(a: int, b: int = 1) -> int:
    "Adds."
    return a + b
"""

SERVED = ONE_TOOL + "mcp.run(show_banner=False)\n"

# What of the package a server of one function has loaded when it has run. Whatever is added here
# makes every server start later and hold more.
OF_A_SERVER = """
_core _drive _narrow _record adapter dependencies docstring exceptions field forks jsonable late
marks media mounted parameters plan resources results running schema schema.builder schema.coerce
schema.constraints schema.containers schema.fits schema.foreign schema.inline schema.records
schema.scalars schema.shape server server.answering server.authoring server.fastmcp
server.registry server.serving server.sessions settings suspend tools types uri waking
""".split()

HEAVY = (
    "asyncio",
    "inspect",
    "dataclasses",
    "json",
    "logging",
    "pydantic",
    "argparse",
    "socket",
    "ssl",
)


def modules_after(program: str) -> set[str]:
    """What a bare interpreter has loaded after `program`, whose standard output may be taken."""
    show = "\nimport sys; print(' '.join(sys.modules), file=sys.stderr)"
    run = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path[:0] = {sys.path!r}\n{program}{show}",
    ]
    done = subprocess.run(run, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("program", ["import mcpring", ONE_TOOL], ids=["import", "one tool"])
def test_imports_stay_light(program: str) -> None:
    assert sorted(modules_after(program) & set(HEAVY)) == []


@needs_core
def test_a_server_has_loaded_what_it_uses_and_no_more() -> None:
    loaded = modules_after(SERVED)
    prefix = "mcpring."
    of_ours = sorted(name.removeprefix(prefix) for name in loaded if name.startswith(prefix))
    assert of_ours == OF_A_SERVER
    assert sorted(loaded & set(HEAVY)) == ["json"]


def test_pydantic_is_used_when_a_hint_is_its() -> None:
    program = "import pydantic\n" + ONE_TOOL
    assert "pydantic" in modules_after(program)


def test_every_name_can_be_had() -> None:
    import mcpring

    for name in mcpring.__all__:
        assert getattr(mcpring, name) is not None
    with pytest.raises(AttributeError):
        mcpring.nothing  # noqa: B018
