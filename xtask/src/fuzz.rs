//! `cargo xtask fuzz`: every target for its share of the time, and the canary, which must fail.
//!
//! cargo-fuzz wants a nightly compiler for the sanitizers' flags; `RUSTC_BOOTSTRAP` lets the pinned
//! stable one take them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{shown, succeeds};
use crate::tools;
use crate::verdict::Verdict;

/// Every target but the canary.
const TARGETS: &[&str] = &["json", "length", "line", "http1", "rpc", "uri", "token"];
/// A target with a planted fault: a fuzzer that cannot find it finds nothing.
const CANARY: &str = "canary";
const CANARY_SECONDS_MAX: u64 = 60;

/// libFuzzer's own bounds on one input.
const INPUT_BYTES_MAX: u32 = 64 << 10;
const INPUT_SECONDS_MAX: u32 = 10;
const MEMORY_MIB_MAX: u32 = 2048;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    seconds: u64,
    target: Option<String>,
}

impl Request {
    /// Reads `--seconds N [--target T]`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut seconds = None;
        let mut target = None;
        for pair in words.chunks(2) {
            match pair {
                ["--seconds", number] => {
                    let number = number.parse().ok().filter(|number| *number > 0);
                    seconds = Some(number.ok_or("--seconds wants a whole number above 0")?);
                }
                ["--target", name] if TARGETS.contains(name) || *name == CANARY => {
                    target = Some((*name).to_owned());
                }
                ["--target", name] => {
                    let known = TARGETS.join(", ");
                    return Err(format!("{name:?} is no fuzz target: {known}, {CANARY}"));
                }
                other => return Err(format!("{} is not understood", other.join(" "))),
            }
        }
        Ok(Self { seconds: seconds.ok_or("--seconds is missing")?, target })
    }
}

/// Fuzzes and prints the counts; whether every target held and the canary fell.
pub(crate) fn run(root: &Path, request: &Request) -> bool {
    let Some(cargo_fuzz) = tools::cargo_fuzz(root) else {
        println!("cargo-fuzz could not be installed");
        return false;
    };
    if !succeeds(&mut fuzz(&cargo_fuzz, root, "build")) {
        println!("the fuzz targets do not build");
        return false;
    }
    let targets: Vec<&str> = match &request.target {
        Some(target) => vec![target],
        None => TARGETS.iter().copied().chain([CANARY]).collect(),
    };
    let fuzzed = targets.iter().filter(|target| **target != CANARY).count().max(1);
    let share = (request.seconds / fuzzed as u64).max(1);
    let mut verdict = Verdict::default();
    for target in targets {
        println!("\n== fuzz {target}");
        if target == CANARY {
            verdict
                .step("canary: its planted fault was not found", canary_falls(&cargo_fuzz, root));
        } else {
            let held = target_holds(&cargo_fuzz, root, target, share);
            verdict.step(&format!("{target}: the input is in fuzz/artifacts/{target}"), held);
        }
    }
    verdict.print();
    verdict.is_good()
}

/// Runs one target for `seconds`; whether nothing was found.
fn target_holds(cargo_fuzz: &Path, root: &Path, target: &str, seconds: u64) -> bool {
    let mut command = fuzz(cargo_fuzz, root, "run");
    command.arg(target).arg("--").arg(format!("-max_total_time={seconds}"));
    succeeds(with_bounds(&mut command))
}

/// Runs the canary; whether the fuzzer finds its fault by itself, before the time is over.
fn canary_falls(cargo_fuzz: &Path, root: &Path) -> bool {
    let began = Instant::now();
    let artifacts = root.join("fuzz/artifacts").join(CANARY);
    // What an earlier run found must not stand in for what this one finds.
    let _ = std::fs::remove_dir_all(&artifacts);
    let _ = std::fs::remove_dir_all(root.join("fuzz/corpus").join(CANARY));
    let mut command = fuzz(cargo_fuzz, root, "run");
    command.arg(CANARY).arg("--").arg(format!("-max_total_time={CANARY_SECONDS_MAX}"));
    let done = shown(with_bounds(&mut command));
    let found = artifacts.read_dir().is_ok_and(|mut files| files.next().is_some());
    let in_time = began.elapsed() < Duration::from_secs(2 * CANARY_SECONDS_MAX);
    !done.succeeded && found && in_time
}

fn with_bounds(command: &mut Command) -> &mut Command {
    command
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg("-print_final_stats=1")
}

fn fuzz(cargo_fuzz: &Path, root: &Path, verb: &str) -> Command {
    let mut command = Command::new(cargo_fuzz);
    // The standard library is built without the sanitizer and must be allowed to meet crates that
    // are built with it. The platform is named so that build scripts stay without it too.
    command
        .args(["fuzz", verb, "--target", &tools::platform(root)])
        .current_dir(root)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cunsafe-allow-abi-mismatch=sanitizer");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let parse = |text: &str| Request::parse(&text.split_whitespace().collect::<Vec<_>>());
        assert_eq!(parse("--seconds 60"), Ok(Request { seconds: 60, target: None }));
        let one = Request { seconds: 5, target: Some("uri".to_owned()) };
        assert_eq!(parse("--target uri --seconds 5"), Ok(one));
        for wrong in [
            "",
            "--seconds",
            "--seconds x",
            "--seconds 0",
            "--seconds 1 --target nothing",
            "--fast",
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?} was understood");
        }
    }
}
