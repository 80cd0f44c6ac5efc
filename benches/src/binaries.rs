//! Builds the servers a run needs, in release mode, through cargo.
//!
//! What is measured is always what the sources say now; cargo does nothing when nothing changed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::fault::Fault;
use crate::interrupt;

/// The programs of a run.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `mcpring`, the command line's server.
    pub mcpring: PathBuf,
    /// The benchmark's server on the library.
    pub server: PathBuf,
    /// The bare loop.
    pub bare: PathBuf,
    /// The rmcp peer.
    pub rmcp: PathBuf,
}

impl Binaries {
    /// Builds all of them; cargo's own progress goes to standard error.
    pub fn build() -> Result<Self, Fault> {
        let root = root();
        say("building mcpring, the benchmark server and the bare loop (release)");
        let own = cargo(
            root,
            &[
                "--package",
                "mcpring-cli",
                "--bin",
                "mcpring",
                "--package",
                "mcpring-bench",
                "--bin",
                "mcpring-bench-server",
                "--bin",
                "mcpring-bench-bare",
            ],
        )?;
        say("building the rmcp peer (release; the first time takes some minutes)");
        let mcpring = find(&own, "mcpring")?;
        let peers = target(&mcpring).join("peers");
        let peers = peers.to_string_lossy();
        let peer = cargo(&root.join("benches/peers/rmcp"), &["--locked", "--target-dir", &peers])?;
        Ok(Self {
            mcpring,
            server: find(&own, "mcpring-bench-server")?,
            bare: find(&own, "mcpring-bench-bare")?,
            rmcp: find(&peer, "mcpring-peer-rmcp")?,
        })
    }

    /// Builds the benchmark's server on the library alone.
    pub fn build_server() -> Result<PathBuf, Fault> {
        let name = "mcpring-bench-server";
        say("building the benchmark server (release)");
        let built = cargo(root(), &["--package", "mcpring-bench", "--bin", name])?;
        find(&built, name)
    }

    /// Where they lie, beside this program, built or not.
    pub fn here() -> Result<Self, Fault> {
        let own = std::env::current_exe().map_err(Fault::harness("find this program"))?;
        let folder = own.parent().unwrap_or(Path::new("."));
        // Programs that cargo only runs itself lie one folder deeper.
        let release = folder.parent().filter(|_| folder.ends_with("deps")).unwrap_or(folder);
        let program = |name: &str| release.join(name);
        let mcpring = program("mcpring");
        let rmcp = target(&mcpring).join("peers/release/mcpring-peer-rmcp");
        let (server, bare) = (program("mcpring-bench-server"), program("mcpring-bench-bare"));
        Ok(Self { mcpring, server, bare, rmcp })
    }

    /// What was built last, beside this program.
    pub fn built() -> Result<Self, Fault> {
        let all = Self::here()?;
        match [&all.mcpring, &all.server, &all.bare, &all.rmcp].iter().find(|path| !path.exists()) {
            Some(path) => Err(Fault::Invalid(format!("{} was not built yet", path.display()))),
            None => Ok(all),
        }
    }

    /// Where results are written: beside what was built.
    pub fn results(&self) -> PathBuf {
        target(&self.mcpring).join("bench")
    }

    /// Where peers are installed: there too.
    pub fn peers(&self) -> PathBuf {
        target(&self.mcpring).join("peers")
    }
}

/// Builds the benchmark's server alone, and says where it is.
pub fn build_server() -> Result<PathBuf, Fault> {
    const NAME: &str = "mcpring-bench-server";
    say("building the benchmark server (release)");
    find(&cargo(root(), &["--package", "mcpring-bench", "--bin", NAME])?, NAME)
}

/// Cargo's folder of what it built, from one of the programs in it.
fn target(program: &Path) -> &Path {
    program.parent().and_then(Path::parent).unwrap_or(Path::new("target"))
}

/// Runs `cargo build --release` in `folder` and returns the programs it names.
fn cargo(folder: &Path, arguments: &[&str]) -> Result<Vec<PathBuf>, Fault> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["build", "--release", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let output = interrupt::spawn(&mut command)
        .and_then(Child::wait_with_output)
        .map_err(Fault::harness("start cargo"))?;
    if !output.status.success() {
        let shown = folder.display();
        return Err(Fault::Invalid(format!("cargo build failed in {shown}; its words are above")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    Ok(messages
        .filter_map(|message: serde_json::Value| Some(message["executable"].as_str()?.into()))
        .collect())
}

fn find(built: &[PathBuf], name: &str) -> Result<PathBuf, Fault> {
    let found = built.iter().find(|path| path.file_name().is_some_and(|file| file == name));
    found.cloned().ok_or_else(|| Fault::Invalid(format!("cargo built no program {name}")))
}

/// The project's root.
pub(crate) fn root() -> &'static Path {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    benches.parent().unwrap_or(benches)
}

/// Runs a step of a build to its end.
pub(crate) fn run(command: &mut Command) -> Result<(), Fault> {
    let name = command.get_program().to_string_lossy().into_owned();
    // Standard output is the table's.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = interrupt::spawn(command).and_then(|mut child| child.wait());
    if status.map_err(Fault::harness(format!("start {name}")))?.success() {
        return Ok(());
    }
    Err(Fault::Invalid(format!("{name} failed; its words are above")))
}

/// One line of progress. Nobody reading it is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
