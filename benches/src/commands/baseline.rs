//! `mcpring-bench baseline`: results that later ones are compared with, kept in the repository.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::compare::{self, Options};
use super::{Ending, print};
use crate::binaries::root;
use crate::fault::Fault;
use crate::record::{Record, file};
use crate::report::{grid, number};

const HELP: &str = "\
Examples:
  mcpring-bench baseline update --latest
  mcpring-bench baseline update results.json --name release
  mcpring-bench baseline compare results.json --fail-on-regression

A baseline is a file NAME_DATE.json and a link NAME_latest.json to the newest one.

Exit codes: 0 fine, 1 regression (compare --fail-on-regression), 2 usage, 3 the results are not valid
and therefore no baseline.";

/// The arguments of `baseline`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// Where baselines lie; `benches/baseline` of the sources if nothing is said.
    #[arg(long, global = true, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Which line of baselines.
    #[arg(long, global = true, default_value = "main", value_parser = name)]
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Makes a file of results the newest baseline.
    Update {
        /// The results.
        #[arg(required_unless_present = "latest", conflicts_with = "latest")]
        file: Option<PathBuf>,
        /// Take the results that `suite` wrote last.
        #[arg(long)]
        latest: bool,
    },
    /// Prints the newest baseline.
    Show,
    /// Lists all baselines.
    List,
    /// Compares results with the newest baseline.
    Compare {
        /// The results.
        file: PathBuf,
        #[command(flatten)]
        options: Options,
    },
}

fn name(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    if text.chars().all(plain) && !text.is_empty() {
        return Ok(text.to_owned());
    }
    Err("a name has letters, digits, dots and dashes only".into())
}

/// Does what was asked.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let folder = arguments.folder.clone().unwrap_or_else(|| root().join("benches/baseline"));
    let latest = folder.join(format!("{}_latest.json", arguments.name));
    match &arguments.action {
        Action::Update { file: Some(file), .. } => update(&folder, &arguments.name, file),
        Action::Update { file: None, .. } => update(&folder, &arguments.name, &newest()?),
        Action::Show => {
            print(&show(&known(&latest)?))?;
            Ok(Ending::Fine)
        }
        Action::List => list(&folder),
        Action::Compare { file, options } => {
            known(&latest)?;
            compare::between(&latest, file, options)
        }
    }
}

/// The newest baseline, or how to make one.
fn known(latest: &Path) -> Result<Vec<Record>, Fault> {
    if latest.exists() {
        return file::read(latest);
    }
    let shown = latest.display();
    let how = "make one with `mcpring-bench baseline update FILE`";
    Err(Fault::Usage(format!("there is no baseline {shown}; {how}")))
}

/// The results that `suite` wrote last: their names hold the time.
fn newest() -> Result<PathBuf, Fault> {
    let folder = file::results();
    let newest = names(&folder).into_iter().rfind(|name| name.starts_with("suite_"));
    let shown = folder.display();
    let none = || Fault::Usage(format!("{shown} holds no results; run `mcpring-bench suite`"));
    Ok(folder.join(newest.ok_or_else(none)?))
}

/// The names of the files of results in `folder`, in order.
fn names(folder: &Path) -> Vec<String> {
    let is_results = |name: &String| Path::new(name).extension().is_some_and(|end| end == "json");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(is_results).collect();
    names.sort();
    names
}

fn update(folder: &Path, name: &str, from: &Path) -> Result<Ending, Fault> {
    let records = file::read(from)?;
    if let Some(record) = records.iter().find(|record| !record.valid) {
        let (id, why) = (&record.workload_id, record.invalid.join("; "));
        return Err(Fault::Invalid(format!("{id} is not valid and would mislead: {why}")));
    }
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let target = format!("{name}_{date}.json");
    file::write(&folder.join(&target), &records)?;
    let link = folder.join(format!("{name}_latest.json"));
    let relink = || {
        if link.symlink_metadata().is_ok() {
            fs::remove_file(&link)?;
        }
        symlink(&target, &link)
    };
    relink().map_err(|error| Fault::Usage(format!("link {}: {error}", link.display())))?;
    print(&format!("{} holds {} records\n", folder.join(&target).display(), records.len()))?;
    Ok(Ending::Fine)
}

fn list(folder: &Path) -> Result<Ending, Fault> {
    // Files of others lie here too; theirs are named otherwise.
    for name in names(folder).into_iter().filter(|name| name.contains('_')) {
        let path = folder.join(&name);
        let to = fs::read_link(&path).map_or(String::new(), |to| format!(" -> {}", to.display()));
        print(&format!("{name}{to}  {} records\n", file::read(&path)?.len()))?;
    }
    Ok(Ending::Fine)
}

fn show(records: &[Record]) -> String {
    const HEAD: [&str; 6] = ["workload", "server", "CPU µs/req", "req/s", "p50 µs", "p99 µs"];
    let row = |record: &Record| {
        vec![
            record.workload_id.clone(),
            record.server.clone(),
            number(record.server_cpu_us.unwrap_or(f64::NAN)),
            number(record.requests_per_s),
            number(record.latency_p50_us),
            number(record.latency_p99_us),
        ]
    };
    let environment = &records[0].environment;
    let revision = environment.git_revision.as_deref().unwrap_or("an unknown revision");
    let (processor, os, time) = (&environment.processor, &environment.os, &records[0].timestamp);
    let rows: Vec<_> = records.iter().map(row).collect();
    format!("{time}, {revision}, {processor}, {os}\n\n{}", grid(&HEAD, &rows))
}
