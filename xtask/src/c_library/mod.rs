//! The C library as its users meet it: installed, compiled against, driven, abused.
//!
//! Everything here works on an installation below `target/c`, never on the sources: what is not
//! installed is not there for a user either.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::header::symbols;
use crate::process::{answer, command, shown, succeeds};
use crate::test::heading;
use crate::verdict::Verdict;
use crate::{install, tools};

mod abuse;
mod compile;
mod packages;

/// Scripts that take the server to drive, each on both drivers, and whether Node runs them.
const SCRIPTS: &[(&str, bool)] =
    &[("python_protocol", false), ("typescript_protocol", true), ("conformance", true)];

/// Programs without which nothing can be compiled against an installation.
const NEEDED: &[&str] = &["make", "pkg-config"];

/// What the section works on.
struct Place<'a> {
    root: &'a Path,
    /// Everything it makes.
    folder: PathBuf,
    /// The installation.
    prefix: PathBuf,
}

impl Place<'_> {
    /// A command that finds the installation as a user's would.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = command(self.root, words);
        command.env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"));
        command.env("LD_LIBRARY_PATH", self.prefix.join("lib"));
        command
    }

    /// Where the Makefile puts the examples.
    fn examples(&self) -> PathBuf {
        self.folder.join("examples")
    }
}

/// Whether a program runs here.
fn has(root: &Path, program: &str) -> bool {
    answer(&mut command(root, &[program, "--version"])).is_some()
}

/// The packages that the clients of the examples come from.
#[derive(Clone, Copy)]
pub(crate) struct Clients {
    pub(crate) sdk: bool,
    pub(crate) node: bool,
}

/// Runs the section.
pub(crate) fn run(root: &Path, clients: Clients, verdict: &mut Verdict) {
    heading("C library: install");
    let folder = root.join("target/c");
    let prefix = folder.join("prefix");
    let place = Place { root, folder, prefix };
    let _ = std::fs::remove_dir_all(&place.prefix);
    if !install::run(root, &install::Request::debug(place.prefix.clone())) {
        verdict.fail("C library: it is not installed, so nothing of it was tested");
        return;
    }
    verdict.pass(1);
    exports(&place, verdict);
    if let Some(missing) = NEEDED.iter().find(|program| !has(root, program)) {
        verdict
            .skip(format!("C library: {missing} is not installed, so only its symbols were seen"));
        return;
    }

    heading("C library: compilers");
    compile::run(&place, verdict);
    heading("C library: packages");
    packages::run(&place, verdict);
    heading("C library: abuse");
    abuse::run(&place, verdict);
    drive(&place, clients, verdict);
}

/// What the installed libraries show to a linker.
fn exports(place: &Place<'_>, verdict: &mut Verdict) {
    for (name, options) in [("libmcpring.so", "-D"), ("libmcpring.a", "-g")] {
        let library = place.prefix.join("lib").join(name);
        match symbols::compare_library(place.root, &library, options) {
            Ok(count) => println!("{name} exports the {count} functions of the list"),
            Err(fault) => {
                verdict.fail(format!("{name}: {fault}"));
                continue;
            }
        }
        verdict.pass(1);
    }
}

/// Real clients against the examples that the Makefile built.
fn drive(place: &Place<'_>, clients: Clients, verdict: &mut Verdict) {
    let folder = place.examples();
    let everything = folder.join("everything_c");
    heading("C library: c_examples");
    if clients.sdk {
        let script = ["tests/interop/c_examples.py", "--folder"];
        script_on(place, "c_examples", &script, &folder, verdict);
    } else {
        verdict.skip("c_examples: the Python SDK is not installed");
    }
    for (name, on_node) in SCRIPTS {
        heading(&format!("C library: {name}"));
        if !clients.sdk || *on_node && !clients.node {
            verdict.skip(format!("{name} on everything_c: its client is not installed"));
            continue;
        }
        let script = [&format!("tests/interop/{name}.py"), "--server"];
        script_on(place, name, &script, &everything, verdict);
    }
}

fn script_on(place: &Place<'_>, name: &str, words: &[&str], on: &Path, verdict: &mut Verdict) {
    let mut python = Command::new(tools::python(place.root));
    let done = shown(python.args(words).arg(on).current_dir(place.root));
    verdict.add_script(name, &done.output, done.succeeded);
}

/// Runs a command that is a step by itself.
fn step(verdict: &mut Verdict, name: &str, command: &mut Command) -> bool {
    let is_good = succeeds(command);
    verdict.step(name, is_good);
    is_good
}
