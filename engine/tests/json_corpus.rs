//! The JSON module against corpora that others collected, read in place when they are there.
//!
//! JSON test suite: `y_` files are accepted, `n_` files refused, `i_` files either, and all backends
//! agree on every one. Naughty strings: each survives escaping and parsing unchanged.

#![allow(clippy::disallowed_methods, reason = "reads the corpora where they lie")]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use mcpring::json::{Backend, JsonError, Kind, PaddedBuf, Parser, Value, escape_into};

/// The corpus folder `name`, looked for in `shared/data` beside any folder above the crate.
fn corpus(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found =
        above.map(|dir| dir.join("shared/data/corpora").join(name)).find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("skipped: no shared/data/corpora/{name} above the crate");
    }
    found
}

fn parse_with(backend: Backend, text: &[u8]) -> Result<Vec<(Kind, Range<usize>)>, JsonError> {
    let text = PaddedBuf::copy(text);
    let mut parser = Parser::new(backend);
    let root = parser.parse(text.padded())?;
    Ok(spans(root))
}

/// Kind and span of a value and of all inside it.
fn spans(root: Value<'_>) -> Vec<(Kind, Range<usize>)> {
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(value) = waiting.pop() {
        found.push((value.kind(), value.span()));
        waiting.extend(value.elements());
        waiting.extend(value.members().flat_map(|(name, value)| [name, value]));
    }
    found
}

#[test]
fn json_test_suite() {
    let Some(dir) = corpus("JSONTestSuite") else {
        return;
    };
    let mut seen = [0; 3];
    for file in
        files(&dir.join("test_parsing")).into_iter().chain(files(&dir.join("test_transform")))
    {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read(&file).expect("corpus file is readable");
        let answer = parse_with(Backend::Scan, &text);
        for backend in Backend::ALL {
            assert_eq!(parse_with(backend, &text), answer, "{name} with {backend}");
        }
        if name.starts_with("y_") {
            assert!(answer.is_ok(), "{name}: {answer:?}");
            seen[0] += 1;
        } else if name.starts_with("n_") {
            assert!(answer.is_err(), "{name} is accepted");
            seen[1] += 1;
        } else {
            seen[2] += 1;
        }
    }
    assert!(seen[0] > 70 && seen[1] > 130 && seen[2] > 20, "the suite is not whole: {seen:?}");
}

#[test]
fn naughty_strings_survive() {
    let Some(dir) = corpus("naughty-strings") else {
        return;
    };
    let text = fs::read(dir.join("blns.json")).expect("corpus file is readable");
    let strings: Vec<String> = serde_json::from_slice(&text).expect("corpus is JSON");
    assert!(strings.len() > 400, "the corpus is not whole: {}", strings.len());
    let padded = PaddedBuf::copy(&text);
    let mut parser = Parser::default();
    let root = parser.parse(padded.padded()).expect("corpus is JSON");
    assert!(root.elements().zip(&strings).all(|(value, string)| value.eq_str(string)));
    for string in &strings {
        let mut escaped = Vec::new();
        escape_into(&mut escaped, string);
        let escaped = PaddedBuf::copy(&escaped);
        for backend in Backend::ALL {
            let mut parser = Parser::new(backend);
            let value = parser.parse(escaped.padded()).expect("what is written is valid");
            assert_eq!(value.as_str().as_deref(), Some(string.as_str()), "with {backend}");
            assert!(value.eq_str(string));
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("corpus folder is readable");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}
