//! `docs/PROTOCOL.md`: which method exists at which version, and which transcript shows it.

use std::collections::BTreeMap;

use mcpring::mcp::{METHODS, Row, Side, Version};

use crate::file::Transcript;

/// Where each method is spoken: (method, version) to the name of the first transcript.
fn shown(transcripts: &[Transcript]) -> BTreeMap<(String, String), String> {
    let mut cells = BTreeMap::new();
    for transcript in transcripts {
        let name = transcript.path.file_stem().expect("a name").to_string_lossy().into_owned();
        for block in &transcript.blocks {
            for message in block.client.iter().chain(&block.server) {
                let batch = message.as_array().map_or(std::slice::from_ref(message), Vec::as_slice);
                for message in batch {
                    if let Some(method) = message["method"].as_str() {
                        let cell = (method.to_owned(), transcript.version.clone());
                        cells.entry(cell).or_insert_with(|| name.clone());
                    }
                }
            }
        }
    }
    cells
}

fn exists(row: &Row, version: Version) -> bool {
    row.since <= version && version <= row.until
}

/// Cells of the table that no transcript shows.
pub(crate) fn untested(transcripts: &[Transcript]) -> Vec<String> {
    let shown = shown(transcripts);
    let mut missing = Vec::new();
    for row in METHODS {
        for version in Version::ALL.into_iter().filter(|version| exists(row, *version)) {
            if !shown.contains_key(&(row.name.to_owned(), version.to_string())) {
                missing.push(format!("{} at {version}", row.name));
            }
        }
    }
    missing
}

/// The page.
pub(crate) fn render(transcripts: &[Transcript]) -> String {
    let shown = shown(transcripts);
    let mut page = String::from(
        "# The protocol, method by method\n\n\
         Made from the method table (`engine/src/mcp/method.rs`) and the transcripts below\n\
         `engine/testdata/transcripts`; do not edit. A cell names the transcript of that version that\n\
         speaks the method, over every transport that has it; `–` means that the version has no such\n\
         method. To make it anew: `MCPRING_UPDATE=1 cargo test -p mcpring --test transcripts`.\n",
    );
    for (title, is_ours) in [("From the client", false), ("From the server", true)] {
        page += &format!("\n## {title}\n\n| method | kind | needs |");
        for version in Version::ALL {
            page += &format!(" {version} |");
        }
        page += "\n|---|---|---|";
        page += &"---|".repeat(Version::ALL.len());
        page.push('\n');
        for row in METHODS.iter().filter(|row| is_shown(row, is_ours)) {
            let kind = if row.is_request { "request" } else { "notification" };
            let needs = format!("{:?}", row.needs).to_lowercase();
            let needs = if needs == "nothing" { "" } else { &needs };
            page += &format!("| `{}` | {kind} | {needs} |", row.name);
            for version in Version::ALL {
                let cell = shown.get(&(row.name.to_owned(), version.to_string()));
                let text = match (exists(row, version), cell) {
                    (false, _) => "–",
                    (true, None) => "**untested**",
                    (true, Some(name)) => name,
                };
                page += &format!(" {text} |");
            }
            page.push('\n');
        }
    }
    page
}

fn is_shown(row: &Row, is_ours: bool) -> bool {
    match row.from {
        Side::Client => !is_ours,
        Side::Server => is_ours,
        Side::Either => true,
    }
}
