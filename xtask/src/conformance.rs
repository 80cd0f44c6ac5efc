//! `cargo xtask conformance`: the official conformance suite against the `everything` example.
//!
//! The runs and the reading of their checks are `tests/interop/conformance.py`; here the suite is
//! installed, the example is built and the script's cases are counted.

use std::path::Path;
use std::process::Command;

use crate::process::{command, shown, succeeds};
use crate::tools;
use crate::verdict::Verdict;

const SCRIPT: &str = "tests/interop/conformance.py";
const RELEASED: &str = "target/release/examples/everything";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// One driver instead of both.
    driver: Option<String>,
    /// The command that starts another server than the example, without its options.
    server: Option<String>,
    /// The runs whose name contains this, or one scenario as `run: scenario`.
    only: Option<String>,
    /// Whether the example is built with optimizations.
    is_released: bool,
}

impl Request {
    /// Reads `[--driver uring|epoll] [--server COMMAND] [--only SUITE] [--release]`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut request = Self::default();
        let mut words = words.iter();
        while let Some(option) = words.next() {
            if *option == "--release" {
                request.is_released = true;
                continue;
            }
            let place = match *option {
                "--driver" => &mut request.driver,
                "--server" => &mut request.server,
                "--only" => &mut request.only,
                other => return Err(format!("{other} is not understood")),
            };
            let value = words.next().ok_or(format!("{option} wants a value"))?;
            *place = Some((*value).to_owned());
        }
        match request.driver.as_deref() {
            None | Some("uring" | "epoll") => Ok(request),
            Some(other) => Err(format!("{other:?} is no driver: uring, epoll")),
        }
    }

    /// The command that runs the script as this request wants it.
    fn script(&self, root: &Path) -> Command {
        let mut script = command(root, &["python3", SCRIPT]);
        let released = self.is_released.then(|| RELEASED.to_owned());
        let server = self.server.clone().or(released);
        let options = [("--driver", &self.driver), ("--server", &server), ("--only", &self.only)];
        for (option, value) in options {
            if let Some(value) = value {
                script.args([option, value]);
            }
        }
        script
    }
}

/// Runs the suite and prints the counts; whether no check failed.
pub(crate) fn run(root: &Path, request: &Request) -> bool {
    let mut verdict = Verdict::default();
    verdict.step("the conformance suite could not be installed", tools::install_node(root));
    if request.server.is_none() {
        verdict.step("everything: it does not build", build(root, request.is_released));
    }
    if verdict.is_good() {
        let done = shown(&mut request.script(root));
        verdict.add_script("conformance", &done.output, done.succeeded);
    }
    verdict.print();
    verdict.is_good()
}

/// Builds the example that has everything the suite asks for.
pub(crate) fn build(root: &Path, is_released: bool) -> bool {
    let words = ["cargo", "build", "--package", "mcpring", "--example", "everything"];
    let mut build = command(root, &words);
    if is_released {
        build.arg("--release");
    }
    succeeds(&mut build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_any_order() {
        let words = ["--only", "0.2 all", "--release", "--driver", "epoll"];
        let wanted = Request {
            driver: Some("epoll".into()),
            server: None,
            only: Some("0.2 all".into()),
            is_released: true,
        };
        assert_eq!(Request::parse(&words), Ok(wanted));
        assert_eq!(Request::parse(&[]), Ok(Request::default()));
    }

    #[test]
    fn odd_options_are_refused() {
        for words in [&["--driver"][..], &["--driver", "select"], &["--speed", "1"], &["all"]] {
            assert!(Request::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn the_script_is_told_where_the_server_is() {
        let arguments = |words: &[&str]| -> Vec<String> {
            let request = Request::parse(words).expect("the options are known");
            let script = request.script(Path::new("."));
            script.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
        };
        assert_eq!(arguments(&[]), [SCRIPT]);
        assert_eq!(arguments(&["--release"]), [SCRIPT, "--server", RELEASED]);
        let other = ["--server", "python3 everything.py", "--release"];
        assert_eq!(arguments(&other), [SCRIPT, "--server", "python3 everything.py"]);
    }
}
