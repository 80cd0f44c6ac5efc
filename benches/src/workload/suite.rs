//! Suites: workloads with operation counts of their own, under identifiers of their own.

use std::sync::LazyLock;

use serde::Deserialize;

/// Workloads that are measured together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Names it on the command line.
    pub id: String,
    /// One line for people.
    pub about: String,
    /// What is measured, in this order.
    pub run: Vec<Entry>,
}

/// One workload of a suite.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Names it in results, baselines and budgets.
    pub id: String,
    /// The workload, by its identifier.
    pub workload: String,
    /// Operations of one repetition.
    pub operations: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suite: Vec<Suite>,
}

static SUITES: LazyLock<Vec<Suite>> = LazyLock::new(|| {
    let text = include_str!("../../workloads/suites.toml");
    let file: File = toml::from_str(text).expect("a test reads this file");
    file.suite
});

/// The suites of the plan.
pub fn suites() -> &'static [Suite] {
    &SUITES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::find;

    #[test]
    fn suites_name_workloads_that_can_be_measured() {
        for entry in suites().iter().flat_map(|suite| &suite.run) {
            let workload = find(&entry.workload);
            let workload = workload.unwrap_or_else(|| panic!("no {:?}", entry.workload));
            assert!(workload.not_yet.is_none() && entry.operations > 0, "{}", entry.id);
        }
        let ids: Vec<&str> = suites()[0].run.iter().map(|entry| entry.id.as_str()).collect();
        let want = [
            "json_encode_small",
            "json_decode_small",
            "tool_call_simple",
            "resource_read",
            "registry_lookup",
        ];
        assert_eq!((suites()[0].id.as_str(), &ids[..]), ("pull_request", &want[..]));
    }
}
