//! The project's own commands, run as `cargo xtask COMMAND`.
//!
//! `test` is the whole check that a change must pass; `tidy` holds the rules that no compiler
//! knows; `conformance` runs the official suite; `header` writes the C headers; `install` lays the
//! C library out; `fuzz` runs the fuzz targets. Nothing here is part of the product.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line tool reports on standard output")]
#![allow(clippy::disallowed_methods, reason = "a build tool reads files and starts processes")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod c_library;
mod conformance;
mod disk;
mod fuzz;
mod header;
mod imports;
mod install;
mod instructions;
mod process;
mod python;
mod sizes;
mod source;
mod test;
mod tidy;
mod tools;
mod transcript;
mod verdict;
mod wheel;

const USAGE: &str = "\
cargo xtask COMMAND

  test [--quick] [--verbose]     format, lints, tests, tidy, documents, real clients on both drivers;
                                 --quick leaves out what needs other programs than Rust's;
                                 --verbose shows the output of what passes as well, which otherwise
                                 goes to target/test/transcript.txt
  tidy                           the import table, banned macros, file heads, unsafe code; sizes
  conformance [--driver uring|epoll] [--server COMMAND] [--only SUITE] [--release]
                                 the official conformance suite, two versions, against `everything`
  header [--check]               writes include/*.h and bindings/symbols.txt from bindings/src;
                                 --check only says whether they are stale
  install --prefix DIR [--destdir DIR] [--debug]
                                 builds the C library and the program and lays them out there
  c                              the part of `test` that is about the C library
  wheel [--debug] [--specific] [--python PROGRAM]
                                 builds the Python package for every Python, or for one version,
                                 and looks at what was built
  python                         the part of `test` that is about the Python package
  fuzz --seconds N [--target T]  every fuzz target, or one, for N seconds in all; the canary must fail
  instructions [--update]        instructions of the hot functions, counted by valgrind, beside those
                                 recorded; --update records them
  ci                             what continuous integration runs: the same as `test`
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let passed = match words.as_slice() {
        ["ci"] => test::run(&root, test::Request::default()),
        ["test", rest @ ..] => match test::Request::parse(rest) {
            Ok(request) => test::run(&root, request),
            Err(fault) => return usage(&fault),
        },
        ["tidy"] => tidy::run(&root),
        ["conformance", rest @ ..] => match conformance::Request::parse(rest) {
            Ok(request) => conformance::run(&root, &request),
            Err(fault) => return usage(&fault),
        },
        ["header"] => header::run(&root, false),
        ["header", "--check"] => header::run(&root, true),
        ["install", rest @ ..] => match install::Request::parse(rest) {
            Ok(request) => install::run(&root, &request),
            Err(fault) => return usage(&fault),
        },
        ["c"] => test::run_c(&root),
        ["wheel", rest @ ..] => match wheel::Request::parse(rest) {
            Ok(request) => wheel::run(&root, &request),
            Err(fault) => return usage(&fault),
        },
        ["python"] => test::run_python(&root),
        ["fuzz", rest @ ..] => match fuzz::Request::parse(rest) {
            Ok(request) => fuzz::run(&root, &request),
            Err(fault) => return usage(&fault),
        },
        ["instructions"] => instructions::command_line(&root, false),
        ["instructions", "--update"] => instructions::command_line(&root, true),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            true
        }
        [] => return usage("a command is missing"),
        [other, ..] => return usage(&format!("{other:?} is not a command, or has odd arguments")),
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says what was wrong with the command line and what would be right.
fn usage(fault: &str) -> ExitCode {
    eprintln!("{fault}\n\n{USAGE}");
    ExitCode::from(2)
}

/// The folder of the workspace: the one above this crate's.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the crate lies in the workspace's folder").to_path_buf()
}
