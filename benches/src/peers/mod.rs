//! `mcpring-bench peers`: our servers and the peers, every workload that each can do, in one run.
//!
//! ```text
//! setup ── where everything lies ──> list ── servers and their modes ──> trial, rest
//!                                                                           │
//!             report, document, readme <── goals <── records and figures ─┘
//! ```

#[cfg(test)]
mod canned;
pub mod document;
pub mod goals;
pub mod list;
pub mod readme;
pub mod report;
pub mod rest;
pub mod setup;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use mcpring::ring::Choice;
use serde::Serialize;

use crate::binaries::say;
use crate::commands::{Ending, print, print_json};
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::record::{Environment, Record, file};
use crate::subject::Subject;
use crate::trial::{self, Outcome, Settings, Watch};
use crate::workload::{self, Workload};
use goals::Goal;
use list::{Cast, Peer};
use rest::{Extent, Figure};
use setup::{Build, Installed};

const HELP: &str = "\
Examples:
  mcpring-bench peers --quick
  mcpring-bench peers --only tool_call_simple_10k,resource_read_10k --peers rmcp,typescript
  mcpring-bench peers --markdown docs/BENCHMARKS.md --readme README.md
  mcpring-bench peers --from docs/BENCHMARKS.md --readme README.md

The first run sets the peers up, through cargo, pip and npm; later ones build again what changed
in the sources here. --setup sets everything up anew and measures nothing. A peer that cannot be had
is named, and the others are measured.

--readme fills the tables between the comments `<!-- measured: servers -->` and `<!-- end: servers -->`,
and those of `python`, from the document.

Exit codes: 0 measured, 2 usage, 3 the machine could not measure, 4 one of our own servers failed a
workload. A peer that fails is a line of the report.";

/// The arguments of `peers`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Arguments {
    /// Build and install all servers, and measure nothing.
    #[arg(long, conflicts_with_all = ["quick", "only", "peers", "json", "markdown", "no_build"])]
    setup: bool,
    /// One short repetition of everything, with few sessions.
    #[arg(long)]
    quick: bool,
    /// Only these workloads, by identifier; the figures of servers at rest are left out.
    #[arg(long, value_delimiter = ',', value_name = "WORKLOAD")]
    only: Vec<String>,
    /// Only these peers, by name, beside our server in Rust.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    peers: Vec<String>,
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Write the document of the comparison to this file.
    #[arg(long, value_name = "FILE", group = "document")]
    markdown: Option<PathBuf>,
    /// Fill the tables of this README from the document.
    #[arg(long, value_name = "FILE", requires = "document", conflicts_with_all = ["only", "peers"])]
    readme: Option<PathBuf>,
    /// Take this document as it is, and measure nothing.
    #[arg(long, value_name = "FILE", group = "document", requires = "readme")]
    #[arg(conflicts_with_all = ["setup", "quick", "json", "no_build"])]
    from: Option<PathBuf>,
    /// Take the servers as they were set up last.
    #[arg(long)]
    no_build: bool,
}

/// Everything that one run found.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Where and with what.
    pub environment: Environment,
    /// Whether it was a short run.
    pub quick: bool,
    /// The servers, ours first.
    pub servers: Vec<Server>,
    /// The workloads that were asked for, in their order.
    #[serde(skip)]
    pub workloads: Vec<&'static Workload>,
    /// What was measured under load.
    pub records: Vec<Record>,
    /// What was measured at rest.
    pub figures: Vec<Figure>,
    /// What the goals came to.
    pub goals: Vec<Goal>,
    /// What was not measured.
    pub without: Vec<Without>,
}

/// One server of the comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Server {
    /// Its name.
    pub name: &'static str,
    /// What it is made of.
    pub version: String,
    /// How it runs.
    pub mode: &'static str,
}

