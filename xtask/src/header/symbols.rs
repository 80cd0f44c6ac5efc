//! The functions that the C library exports: in its sources, in the committed list, in the library.

use std::path::Path;

use super::block::{Block, Kind};
use crate::process::{answer, command};

/// The committed list, for whoever looks at what a version added.
pub(crate) const LIST: &str = "bindings/symbols.txt";

/// Where the sources list what a plugin may ask for.
const NAMES: &str = "bindings/src/names.rs";

const PREFIX: &str = "mcpring_";

/// The names in the sources' list, in its order.
pub(super) fn names(root: &Path) -> Result<Vec<String>, String> {
    Ok(names_in(&super::read(&root.join(NAMES))?))
}

/// Every name of the list, which has one on each line.
fn names_in(text: &str) -> Vec<String> {
    let is_name = |word: &&str| {
        word.starts_with(PREFIX) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let words = text.lines().filter_map(|line| line.trim().strip_suffix(','));
    words.filter(is_name).map(str::to_owned).collect()
}

/// Every exported function is in the list, and everything in the list is exported.
pub(super) fn compare(names: &[String], blocks: &[Block]) -> Result<(), String> {
    let functions = blocks.iter().filter(|block| block.kind == Kind::Function);
    let functions: Vec<&str> = functions.map(|block| block.name.as_str()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    different(&functions, "the functions of bindings/src", &names, NAMES)
}

/// The text of the committed list.
pub(super) fn list(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort();
    names.join("\n") + "\n"
}

/// The committed list.
pub(crate) fn listed(root: &Path) -> Result<Vec<String>, String> {
    Ok(super::read(&root.join(LIST))?.lines().map(str::to_owned).collect())
}

/// What a built library exports, seen with an option of nm, beside what the list says; the fault in words.
pub(crate) fn compare_library(root: &Path, library: &Path, option: &str) -> Result<usize, String> {
    let mut nm = command(root, &["nm", option, "--defined-only", "--format=posix"]);
    let text = answer(nm.arg(library)).ok_or(format!("nm cannot read {}", library.display()))?;
    let exported: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name).collect();
    let listed = listed(root)?;
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    different(&exported, &library.display().to_string(), &listed, LIST)?;
    Ok(listed.len())
}

/// Says what only one of two sets has.
fn different(ones: &[&str], one: &str, others: &[&str], other: &str) -> Result<(), String> {
    let mut faults = Vec::new();
    for (having, lacking, owner, place) in [(ones, others, one, other), (others, ones, other, one)]
    {
        let only: Vec<&str> =
            having.iter().filter(|name| !lacking.contains(name)).copied().collect();
        if !only.is_empty() {
            faults.push(format!("{place} lacks what {owner} has: {}", only.join(", ")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_on_lines_of_their_own() {
        let text = "//! mcpring_a\n$use! {\n  mcpring_z,\n  mcpring_y,\n}\nf(\"mcpring_x\"),";
        assert_eq!(names_in(text), ["mcpring_z", "mcpring_y"]);
    }

    #[test]
    fn what_only_one_side_has_is_named() {
        assert_eq!(different(&["a", "b"], "x", &["b", "a"], "y"), Ok(()));
        let found = different(&["a", "b"], "x", &["b", "c"], "y");
        assert_eq!(found, Err("y lacks what x has: a\nx lacks what y has: c".to_owned()));
    }
}
