//! `mcpring-bench schema`: the JSON Schema of files of results.

use super::{Ending, print};
use crate::fault::Fault;
use crate::record::file;

/// Prints the schema.
pub fn run() -> Result<Ending, Fault> {
    print(&file::schema())?;
    Ok(Ending::Fine)
}