/// A server, or a workload on it, that was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Without {
    /// The server.
    pub server: String,
    /// The workload; none where the server is not there at all.
    pub workload_id: Option<String>,
    /// Why.
    pub why: String,
    /// Whether it should have worked.
    pub failed: bool,
}

/// Sets up, measures, and prints.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    if let Some(path) = &arguments.from {
        let name = path.display();
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
        return arguments.fill_readme(&text).map(|()| Ending::Fine);
    }
    let workloads = workloads(&arguments.only)?;
    let outputs = [&arguments.markdown, &arguments.readme].into_iter().flatten();
    outputs.map(PathBuf::as_path).try_for_each(file::check)?;
    // Asked before any thread is bound to a core.
    let environment = Environment::find(Choice::Auto)?;
    let build = match arguments {
        Arguments { setup: true, .. } => Build::Everything,
        Arguments { no_build: true, .. } => Build::Nothing,
        _ => Build::Sources,
    };
    let installed = Installed::find(build)?;
    if arguments.setup {
        for why in installed.missing() {
            say(&format!("missing: {why}"));
        }
        return Ok(Ending::Fine);
    }
    let peers = chosen(list::all(&installed), &arguments.peers)?;
    let comparison = compare(&peers, workloads, environment, arguments)?;
    if arguments.json {
        print_json(&comparison)?;
    } else {
        print(&report::text(&comparison))?;
    }
    if let Some(path) = &arguments.markdown {
        let text = document::markdown(&comparison);
        file::store(path, text.as_bytes())?;
        arguments.fill_readme(&text)?;
    }
    let ours = |without: &Without| without.failed && without.server.starts_with(list::OURS);
    Ok(if comparison.without.iter().any(ours) { Ending::Failed } else { Ending::Fine })
}

impl Arguments {
    /// Fills the README that was named, if one was, from the text of a document.
    fn fill_readme(&self, document: &str) -> Result<(), Fault> {
        self.readme.as_ref().map_or(Ok(()), |path| readme::fill(path, document))
    }
}

/// The workloads over a wire, or those of them that were asked for.
fn workloads(only: &[String]) -> Result<Vec<&'static Workload>, Fault> {
    for id in only {
        match workload::find(id) {
            Some(found) if found.inside.is_none() => {}
            Some(_) => return Err(Fault::Usage(format!("{id} asks no server anything"))),
            None => {
                let hint = "mcpring-bench list names them all";
                return Err(Fault::Usage(format!("there is no workload {id}; {hint}")));
            }
        }
    }
    let wanted = |id: &String| only.is_empty() || only.contains(id);
    let on_a_wire = |one: &&Workload| one.inside.is_none() && one.not_yet.is_none();
    Ok(workload::all().iter().filter(on_a_wire).filter(|one| wanted(&one.id)).collect())
}

/// The peers that were asked for, and ours.
fn chosen(all: Vec<Peer>, names: &[String]) -> Result<Vec<Peer>, Fault> {
    if let Some(name) = names.iter().find(|name| !all.iter().any(|peer| peer.name == **name)) {
        let known: Vec<_> = all.iter().map(|peer| peer.name).collect();
        let known = known.join(", ");
        return Err(Fault::Usage(format!("there is no peer {name}; there are {known}")));
    }
    let wanted = |peer: &Peer| {
        names.is_empty() || peer.name == list::OURS || names.iter().any(|name| peer.name == name)
    };
    Ok(all.into_iter().filter(wanted).collect())
}

