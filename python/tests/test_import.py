"""What a server costs before it serves: the package imports nothing that a program does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

ONE_TOOL = """
from mcpring import FastMCP
mcp = FastMCP("x")
@mcp.tool
def add(a: int, b: int = 1) -> int:
    "Adds."
    return a + b
"""

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
    """What a bare interpreter has loaded after `program`."""
    show = "\nimport sys; print(' '.join(sys.modules))"
    run = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path[:0] = {sys.path!r}\n{program}{show}",
    ]
    return set(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("program", ["import mcpring", ONE_TOOL], ids=["import", "one tool"])
def test_imports_stay_light(program: str) -> None:
    assert sorted(modules_after(program) & set(HEAVY)) == []


def test_pydantic_is_used_when_a_hint_is_its() -> None:
    program = "import pydantic\n" + ONE_TOOL
    assert "pydantic" in modules_after(program)


def test_every_name_can_be_had() -> None:
    import mcpring

    for name in mcpring.__all__:
        assert getattr(mcpring, name) is not None
    with pytest.raises(AttributeError):
        mcpring.nothing  # noqa: B018
