"""Servers as programs: started, told things, and waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import mcpring

__all__ = ["PACKAGE", "Program"]

PACKAGE = str(Path(mcpring.__file__).parent.parent)
"""Where the package lies that is tested."""

WAIT_S = 30


class Program:
    """A Python program, ended when it is left."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stderr=subprocess.PIPE,
            env=environment(env),
            text=True,
            **options,
        )
        self.said: list[str] = []

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *failure: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait()

    def line(self, start: str) -> str:
        """What follows `start` on the next line of standard error that begins so."""
        assert self.process.stderr is not None
        for said in self.process.stderr:
            line = str(said)
            self.said.append(line)
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise AssertionError(f"{start!r} was not said, but:\n{''.join(self.said)}")

    def url(self) -> str:
        """Where it listens."""
        return self.line("listening http ")

    def end(self, *signals: signal.Signals) -> int:
        """Sends signals; gives the exit code."""
        for one in signals:
            self.process.send_signal(one)
        assert self.process.stderr is not None
        self.said += self.process.stderr.readlines()
        return self.process.wait(WAIT_S)


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """That of a person, without settings of ours, and with the package to be found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCPRING_")}
    path = os.pathsep.join([PACKAGE, *filter(None, [os.environ.get("PYTHONPATH")])])
    driver = os.environ.get("MCPRING_DRIVER")
    own = {"MCPRING_DRIVER": driver} if driver else {}
    return {**kept, "PYTHONPATH": path, **own, **(more or {})}
