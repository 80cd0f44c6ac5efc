//! Budgets: what a figure of a workload may come to at most, or must at least.
//!
//! Two tables lie in `benches/budgets.toml`: the plan's targets, which are floors, and our own,
//! which are near what is measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fault::Fault;
use crate::record::Record;

/// The tables that come with this program.
pub const OWN: &str = include_str!("../budgets.toml");

/// The figure that is judged whether or not the machine was quiet.
const CPU: &str = "server_cpu_us";

/// All tables, by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Budgets {
    tables: BTreeMap<String, Table>,
}

/// Limits by workload.
type Table = BTreeMap<String, Limits>;

/// The limits of one workload, each by the key of a record.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    at_most: BTreeMap<String, f64>,
    at_least: BTreeMap<String, f64>,
}

/// A figure beyond its budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breach {
    /// Always `budget_exceeded`.
    pub error: &'static str,
    /// The key of the record.
    pub metric: String,
    /// What was measured.
    pub value: f64,
    /// What was allowed.
    pub budget: f64,
    /// The workload.
    pub workload_id: String,
}

/// What checking records against a table came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// Figures checked.
    pub figures: usize,
    /// Those beyond their budget.
    pub breaches: Vec<Breach>,
    /// What could not be checked.
    pub remarks: Vec<String>,
}

impl Budgets {
    /// Reads the tables in `text`, the content of the file called `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, Fault> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let line = text[..offset].matches('\n').count() + 1;
            Fault::Usage(format!("{name}:{line}: {}", error.message().replace('\n', " ")))
        })
    }

    /// Checks `records` against the table called `table`.
    pub fn check(&self, table: &str, records: &[Record]) -> Result<Checked, Fault> {
        let Some(limits) = self.tables.get(table) else {
            let known: Vec<_> = self.tables.keys().map(String::as_str).collect();
            let known = known.join(", ");
            return Err(Fault::Usage(format!("there is no table `{table}`; there is: {known}")));
        };
        let mut checked = Checked::default();
        for (id, limits) in limits {
            let mut found = false;
            for record in records.iter().filter(|record| record.workload_id == *id) {
                found = true;
                if !record.valid {
                    let why = record.invalid.join("; ");
                    let words = "is not valid, and only its CPU time is judged";
                    checked.remarks.push(format!("{id} {words}: {why}"));
                }
                checked.record(record, limits)?;
            }
            if !found {
                checked.remarks.push(format!("{id} was not measured"));
            }
        }
        Ok(checked)
    }
}

impl Checked {
    fn record(&mut self, record: &Record, limits: &Limits) -> Result<(), Fault> {
        let all = serde_json::to_value(record).unwrap_or_default();
        let most = limits.at_most.iter().map(|limit| (limit, false));
        let least = limits.at_least.iter().map(|limit| (limit, true));
        // What the server itself ran is counted rightly however busy the machine was.
        let judged = |metric: &str| record.valid || metric == CPU;
        for ((metric, budget), is_least) in
            most.chain(least).filter(|((metric, _), _)| judged(metric.as_str()))
        {
            match figure(&all, metric) {
                Some(Value::Number(number)) => {
                    let value = number.as_f64().unwrap_or(f64::NAN);
                    self.figures += 1;
                    let kept = if is_least { value >= *budget } else { value <= *budget };
                    if !kept {
                        self.breaches.push(Breach {
                            error: "budget_exceeded",
                            metric: metric.clone(),
                            value,
                            budget: *budget,
                            workload_id: record.workload_id.clone(),
                        });
                    }
                }
                Some(Value::Null) => {
                    let id = &record.workload_id;
                    self.remarks.push(format!("{metric} of {id} was not seen"));
                }
                _ => {
                    let id = &record.workload_id;
                    let words = format!("budget of {id}: a record has no figure `{metric}`");
                    return Err(Fault::Usage(words));
                }
            }
        }
        Ok(())
    }
}

/// A figure of a record by its key, or one of its further figures.
fn figure<'a>(record: &'a Value, metric: &str) -> Option<&'a Value> {
    record.get(metric).or_else(|| record["figures"].get(metric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Environment;
    use crate::workload;

    #[test]
    fn the_own_tables_are_about_workloads_that_exist() {
        let budgets = Budgets::parse("budgets.toml", OWN).expect("sound tables");
        let suites = workload::suites().iter().flat_map(|suite| &suite.run);
        let mut ids: Vec<&str> = suites.map(|entry| entry.id.as_str()).collect();
        ids.extend(workload::all().iter().map(|workload| workload.id.as_str()));
        for (table, limits) in &budgets.tables {
            for (id, limits) in limits {
                assert!(ids.contains(&id.as_str()), "{table}: no workload is called {id}");
                let record = Record { workload_id: id.clone(), ..record() };
                Checked::default().record(&record, limits).expect("keys of a record");
            }
        }
    }

    fn record() -> Record {
        Record {
            latency_p50_us: 10.0,
            requests_per_s: 100.0,
            figures: [("hits".to_owned(), 0.5)].into(),
            ..Record::empty(Environment::default())
        }
    }

    /// Checks a record against one limit and expects the value of each breach.
    #[track_caller]
    fn check(limits: &str, want: Result<&[f64], &str>) {
        let budgets = Budgets::parse("b.toml", &format!("[t.w]\n{limits}"));
        let record = Record { workload_id: "w".into(), ..record() };
        let checked = budgets.and_then(|budgets| budgets.check("t", &[record]));
        match (checked, want) {
            (Ok(checked), Ok(want)) => {
                let got: Vec<_> = checked.breaches.iter().map(|breach| breach.value).collect();
                assert_eq!(got, want, "{limits}: {checked:?}");
            }
            (Err(fault), Err(want)) => assert_eq!(fault.to_string(), want, "{limits}"),
            (got, want) => panic!("{limits}: {got:?} instead of {want:?}"),
        }
    }

    #[test]
    fn figures_beyond_their_budget_are_breaches() {
        check("at_most = { latency_p50_us = 10 }", Ok(&[]));
        check("at_most = { latency_p50_us = 9.9 }", Ok(&[10.0]));
        check("at_least = { \"req/s\" = 100 }", Ok(&[]));
        check("at_least = { \"req/s\" = 101 }", Ok(&[100.0]));
        check("at_least = { hits = 0.6 }", Ok(&[0.5]));
        check("at_most = { server_cpu_us = 1 }", Ok(&[]));
        check("at_most = { p50 = 1 }", Err("budget of w: a record has no figure `p50`"));
        check("most = 1", Err("b.toml:2: unknown field `most`, expected `at_most` or `at_least`"));
        check("at_most = { x = 'y' }", Err("b.toml:2: invalid type: string \"y\", expected f64"));
    }
}
