//! Counting: what passed, what failed, what was skipped and why.

/// The result of everything run so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    passed: usize,
    failures: Vec<String>,
    /// Skipped cases that the program under way named itself.
    ignored: usize,
    skips: Vec<String>,
}

impl Verdict {
    pub(crate) fn pass(&mut self, count: usize) {
        self.passed += count;
    }

    /// One failure, in words that name what failed.
    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        let what = what.into();
        println!("FAIL {what}");
        self.failures.push(what);
    }

    /// One thing not run, and why.
    pub(crate) fn skip(&mut self, what: impl Into<String>) {
        self.skips.push(what.into());
    }

    /// Passes or fails by `good`.
    pub(crate) fn step(&mut self, name: &str, good: bool) {
        if good { self.pass(1) } else { self.fail(name) }
    }

    /// Adds the counts of what `cargo test` printed.
    pub(crate) fn add_cargo_test(&mut self, output: &str, succeeded: bool) {
        let mut failed = 0;
        for line in output.lines() {
            if let Some(counts) = line.trim().strip_prefix("test result: ") {
                self.passed += count_before(counts, "passed");
                self.ignored += count_before(counts, "ignored");
                failed += count_before(counts, "failed");
            } else if let Some(name) = line.trim().strip_suffix(" ... FAILED") {
                self.failures.push(name.trim_start_matches("test ").to_owned());
            } else if let Some((name, why)) = line.trim().split_once(" ... ignored") {
                self.skips.push(format!("{name}{why}"));
            }
        }
        // A test program that ended otherwise than by a failed test has no counts to read.
        if !succeeded && failed == 0 {
            self.fail("cargo test ended before its tests did, or did not build");
        }
    }

    /// Adds the cases that a script printed, one a line.
    pub(crate) fn add_script(&mut self, name: &str, output: &str, succeeded: bool) {
        let mut failed = false;
        for line in output.lines() {
            match line.split_once(' ') {
                Some(("ok", _)) => self.passed += 1,
                Some(("FAIL", case)) => {
                    failed = true;
                    self.failures.push(case.trim().to_owned());
                }
                Some(("skip", case)) => self.skips.push(case.trim().to_owned()),
                _ => {}
            }
        }
        if !succeeded && !failed {
            self.fail(format!("{name} ended before its cases did"));
        }
    }

    /// Adds what pytest printed with `-rfEs`: a line for each test that failed or was skipped, and
    /// the counts as the last line.
    pub(crate) fn add_pytest(&mut self, name: &str, output: &str, succeeded: bool) {
        let mut failed = false;
        for line in output.lines() {
            match line.split_once(' ') {
                Some(("FAILED" | "ERROR", test)) => {
                    failed = true;
                    self.failures.push(format!("{name}: {test}"));
                }
                Some(("SKIPPED", test)) => self.skips.push(format!("{name}: {test}")),
                _ => {}
            }
        }
        let counts = output.trim_end().lines().last().unwrap_or_default();
        let passed = count_before(&counts.replace(" in ", ", "), "passed");
        self.passed += passed;
        if !failed && (!succeeded || passed == 0) {
            self.fail(format!("{name} ended before its tests did, or had none"));
        }
    }

    /// Whether nothing failed and something ran.
    pub(crate) fn is_good(&self) -> bool {
        self.failures.is_empty() && self.passed > 0
    }

    /// Names what was skipped and what failed, then the counts as the last line.
    pub(crate) fn print(&self) {
        println!();
        for skip in &self.skips {
            println!("skipped: {skip}");
        }
        for failure in &self.failures {
            println!("failed:  {failure}");
        }
        println!("{}", self.counts());
    }

    fn counts(&self) -> String {
        // Every skipped case has its own line, so the longer count is the whole one.
        let skipped = self.skips.len().max(self.ignored);
        format!("{} passed, {} failed, {skipped} skipped", self.passed, self.failures.len())
    }
}

/// The number before `word` in a line such as `ok. 3 passed; 0 failed; 1 ignored`.
fn count_before(line: &str, word: &str) -> usize {
    line.split([';', ',', '.'])
        .filter_map(|part| part.trim().strip_suffix(word))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_output_is_counted() {
        let output = "\
test a::b ... ok
test a::c ... FAILED
test a::d ... ignored, needs a real ring
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s
test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s
";
        let mut verdict = Verdict::default();
        verdict.add_cargo_test(output, false);
        assert_eq!(verdict.counts(), "8 passed, 1 failed, 1 skipped");
        assert_eq!(verdict.failures, ["a::c"]);
        assert_eq!(verdict.skips, ["test a::d, needs a real ring"]);
    }

    #[test]
    fn a_run_that_breaks_off_is_a_failure() {
        let mut verdict = Verdict::default();
        verdict.add_cargo_test("error: could not compile", false);
        verdict.add_script("frames", "ok   one\n", false);
        assert_eq!(verdict.counts(), "1 passed, 2 failed, 0 skipped");
        assert!(!verdict.is_good());
    }

    #[test]
    fn script_output_is_counted() {
        let mut verdict = Verdict::default();
        verdict.add_script("s", "ok   a\nFAIL b: no\n     repeat: x\nskip c: why\nokay\n", false);
        assert_eq!(verdict.counts(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(verdict.skips, ["c: why"]);
    }

    #[test]
    fn pytest_output_is_counted() {
        let mut verdict = Verdict::default();
        let output = "\
..F.s
SKIPPED [1] tests/a.py:3: no corpus
FAILED tests/a.py::test_b[1] - assert 1 == 2
1 failed, 17 passed, 1 skipped in 2.53s
";
        verdict.add_pytest("p", output, false);
        assert_eq!(verdict.counts(), "17 passed, 1 failed, 1 skipped");
        assert_eq!(verdict.failures, ["p: tests/a.py::test_b[1] - assert 1 == 2"]);
        verdict.add_pytest("p", "...\n3 passed in 0.1s\n", true);
        assert_eq!(verdict.counts(), "20 passed, 1 failed, 1 skipped");
        for (output, succeeded) in [("no tests ran in 0.1s", true), ("..", false), ("", false)] {
            let mut verdict = Verdict::default();
            verdict.add_pytest("p", output, succeeded);
            assert_eq!(verdict.counts(), "0 passed, 1 failed, 0 skipped", "{output}");
        }
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert!(!Verdict::default().is_good());
    }
}
