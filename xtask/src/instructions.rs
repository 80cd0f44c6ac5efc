//! `cargo xtask instructions`: the instructions of the hot functions, beside those recorded.
//!
//! Counts depend on the compiler, which is pinned, and on the vector instructions of the processor
//! (as valgrind shows it), so each is recorded with those; a machine with others is told so and
//! compares nothing. A count that grew or shrank beyond the limit fails: better counts are recorded
//! as well, or the next change could lose them again unseen.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::process::{answer, command, shown};
use crate::tools;

const BASELINE: &str = "benches/baseline/instructions.json";
/// How far a count may be from the recorded one, in percent.
const LIMIT_PERCENT: f64 = 5.0;
/// And as many in any case: a register more or less to save moves a function of a hundred by as much,
/// whenever something else of the crate changes.
const LIMIT_MIN: u64 = 16;
const BENCH: [&str; 8] = [
    "--package",
    "mcpring-bench",
    "--bench",
    "instructions",
    "--profile",
    "instructions",
    "--quiet",
    "--locked",
];

/// Where the instructions stand in a summary of one function.
const COUNT: &str = "/profiles/0/data/total/metrics/Ir/values/new";

/// Instructions by function.
type Counts = BTreeMap<String, u64>;

/// The recorded counts.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    /// The compiler that built what was counted.
    rustc: String,
    /// By the name of the vector kernels.
    counts: BTreeMap<String, Counts>,
}

/// How it ended.
pub(crate) enum Ending {
    /// Every count is within the limit, or recorded now.
    Good,
    /// It could not be counted or compared here, for this reason.
    Skipped(String),
    /// In words.
    Failed(String),
}

/// Counts and compares, or records with `update`.
pub(crate) fn run(root: &Path, update: bool) -> Ending {
    let ran = count(root).and_then(|ran| match ran {
        Ok((kernels, counts)) => settle(root, &kernels, counts, update),
        Err(why) => Ok(Ending::Skipped(why)),
    });
    ran.unwrap_or_else(Ending::Failed)
}

/// The same as a command of its own; whether it passed.
pub(crate) fn command_line(root: &Path, update: bool) -> bool {
    let (is_good, words) = match run(root, update) {
        Ending::Good => return true,
        Ending::Skipped(why) => (true, format!("skipped: {why}")),
        Ending::Failed(why) => (false, format!("FAIL {why}")),
    };
    println!("{words}");
    is_good
}

/// The name of the kernels and the counts; or why nothing can be counted here.
fn count(root: &Path) -> Result<Result<(String, Counts), String>, String> {
    if answer(&mut command(root, &["valgrind", "--version"])).is_none() {
        return Ok(Err("instructions: valgrind is not installed".into()));
    }
    let runner = tools::gungraun_runner(root).ok_or("the runner of gungraun does not install")?;
    let kernels = kernels(root).ok_or("the benchmark of instructions does not build")?;
    let mut bench = command(root, &["cargo", "bench"]);
    bench.args(BENCH).args(["--", "--output-format=json", "--callgrind-args=--cache-sim=no"]);
    // It starts its runner by name.
    let folder = runner.parent().into_iter().map(Path::to_path_buf);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(folder.chain(std::env::split_paths(&path)));
    bench.env("PATH", path.map_err(|fault| fault.to_string())?);
    let done = shown(&mut bench);
    if !done.succeeded {
        return Err("the benchmark of instructions failed".into());
    }
    let counts = read(&done.output)?;
    if counts.is_empty() { Err("nothing was counted".into()) } else { Ok(Ok((kernels, counts))) }
}

/// Builds the benchmark and asks it under valgrind, which hides instructions it does not know.
fn kernels(root: &Path) -> Option<String> {
    let mut build = command(root, &["cargo", "bench", "--no-run"]);
    let done = answer(build.args(BENCH).arg("--message-format=json-render-diagnostics"))?;
    let executable = done.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "instructions";
        is_ours.then(|| message["executable"].as_str().map(str::to_owned)).flatten()
    })?;
    let mut ask = Command::new("valgrind");
    answer(ask.args(["--quiet", "--tool=none", &executable, "--kernels"]))
}

/// The counts in what the benchmark printed: one JSON object for each function.
fn read(output: &str) -> Result<Counts, String> {
    let summaries = output.lines().filter(|line| line.starts_with('{'));
    summaries
        .map(|line| {
            let summary: serde_json::Value = serde_json::from_str(line)
                .map_err(|fault| format!("a summary is no JSON: {fault}"))?;
            let name = summary["id"].as_str().map(str::to_owned);
            let count = summary.pointer(COUNT).and_then(serde_json::Value::as_u64);
            name.zip(count).ok_or_else(|| format!("a summary without a count: {line}"))
        })
        .collect()
}

