//! Reading what a program says about features as JSON in the protocol's names.

use serde::de::DeserializeOwned;

use crate::error::Error;

/// The value that `json` is; a fault begins with `what`, the name of the member it is for.
pub(super) fn value<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|fault| Error::usage(format!("{what}: {fault}")))
}
