//! `cargo xtask wheel`: builds the Python package and looks at what was built.
//!
//! maturin builds what the interpreter can take, which is not always what was asked for, and packs
//! what lies around. So the name and the contents are read, never assumed.

use std::path::{Path, PathBuf};
use std::process::Command;

mod contents;
mod tag;

use crate::process::succeeds;
use crate::tools;
use tag::Interpreter;

/// Largest wheel that is made for users, in bytes.
const BYTES_MAX: u64 = 8 << 20;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The interpreter it is built for.
    pub(crate) python: String,
    /// For that Python's version alone.
    pub(crate) is_specific: bool,
    /// Without optimizations.
    pub(crate) is_debug: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self { python: "python3".to_owned(), is_specific: false, is_debug: false }
    }
}

impl Request {
    /// Reads `[--debug] [--specific] [--python PROGRAM]`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut request = Self::default();
        let mut words = words.iter();
        while let Some(option) = words.next() {
            match *option {
                "--debug" => request.is_debug = true,
                "--specific" => request.is_specific = true,
                "--python" => {
                    let program = words.next().ok_or("--python wants an interpreter")?;
                    (*program).clone_into(&mut request.python);
                }
                other => return Err(format!("{other} is not understood")),
            }
        }
        Ok(request)
    }

    /// Wheels of one kind have a folder of their own, below `target`.
    fn folder(&self) -> &'static str {
        match (self.is_specific, self.is_debug) {
            (false, false) => "target/wheels/abi3",
            (false, true) => "target/wheels/abi3-debug",
            (true, false) => "target/wheels/specific",
            (true, true) => "target/wheels/specific-debug",
        }
    }
}

/// Builds, checks, and says what there is; whether it is as it should be.
pub(crate) fn run(root: &Path, request: &Request) -> bool {
    match build(root, request) {
        Ok(wheel) => {
            let size = std::fs::metadata(&wheel).map_or(0, |about| about.len());
            println!("wheel: {} ({size} bytes)", wheel.display());
            true
        }
        Err(fault) => {
            println!("wheel: {fault}");
            false
        }
    }
}

/// Builds a wheel and checks it; gives its path.
pub(crate) fn build(root: &Path, request: &Request) -> Result<PathBuf, String> {
    let interpreter = Interpreter::ask(root, &request.python)?;
    let want = interpreter.tag(request.is_specific)?;
    let maturin = tools::maturin(root).ok_or("maturin could not be installed, see above")?;
    let folder = root.join(request.folder());
    let _ = std::fs::remove_dir_all(&folder);

    let mut build = Command::new(maturin);
    build.current_dir(root).args(["build", "--locked", "--manifest-path", "python/Cargo.toml"]);
    build.arg("--interpreter").arg(&interpreter.program).arg("--out").arg(&folder);
    if request.is_specific {
        build.arg("--no-default-features");
    }
    if !request.is_debug {
        build.arg("--release");
    }
    if !succeeds(&mut build) {
        return Err("maturin failed, see above".to_owned());
    }
    let wheel = only_file(&folder)?;
    tag::check(&wheel, &want)?;
    contents::check(root, &interpreter.program, &wheel)?;
    let size = std::fs::metadata(&wheel).map_err(|fault| fault.to_string())?.len();
    if !request.is_debug && size > BYTES_MAX {
        return Err(format!("{} has {size} bytes, more than {BYTES_MAX}", wheel.display()));
    }
    Ok(wheel)
}

/// The one file of a folder.
fn only_file(folder: &Path) -> Result<PathBuf, String> {
    let entries = std::fs::read_dir(folder).map_err(|fault| fault.to_string())?;
    let files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        _ => Err(format!("{} has {} files and not one", folder.display(), files.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let check = |words: &[&str], want: Result<&str, &str>| {
            let found = Request::parse(words);
            let found = found.map(|request| format!("{} {}", request.folder(), request.python));
            assert_eq!(found, want.map(str::to_owned).map_err(str::to_owned), "{words:?}");
        };
        check(&[], Ok("target/wheels/abi3 python3"));
        check(&["--debug"], Ok("target/wheels/abi3-debug python3"));
        check(&["--specific", "--python", "python3.14t"], Ok("target/wheels/specific python3.14t"));
        check(&["--python"], Err("--python wants an interpreter"));
        check(&["--speed"], Err("--speed is not understood"));
    }
}
