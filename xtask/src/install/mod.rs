//! `cargo xtask install`: builds the C library and the program, and lays them out below a prefix.
//!
//! Nothing is asked and nothing outside the prefix is touched. What cannot be done is said before
//! the long build where it can be known.

use std::path::{Path, PathBuf};

mod archive;
mod build;
mod layout;

use crate::header::Version;
use crate::process::{command, succeeds};

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Where it will be used from.
    prefix: PathBuf,
    /// What stands in front of the prefix while files are written, for makers of packages.
    destdir: Option<PathBuf>,
    /// Without optimizations.
    is_debug: bool,
}

impl Request {
    /// Everything without optimizations below `prefix`, as the tests want it.
    pub(crate) fn debug(prefix: PathBuf) -> Self {
        Self { prefix, destdir: None, is_debug: true }
    }

    /// Reads `--prefix DIR [--destdir DIR] [--debug]`. Relative folders are the caller's.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut request = Self::default();
        let mut words = words.iter();
        while let Some(option) = words.next() {
            if *option == "--debug" {
                request.is_debug = true;
                continue;
            }
            let value = words.next().filter(|value| !value.is_empty());
            let value = value.ok_or(format!("{option} wants a folder"));
            let folder = value.and_then(|value| {
                std::path::absolute(value).map_err(|fault| format!("{value}: {fault}"))
            });
            match *option {
                "--prefix" => request.prefix = folder?,
                "--destdir" => request.destdir = Some(folder?),
                other => return Err(format!("{other} is not understood")),
            }
        }
        let prefix = request.prefix.to_str();
        match prefix.and_then(|prefix| prefix.find(UNWRITABLE)) {
            None if prefix == Some("") => Err("--prefix DIR is missing".to_owned()),
            None if prefix.is_some() => Ok(request),
            _ => Err(format!(
                "{} cannot be written into mcpring.pc: take a prefix in UTF-8 without quotes, \
                 backslashes, dollars, number signs and line ends",
                request.prefix.display()
            )),
        }
    }

    /// Where files are written.
    pub(crate) fn folder(&self) -> PathBuf {
        match &self.destdir {
            Some(destdir) => destdir.join(self.prefix.strip_prefix("/").unwrap_or(&self.prefix)),
            None => self.prefix.clone(),
        }
    }
}

/// What pkg-config would take for something else.
const UNWRITABLE: [char; 6] = ['"', '\'', '\\', '$', '#', '\n'];

/// Builds and lays out; whether it succeeded.
pub(crate) fn run(root: &Path, request: &Request) -> bool {
    match perform(root, request) {
        Ok(files) => {
            println!("install: {files} files below {}", request.folder().display());
            true
        }
        Err(fault) => {
            println!("install: {fault}");
            false
        }
    }
}

fn perform(root: &Path, request: &Request) -> Result<usize, String> {
    let version = Version::read(&read(&root.join("Cargo.toml"))?)?;
    let folder = request.folder();
    let layout = layout::Layout::begin(root, &folder)?;
    let built = build::run(root, request.is_debug)?;
    let archive = archive::localised(root, &built.archive)?;
    let files = layout.finish(&built, &archive, &request.prefix, &version)?;
    if !request.is_debug {
        strip(root, &folder, &version)?;
    }
    Ok(files)
}

/// Takes the debugger's sections away, which are most of an optimized library's size.
fn strip(root: &Path, folder: &Path, version: &Version) -> Result<(), String> {
    let mut strip = command(root, &["strip", "--strip-debug"]);
    strip.arg(folder.join(format!("lib/libmcpring.so.{}", version.text)));
    strip.arg(folder.join("lib/libmcpring.a")).arg(folder.join("bin/mcpring"));
    if succeeds(&mut strip) { Ok(()) } else { Err("strip (of binutils) failed".to_owned()) }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|fault| format!("{}: {fault}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], want: Result<&str, &str>) {
        let found = Request::parse(words).map(|request| request.folder());
        match want {
            Ok(folder) => assert_eq!(found, Ok(folder.into()), "{words:?}"),
            Err(part) => {
                let fault = found.expect_err("it is refused");
                assert!(fault.contains(part), "{words:?}: {fault:?} does not say {part:?}");
            }
        }
    }

    #[test]
    fn folders_are_read() {
        let here = std::env::current_dir().expect("there is one").join("out/x");
        check(&["--prefix", "/usr/local"], Ok("/usr/local"));
        check(&["--debug", "--prefix", "/a b"], Ok("/a b"));
        check(&["--prefix", "out/x"], Ok(here.to_str().expect("in UTF-8")));
        check(&["--prefix", "/usr", "--destdir", "/tmp/package"], Ok("/tmp/package/usr"));
        check(&[], Err("--prefix DIR is missing"));
        check(&["--prefix"], Err("--prefix wants a folder"));
        check(&["--prefix", ""], Err("--prefix wants a folder"));
        check(&["--prefix", "/a$b"], Err("without quotes"));
        check(&["--prefix", "/a", "--speed", "1"], Err("--speed is not understood"));
    }
}
