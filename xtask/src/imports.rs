//! What may import what inside the engine, as a table, and the search for what breaks it.
//!
//! Imports point down only and siblings never import each other: a module can be read, tested and
//! replaced knowing only the rows below it. Tests are exempt. The program is a crate of its own, so it
//! sees only what is public.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use crate::source::{Source, Token, starts_with, test_modules, without_tests};

/// Modules that every other may import, and that import nothing but each other.
const OPEN: &[&str] = &["limits", "error", "slot", "trace"];

/// Settings: they name the choices of the modules in their row, so those may not import them back.
const CONFIG: (&str, &[&str]) = ("config", &["json", "ring"]);

/// The table: a module and what it may import beside the open ones. Rows go from bottom to top.
const TABLE: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("codec", &[]),
    ("uri", &[]),
    ("ring", &[]),
    ("inbox", &[]),
    ("metrics", &[]),
    ("auth", &[]),
    ("transport", &["codec"]),
    ("rpc", &["json"]),
    ("model", &["json"]),
    ("mcp", &["rpc", "model", "json"]),
    ("server", &["mcp", "rpc", "model", "json", "uri", "inbox", "auth"]),
    ("endpoint", &["transport", "server", "mcp", "rpc", "model", "json", "metrics", "auth"]),
    ("shard", &["endpoint", "server", "ring", "inbox", "metrics", "auth"]),
    ("settings", &["shard", "server", "model", "ring", "json", "auth"]),
    ("sim", &["shard", "endpoint", "server", "model", "transport", "ring", "metrics"]),
];

/// One use of a module by another.
#[derive(Debug, PartialEq, Eq)]
struct Edge {
    line: usize,
    to: String,
}

/// Every import of the engine's sources that the table does not have.
pub(crate) fn violations(sources: &[Source]) -> Vec<String> {
    let tests = test_paths(sources);
    let mut found = Vec::new();
    for source in sources {
        let Some(path) = module_path(&source.path) else {
            continue;
        };
        if tests.iter().any(|test| path.starts_with(test)) {
            continue;
        }
        // The root of the library may name every module: it declares them.
        let Some(from) = path.first() else { continue };
        let tokens = source.tokens();
        for edge in edges(&without_tests(&tokens), path.len()) {
            if let Some(fault) = fault(from, &edge.to) {
                let path = source.path.display();
                found.push(format!("{path}:{}: {fault}", edge.line));
            }
        }
    }
    found
}

/// Why `from` may not import `to`, if it may not.
fn fault(from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    if OPEN.contains(&to) || (to == CONFIG.0 && !CONFIG.1.contains(&from)) {
        return None;
    }
    let row = TABLE.iter().find(|(module, _)| *module == from).map(|(_, row)| *row);
    let row = row.or_else(|| OPEN.contains(&from).then_some(&[][..]));
    let row = row.or_else(|| (from == CONFIG.0).then_some(CONFIG.1));
    match row {
        None => Some(format!("`{from}` has no row in the import table of xtask/src/imports.rs")),
        Some(row) if row.contains(&to) => None,
        Some(_) if is_module(to) => Some(format!("`{from}` may not import `{to}`")),
        Some(_) => Some(format!("`crate::{to}` is no module: import it from where it is defined")),
    }
}

fn is_module(name: &str) -> bool {
    OPEN.contains(&name) || name == CONFIG.0 || TABLE.iter().any(|(module, _)| *module == name)
}

/// The modules a file lies in, from the top: `engine/src/json/scan.rs` is `json`, `scan`.
/// The root of the library has none.
fn module_path(path: &Path) -> Option<Vec<String>> {
    let inside = path.strip_prefix("engine/src").ok()?;
    let mut names: Vec<String> = inside
        .with_extension("")
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    if names == ["lib"] || names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    Some(names)
}

/// The module paths that exist only in tests.
fn test_paths(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    for source in sources {
        let Some(parent) = module_path(&source.path) else {
            continue;
        };
        for name in test_modules(&source.tokens()) {
            let mut path = parent.clone();
            path.push(name);
            paths.insert(path);
        }
    }
    paths
}

