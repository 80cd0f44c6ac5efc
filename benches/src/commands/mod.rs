//! The commands of `mcpring-bench`, one file each.

pub mod ablate;
pub mod baseline;
pub mod budget;
pub mod compare;
pub mod inside;
pub mod list;
pub mod run;
pub mod schema;
mod served;
pub mod suite;

use std::io::Write;

use crate::fault::Fault;

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing to complain about.
    Fine,
    /// A regression that counts, or a budget not kept.
    Beyond,
    /// Figures that mean nothing are among the results.
    Invalid,
    /// A server failed a workload.
    Failed,
}

impl Ending {
    /// The exit code of a process that ends with this.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Beyond => 1,
            Self::Invalid => 3,
            Self::Failed => 4,
        }
    }
}

/// Prints `text` to standard output.
pub(crate) fn print(text: &str) -> Result<(), Fault> {
    std::io::stdout().write_all(text.as_bytes()).map_err(Fault::harness("print"))
}

/// Prints `value` as JSON to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Fault> {
    let text = serde_json::to_string_pretty(value);
    print(&format!("{}\n", text.map_err(|error| Fault::Invalid(error.to_string()))?))
}
