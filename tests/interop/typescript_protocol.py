"""The official TypeScript SDK as a client of `everything`: what a server asks, tells and resumes.

The cases are JavaScript and lie beside this file; here the server is started, connections are cut
and results are counted. All cases of one driver, transport and era share a server and a process.
"""

import json
import shutil
import subprocess

from harness import EVERYTHING, NODE, ROOT, TOOLS, Failure, Suite, describe
from proxy import Proxy

GROUP_S = 300
SUITE_HUNG_S = 1800
SOURCES = ROOT / "tests" / "interop"
MAIN = "typescript_protocol.mjs"
# A module looks for its packages beside itself.
HOME = TOOLS / "node"

ERAS = ["handshake", "stateless"]
TASK_CASES = ["task_completes", "task_of_a_failing_tool", "task_that_asks", "task_is_cancelled"]
CASES = [
    # The case, in which eras, over which transports.
    ("sampling", "handshake stateless", "http stdio"),
    ("sampling_with_tools", "handshake stateless", "http stdio"),
    ("elicitation", "handshake stateless", "http stdio"),
    ("elicitation_of_choices", "handshake stateless", "http stdio"),
    ("elicitation_by_url", "handshake stateless", "http stdio"),
    ("roots", "handshake stateless", "http stdio"),
    ("several_questions", "handshake stateless", "http stdio"),
    ("question_of_a_prompt", "handshake stateless", "http stdio"),
    ("missing_capability", "stateless", "http stdio"),
    ("progress", "handshake stateless", "http stdio"),
    ("logging", "handshake stateless", "http stdio"),
    ("cancellation", "handshake stateless", "http stdio"),
    ("cancelled_question", "handshake", "http stdio"),
    ("subscription", "handshake", "http stdio"),
    ("list_changes", "handshake", "http stdio"),
    ("listen", "stateless", "http stdio"),
    ("resumed_call", "handshake", "http"),
    ("resumed_question", "handshake", "http"),
    ("resumed_updates", "handshake", "http"),
    ("polled_call", "handshake", "http"),
    *(
        (case, eras, transport)
        for case in TASK_CASES
        # In the stateless era the package for tasks wants a transport of its own, here HTTP.
        for eras, transport in (("handshake stateless", "http"), ("handshake", "stdio"))
    ),
]
# What the connection of a case is cut behind.
CUTS = {
    "resumed_call": b"notifications/progress",
    "resumed_question": b"elicitation/create",
    "resumed_updates": b"notifications/resources/updated",
}


def node(era, target, cases, cut):
    """Runs cases in one process; the fault of each that came to its end, by name."""
    argument = json.dumps({"era": era, "target": target, "cases": cases, "cut": cut})
    process = subprocess.Popen(
        [str(NODE), str(HOME / MAIN), argument],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        output, complaint = process.communicate(timeout=GROUP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, complaint = process.communicate()
        complaint = f"not done after {GROUP_S} s\n{complaint}"
    lines = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    faults = {line["case"]: line["fault"] for line in lines}
    return {case: faults.get(case, f"not reached: {complaint}") for case in cases}


def over_stdio(suite, driver, era, cases):
    """Runs cases that each start a server of their own."""
    command, *arguments = suite.words(driver, "--stdio")
    return node(era, {"command": command, "args": arguments}, cases, {})


def over_http(suite, driver, era, cases):
    """Runs cases against one server, some of them through a proxy."""
    with suite.serve(driver, "--http", "127.0.0.1:0") as server:
        host, port = server.pair("http")
        proxies = {case: Proxy(host, port, CUTS[case]) for case in cases if case in CUTS}
        for proxy in proxies.values():
            proxy.__enter__()
        try:
            cut = {case: proxy.url() for case, proxy in proxies.items()}
            faults = node(era, {"url": server.url()}, cases, cut)
        finally:
            for proxy in proxies.values():
                proxy.__exit__()
        for case, proxy in proxies.items():
            if not faults[case] and proxy.cuts != 1:
                faults[case] = f"the connection was cut {proxy.cuts} times"
    return faults


def judge(fault):
    """The verdict on one case."""
    if fault:
        raise Failure(fault)


def main():
    suite = Suite("typescript-protocol", program=EVERYTHING, hung_s=SUITE_HUNG_S)
    if not NODE.exists():
        raise SystemExit(f"{NODE} is missing: `cargo xtask test` installs it")
    for source in SOURCES.glob("typescript_*.mjs"):
        shutil.copy(source, HOME)
    for driver in suite.drivers:
        for transport, perform in (("http", over_http), ("stdio", over_stdio)):
            for era in ERAS:
                names = {
                    f"{transport} {era}: {case.replace('_', ' ')}": case
                    for case, eras, transports in CASES
                    if era in eras.split() and transport in transports.split()
                }
                names = {name: case for name, case in names.items() if suite.wanted(name, driver)}
                if names:
                    cases = [*names.values()]
                    run_group(suite, driver, names, lambda: perform(suite, driver, era, cases))
    suite.finish()


def run_group(suite, driver, names, perform):
    """Runs a group when its first case is due, then counts each case."""
    faults = {}

    def body(case):
        if not faults:
            try:
                faults.update(perform())
            except Exception as fault:  # whatever it is, every case of the group has it
                faults.update(dict.fromkeys(names.values(), describe(fault)))
        judge(faults[case])

    for name, case in names.items():
        suite.run(name, lambda: body(case), driver)


if __name__ == "__main__":
    main()
