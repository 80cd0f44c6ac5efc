//! The comparison for people at a terminal: a table a workload, the figures at rest, the goals.

use std::fmt::Write as _;

use super::goals::{Goal, cpu_ratio};
use super::rest::Figure;
use super::{Comparison, Without, list};
use crate::record::Record;
use crate::report::{grid, number};

/// The columns of a workload's table.
pub(super) const HEAD: [&str; 7] =
    ["server", "CPU µs", "beside ours", "req/s", "p50 µs", "p95 µs", "p99 µs"];
/// The columns of the goals.
pub(super) const GOALS: [&str; 4] = ["rmcp's cost beside ours", "goal", "reached", ""];

/// The whole comparison.
pub fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    if comparison.environment.build == "debug" {
        out.push_str("! a debug build: our own figures here say nothing\n\n");
    }
    for workload in &comparison.workloads {
        let rows = rows(comparison, &workload.id);
        if !rows.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}: {}\n{}", workload.id, workload.about, grid(&HEAD, &rows));
        }
    }
    if !comparison.figures.is_empty() {
        let _ = writeln!(out, "at rest\n{}", figures(comparison));
    }
    let without = without(comparison);
    if !without.is_empty() {
        let _ = writeln!(out, "not measured\n{}\n", without.join("\n"));
    }
    let goals: Vec<_> = comparison.goals.iter().map(goal).collect();
    let _ = write!(out, "goals\n{}", grid(&GOALS, &goals));
    out
}

/// A row for each server that was measured on the workload `id`, in the order of the servers.
pub(super) fn rows(comparison: &Comparison, id: &str) -> Vec<Vec<String>> {
    let of = |name: &str| {
        let about = |one: &&Record| one.workload_id == id && one.subject == name;
        comparison.records.iter().find(about)
    };
    let ours = of(list::OURS);
    let records = comparison.servers.iter().filter_map(|server| of(server.name));
    records.map(|record| row(record, ours)).collect()
}

fn row(record: &Record, ours: Option<&Record>) -> Vec<String> {
    let ratio = ours.and_then(|ours| cpu_ratio(record, ours));
    let mark = if record.valid { "" } else { " !" };
    vec![
        format!("{}{mark}", record.subject),
        record.server_cpu_us.map_or("–".into(), number),
        ratio.map_or("–".into(), |ratio| format!("{} ×", number(ratio))),
        number(record.requests_per_s),
        number(record.latency_p50_us),
        number(record.latency_p95_us),
        number(record.latency_p99_us),
    ]
}

/// The figures at rest, a row a server.
fn figures(comparison: &Comparison) -> String {
    let names = comparison.figures.iter().map(|figure| figure.name.as_str());
    let head: Vec<_> = ["server"].into_iter().chain(names).collect();
    grid(&head, &figure_rows(comparison))
}

/// A row for each server that has a figure.
pub(super) fn figure_rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let value = |figure: &Figure, name: &str| figure.values.get(name).copied();
    let servers = comparison.servers.iter().filter(|server| {
        comparison.figures.iter().any(|figure| value(figure, server.name).is_some())
    });
    let row = |name: &str| {
        let values = comparison.figures.iter().map(|figure| value(figure, name));
        let cells = values.map(|value| value.map_or("–".into(), number));
        [name.to_owned()].into_iter().chain(cells).collect()
    };
    servers.map(|server| row(server.name)).collect()
}

/// The cells of a goal.
pub(super) fn goal(goal: &Goal) -> Vec<String> {
    vec![
        goal.about.to_owned(),
        format!("{} ×", goal.asked),
        goal.reached.map_or("–".into(), |ratio| format!("{} ×", number(ratio))),
        goal.verdict().to_owned(),
    ]
}

/// What was not measured and why, a line a server and reason; our own servers last, for they are not
/// the question.
pub(super) fn without(comparison: &Comparison) -> Vec<String> {
    let under_load = comparison.without.iter().map(|one| {
        let what = one.workload_id.clone().unwrap_or_default();
        (one.server.as_str(), why(one), what)
    });
    let at_rest = comparison.figures.iter().flat_map(|figure| {
        let lacking = figure.without.iter();
        lacking.map(|(server, why)| (server.as_str(), short(why), figure.name.clone()))
    });
    let mut groups: Vec<(&str, String, Vec<String>)> = Vec::new();
    for (server, why, what) in under_load.chain(at_rest) {
        match groups.iter_mut().find(|(of, reason, _)| *of == server && *reason == why) {
            Some((.., all)) => all.push(what),
            None => groups.push((server, why, vec![what])),
        }
    }
    groups.sort_by_key(|(server, ..)| server.starts_with(list::OURS));
    let line = |(server, why, what): (&str, String, Vec<String>)| match what.join(", ") {
        none if none.is_empty() => format!("{server}: {why}"),
        what => format!("{server}: {why}: {what}"),
    };
    groups.into_iter().map(line).collect()
}

fn why(without: &Without) -> String {
    let failed = if without.failed { "failed: " } else { "" };
    format!("{failed}{}", short(&without.why))
}

/// The beginning of `text`, on one line; what is quoted of an answer is left out.
fn short(text: &str) -> String {
    const LETTERS: usize = 120;
    let text = text.split(", such as").next().unwrap_or("").split(", in HTTP answer").next();
    let words: Vec<_> = text.unwrap_or("").split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned;
    use super::*;

    fn check(line: &str) {
        let text = text(&canned::comparison());
        let found = |words: &str| {
            text.lines().any(|have| have.split_whitespace().eq(words.split_whitespace()))
        };
        assert!(found(line), "no line {line:?} in\n{text}");
    }

    #[test]
    fn a_comparison_is_tables_and_goals() {
        check("tool_call_simple_10k: a tool with one string, which it returns");
        check("mcpring 2.00 1.00 × 50000 20.0 30.0 40.0");
        check("rmcp 10.0 5.00 × 10000 100 150 200");
        check("fastmcp ! 400 200 × 250 4000 6000 8000");
        check("rmcp 48000");
        check("fastmcp: has no subscriptions to resources: resource_subscribe_fanout");
        check("typescript: npm is not installed");
        check("fastmcp: failed: it fell silent: sse_stream_1k");
        check("fastmcp: it ended: memory of an idle session, bytes");
        check("echo: CPU a request 4 × 5.00 × reached");
        check("resource read: CPU a request 4 × 2.00 × missed");
        check("prompt of 50 variables: CPU a request 4 × – not measured");
    }
}
