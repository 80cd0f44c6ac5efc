"""The server where io_uring is refused: `auto` falls back and says so, `uring` fails and says why."""

import re
import subprocess
import sys

from frames import handshake
from harness import ADDRESS, ROOT, Failure, Skip, Suite, io_uring_refusal, want, want_equal

CASE_S = 20
LAUNCHER = ROOT / "tests" / "interop" / "without_io_uring.py"
FILTERS = [
    ("io_uring refused", ["--deny", "setup,enter,register", "--errno", "EPERM"]),
    ("io_uring unknown", ["--deny", "setup,enter,register", "--errno", "ENOSYS"]),
    ("only enter refused", ["--deny", "enter", "--errno", "EPERM"]),
    ("only register refused", ["--deny", "register", "--errno", "EPERM"]),
]
CAUSES = re.compile(r"seccomp|io_uring_disabled|EPERM|ENOSYS|not permitted|not implemented", re.I)


def launcher(options):
    """The command in front of the server's command."""
    return [sys.executable, str(LAUNCHER), *options]


def falls_back(suite, options):
    """One line names epoll and the refusal; the server works."""
    with suite.serve("auto", "--tcp", "127.0.0.1:0", launcher=launcher(options)) as server:
        handshake(server.pair("tcp"), "length")
        lines = [line for line in server.lines if "epoll" in line]
        want_equal(len(lines), 1, f"lines that name epoll in:\n{server.text()}\ntheir number")
        want(re.search("io_uring|uring", lines[0]), f"io_uring is not named: {lines[0]}")
        want(CAUSES.search(lines[0]), f"the refusal is not named: {lines[0]}")


def fails(suite, options):
    """`--driver uring` ends non-zero, naming the cause, and listens nowhere."""
    command = [*launcher(options), *suite.words("uring")]
    command += ["--tcp", "127.0.0.1:0"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CASE_S
        )
    except subprocess.TimeoutExpired:
        raise Failure("the server runs although io_uring is refused") from None
    want(done.returncode > 0, f"exit code {done.returncode}:\n{done.stderr}")
    want("io_uring" in done.stderr, f"io_uring is not named:\n{done.stderr}")
    want(CAUSES.search(done.stderr), f"the cause is not named:\n{done.stderr}")
    want("panicked" not in done.stderr, f"the server panicked:\n{done.stderr}")
    want(not ADDRESS.search(done.stderr), f"the server listened first:\n{done.stderr}")


def epoll_is_quiet(suite, options):
    """`--driver epoll` never asks for io_uring, so it has nothing to complain about."""
    with suite.serve("epoll", "--tcp", "127.0.0.1:0", launcher=launcher(options)) as server:
        handshake(server.pair("tcp"), "length")
        want(not CAUSES.search(server.text()), f"a refusal is named:\n{server.text()}")


def auto_prefers_io_uring(suite):
    """Without a filter `auto` chooses io_uring wherever the kernel has it."""
    if refusal := io_uring_refusal():
        raise Skip(refusal)
    with suite.serve("auto", "--tcp", "127.0.0.1:0") as server:
        handshake(server.pair("tcp"), "length")
        want(
            any("uring" in line and "epoll" not in line for line in server.lines),
            f"no line says that io_uring drives the server:\n{server.text()}",
        )


def main():
    suite = Suite("seccomp", drivers=("auto",))
    for name, options in FILTERS:
        suite.run(f"{name}: auto falls back", lambda: falls_back(suite, options))
        suite.run(f"{name}: uring fails", lambda: fails(suite, options))
    options = FILTERS[0][1]
    suite.run("io_uring refused: epoll serves", lambda: epoll_is_quiet(suite, options))
    suite.run("no filter: auto takes io_uring", lambda: auto_prefers_io_uring(suite))
    suite.finish()


if __name__ == "__main__":
    main()