/// Compares `counts` with those recorded for `kernels`, or records them.
fn settle(root: &Path, kernels: &str, counts: Counts, update: bool) -> Result<Ending, String> {
    let path = root.join(BASELINE);
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|_| "{\"rustc\":\"\",\"counts\":{}}".into());
    let mut baseline: Baseline =
        serde_json::from_str(&text).map_err(|fault| format!("{BASELINE}: {fault}"))?;
    let rustc = answer(&mut command(root, &["rustc", "--version"])).unwrap_or_default();
    if update {
        if baseline.rustc != rustc {
            // Counts of another compiler say nothing about this one.
            baseline = Baseline { rustc, ..Baseline::default() };
        }
        baseline.counts.insert(kernels.to_owned(), counts);
        let text = serde_json::to_string_pretty(&baseline).map_err(|fault| fault.to_string())?;
        let folder = path.parent().unwrap_or(root);
        let written =
            std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text + "\n"));
        written.map_err(|fault| format!("{BASELINE}: {fault}"))?;
        println!("recorded for {kernels} in {BASELINE}");
        return Ok(Ending::Good);
    }
    if baseline.rustc != rustc {
        let recorded = baseline.rustc;
        return Err(format!(
            "{BASELINE} is of {recorded:?}, this is {rustc}: run `cargo xtask instructions --update`"
        ));
    }
    Ok(match baseline.counts.get(kernels) {
        Some(recorded) => compare(recorded, &counts),
        None => Ending::Skipped(format!(
            "instructions: nothing is recorded for a processor with {kernels}"
        )),
    })
}

/// Prints the table.
fn compare(recorded: &Counts, counts: &Counts) -> Ending {
    let mut beyond = Vec::new();
    println!("{:<24} {:>12} {:>12} {:>8}", "function", "recorded", "now", "change");
    for name in recorded.keys().chain(counts.keys().filter(|name| !recorded.contains_key(*name))) {
        let (before, now) = (recorded.get(name), counts.get(name));
        let both = before.zip(now);
        let is_within = both.is_some_and(|(before, now)| is_within(*before, *now));
        let change = both.map(|(before, now)| percent(*before, *now));
        let show = |count: Option<&u64>| count.map_or("-".into(), u64::to_string);
        let change = change.map_or("-".into(), |change| format!("{change:+.2} %"));
        println!("{name:<24} {:>12} {:>12} {change:>8}", show(before), show(now));
        if !is_within {
            beyond.push(name.as_str());
        }
    }
    if beyond.is_empty() {
        return Ending::Good;
    }
    Ending::Failed(format!(
        "instructions: beyond {LIMIT_PERCENT} %: {}; if it is meant: `cargo xtask instructions --update`",
        beyond.join(", ")
    ))
}

fn is_within(before: u64, now: u64) -> bool {
    percent(before, now).abs() <= LIMIT_PERCENT || now.abs_diff(before) <= LIMIT_MIN
}

fn percent(before: u64, now: u64) -> f64 {
    100.0 * (now as f64 - before as f64) / before as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function and its count.
    type Row = (&'static str, u64);

    fn counts(rows: &[Row]) -> Counts {
        rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn counts_are_read_from_summaries() {
        let summary = |id: &str, metric: &str| {
            let metrics = format!(r#"{{"{metric}":{{"values":{{"new":7,"old":9}}}}}}"#);
            format!(
                r#"{{"id":"{id}","profiles":[{{"data":{{"total":{{"metrics":{metrics}}}}}}}]}}"#
            )
        };
        let output = format!("words\n{}\n{}\n", summary("one", "Ir"), summary("two", "Ir"));
        assert_eq!(read(&output), Ok(counts(&[("one", 7), ("two", 7)])));
        assert!(read(&summary("one", "Dr")).is_err());
        assert!(read("{\n").is_err());
    }

    #[test]
    fn counts_beyond_the_limit_fail() {
        let rows: [(&[Row], Option<&str>); 8] = [
            (&[("one", 1000), ("two", 10)], None),
            (&[("one", 1000), ("two", 26)], None),
            (&[("one", 1000), ("two", 27)], Some("two")),
            (&[("one", 1050), ("two", 10)], None),
            (&[("one", 1051), ("two", 10)], Some("one")),
            (&[("one", 949), ("two", 10)], Some("one")),
            (&[("one", 1000)], Some("two")),
            (&[("one", 1000), ("two", 10), ("three", 1)], Some("three")),
        ];
        let recorded = counts(&[("one", 1000), ("two", 10)]);
        for (now, beyond) in rows {
            match (compare(&recorded, &counts(now)), beyond) {
                (Ending::Good, None) => {}
                (Ending::Failed(words), Some(name)) => {
                    assert!(words.contains(&format!(": {name};")), "{now:?}: {words}");
                }
                _ => panic!("{now:?} ended otherwise"),
            }
        }
    }
}
