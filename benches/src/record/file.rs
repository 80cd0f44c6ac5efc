//! Files of results: an array of records, read back with every doubt in words.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

use super::{Record, SCHEMA};
use crate::binaries::root;
use crate::fault::Fault;

/// Where results are written that nobody asked to be elsewhere.
pub fn results() -> PathBuf {
    root().join("benches/results")
}

/// Reads a file of results.
pub fn read(path: &Path) -> Result<Vec<Record>, Fault> {
    let name = path.display();
    let text = fs::read(path).map_err(|error| Fault::Usage(format!("{name}: {error}")))?;
    parse(&text).map_err(|what| Fault::Usage(format!("{name} is no file of results: {what}")))
}

fn parse(text: &[u8]) -> Result<Vec<Record>, String> {
    let value: Value =
        serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let Value::Array(items) = value else {
        return Err("it is not an array of records, as `suite --json` prints".into());
    };
    if items.is_empty() {
        return Err("it holds no records".into());
    }
    items.into_iter().enumerate().map(|(number, item)| record(number, item)).collect()
}

fn record(number: usize, item: Value) -> Result<Record, String> {
    match item["schema"].as_u64() {
        Some(schema) if schema > u64::from(SCHEMA) => Err(format!(
            "record {number} was written by a newer mcpring-bench (schema {schema}); this one \
             reads up to {SCHEMA}"
        )),
        Some(_) => {
            serde_json::from_value(item).map_err(|error| format!("record {number}: {error}"))
        }
        None => Err(format!("record {number} has no `schema`; mcpring-bench did not write it")),
    }
}

/// Finds out before a long run whether `path` can be written, making its folder. What is there
/// stays as it is.
pub fn check(path: &Path) -> Result<(), Fault> {
    let opened = match fs::metadata(path) {
        // Who reads from a pipe would see its end.
        Ok(found) if !found.is_file() && !found.is_dir() => Ok(()),
        Ok(_) => fs::OpenOptions::new().append(true).open(path).map(drop),
        Err(_) => {
            make_folder(path)?;
            fs::File::create_new(path).and_then(|_| fs::remove_file(path))
        }
    };
    opened.map_err(refused("write", path))
}

/// Writes `records` to `path`, making its folder.
pub fn write(path: &Path, records: &[Record]) -> Result<(), Fault> {
    let mut text = text(records)?;
    text.push(b'\n');
    store(path, &text)
}

/// Writes `text` to `path`, making its folder.
pub fn store(path: &Path, text: &[u8]) -> Result<(), Fault> {
    make_folder(path)?;
    fs::write(path, text).map_err(refused("write", path))
}

fn make_folder(path: &Path) -> Result<(), Fault> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(refused("make the folder", folder)),
        None => Ok(()),
    }
}

/// Where it goes is the user's choice, if it is not the usual place.
fn refused(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Fault {
    move |error| Fault::Usage(format!("{doing} {}: {error}", path.display()))
}

/// Prints `records` as one array to standard output.
pub fn print(records: &[Record]) -> Result<(), Fault> {
    let mut text = text(records)?;
    text.push(b'\n');
    io::stdout().write_all(&text).map_err(Fault::harness("print the results"))
}

fn text(records: &[Record]) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec_pretty(records)
        .map_err(|error| Fault::Invalid(format!("write the results: {error}")))
}

/// The schema of a file of results.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Vec<Record>);
    schema.insert("title".into(), "Results of mcpring-bench".into());
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_results_is_told_in_one_line() {
        let rows = [
            ("", "it is not JSON"),
            ("{\"rows\": []}", "it is not an array of records"),
            ("[]", "it holds no records"),
            ("[1]", "record 0 has no `schema`"),
            ("[{\"benchmark\": \"x\"}]", "record 0 has no `schema`"),
            ("[{\"schema\": 999}]", "record 0 was written by a newer mcpring-bench (schema 999)"),
            ("[{\"schema\": 1}]", "record 0: missing field `benchmark`"),
            ("[{\"schema\": 1, \"x\": 1}]", "record 0: unknown field `x`"),
        ];
        for (text, want) in rows {
            let words = parse(text.as_bytes()).expect_err(text);
            assert!(words.starts_with(want) && !words.contains('\n'), "{text}: {words}");
        }
    }

    #[test]
    fn the_published_schema_is_fresh() {
        let published = include_str!("../../results.schema.json");
        let how = "write it anew: mcpring-bench schema > benches/results.schema.json";
        assert!(published == schema(), "benches/results.schema.json is stale; {how}");
    }
}
