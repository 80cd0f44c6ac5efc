"""Runs a command under a seccomp filter that refuses io_uring, as container profiles do.

    without_io_uring.py [--deny setup,enter,register] [--errno EPERM] COMMAND ARG…

The three system calls can be refused one by one: some profiles let a ring be set up and refuse to
enter it, which only a program that tries a real round trip notices at its start.
"""

import argparse
import ctypes
import errno
import os
import struct
import sys

# The same numbers on x86-64 and on every newer architecture.
CALLS = {"setup": 425, "enter": 426, "register": 427}

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050000
LOAD_WORD = 0x20
JUMP_IF_EQUAL = 0x15
RETURN = 0x06


class Program(ctypes.Structure):
    """The kernel's `sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def instruction(code, value, when_true=0, when_false=0):
    """One instruction of the filter, the kernel's `sock_filter`."""
    return struct.pack("HBBI", code, when_true, when_false, value)


def refuse(numbers, code):
    """Installs the filter in this process; what it executes later inherits it."""
    filter_bytes = instruction(LOAD_WORD, 0)  # the system call's number
    for place, number in enumerate(numbers):
        to_refusal = len(numbers) - place
        filter_bytes += instruction(JUMP_IF_EQUAL, number, to_refusal)
    filter_bytes += instruction(RETURN, ALLOW) + instruction(RETURN, REFUSE | code)
    buffer = ctypes.create_string_buffer(filter_bytes, len(filter_bytes))
    program = Program(len(filter_bytes) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in [
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ]:
        if libc.prctl(*arguments):
            sys.exit(f"the filter could not be installed: {os.strerror(ctypes.get_errno())}")


def main():
    parser = argparse.ArgumentParser(description="run a command without io_uring")
    parser.add_argument("--deny", default="setup,enter,register")
    parser.add_argument("--errno", default="EPERM", dest="code")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    refuse([CALLS[name] for name in options.deny.split(",")], getattr(errno, options.code))
    os.execvp(options.command[0], options.command)


if __name__ == "__main__":
    main()
