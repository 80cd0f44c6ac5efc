//! `mcpring-bench inside`: the work of one repetition, for the `mcpring-bench` that wants it done in a
//! process of its own.

use super::{Ending, print};
use crate::fault::Fault;
use crate::inside::Work;

/// The arguments of `inside`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The work, as JSON.
    #[arg(value_parser = work)]
    work: Work,
}

fn work(text: &str) -> Result<Work, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Does it and prints what it came to.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let account = serde_json::to_string(&arguments.work.here()?);
    print(&account.map_err(|error| Fault::Invalid(error.to_string()))?)?;
    Ok(Ending::Fine)
}
