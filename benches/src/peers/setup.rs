//! Builds and installs the peers and our own servers, each by itself: one that cannot be had here is
//! named as missing, and the others go on.

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

impl Installed {
    /// Builds and installs everything, or looks for what was built before.
    pub fn find(build: bool) -> Result<Self, Fault> {
        let places = Places { binaries: Binaries::here()? };
        let part = |what: &str, path: PathBuf, make: &dyn Fn(&Path) -> Result<(), Fault>| {
            if build {
                say(&format!("setting up {what}"));
                make(&path).map_err(|fault| fault.to_string())?;
            }
            let missing = || format!("{what} was not set up: mcpring-bench peers --setup");
            if path.exists() { Ok(path) } else { Err(missing()) }
        };
        let Places { binaries } = &places;
        Ok(Self {
            rust: part("our server", binaries.server.clone(), &|_| places.rust()),
            c: part("our server in C", places.c().join("bin/server"), &|_| {
                CPrograms::build(&places.c()).map(|_| ())
            }),
            python: part("our wheel", places.below("python/bin/python"), &|_| {
                Pythons::build_ours(&places.below("python"))
            }),
            rmcp: part("rmcp", binaries.rmcp.clone(), &|_| places.rust_peer("rmcp")),
            turbomcp: part("turbomcp", places.rust_program("mcpring-peer-turbomcp"), &|_| {
                places.rust_peer("turbomcp")
            }),
            pythons: part("the Python peers", places.pythons().join("bin/python"), &|_| {
                Pythons::build_peers(&places.pythons())
            }),
            typescript: part("the TypeScript peer", places.below("typescript"), &|folder| {
                typescript(folder)
            }),
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
            &self.pythons,
            &self.typescript,
        ];
        parts.into_iter().filter_map(|part| part.as_ref().err().map(String::as_str)).collect()
    }
}

impl Places {
    fn below(&self, name: &str) -> PathBuf {
        self.binaries.results().join(name)
    }

    fn c(&self) -> PathBuf {
        self.below("c")
    }

    fn pythons(&self) -> PathBuf {
        self.binaries.peers().join("python")
    }

    fn rust_program(&self, name: &str) -> PathBuf {
        self.binaries.peers().join("release").join(name)
    }

    fn rust(&self) -> Result<(), Fault> {
        let mut cargo = cargo(root());
        cargo.args(["--package", "mcpring-bench", "--bin", "mcpring-bench-server"]);
        run(&mut cargo)
    }

    fn rust_peer(&self, name: &str) -> Result<(), Fault> {
        let mut cargo = cargo(&root().join("benches/peers").join(name));
        run(cargo.args(["--locked", "--target-dir"]).arg(self.binaries.peers()))
    }
}

/// A release build in `folder`.
fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder).args(["build", "--release"]);
    cargo
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
