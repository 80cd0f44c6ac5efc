"""The official conformance suite, two of its versions, against `everything` over HTTP.

A case is one scenario of one run; it fails when one of its checks does. A last case for each run
is the suite's own verdict against an empty baseline, which takes a warning for a failure too.
What the suite wrote stays below target/conformance, one folder for each run and driver.
"""

import collections
import json
import re
import shutil
import subprocess
import typing

from harness import EVERYTHING, NODE, NODE_MODULES, ROOT, Failure, Skip, Suite, want, want_equal

OUTPUT = ROOT / "target" / "conformance"
RUN_S = 300
SUITE_HUNG_S = 2400

# A scenario's folder is its name between what it tests and when it ran.
FOLDER = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
COLOUR = re.compile(r"\x1b\[\d+m")


class Run(typing.NamedTuple):
    """One run of the suite: the package, its options, and how many scenarios it has."""

    name: str
    package: str
    options: tuple
    scenarios: int


ALL = ("--suite", "all")
RUNS = [
    Run("0.1 all", "conformance-0.1", ALL, 32),
    Run("0.2 all", "conformance-0.2", ALL, 65),
    Run("0.2 2025-11-25", "conformance-0.2", (*ALL, "--spec-version", "2025-11-25"), 33),
    Run("0.2 2026-07-28", "conformance-0.2", (*ALL, "--spec-version", "2026-07-28"), 40),
]


class Outcome(typing.NamedTuple):
    """What a run left: its exit code, what it printed, each scenario's checks."""

    code: int
    text: str
    scenarios: dict


def program(package):
    """The suite's own program."""
    return NODE_MODULES / package / "dist" / "index.js"


def narrowed(runs, only):
    """The runs that `only` names, a whole one by a part of its name or one by `run: scenario`."""
    chosen = []
    for run in runs:
        if only in run.name:
            chosen.append(run)
        elif only.startswith(f"{run.name}: "):
            scenario = only.removeprefix(f"{run.name}: ")
            options = (*run.options, "--scenario", scenario)
            chosen.append(run._replace(options=options, scenarios=1))
    return chosen


def perform(run, server, folder):
    """Runs the suite once against `server` and reads what it left in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    baseline = folder / "baseline.yml"
    baseline.write_text("server: []\n")
    command = [str(NODE), str(program(run.package)), "server", "--url", server.url()]
    command += run.options
    command += ["--expected-failures", str(baseline), "--output-dir", str(folder)]
    with open(folder / "output.txt", "wb") as output:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=RUN_S,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"not done after {RUN_S} s: {folder}/output.txt") from None
    scenarios = {}
    for checks in sorted(folder.glob("*/checks.json")):
        if found := FOLDER.fullmatch(checks.parent.name):
            scenarios[found[1]] = json.loads(checks.read_text())
    text = COLOUR.sub("", (folder / "output.txt").read_text(errors="replace"))
    return Outcome(done.returncode, text, scenarios)


def of_status(checks, status):
    """The checks that ended with `status`."""
    return [check for check in checks if check["status"] == status]


def said(check):
    """A check in words."""
    return f"{check['id']}: {check.get('errorMessage') or check['description']}"


def judge(checks):
    """The verdict on one scenario."""
    if failures := of_status(checks, "FAILURE"):
        raise Failure("\n     ".join(map(said, failures)))
    skipped = of_status(checks, "SKIPPED")
    if skipped and len(skipped) == len(checks):
        raise Skip(f"the suite says: {skipped[0].get('errorMessage') or skipped[0]['description']}")


def judge_run(run, outcome):
    """The verdict on a run as a whole."""
    if outcome.code:
        # What the suite objects to stands behind its summary.
        raise Failure(f"exit code {outcome.code}: {outcome.text.rpartition('Total:')[2].strip()}")
    want_equal(len(outcome.scenarios), run.scenarios, "scenarios that ran")


def count(outcome):
    """The run's counts, as one line."""
    total = collections.Counter()
    scenarios = collections.Counter()
    for checks in outcome.scenarios.values():
        total.update(check["status"] for check in checks)
        scenarios["failed" if of_status(checks, "FAILURE") else "passed"] += 1
    return (
        f"scenarios {scenarios['passed']} passed, {scenarios['failed']} failed; "
        f"checks {total['SUCCESS']} passed, {total['FAILURE']} failed, "
        f"{total['WARNING']} warnings, {total['SKIPPED']} skipped"
    )


def report(suite, run, driver, outcome):
    """One case for each scenario, the warnings, then the run as a whole."""
    for scenario, checks in sorted(outcome.scenarios.items()):
        suite.run(f"{run.name}: {scenario}", lambda: judge(checks), driver)
        for warning in of_status(checks, "WARNING"):
            print(f"warn {run.name}: {scenario}: {said(warning)}", flush=True)
    suite.run(f"{run.name}: an empty baseline", lambda: judge_run(run, outcome), driver)


def main():
    suite = Suite("conformance", program=EVERYTHING, hung_s=SUITE_HUNG_S)
    if not program(RUNS[0].package).exists():
        raise SystemExit(f"{NODE_MODULES} lacks the suite: `cargo xtask conformance` installs it")
    runs = narrowed(RUNS, suite.options.only or "")
    if runs:
        suite.options.only = None  # every case of a chosen run counts
    counts = []
    for driver in suite.drivers:
        for run in runs:
            folder = OUTPUT / f"{run.name}-{driver}".replace(" ", "-")
            outcome = None

            def body():
                nonlocal outcome
                with suite.serve(driver, "--http", "127.0.0.1:0") as server:
                    try:
                        outcome = perform(run, server, folder)
                    finally:
                        (folder / "server.txt").write_text(server.text())
                want(outcome.scenarios, f"no scenario ran:\n{outcome.text}")

            suite.run(f"{run.name}: runs", body, driver)
            if outcome:
                report(suite, run, driver, outcome)
                counts.append(f"{run.name} ({driver}): {count(outcome)}")
    print("\n".join(counts))
    suite.finish()


if __name__ == "__main__":
    main()
