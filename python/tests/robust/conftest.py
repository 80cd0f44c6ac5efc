"""Robustness: real processes, real sockets, and many repetitions.

python -m pytest tests/robust                              a minute
MCPRING_ROBUST=full python -m pytest tests/robust -s       the full counts, figures shown
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))  # what all tests share
sys.path.insert(0, str(Path(__file__).parent))

IS_FULL = os.environ.get("MCPRING_ROBUST") == "full"


@pytest.fixture
def server_file() -> str:
    """The server that these tests are about."""
    return str(Path(__file__).parent / "victim.py")


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    """How often: `@pytest.mark.parametrize("count", [(few, many)], indirect=True)`."""
    few, many = request.param
    return int(many if IS_FULL else few)
