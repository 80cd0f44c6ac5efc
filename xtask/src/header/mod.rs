//! `cargo xtask header`: writes the C headers and the list of symbols from `bindings/src`.
//!
//! cbindgen reads the Rust items; here they are put in order by nouns, and what a reader of C wants
//! besides is added: rules, versions, initialisers, helpers, and a second header for plugins. The
//! files are committed; `--check`, tidy and the tests fail when they are stale.

use std::path::Path;

mod block;
mod groups;
mod initial;
mod plugin;
pub(crate) mod symbols;

use block::{Block, Kind};
use groups::GROUPS;

/// From here cbindgen follows the modules.
const SOURCE: &str = "bindings/src/lib.rs";
const SETTINGS: &str = "bindings/cbindgen.toml";
const TEXTS: &str = "bindings/header";

/// What is written: the two headers and the list of symbols.
const HEADER: &str = "include/mcpring.h";
const PLUGIN_HEADER: &str = "include/mcpring_plugin.h";

const BEGIN_C: &str = "#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
const END_C: &str = "#ifdef __cplusplus\n}\n#endif\n";

/// A file as it should be.
struct Wanted {
    path: &'static str,
    text: String,
}

/// Writes what is stale, or with `is_check` only says so; whether all is well.
pub(crate) fn run(root: &Path, is_check: bool) -> bool {
    let wanted = match wanted(root) {
        Ok(wanted) => wanted,
        Err(fault) => {
            println!("header: {fault}");
            return false;
        }
    };
    let mut is_good = true;
    for file in wanted.iter().filter(|file| is_stale(root, file)) {
        if is_check {
            println!("header: {} is stale: run `cargo xtask header`", file.path);
            is_good = false;
        } else if let Err(fault) = std::fs::write(root.join(file.path), &file.text) {
            println!("header: {} cannot be written: {fault}", file.path);
            is_good = false;
        } else {
            println!("header: wrote {}", file.path);
        }
    }
    is_good
}

/// What is wrong with the committed files, in words.
pub(crate) fn faults(root: &Path) -> Vec<String> {
    match wanted(root) {
        Err(fault) => vec![format!("header: {fault}")],
        Ok(wanted) => {
            let stale = wanted.iter().filter(|file| is_stale(root, file));
            stale.map(|file| format!("{} is stale: run `cargo xtask header`", file.path)).collect()
        }
    }
}

fn is_stale(root: &Path, file: &Wanted) -> bool {
    std::fs::read_to_string(root.join(file.path)).ok().as_deref() != Some(&file.text)
}

/// Every file as it should be.
fn wanted(root: &Path) -> Result<Vec<Wanted>, String> {
    let text = |name: &str| read(&root.join(TEXTS).join(name));
    let blocks = blocks(root)?;
    let names = symbols::names(root)?;
    symbols::compare(&names, &blocks)?;
    let blocks = in_order(blocks, &names);
    let version = Version::read(&read(&root.join("Cargo.toml"))?)?;
    let header = header(&blocks, &version, &text("rules.h")?, &text("strings.h")?)?;
    let plugin = plugin::text(&blocks, &text("plugin_top.h")?, &text("plugin_end.h")?);
    Ok(vec![
        Wanted { path: HEADER, text: header },
        Wanted { path: PLUGIN_HEADER, text: plugin },
        Wanted { path: symbols::LIST, text: symbols::list(&names) },
    ])
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|fault| format!("{}: {fault}", path.display()))
}

