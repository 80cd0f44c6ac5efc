//! `docs/PROTOCOL.md`: which method exists at which version, and which transcript shows it.

use std::collections::BTreeMap;

use mcpring::mcp::{METHODS, Row, Side, Version};
use serde_json::Value;

use crate::file::Transcript;

/// Who says a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Speaker {
    Client,
    Server,
}

type Cell = (Speaker, String, String);

/// Where each method is spoken: speaker, method and version to the first transcript's name.
fn shown(transcripts: &[Transcript]) -> BTreeMap<Cell, String> {
    let mut cells = BTreeMap::new();
    for transcript in transcripts {
        let name = transcript.path.file_stem().expect("a name").to_string_lossy().into_owned();
        for block in &transcript.blocks {
            let both = [(Speaker::Client, &block.client), (Speaker::Server, &block.server)];
            for (speaker, messages) in both {
                for message in messages.iter().flat_map(in_batch) {
                    if let Some(method) = message["method"].as_str() {
                        let cell = (speaker, method.to_owned(), transcript.version.clone());
                        cells.entry(cell).or_insert_with(|| name.clone());
                    }
                }
            }
        }
    }
    cells
}

fn in_batch(message: &Value) -> &[Value] {
    message.as_array().map_or(std::slice::from_ref(message), Vec::as_slice)
}

fn exists(row: &Row, version: Version) -> bool {
    row.since <= version && version <= row.until
}

/// Cells of the table that no transcript shows. What both sides may send and we never do (a ping)
/// only the client has to say.
pub(crate) fn untested(transcripts: &[Transcript]) -> Vec<String> {
    let shown = shown(transcripts);
    let mut missing = Vec::new();
    for row in METHODS {
        let speaker = if row.from == Side::Server { Speaker::Server } else { Speaker::Client };
        for version in Version::ALL.into_iter().filter(|version| exists(row, *version)) {
            if !shown.contains_key(&(speaker, row.name.to_owned(), version.to_string())) {
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
         method, `not shown` that no transcript has this side say it.\n\
         To make it anew: `MCPRING_UPDATE=1 cargo test -p mcpring --test transcripts`, twice.\n",
    );
    for (title, speaker) in
        [("From the client", Speaker::Client), ("From the server", Speaker::Server)]
    {
        page += &format!("\n## {title}\n\n| method | kind | needs |");
        for version in Version::ALL {
            page += &format!(" {version} |");
        }
        page += "\n|---|---|---|";
        page += &"---|".repeat(Version::ALL.len());
        page.push('\n');
        for row in METHODS {
            page += &line(row, speaker, &shown);
        }
    }
    page
}

/// One method; nothing for one that this side never sends.
fn line(row: &Row, speaker: Speaker, shown: &BTreeMap<Cell, String>) -> String {
    let is_own = (row.from == Side::Server) == (speaker == Speaker::Server);
    let spoken = |(who, method, _): &Cell| *who == speaker && method == row.name;
    let is_spoken = row.from == Side::Either && shown.keys().any(spoken);
    if !is_own && !is_spoken {
        return String::new();
    }
    let cells = Version::ALL.map(|version| {
        let cell = shown.get(&(speaker, row.name.to_owned(), version.to_string()));
        match (exists(row, version), cell) {
            (false, _) => "–",
            (true, None) if is_own => "**untested**",
            (true, None) => "not shown",
            (true, Some(name)) => name,
        }
    });
    let kind = if row.is_request { "request" } else { "notification" };
    let needs = format!("{:?}", row.needs).to_lowercase();
    let needs = if needs == "nothing" { "" } else { &needs };
    format!("| `{}` | {kind} | {needs} | {} |\n", row.name, cells.join(" | "))
}
