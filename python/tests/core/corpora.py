"""Where collected test data lies, if it is there: `shared/data` in a folder above this one."""

from __future__ import annotations

from pathlib import Path

import pytest


def corpus(name: str) -> Path:
    """The folder or file `name` of the corpora; skips the test where there is none."""
    for folder in Path(__file__).resolve().parents:
        found = folder / "shared/data/corpora" / name
        if found.exists():
            return found
    pytest.skip(f"no shared/data/corpora/{name} above the tests")