/// Every item of the C interface, as cbindgen writes it.
fn blocks(root: &Path) -> Result<Vec<Block>, String> {
    let config = cbindgen::Config::from_file(root.join(SETTINGS))?;
    let builder = cbindgen::Builder::new().with_config(config).with_src(root.join(SOURCE));
    let bindings = builder.generate().map_err(|fault| fault.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Block::read_all(&String::from_utf8(text).map_err(|fault| fault.to_string())?)
}

/// Functions in the order of their list, whatever files they come from.
fn in_order(mut blocks: Vec<Block>, names: &[String]) -> Vec<Block> {
    let place = |block: &Block| {
        let at = names.iter().position(|name| *name == block.name);
        (block.kind == Kind::Function).then_some(at).flatten().map_or(0, |at| at + 1)
    };
    blocks.sort_by_key(place);
    blocks
}

/// `mcpring.h`.
fn header(
    blocks: &[Block],
    version: &Version,
    rules: &str,
    strings: &str,
) -> Result<String, String> {
    let mut out = format!("{rules}#pragma once\n#ifndef MCPRING_H\n#define MCPRING_H\n\n");
    for name in ["stdbool", "stddef", "stdint", "string"] {
        out.push_str(&format!("#include <{name}.h>\n"));
    }
    out.push_str(&format!("\n{}\n{BEGIN_C}\n", version.text_macro()));
    let (handles, blocks): (Vec<Block>, Vec<Block>) =
        blocks.iter().cloned().partition(|block| block.kind == Kind::Opaque);
    out.push_str(&handles.iter().map(Block::text).collect::<Vec<_>>().join("\n"));
    let groups = GROUPS.iter().zip(groups::sort(&blocks)?);
    for (group, blocks) in groups.filter(|(_, blocks)| !blocks.is_empty()) {
        let (name, title) = (group.name, group.title);
        out.push_str(&format!("\n/**\n * @defgroup {name} {title}\n{} * @{{\n */\n", words(group)));
        let (functions, others): (Vec<&Block>, Vec<&Block>) =
            blocks.into_iter().partition(|block| block.kind == Kind::Function);
        for block in others {
            out.push_str(&format!("\n{}", block.text()));
            if let Some(start) = initial::text(block) {
                out.push_str(&format!("\n{start}"));
            }
            if block.name == "mcpring_str" {
                out.push_str(&format!("\n{strings}"));
            }
        }
        out.extend(functions.iter().map(|block| format!("\n{}", block.text())));
        out.push_str("\n/** @} */\n");
    }
    out.push_str(&format!("\n{END_C}\n#endif /* MCPRING_H */\n"));
    Ok(out)
}

/// What a group says about itself, as lines of a comment.
fn words(group: &groups::Group) -> String {
    const WIDTH: usize = 97;
    let mut lines = vec![String::new()];
    for word in group.words.split_whitespace() {
        let last = lines.last_mut().expect("there is one");
        if last.len() + 1 + word.len() > WIDTH {
            lines.push(format!(" {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.iter().fold(String::new(), |text, line| text + " *" + line + "\n")
}

/// The version of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) text: String,
    pub(crate) numbers: [u32; 3],
}

impl Version {
    /// From the manifest of the workspace.
    pub(crate) fn read(manifest: &str) -> Result<Self, String> {
        let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
        let text = line.ok_or("Cargo.toml has no version")?.trim_matches('"');
        let core = text.split(['-', '+']).next().unwrap_or_default();
        let numbers: Option<Vec<u32>> = core.split('.').map(|part| part.parse().ok()).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        let numbers = numbers.ok_or(format!("{text:?} is no version"))?;
        Ok(Self { text: text.to_owned(), numbers })
    }

    /// What the sources cannot say: cbindgen writes no text.
    fn text_macro(&self) -> String {
        let text = &self.text;
        format!("/** The version of this header as text. */\n#define MCPRING_VERSION \"{text}\"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let read = |line: &str| Version::read(&format!("[workspace.package]\n{line}\n"));
        let want = Version { text: "1.20.3-rc.1".into(), numbers: [1, 20, 3] };
        assert_eq!(read("version = \"1.20.3-rc.1\""), Ok(want));
        assert!(read("version = \"1.20\"").is_err());
        assert!(read("edition = \"2024\"").is_err());
    }
}
