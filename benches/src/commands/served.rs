//! Which server a command measures: one that runs already, one that it starts, or our own.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mcpring::ring::Choice;

use crate::binaries::{self, Binaries};
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::subject::{CommandSpec, Patience, Spec, Subject};
use crate::workload::EraSpec;

/// Begins a target whose server is started and spoken to over its pipes.
const STDIO: &str = "stdio:";

/// The era on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Era {
    /// The newest that the server speaks.
    Auto,
    /// 2026-07-28: every request stands alone.
    #[value(name = "2026")]
    Stateless,
    /// 2025-11-25: a handshake first.
    #[value(name = "2025")]
    Handshake,
}

impl Era {
    pub(super) fn spec(self) -> EraSpec {
        match self {
            Self::Auto => EraSpec::Any,
            Self::Stateless => EraSpec::Stateless,
            Self::Handshake => EraSpec::Handshake,
        }
    }
}

/// Starts or finds what `target` and `spawn` name.
pub(super) fn named(
    target: Option<&str>,
    spawn: Option<&str>,
    era: Era,
    patience: Patience,
) -> Result<Subject, Fault> {
    let spec = |listening, stdio| Spec {
        name: "server".into(),
        listening,
        stdio,
        era: era.spec(),
        note: String::new(),
    };
    match (target, spawn) {
        (Some(target), None) => match target.strip_prefix(STDIO) {
            Some(command) => {
                let spec = spec(None, Some(CommandSpec::parse(command)?));
                Subject::start_within(&spec, &cores()?, patience)
            }
            None => Subject::remote_within(target, era.spec(), patience),
        },
        (Some(url), Some(_)) if url.starts_with(STDIO) => {
            Err(Fault::Usage("either --spawn or stdio:, which starts a server too".into()))
        }
        (url, Some(command)) => {
            let spec = spec(Some(CommandSpec::parse(command)?), None);
            match url {
                Some(url) => Subject::start_at(&spec, url, &cores()?, patience),
                None => Subject::start_within(&spec, &cores()?, patience),
            }
        }
        (None, None) => Err(Fault::Usage("a target or --spawn is needed".into())),
    }
}

/// Two cores, the load's taken at once: a child takes the server's.
fn cores() -> Result<Cores, Fault> {
    // A thread that is bound to one of them sees no other any more.
    static FOUND: OnceLock<Cores> = OnceLock::new();
    let found = FOUND.get().cloned();
    let cores = found.map_or_else(Cores::find, Ok)?;
    let cores = FOUND.get_or_init(|| cores);
    cores.pin(cores.load)?;
    Ok(cores.clone())
}

/// Where our own server comes from.
#[derive(Clone, Debug)]
pub(super) enum Own<'a> {
    /// Built now, in release.
    Built,
    /// As it was built last, beside this program.
    Last,
    /// A program that somebody built.
    At(&'a Path),
}

impl Own<'_> {
    /// Where it is; it is built if it has to be.
    pub(super) fn program(&self) -> Result<PathBuf, Fault> {
        match self {
            Self::Built => binaries::build_server(),
            Self::Last => {
                let program = Binaries::here()?.server;
                let shown = program.display();
                let words = format!("{shown} was not built yet; leave --no-build away");
                if program.exists() { Ok(program) } else { Err(Fault::Usage(words)) }
            }
            Self::At(path) if path.exists() => Ok((*path).to_owned()),
            Self::At(path) => Err(Fault::Usage(format!("{}: no such program", path.display()))),
        }
    }
}

/// Starts our own server, `program`, and keeps each call busy for `slow_us` more.
pub(super) fn own(
    program: &Path,
    driver: Choice,
    slow_us: u64,
    era: Era,
) -> Result<Subject, Fault> {
    let (driver, slow) = (driver.to_string(), slow_us.to_string());
    let command = CommandSpec::new(program).args(["--driver", &driver, "--slow-us", &slow]);
    let spec = Spec {
        name: "mcpring".into(),
        listening: Some(command.clone()),
        stdio: Some(command.args(["--stdio"])),
        era: era.spec(),
        note: "the fixture on the library".into(),
    };
    Subject::start(&spec, &cores()?)
}
