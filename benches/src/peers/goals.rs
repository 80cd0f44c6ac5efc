//! The goals: how many times as much the rival may cost at least.

use serde::Serialize;

use super::list::{OURS, RIVAL};
use super::rest::{Figure, SESSION};
use crate::record::Record;
use crate::rounds::median;

/// What the goals are about, in words, and how the figure is found.
const GOALS: [(&str, Of, f64); 8] = [
    ("echo: CPU a request", Of::Workload("tool_call_simple_10k"), 4.0),
    ("twenty parameters: CPU a request", Of::Workload("tool_call_complex_100"), 4.0),
    ("88 KB of arguments: CPU a request", Of::Workload("tool_call_large_1k"), 10.0),
    ("resource read: CPU a request", Of::Workload("resource_read_10k"), 4.0),
    ("prompt of 50 variables: CPU a request", Of::Workload("prompt_complex_100"), 4.0),
    ("stdio, 16 in flight: CPU a request", Of::Workload("stdio_sustained_10k"), 10.0),
    ("fan-out to 1000: CPU a publication", Of::Workload("resource_subscribe_fanout"), 2.0),
    ("memory of an idle session", Of::Figure(SESSION), 30.0),
];

/// Where a goal's figure comes from.
#[derive(Clone, Copy)]
enum Of {
    Workload(&'static str),
    Figure(&'static str),
}

/// A goal and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// What it is about.
    pub about: &'static str,
    /// The rival costs at least this many times as much.
    pub asked: f64,
    /// How many times as much it does cost; none where one of the two was not measured.
    pub reached: Option<f64>,
}

impl Goal {
    /// Whether the goal was reached, in a word.
    pub fn verdict(&self) -> &'static str {
        match self.reached {
            Some(ratio) if ratio >= self.asked => "reached",
            Some(_) => "missed",
            None => "not measured",
        }
    }
}

/// All goals, as far as `records` and `figures` tell.
pub fn all(records: &[Record], figures: &[Figure]) -> Vec<Goal> {
    let reached = |of| match of {
        Of::Workload(id) => {
            let side = |name: &str| records.iter().find(|one| one.is(id, name));
            cpu_ratio(side(RIVAL)?, side(OURS)?)
        }
        Of::Figure(name) => {
            let values = &figures.iter().find(|figure| figure.name == name)?.values;
            let (theirs, ours) = (values.get(RIVAL)?, values.get(OURS)?);
            // Less than a page a session cannot be told from nothing.
            (*ours > 0.0).then(|| theirs / ours)
        }
    };
    GOALS.map(|(about, of, asked)| Goal { about, asked, reached: reached(of) }).into()
}

/// CPU an operation of `above` as a multiple of `below`: the median of the ratios in each round.
pub fn cpu_ratio(above: &Record, below: &Record) -> Option<f64> {
    let pairs = above.repetitions.iter().zip(&below.repetitions);
    let ratios = pairs.map(|(above, below)| Some(above.server_cpu_us? / below.server_cpu_us?));
    ratios.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()).map(median)
}

impl Record {
    /// Whether it is about the workload `id` on the subject called `name`.
    fn is(&self, id: &str, name: &str) -> bool {
        self.workload_id == id && self.subject == name
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned;
    use super::*;

    #[test]
    fn a_goal_is_reached_missed_or_not_measured() {
        let (records, figures) = (canned::records(), canned::figures());
        let goals = all(&records, &figures);
        let verdict = |about: &str| {
            let goal = goals.iter().find(|goal| goal.about.starts_with(about));
            goal.map(|goal| (goal.reached, goal.verdict())).expect("a goal")
        };
        assert_eq!(verdict("echo"), (Some(5.0), "reached"));
        assert_eq!(verdict("resource read"), (Some(2.0), "missed"));
        assert_eq!(verdict("memory of an idle session"), (Some(40.0), "reached"));
        assert_eq!(verdict("prompt"), (None, "not measured"));
    }

    #[test]
    fn every_goal_is_about_a_workload_there_is() {
        for (about, of, _) in GOALS {
            if let Of::Workload(id) = of {
                assert!(crate::workload::find(id).is_some(), "{about}: {id}");
            }
        }
    }
}
