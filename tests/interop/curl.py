"""The curl examples of the README, run as they stand there, but for the address."""

import json
import re
import shutil
import subprocess

from harness import ROOT, Failure, Suite, want, want_equal

CASE_S = 30
ADDRESS = "http://127.0.0.1:8080"


def examples():
    """The README's shell blocks that call curl, each named by the heading above it."""
    heading = "README"
    found = []
    blocks = re.finditer(r"^#+ ([^\n]+)$|^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    for block in blocks:
        if block[1]:
            heading = block[1].strip()
        elif "curl " in block[2]:
            found.append((heading, block[2]))
    return found


def run(script, url):
    """Runs one block against the server and checks that the tool answered."""
    want(ADDRESS in script, f"the example does not call {ADDRESS}")
    script = script.replace(ADDRESS, url.removesuffix("/mcp"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CASE_S,
    )
    if done.returncode:
        raise Failure(f"exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    if "tools/call" in script:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        want("result" in answer, f"no result: {answer}")
        text = re.search(r'"message":"([^"]*)"', script)[1]
        want_equal(answer["result"]["content"][0]["text"], text, "echo")
    else:
        want(done.stdout.strip(), "the answer is empty")


def main():
    suite = Suite("curl")
    if not shutil.which("curl"):
        suite.line("skip", "curl: every example: curl is not installed (Debian package curl)")
        suite.finish()
    found = examples()
    calls = sum("tools/call" in script for _, script in found)
    suite.run("README shows a call in each era", lambda: want(calls >= 2, f"only {calls} shown"))
    for driver in suite.drivers:
        for heading, script in found:

            def body():
                with suite.serve(driver, "--http", "127.0.0.1:0") as server:
                    run(script, server.url())

            suite.run(heading, body, driver)
    suite.finish()


if __name__ == "__main__":
    main()
