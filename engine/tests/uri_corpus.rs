//! The published RFC 6570 examples: every expansion, and every template that must be refused.

#![allow(clippy::disallowed_methods, reason = "a test is a program of its own")]

use std::path::{Path, PathBuf};

use mcpring::uri::{Template, Value, Variables};
use serde_json::Value as Json;

/// The corpus folder, above this crate; it is not part of the crate itself.
fn corpus() -> Option<PathBuf> {
    let inside = "shared/data/corpora/uritemplate-test";
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(inside))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("skipped: no folder {inside} above the crate");
    }
    found
}

fn groups(folder: &Path, file: &str) -> Vec<(String, Variables, Vec<Json>)> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let groups: serde_json::Map<String, Json> = serde_json::from_str(&text).unwrap();
    let read = |(name, group): (String, Json)| {
        let variables = group["variables"].as_object().unwrap();
        let variables = variables.iter().filter_map(|(k, v)| Some((k.clone(), value(v)?)));
        (name, variables.collect(), group["testcases"].as_array().unwrap().clone())
    };
    groups.into_iter().map(read).collect()
}

fn value(json: &Json) -> Option<Value> {
    let text = |json: &Json| json.as_str().expect("members are strings").to_owned();
    Some(match json {
        Json::Null => return None,
        Json::String(_) => Value::Text(text(json)),
        Json::Array(items) => Value::List(items.iter().map(text).collect()),
        Json::Object(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), text(v))).collect()),
        other => panic!("no such value in the corpus: {other}"),
    })
}

#[test]
fn examples_expand() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for file in ["spec-examples.json", "spec-examples-by-section.json"] {
        for (group, variables, cases) in groups(&folder, file) {
            for case in cases {
                let text = case[0].as_str().unwrap();
                let got = Template::parse(text).unwrap().expand(&variables).unwrap();
                // Members of a map come in any order, so such a case lists every answer.
                let wanted = match &case[1] {
                    Json::Array(any) => any.iter().any(|want| want == got.as_str()),
                    one => one == got.as_str(),
                };
                assert!(wanted, "{file}, {group}: {text} became {got}, not {}", case[1]);
                count += 1;
            }
        }
    }
    assert!(count >= 180, "only {count} cases were read");
}

#[test]
fn wrong_templates_are_refused() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for (group, variables, cases) in groups(&folder, "negative-tests.json") {
        for case in cases {
            let text = case[0].as_str().unwrap();
            let got = Template::parse(text).and_then(|template| template.expand(&variables));
            assert!(got.is_err(), "{group}: {text} became {got:?}");
            count += 1;
        }
    }
    assert!(count >= 36, "only {count} cases were read");
}
