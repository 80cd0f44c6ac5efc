//! Builds and installs the peers and our own servers, each by itself: one that cannot be had here
//! is named as missing, and the others go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::{Binaries, root, run, say};
use crate::c_programs::CPrograms;
use crate::fault::Fault;
use crate::pythons::Pythons;

/// Where every server lies, or why it does not.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Our server in Rust.
    pub rust: Part,
    /// Our server in C.
    pub c: Part,
    /// The interpreter that has our wheel.
    pub python: Part,
    /// The peer on rmcp.
    pub rmcp: Part,
    /// The peer on turbomcp.
    pub turbomcp: Part,
    /// The peer on pmcp.
    pub pmcp: Part,
    /// The interpreter that has the Python peers.
    pub pythons: Part,
    /// The folder of the TypeScript peer.
    pub typescript: Part,
}

/// A program or a folder, or why it is not there.
pub type Part = Result<PathBuf, String>;

/// The places that everything is built in.
struct Places {
    binaries: Binaries,
}

/// How much is built before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Nothing: what was built last is taken.
    Nothing,
    /// What comes from sources here, which costs nothing when nothing changed, and what is missing.
    Sources,
    /// What comes from registries too.
    Everything,
}

impl Installed {
    /// Builds and installs what `build` says, and finds out what is there.
    pub fn find(build: Build) -> Result<Self, Fault> {
        let places = Places { binaries: Binaries::here()? };
        let (own, foreign) = (Built::new(build, true), Built::new(build, false));
        let (c, python) = (places.below("c"), places.below("python"));
        let (pythons, binaries) = (places.pythons(), &places.binaries);
        Ok(Self {
            rust: own.part("our server", &binaries.server, |_| rust()),
            c: own.part("our server in C", &c.join("bin/server"), |_| {
                CPrograms::build(&c).map(|_| ())
            }),
            python: own
                .part("our wheel", &python.join("bin/python"), |_| Pythons::build_ours(&python)),
            rmcp: own.part("rmcp", &binaries.rmcp, |_| places.rust_peer("rmcp")),
            turbomcp: own.part("turbomcp", &places.rust_program("mcpring-peer-turbomcp"), |_| {
                places.rust_peer("turbomcp")
            }),
            pmcp: own.part("pmcp", &places.rust_program("mcpring-peer-pmcp"), |_| {
                places.rust_peer("pmcp")
            }),
            pythons: foreign.part("the Python peers", &pythons.join("bin/python"), |_| {
                or_nothing(&pythons, Pythons::build_peers(&pythons))
            }),
            typescript: foreign.part(
                "the TypeScript peer",
                &places.below("typescript"),
                |folder| or_nothing(folder, typescript(folder)),
            ),
        })
    }

    /// What is not there, and why.
    pub fn missing(&self) -> Vec<&str> {
        let parts = [
            &self.rust,
            &self.c,
            &self.python,
            &self.rmcp,
            &self.turbomcp,
            &self.pmcp,
            &self.pythons,
            &self.typescript,
        ];
        parts.into_iter().filter_map(|part| part.as_ref().err().map(String::as_str)).collect()
    }
}

/// Whether parts of one kind are built.
#[derive(Clone, Copy)]
struct Built {
    always: bool,
    when_missing: bool,
}

impl Built {
    /// Of parts whose sources are here, or of others.
    fn new(build: Build, from_sources: bool) -> Self {
        let always = build == Build::Everything || build == Build::Sources && from_sources;
        Self { always, when_missing: build != Build::Nothing }
    }

    /// Makes the part at `path`, or says why it is not there.
    fn part(self, what: &str, path: &Path, make: impl FnOnce(&Path) -> Result<(), Fault>) -> Part {
        if self.always || self.when_missing && !path.exists() {
            say(&format!("setting up {what}"));
            make(path).map_err(|fault| fault.to_string())?;
        }
        let missing = || format!("{what} was not set up: mcpring-bench peers --setup");
        if path.exists() { Ok(path.to_owned()) } else { Err(missing()) }
    }
}

impl Places {
    fn below(&self, name: &str) -> PathBuf {
        self.binaries.results().join(name)
    }

    fn pythons(&self) -> PathBuf {
        self.binaries.peers().join("python")
    }

    fn rust_program(&self, name: &str) -> PathBuf {
        self.binaries.peers().join("release").join(name)
    }

    fn rust_peer(&self, name: &str) -> Result<(), Fault> {
        let mut cargo = cargo(&root().join("benches/peers").join(name));
        run(cargo.args(["--locked", "--target-dir"]).arg(self.binaries.peers()))
    }
}

/// Builds our server in Rust.
fn rust() -> Result<(), Fault> {
    let mut cargo = cargo(root());
    cargo.args(["--package", "mcpring-bench", "--bin", "mcpring-bench-server"]);
    run(&mut cargo)
}

/// A release build in `folder`.
fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder).args(["build", "--release"]);
    cargo
}

/// Leaves nothing in `folder` that was made by half, or the next run would take it for the whole.
fn or_nothing(folder: &Path, made: Result<(), Fault>) -> Result<(), Fault> {
    if made.is_err() {
        // It may not have got as far as the folder.
        let _ = fs::remove_dir_all(folder);
    }
    made
}

/// Copies the sources to `folder` and installs what they need beside them, so that the repository
/// stays as it is.
fn typescript(folder: &Path) -> Result<(), Fault> {
    let sources = root().join("benches/peers/typescript");
    copy(&sources.join("src"), &folder.join("src"))?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(sources.join(file), folder.join(file)).map_err(Fault::harness(file))?;
    }
    let mut npm = Command::new("npm");
    run(npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
}

fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::create_dir_all(to).map_err(Fault::harness(to.display()))?;
    for entry in fs::read_dir(from).map_err(Fault::harness(from.display()))? {
        let path = entry.map_err(Fault::harness(from.display()))?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, to.join(name)).map_err(Fault::harness(path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(build: Build, from_sources: bool, exists: bool, want: bool) {
        let path = if exists { "/" } else { "/no/such/place" };
        let mut made = false;
        let part = Built::new(build, from_sources).part("it", Path::new(path), |_| {
            made = true;
            Ok(())
        });
        assert_eq!(made, want, "{build:?}, from sources: {from_sources}, exists: {exists}");
        assert_eq!(part.is_ok(), exists, "{part:?}");
    }

    #[test]
    fn sources_are_built_again_and_the_rest_when_it_is_missing() {
        check(Build::Nothing, true, false, false);
        check(Build::Sources, true, true, true);
        check(Build::Sources, false, true, false);
        check(Build::Sources, false, false, true);
        check(Build::Everything, false, true, true);
    }

    #[test]
    fn a_part_that_cannot_be_made_says_why() {
        let built = Built::new(Build::Everything, true);
        let part = built.part("it", Path::new("/"), |_| Err(Fault::Invalid("no compiler".into())));
        assert_eq!(part, Err("no compiler".to_owned()));
    }
}