fn compare(
    peers: &[Peer],
    workloads: Vec<&'static Workload>,
    environment: Environment,
    arguments: &Arguments,
) -> Result<Comparison, Fault> {
    let cores = Cores::find()?;
    cores.pin(cores.load)?;
    let settings = settings(arguments.quick, environment.clone());
    let mut found = Found::default();
    for peer in peers {
        found.is_missing(peer);
    }
    for cast in [Cast::Usual, Cast::Sessions] {
        let of_cast = workloads.iter().copied().filter(|one| Cast::of(one) == cast);
        found.play(cast, peers, &of_cast.collect::<Vec<_>>(), &settings, &cores);
    }
    let there: Vec<Peer> = peers.iter().filter(|peer| peer.missing.is_none()).cloned().collect();
    let (starts, sessions) = if arguments.quick { (1, 200) } else { (11, 2_000) };
    let extent = Extent { starts, sessions, driver: Choice::Auto };
    let at_rest = arguments.only.is_empty();
    let figures = if at_rest { rest::measure(&there, extent, &cores) } else { Vec::new() };
    let goals = goals::all(&found.records, &figures);
    let Found { records, without } = found;
    let (servers, quick) = (servers(peers), arguments.quick);
    Ok(Comparison { environment, quick, servers, workloads, records, figures, goals, without })
}

fn settings(quick: bool, environment: Environment) -> Settings {
    if quick { Settings::quick(environment) } else { Settings::full(environment) }
}

fn servers(peers: &[Peer]) -> Vec<Server> {
    let server =
        |peer: &Peer| Server { name: peer.name, version: peer.version.clone(), mode: peer.mode };
    peers.iter().map(server).collect()
}

/// What was found so far.
#[derive(Default)]
struct Found {
    records: Vec<Record>,
    without: Vec<Without>,
}

impl Found {
    fn is_missing(&mut self, peer: &Peer) {
        if let Some(why) = &peer.missing {
            self.leave_out(peer.name, None, why.clone(), false);
        }
    }

    fn leave_out(&mut self, server: &str, workload_id: Option<&str>, why: String, failed: bool) {
        let workload_id = workload_id.map(str::to_owned);
        self.without.push(Without { server: server.into(), workload_id, why, failed });
    }

    /// Starts all servers in the mode of `cast` and measures `workloads` on them, in turn.
    fn play(
        &mut self,
        cast: Cast,
        peers: &[Peer],
        workloads: &[&Workload],
        settings: &Settings,
        cores: &Cores,
    ) {
        if workloads.is_empty() {
            return;
        }
        let mut subjects = Vec::new();
        for peer in peers.iter().filter(|peer| peer.missing.is_none()) {
            match Subject::start(&peer.spec(cast), cores) {
                Ok(subject) => subjects.push(subject),
                Err(fault) => self.leave_out(peer.name, None, fault.to_string(), true),
            }
        }
        for workload in workloads {
            let outcomes =
                trial::in_turn(&mut subjects, workload, settings, &mut Progress::default());
            for outcome in outcomes {
                self.take(outcome);
            }
        }
    }

    fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Measured(record) => self.records.push(*record),
            Outcome::NotOffered { server, workload_id, why } => {
                self.leave_out(&server, Some(&workload_id), why, false);
            }
            Outcome::Failed { server, workload_id, fault } => {
                self.leave_out(&server, Some(&workload_id), fault.to_string(), true);
            }
            // Such workloads were left out before.
            Outcome::NotYet { .. } => {}
        }
    }
}

/// Says one line a workload, with the servers as they begin.
#[derive(Default)]
struct Progress {
    said: BTreeSet<String>,
}

impl Watch for Progress {
    fn begins(&mut self, server: &str, workload: &Workload, number: usize, of: usize) {
        let line = format!("{} {number}/{of}", workload.id);
        if self.said.insert(line.clone()) {
            say(&format!("{line}, {server} first"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_workloads_on_a_wire_are_asked_for() {
        let all = workloads(&[]).expect("all of them");
        assert!(all.iter().all(|one| one.inside.is_none()) && all.len() > 10);
        for (id, want) in
            [("resource_read_10k", Ok(1)), ("json_encode_small", Err(2)), ("x", Err(2))]
        {
            let got = workloads(&[id.to_owned()]);
            let got = got.map(|all| all.len()).map_err(|fault| fault.exit_code());
            assert_eq!(got, want, "{id}");
        }
    }
}
