//! Makes the environments that the Python part needs: one with the peers, one with our own wheel,
//! both of the same interpreter.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::{root, run, say};
use crate::fault::Fault;

/// Says what an environment holds, of the packages that matter for speed.
const INVENTORY: &str = "
import importlib.metadata, platform
names = ('mcpring', 'mcp', 'fastmcp', 'pydantic', 'uvicorn', 'uvloop', 'httptools')
found = [platform.python_implementation() + ' ' + platform.python_version()]
for name in names:
    try:
        found.append(name + ' ' + importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        pass
    if name == 'mcpring' and len(found) > 1:
        from mcpring import _core
        found[-1] += ' (' + _core.build + ' build)'
print(', '.join(found))
";

/// The interpreters of both environments.
#[derive(Clone, Debug)]
pub struct Pythons {
    /// Has the peers.
    pub peers: PathBuf,
    /// Has our wheel, and nothing else.
    pub ours: PathBuf,
}

impl Pythons {
    /// Makes both, of the interpreter that `PYTHON` names or `python3`: the peers below `peers`, ours
    /// below `ours`.
    pub fn build(peers: &Path, ours: &Path) -> Result<Self, Fault> {
        Self::build_peers(peers)?;
        Self::build_ours(ours)?;
        Ok(Self::below(peers, ours))
    }

    /// Makes the one with the peers below `folder`.
    pub fn build_peers(folder: &Path) -> Result<(), Fault> {
        let python = folder.join("bin/python");
        say("installing the Python peers");
        environment(&interpreter(), folder, &python)?;
        let mut install = pip(&python);
        install.arg("--requirement").arg(root().join("benches/peers/python/requirements.txt"));
        run(&mut install)
    }

    /// Makes the one with our wheel below `folder`.
    pub fn build_ours(folder: &Path) -> Result<(), Fault> {
        let (interpreter, python) = (interpreter(), folder.join("bin/python"));
        say("building the wheel (release; this takes some minutes)");
        let mut wheel = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        wheel.current_dir(root()).args(["xtask", "wheel", "--python", &interpreter]);
        run(&mut wheel)?;
        environment(&interpreter, folder, &python)?;
        let wheels = root().join("target/wheels/abi3");
        let mut install = pip(&python);
        install.args(["--no-index", "--force-reinstall", "--find-links"]).arg(wheels);
        run(install.arg("mcpring"))
    }

    /// Where they were made last.
    pub fn built(peers: &Path, ours: &Path) -> Result<Self, Fault> {
        let all = Self::below(peers, ours);
        match [&all.peers, &all.ours].iter().find(|path| !path.exists()) {
            Some(path) => Err(Fault::Invalid(format!("{} was not made yet", path.display()))),
            None => Ok(all),
        }
    }

    fn below(peers: &Path, ours: &Path) -> Self {
        Self { peers: peers.join("bin/python"), ours: ours.join("bin/python") }
    }

    /// What is installed, a line for each environment.
    pub fn versions(&self) -> Result<Vec<String>, Fault> {
        [&self.ours, &self.peers].into_iter().map(|python| answer(python, INVENTORY)).collect()
    }
}

/// A program of `benches/peers/python`.
pub fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(root().join("benches/peers/python").join(name));
    command
}

fn interpreter() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".into())
}

/// Makes an environment in `folder`, unless there is one of the same interpreter.
fn environment(interpreter: &str, folder: &Path, python: &Path) -> Result<(), Fault> {
    const WHICH: &str = "import sys; print(sys.version)";
    let wanted = answer(Path::new(interpreter), WHICH)?;
    if answer(python, WHICH).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let mut make = Command::new(interpreter);
    run(make.args(["-m", "venv", "--clear"]).arg(folder))
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip
}

/// What a few lines of Python print.
fn answer(python: &Path, code: &str) -> Result<String, Fault> {
    let output = Command::new(python).args(["-c", code]).output();
    let output = output.map_err(Fault::harness(python.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Fault::Invalid(format!("{}: {said}", python.display())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