/// Every path from the root of the crate in `tokens`, of a file `depth` modules below that root.
fn edges(tokens: &[Token<'_>], depth: usize) -> Vec<Edge> {
    let mut found = Vec::new();
    let mut blocks: Vec<bool> = Vec::new(); // open braces, true for those of a module
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        match rest[0].text {
            "{" => blocks.push(at >= 2 && tokens[at - 2].text == "mod"),
            "}" => {
                blocks.pop();
            }
            "crate" => heads(&rest[1..], &mut found),
            "super" => {
                let inner = blocks.iter().filter(|is_module| **is_module).count();
                let up = supers(rest);
                if up >= depth + inner {
                    heads(&rest[3 * up - 2..], &mut found);
                }
                at += 3 * up - 2;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// How many `super` follow each other at the start of `tokens`.
fn supers(tokens: &[Token<'_>]) -> usize {
    let mut count = 1;
    while starts_with(&tokens[3 * count - 2..], &[":", ":", "super"]) {
        count += 1;
    }
    count
}

/// Adds the first names behind the root: one in `::a::b`, several in `::{a::b, c}`.
fn heads(tokens: &[Token<'_>], found: &mut Vec<Edge>) {
    if !starts_with(tokens, &[":", ":"]) {
        return;
    }
    let mut depth = 0_usize;
    let mut expected = true;
    for token in &tokens[2..] {
        match token.text {
            "{" => depth += 1,
            "}" if depth <= 1 => return,
            "}" => depth -= 1,
            "," if depth == 1 => expected = true,
            name if expected => {
                expected = false;
                found.push(Edge { line: token.line, to: name.to_owned() });
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, want: &[&str]) {
        let found = violations(&[Source::new(path, text)]);
        assert_eq!(found.len(), want.len(), "in {path} {text:?}: {found:?}");
        for (found, want) in found.iter().zip(want) {
            assert!(found.contains(want), "{found:?} does not say {want:?}");
        }
    }

    #[test]
    fn edges_of_the_table_pass() {
        check("engine/src/mcp/session.rs", "use crate::{json::Value, rpc::{Id, Message}};", &[]);
        check("engine/src/json/scan.rs", "use crate::limits; use super::tape::Tape;", &[]);
        check("engine/src/json/scan.rs", "use crate::json::tape;", &[]);
        check("engine/src/lib.rs", "pub use crate::shard::Engine;", &[]);
        check("cli/src/call.rs", "use crate::client::Client;", &[]);
        check("engine/src/server/mod.rs", "use crate::config::Config;", &[]);
    }

    #[test]
    fn edges_outside_the_table_are_found() {
        check("engine/src/json/scan.rs", "\nuse crate::rpc::Id;", &["scan.rs:2: `json` may not"]);
        check("engine/src/rpc/id.rs", "fn f(x: crate::mcp::Version) {}", &["`rpc` may not"]);
        check(
            "engine/src/codec/line.rs",
            "use crate::{error, json, uri::Template};",
            &["import `json`", "import `uri`"],
        );
        check("engine/src/transport/pipe.rs", "use super::super::json::Value;", &["import `json`"]);
        check("engine/src/ring/mod.rs", "mod a { use super::super::shard; }", &["import `shard`"]);
        check("engine/src/ring/mod.rs", "use crate::config::Config;", &["import `config`"]);
        check("engine/src/limits.rs", "use crate::json::Value;", &["import `json`"]);
        check("engine/src/mcp/era.rs", "use crate::Engine;", &["is no module"]);
        check("engine/src/novel/mod.rs", "use crate::json::Value;", &["has no row"]);
        check("engine/src/rpc/id.rs", "use crate::*;", &["is no module"]);
    }

    #[test]
    fn only_code_counts() {
        check(
            "engine/src/json/scan.rs",
            "//! see [`crate::rpc::Id`]\nlet s = \"crate::rpc\";",
            &[],
        );
        check("engine/src/json/scan.rs", "#[cfg(test)] mod tests { use crate::sim::World; }", &[]);
    }

    #[test]
    fn test_files_are_exempt_and_others_of_that_name_are_not() {
        let parent = Source::new("engine/src/ring/mod.rs", "#[cfg(test)] mod tests;");
        let test = || Source::new("engine/src/ring/tests/fault.rs", "use crate::sim::World;");
        assert_eq!(violations(&[parent, test()]), Vec::<String>::new());
        assert_eq!(violations(&[test()]).len(), 1);
    }

    #[test]
    fn the_table_has_no_circle() {
        let mut done: BTreeSet<&str> = OPEN.iter().copied().collect();
        let mut left: Vec<&str> =
            TABLE.iter().map(|(module, _)| *module).chain([CONFIG.0]).collect();
        let all = left.clone();
        while !left.is_empty() {
            let before = left.len();
            left.retain(|module| {
                let ready = all
                    .iter()
                    .all(|to| done.contains(to) || fault(module, to).is_some() || module == to);
                if ready {
                    done.insert(module);
                }
                !ready
            });
            assert!(left.len() < before, "a circle among {left:?}");
        }
    }
}
