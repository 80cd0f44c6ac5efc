//! The document of the comparison, `docs/BENCHMARKS.md`: the machine, the modes, how it was
//! measured, a table a workload under a heading a group, the goals, and what nobody could measure.

use std::fmt::Write as _;

use super::Comparison;
use super::report::{self, GOALS, HEAD, figure_rows, goal, rows};

/// What the plan's numbers are about, in the plan's order.
const GROUPS: [(&str, &str); 8] = [
    ("W3", "Tool calls"),
    ("W4", "Resources"),
    ("W5", "Prompts"),
    ("W6", "Sampling"),
    ("W9", "Sessions"),
    ("W11", "Standard input and output"),
    ("W12", "TCP"),
    ("W13", "HTTP"),
];

const HEADING: &str = "\
# Benchmarks

Written by `mcpring-bench peers --markdown docs/BENCHMARKS.md`; edit nothing here by hand.

";

const METHOD: &str = "\
## How it was measured

- Every server offers the same tools, resources and prompts and gives the same answers; each
  answer is checked, and a server that answers wrongly has no figure.
- A server runs on one core and the load on another. The servers take turns, repetition by
  repetition, so that a machine that slows down slows all of them.
- Each workload is measured in the newest era of the protocol that the server speaks and the
  workload allows. Workloads of the handshake era, and the one whose server reports progress, are
  measured in the mode with sessions and event streams.
- The modes are ways to serve HTTP: over standard input and output a server is measured once, under
  the name of its fastest mode. On TCP only our servers listen.
- *CPU µs* is the server's processor time an operation, user and kernel, by the process's
  CPU clock. *beside ours* is the median over the repetitions of its ratio to `mcpring`: the
  machine's speed cancels out of it. Latency is counted from the turn that sends a request to the
  one that reads its answer, over loopback. Where the load was the limit, requests a second say
  little.
- `!` behind a name: something else kept that server off its core for more than a tenth of the
  time.
- A session is one of the handshake era with its event stream open and silent; its memory is the
  growth of the server's resident memory, divided by the sessions.
- Limits that protect servers were raised where they would have ended a measurement; the README in
  `benches/peers` names them.

To repeat it: `cargo run --release -p mcpring-bench -- peers` (or `peers --quick` for ten
minutes). The first run sets the peers up, through cargo, pip and npm.

";

/// The whole document.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = HEADING.to_owned();
    out.push_str(&goals(comparison));
    out.push_str(&machine(comparison));
    out.push_str(&servers(comparison));
    out.push_str(METHOD);
    for (plan, title) in groups(comparison) {
        out.push_str(&group(comparison, plan, title));
    }
    out.push_str(&at_rest(comparison));
    out.push_str(&without(comparison));
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The groups, and what is in none of them under its number.
fn groups(comparison: &Comparison) -> Vec<(&str, &str)> {
    let known = |plan: &str| GROUPS.iter().any(|(group, _)| *group == plan);
    let mut all: Vec<(&str, &str)> = GROUPS.to_vec();
    for workload in &comparison.workloads {
        let plan = workload.plan.as_str();
        if !known(plan) && !all.iter().any(|(group, _)| *group == plan) {
            all.push((plan, if plan == "W15" { "Event streams" } else { plan }));
        }
    }
    all
}

fn goals(comparison: &Comparison) -> String {
    let cells: Vec<_> = comparison.goals.iter().map(goal).collect();
    format!("## Goals\n\nAgainst rmcp in its fastest mode.\n\n{}\n", table(&GOALS, &cells))
}

fn machine(comparison: &Comparison) -> String {
    let here = &comparison.environment;
    let date = comparison.records.last().map_or("", |record| &record.timestamp);
    let versions = here.versions.iter().map(|(name, version)| format!("{name} {version}"));
    let mut facts = vec![
        ("processor", format!("{}, {} cores", here.processor, here.cores)),
        ("memory", format!("{} MiB", here.memory_mib)),
        ("system", here.os.clone()),
        ("load's driver", here.driver.clone()),
        ("versions", versions.collect::<Vec<_>>().join(", ")),
        ("revision", here.git_revision.clone().unwrap_or_else(|| "unknown".into())),
        ("build of the load", here.build.clone()),
        ("ended", date.to_owned()),
    ];
    if comparison.quick {
        facts.push(("length", "a quick run: three short repetitions".into()));
    }
    let rows: Vec<_> = facts.into_iter().map(|(name, fact)| vec![name.into(), fact]).collect();
    format!("## Machine\n\n{}\n", table(&["what", "here"], &rows))
}

fn servers(comparison: &Comparison) -> String {
    let row = |server: &super::Server| {
        vec![format!("`{}`", server.name), server.version.clone(), server.mode.to_owned()]
    };
    let rows: Vec<_> = comparison.servers.iter().map(row).collect();
    format!("## Servers\n\n{}\n", table(&["name", "made of", "mode"], &rows))
}

/// The tables of one group; nothing where nothing was measured.
fn group(comparison: &Comparison, plan: &str, title: &str) -> String {
    let mut out = String::new();
    for workload in comparison.workloads.iter().filter(|one| one.plan == plan) {
        let rows = rows(comparison, &workload.id);
        if !rows.is_empty() {
            let table = table(&HEAD, &rows);
            // Writing to a string cannot fail.
            let _ = write!(out, "`{}`: {}.\n\n{table}\n", workload.id, workload.about);
        }
    }
    if out.is_empty() { out } else { format!("## {title}\n\n{out}") }
}

fn at_rest(comparison: &Comparison) -> String {
    if comparison.figures.is_empty() {
        return String::new();
    }
    let names = comparison.figures.iter().map(|figure| figure.name.as_str());
    let head: Vec<_> = ["server"].into_iter().chain(names).collect();
    format!("## At rest\n\n{}\n", table(&head, &figure_rows(comparison)))
}

/// What was not measured, a line each.
fn without(comparison: &Comparison) -> String {
    let lines = report::without(comparison).into_iter().map(|line| format!("- {line}\n"));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("## Not measured\n\n{lines}") }
}

/// A table whose columns line up in the text too; a column of figures leans right.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let wide = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(wide).collect();
    let is_figure =
        |cell: &String| cell == "–" || cell.starts_with(|letter: char| letter.is_ascii_digit());
    let right: Vec<bool> =
        (0..head.len()).map(|column| rows.iter().all(|row| is_figure(&row[column]))).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells.zip(&widths).zip(&right).map(|((cell, width), right)| {
            if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().zip(&right).map(|(width, right)| {
        if *right { format!("{}:", "-".repeat(width - 1)) } else { "-".repeat(*width) }
    });
    let rule: Vec<String> = rule.collect();
    let mut out = line(&mut head.iter().copied());
    out.push_str(&line(&mut rule.iter().map(String::as_str)));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::canned;
    use super::*;

    #[test]
    fn the_document_is_as_it_was_read_last() {
        let want = include_str!("canned.md");
        let got = markdown(&canned::comparison());
        assert_eq!(got, want, "if the change is meant, this is the new canned.md:\n{got}");
    }
}
