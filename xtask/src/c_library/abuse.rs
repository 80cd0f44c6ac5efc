//! The abuse driver under AddressSanitizer and under valgrind: statuses, never a report.
//!
//! The library itself is built with the sanitizer, so that its own reads and writes are watched as
//! well; the standard library is the usual one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::compile::package;
use super::{Place, has, step};
use crate::header::symbols;
use crate::process::shown;
use crate::tools;
use crate::verdict::Verdict;

const SOURCES: &str = "tests/c/abuse";
const DRIVERS: &[&str] = &["uring", "epoll"];

/// A sanitizer's flag is for a nightly compiler, which this variable makes of a stable one; and the
/// standard library was built without it, which the compiler has to be told is known.
const BOOTSTRAP: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");
const FLAGS: &str = "-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer";

/// What a report of valgrind ends the program with.
const REPORTED: &str = "--error-exitcode=99";

pub(super) fn run(place: &Place<'_>, verdict: &mut Verdict) {
    let sources = sources(&place.root.join(SOURCES));
    if let Some(library) = sanitized(place, verdict) {
        let program = place.folder.join("abuse-asan");
        let mut compile = compiler(place, &sources);
        compile.args(["-fsanitize=address", "-fno-omit-frame-pointer"]).arg(&library);
        compile.arg("-o").arg(&program);
        if step(verdict, "compile the abuse driver with AddressSanitizer", &mut compile) {
            for driver in DRIVERS {
                let mut abuse = place.command(&[&program.to_string_lossy(), driver]);
                abuse.env("LD_LIBRARY_PATH", library.parent().unwrap_or(&library));
                judge(
                    place,
                    &format!("abuse with AddressSanitizer ({driver})"),
                    &mut abuse,
                    verdict,
                );
            }
        }
    }
    valgrind(place, &sources, verdict);
}

/// Builds the library with AddressSanitizer.
fn sanitized(place: &Place<'_>, verdict: &mut Verdict) -> Option<PathBuf> {
    let platform = tools::platform(place.root);
    let mut build = place.command(&["cargo", "build", "--package", "mcpring-c"]);
    build.args(["--target", &platform, "--target-dir", "target/asan"]);
    build.env(BOOTSTRAP.0, BOOTSTRAP.1).env("RUSTFLAGS", FLAGS);
    let folder = place.root.join("target/asan").join(platform).join("debug");
    if !step(verdict, "build the library with AddressSanitizer", &mut build) {
        return None;
    }
    // Under the name that programs look for.
    let library = place.folder.join("asan/libmcpring.so.0");
    let copied = std::fs::create_dir_all(place.folder.join("asan"))
        .and_then(|()| std::fs::copy(folder.join("libmcpring_c.so"), &library));
    if let Err(fault) = copied {
        verdict.fail(format!("{}: {fault}", library.display()));
        return None;
    }
    Some(library)
}

/// The plain library under valgrind, which knows no io_uring.
fn valgrind(place: &Place<'_>, sources: &[PathBuf], verdict: &mut Verdict) {
    if !has(place.root, "valgrind") {
        verdict.skip("abuse under valgrind: it is not installed");
        return;
    }
    let program = place.folder.join("abuse");
    let mut compile = compiler(place, sources);
    compile.args(package(place, &["--libs"])).arg("-o").arg(&program);
    if step(verdict, "compile the abuse driver", &mut compile) {
        let words = ["valgrind", "--quiet", REPORTED, "--leak-check=full"];
        let mut abuse = place.command(&words);
        abuse.arg("--errors-for-leak-kinds=definite").arg(&program).arg("epoll");
        judge(place, "abuse under valgrind (epoll)", &mut abuse, verdict);
    }
}

fn compiler(place: &Place<'_>, sources: &[PathBuf]) -> Command {
    let mut compile = place.command(&["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-g"]);
    // The driver is a user of POSIX threads.
    compile.args(["-pthread", "-D_POSIX_C_SOURCE=200809L"]).args(sources);
    compile.args(package(place, &["--cflags"]));
    compile
}

/// Runs the driver; its counts and what it covered are the verdict.
fn judge(place: &Place<'_>, name: &str, abuse: &mut Command, verdict: &mut Verdict) {
    let done = shown(abuse);
    let output = Output::read(&done.output);
    for failure in &output.failures {
        verdict.fail(format!("{name}: {failure}"));
    }
    verdict.pass(output.passed);
    // Failures have the exit code 1; a report has another, and no line of its own here.
    if !done.succeeded && output.failures.is_empty() {
        verdict.fail(format!("{name}: it ended badly or a report was made, see above"));
    }
    let listed = symbols::listed(place.root).unwrap_or_default();
    let missed: Vec<&String> =
        listed.iter().filter(|name| !output.covered.contains(name)).collect();
    if !missed.is_empty() || listed.is_empty() {
        verdict.fail(format!("{name}: it does not cover {missed:?}"));
    }
}

/// What the driver printed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Output {
    passed: usize,
    failures: Vec<String>,
    covered: Vec<String>,
}

impl Output {
    fn read(text: &str) -> Self {
        let mut output = Self::default();
        for line in text.lines() {
            if let Some(failure) = line.strip_prefix("FAILED ") {
                output.failures.push(failure.to_owned());
            } else if let Some(name) = line.strip_prefix("covered ") {
                output.covered.push(name.to_owned());
            } else if let Some((passed, _)) = line.split_once(" passed, ") {
                output.passed = passed.parse().unwrap_or(0);
            }
        }
        output
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut sources: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_s_words_are_read() {
        let text =
            "FAILED a.c:1: f gave X\ncovered mcpring_f\ncovered mcpring_g\n7 passed, 1 failed\n";
        let want = Output {
            passed: 7,
            failures: vec!["a.c:1: f gave X".to_owned()],
            covered: vec!["mcpring_f".to_owned(), "mcpring_g".to_owned()],
        };
        assert_eq!(Output::read(text), want);
        assert_eq!(Output::read("Segmentation fault"), Output::default());
    }
}
