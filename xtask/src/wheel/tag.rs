//! The tags of a wheel: which Pythons and which systems take it.

use std::path::Path;

use crate::process::{answer, command};

/// What the package is built for when it is built for every Python.
const ABI3: &str = "cp311-abi3";

const PYTHON_MIN: (u32, u32) = (3, 11);

/// Prints the path of the interpreter, its version in two numbers, and `t` for builds without the
/// lock around everything.
const QUESTION: &str = "import sys, sysconfig; \
    print(*sys.version_info[:2], 't' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')) or '-', \
          sys.implementation.name, sys.executable)";

/// An interpreter that a wheel is built for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    pub(super) program: String,
    version: (u32, u32),
    is_free_threaded: bool,
}

impl Interpreter {
    /// Asks `program` what it is.
    pub(super) fn ask(root: &Path, program: &str) -> Result<Self, String> {
        let said = answer(&mut command(root, &[program, "-c", QUESTION]));
        Self::read(&said.ok_or(format!("`{program}` does not run: install Python 3.11 or newer"))?)
    }

    fn read(said: &str) -> Result<Self, String> {
        let odd = || format!("an interpreter says of itself {said:?}");
        let words: Vec<&str> = said.splitn(5, ' ').collect();
        let [major, minor, threads, implementation, program] = words.as_slice() else {
            return Err(odd());
        };
        let version = (major.parse().map_err(|_| odd())?, minor.parse().map_err(|_| odd())?);
        if *implementation != "cpython" {
            return Err(format!("{implementation} is not CPython, which the package needs"));
        }
        if version < PYTHON_MIN {
            return Err(format!("{program} is Python {major}.{minor}: 3.11 or newer is needed"));
        }
        let is_free_threaded = *threads == "t";
        Ok(Self { program: (*program).to_owned(), version, is_free_threaded })
    }

    /// How the name of a wheel for it has to go on after the package's version.
    pub(super) fn tag(&self, is_specific: bool) -> Result<String, String> {
        let (major, minor) = self.version;
        match (is_specific, self.is_free_threaded) {
            (false, false) => Ok(ABI3.to_owned()),
            (false, true) => Err(format!(
                "{} is a free-threaded build, which takes no build for every Python: \
                 add --specific",
                self.program
            )),
            (true, false) => Ok(format!("cp{major}{minor}-cp{major}{minor}")),
            (true, true) => Ok(format!("cp{major}{minor}-cp{major}{minor}t")),
        }
    }
}

/// Whether the name of a wheel has the tags that were asked for, and a Linux one.
pub(super) fn check(wheel: &Path, want: &str) -> Result<(), String> {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let tags: Vec<&str> = name.trim_end_matches(".whl").splitn(3, '-').collect();
    let found = tags.get(2).copied().unwrap_or_default();
    let platform = found.strip_prefix(want).and_then(|rest| rest.strip_prefix('-'));
    match platform {
        Some(platform) if platform.starts_with("manylinux_") || platform.starts_with("linux_") => {
            Ok(())
        }
        Some(platform) => Err(format!("{name} is for {platform}, and not for Linux")),
        None => Err(format!("{name} is not {want}, which was asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreters_and_their_tags() {
        let check = |said: &str, is_specific: bool, want: Result<&str, &str>| {
            let found = Interpreter::read(said).and_then(|python| python.tag(is_specific));
            match want {
                Ok(tag) => assert_eq!(found.as_deref(), Ok(tag), "{said}"),
                Err(words) => assert!(found.expect_err("refused").contains(words), "{said}"),
            }
        };
        check("3 11 - cpython /usr/bin/python3", false, Ok("cp311-abi3"));
        check("3 13 - cpython /a b/python", false, Ok("cp311-abi3"));
        check("3 13 - cpython /usr/bin/python3", true, Ok("cp313-cp313"));
        check("3 14 t cpython /usr/bin/python3", true, Ok("cp314-cp314t"));
        check("3 14 t cpython /usr/bin/python3", false, Err("--specific"));
        check("3 10 - cpython /usr/bin/python3", false, Err("3.11 or newer"));
        check("3 11 - pypy /usr/bin/pypy", false, Err("not CPython"));
        check("Traceback", false, Err("says of itself"));
    }

    #[test]
    fn names_of_wheels() {
        let judge = |name: &str, want: &str, fault: Option<&str>| {
            let found = check(Path::new(name), want).err();
            assert_eq!(found.is_some(), fault.is_some(), "{name}: {found:?}");
            assert!(found.unwrap_or_default().contains(fault.unwrap_or_default()), "{name}");
        };
        let abi3 = "mcpring-0.1.0-cp311-abi3-manylinux_2_34_x86_64.whl";
        judge(abi3, "cp311-abi3", None);
        judge("mcpring-0.1.0-cp313-cp313t-linux_x86_64.whl", "cp313-cp313t", None);
        judge(abi3, "cp311-cp311", Some("which was asked for"));
        judge("mcpring-0.1.0-cp313-cp313-linux_x86_64.whl", "cp311-abi3", Some("asked for"));
        judge("mcpring-0.1.0-cp311-abi3-win_amd64.whl", "cp311-abi3", Some("not for Linux"));
    }
}
