//! `cargo xtask test`: everything a change must pass, and the counts at the end.
//!
//! Steps go from quick to slow. A failed step does not keep the others from running, except those
//! that need what it builds.

use std::path::Path;
use std::process::Command;

use crate::process::{command, shown, succeeds};
use crate::transcript::Transcript;
use crate::verdict::Verdict;
use crate::{c_library, conformance, disk, instructions, python, tidy, tools};

/// Where the output of the programs goes, unless it is to be shown.
const TRANSCRIPT: &str = "target/test/transcript.txt";

/// How much is run and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Only what needs no other programs than Rust's.
    is_quick: bool,
    /// The output of what passes as well.
    is_verbose: bool,
}

impl Request {
    /// Reads `[--quick] [--verbose]`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut request = Self::default();
        for word in words {
            match *word {
                "--quick" => request.is_quick = true,
                "--verbose" => request.is_verbose = true,
                other => return Err(format!("{other} is not understood: --quick, --verbose")),
            }
        }
        Ok(request)
    }
}

/// What a script needs besides the demo server.
#[derive(Clone, Copy)]
struct Needs {
    /// The Python SDK.
    sdk: bool,
    /// Node and the packages that run on it.
    node: bool,
    /// The `everything` example.
    everything: bool,
}

const NOTHING: Needs = Needs { sdk: false, node: false, everything: false };
const SDK: Needs = Needs { sdk: true, ..NOTHING };
const NODE: Needs = Needs { node: true, ..NOTHING };

/// Scripts with real clients, each on both drivers where that makes a difference.
const SCRIPTS: &[(&str, Needs)] = &[
    ("frames", NOTHING),
    ("curl", NOTHING),
    ("seccomp", NOTHING),
    ("python_sdk", SDK),
    ("inspector", NODE),
    ("python_protocol", Needs { everything: true, ..SDK }),
    ("typescript_protocol", Needs { everything: true, ..NODE }),
    ("conformance", Needs { everything: true, ..NODE }),
];
const SCRIPTS_FOLDER: &str = "tests/interop";

/// Runs the steps and prints the counts; whether everything passed.
pub(crate) fn run(root: &Path, request: Request) -> bool {
    let mut verdict = Verdict::default();
    if !request.is_verbose {
        let begun = Transcript::begin(&root.join(TRANSCRIPT));
        // Then everything is shown.
        let _ = begun.inspect_err(|fault| println!("{fault}"));
    }
    rust_steps(root, &mut verdict);
    if request.is_quick {
        let what = "documents, fuzz targets, instructions, real clients and seccomp";
        verdict.skip(format!("{what}: --quick was asked for"));
    } else {
        whole_steps(root, &mut verdict);
    }
    verdict.print();
    if !verdict.is_good()
        && let Some(shortage) = disk::shortage(root)
    {
        println!("{shortage}");
    }
    verdict.is_good()
}

/// The part about the C library alone; whether everything passed.
pub(crate) fn run_c(root: &Path) -> bool {
    let mut verdict = Verdict::default();
    programs(root, &mut verdict);
    let clients =
        c_library::Clients { sdk: tools::install_python(root), node: tools::install_node(root) };
    verdict.step("everything: it does not build", conformance::build(root, false));
    c_library::run(root, clients, &mut verdict);
    verdict.print();
    verdict.is_good()
}

/// The part about the Python package alone; whether everything passed.
pub(crate) fn run_python(root: &Path) -> bool {
    let mut verdict = Verdict::default();
    programs(root, &mut verdict);
    let has_node = tools::install_node(root);
    verdict.step("the packages for Node could not be installed", has_node);
    python::run(root, has_node, &mut verdict);
    verdict.print();
    verdict.is_good()
}

