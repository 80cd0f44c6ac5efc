//! The order of the header: groups of what belongs to one noun, and what is said about each.

use super::block::Block;

/// A part of the header.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) words: &'static str,
    /// Names, or the word behind `mcpring_` of names, in any case. A whole name goes first.
    nouns: &'static [&'static str],
}

/// From top to bottom: a type stands above what uses it.
pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "mcpring_library",
        title: "The library",
        words: "Versions, statuses, text, the log. Every function works on any thread.",
        nouns: &[
            "version", "abi", "status", "ok", "more", "end", "err", "last", "str", "text", "level",
            "log", "destroy", "set", "forever",
        ],
    },
    Group {
        name: "mcpring_server",
        title: "Servers",
        words: "What a server offers, where it listens, and its life. Every function works on any \
                thread.",
        nouns: &[
            "mcpring_call_fn",
            "server",
            "run",
            "execution",
            "feature",
            "task",
            "tool",
            "resource",
            "completer",
            "template",
            "argument",
            "prompt",
        ],
    },
    Group {
        name: "mcpring_call",
        title: "Calls",
        words: "What a callback does with the call it is given. Inside the callback a call belongs \
                to its thread; after mcpring_call_keep() it belongs to any, until it is answered.",
        nouns: &["call", "fact", "content", "role"],
    },
    Group {
        name: "mcpring_json",
        title: "JSON",
        words: "A parser over the caller's bytes that keeps its memory. It belongs to the thread \
                that made it.",
        nouns: &["node", "no", "kind", "padding", "walk", "json"],
    },
    Group {
        name: "mcpring_schema",
        title: "Schemas and messages",
        words: "JSON Schema 2020-12, compiled once and checked on any thread; the envelope of a \
                JSON-RPC message.",
        nouns: &["schema", "message"],
    },
    Group {
        name: "mcpring_frames",
        title: "Frames",
        words: "Messages cut out of a stream of bytes, and put into one. A decoder belongs to the \
                thread that made it.",
        nouns: &["framing", "frame", "frames", "sse"],
    },
    Group {
        name: "mcpring_host",
        title: "Hosts of plugins",
        words: "What a plugin is given; mcpring_plugin.h makes use of it.",
        nouns: &["function", "host", "plugin"],
    },
];

/// The items of each group, in order, or the names that belong to none.
pub(super) fn sort(blocks: &[Block]) -> Result<Vec<Vec<&Block>>, String> {
    let mut groups: Vec<Vec<&Block>> = GROUPS.iter().map(|_| Vec::new()).collect();
    let mut strays = Vec::new();
    for block in blocks {
        match place(&block.name) {
            Some(at) => groups[at].push(block),
            None => strays.push(block.name.as_str()),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|block| block.kind);
    }
    let advice = "no group of xtask/src/header/groups.rs has";
    if strays.is_empty() { Ok(groups) } else { Err(format!("{advice} {}", strays.join(", "))) }
}

/// The group of a name.
fn place(name: &str) -> Option<usize> {
    let having = |word: &str| GROUPS.iter().position(|group| group.nouns.contains(&word));
    let name = name.to_ascii_lowercase();
    let noun = name.strip_prefix("mcpring_")?.split('_').next()?;
    having(&name).or_else(|| having(noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_groups() {
        let title = |name: &str| place(name).map(|at| GROUPS[at].title);
        assert_eq!(title("mcpring_status"), Some("The library"));
        assert_eq!(title("MCPRING_ERR_HANDLE"), Some("The library"));
        assert_eq!(title("mcpring_call_fn"), Some("Servers"));
        assert_eq!(title("mcpring_call_finish"), Some("Calls"));
        assert_eq!(title("MCPRING_NO_NODE"), Some("JSON"));
        assert_eq!(title("mcpring_novel_thing"), None);
        assert_eq!(title("other_status"), None);
    }
}