/// The steps that need Rust only.
fn rust_steps(root: &Path, verdict: &mut Verdict) {
    heading("format");
    let words = ["cargo", "fmt", "--all", "--check"];
    verdict.step("format: run `cargo fmt --all`", succeeds(&mut command(root, &words)));

    heading("tidy");
    verdict.step("tidy: run `cargo xtask tidy`", tidy::run(root));

    heading("lints");
    let words = ["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    verdict.step("lints: run `cargo clippy --workspace`", succeeds(&mut command(root, &words)));

    heading("tests and documentation examples");
    let done = shown(&mut command(root, &["cargo", "test", "--workspace", "--no-fail-fast"]));
    verdict.add_cargo_test(&done.output, done.succeeded);
}

/// The steps that need other programs.
fn whole_steps(root: &Path, verdict: &mut Verdict) {
    heading("documents");
    let words = ["cargo", "doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"];
    let mut documents = command(root, &words);
    documents.env("RUSTDOCFLAGS", "-D warnings");
    verdict.step("documents: `cargo doc` finds faults", succeeds(&mut documents));

    fuzz_targets_build(root, verdict);

    programs(root, verdict);
    heading("instructions");
    match instructions::run(root, false) {
        instructions::Ending::Good => verdict.pass(1),
        instructions::Ending::Skipped(why) => verdict.skip(why),
        instructions::Ending::Failed(why) => verdict.fail(why),
    }

    heading("server");
    let words = ["cargo", "build", "--package", "mcpring-cli"];
    if !succeeds(&mut command(root, &words)) {
        verdict.fail("server: it does not build, so no client was run");
        return;
    }
    clients(root, verdict);
}

/// What runs here of what the steps need; what can be installed is.
fn programs(root: &Path, verdict: &mut Verdict) {
    heading("programs");
    for missing in tools::missing(root) {
        verdict.fail(missing);
    }
    for missing in tools::debian(root) {
        println!("not installed: {missing}");
    }
}

/// The fuzz targets are a workspace of their own, so the other steps do not see them break.
fn fuzz_targets_build(root: &Path, verdict: &mut Verdict) {
    heading("fuzz targets");
    if !succeeds(&mut command(root, &["c++", "--version"])) {
        verdict.skip("fuzz targets: no C++ compiler, which libFuzzer needs");
        return;
    }
    let words = ["cargo", "check", "--quiet", "--manifest-path", "fuzz/Cargo.toml"];
    let mut check = command(root, &words);
    check.arg("--target-dir").arg(root.join("target"));
    verdict.step("fuzz targets: they do not build", succeeds(&mut check));
}

/// The real clients.
fn clients(root: &Path, verdict: &mut Verdict) {
    let there = Needs {
        sdk: tools::install_python(root),
        node: tools::install_node(root),
        everything: conformance::build(root, false),
    };
    verdict.step("the Python SDK could not be installed", there.sdk);
    verdict.step("the packages for Node could not be installed", there.node);
    verdict.step("everything: it does not build", there.everything);
    for (name, needs) in SCRIPTS {
        heading(&format!("clients: {name}"));
        if let Some(lack) = lack(*needs, there) {
            verdict.skip(format!("{name}: {lack}"));
            continue;
        }
        let script = format!("{SCRIPTS_FOLDER}/{name}.py");
        // Scripts that need no package run on any Python; the failure they print names this one.
        let mut python =
            if there.sdk { Command::new(tools::python(root)) } else { Command::new("python3") };
        let done = shown(python.arg(&script).current_dir(root));
        verdict.add_script(name, &done.output, done.succeeded);
    }
    c_library::run(root, c_library::Clients { sdk: there.sdk, node: there.node }, verdict);
    python::run(root, there.node, verdict);
}

/// What keeps a script from running, if anything does.
fn lack(needs: Needs, there: Needs) -> Option<&'static str> {
    if needs.sdk && !there.sdk || needs.node && !there.node {
        return Some("its client is not installed");
    }
    (needs.everything && !there.everything).then_some("its server does not build")
}

/// Starts a part of the output.
pub(crate) fn heading(text: &str) {
    match Transcript::kept() {
        Some(transcript) => {
            println!("== {text} ({} s)", transcript.seconds());
            transcript.line(&format!("\n== {text}"));
        }
        None => println!("\n== {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let rows: [(&[&str], Option<Request>); 5] = [
            (&[], Some(Request { is_quick: false, is_verbose: false })),
            (&["--quick"], Some(Request { is_quick: true, is_verbose: false })),
            (&["--verbose", "--quick"], Some(Request { is_quick: true, is_verbose: true })),
            (&["--fast"], None),
            (&["all"], None),
        ];
        for (words, wanted) in rows {
            assert_eq!(Request::parse(words).ok(), wanted, "{words:?}");
        }
    }
}
