//! The method table: which method exists at which version, and where it goes.
//!
//! A row that is absent is a method that does not exist; there is no other gate. The list in
//! `docs/PROTOCOL.md` and the fuzz dictionary come from this table.

use super::Version;

/// Who may send a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client, to us.
    Client,
    /// The server, to the client.
    Server,
    /// Both.
    Either,
}

/// What answers a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Opens a handshake-era session.
    Initialize,
    /// Answers `{}`.
    Ping,
    /// Names versions and capabilities without a session.
    Discover,
    /// Lists tools.
    ToolsList,
    /// Calls a tool.
    ToolsCall,
    /// Lists resources.
    ResourcesList,
    /// Lists resource templates.
    TemplatesList,
    /// Reads a resource.
    ResourcesRead,
    /// Lists prompts.
    PromptsList,
    /// Fills in a prompt.
    PromptsGet,
    /// The client is ready.
    Initialized,
    /// The sender gave a request up.
    Cancelled,
    /// Progress of a request.
    Progress,
}

/// One method.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Whether it wants an answer.
    pub is_request: bool,
    /// Who may send it.
    pub from: Side,
    /// First version that has it.
    pub since: Version,
    /// Last version that has it.
    pub until: Version,
    /// Which parameter the `Mcp-Name` header mirrors, in the stateless era over HTTP.
    pub named_by: Option<&'static str>,
    /// Whether its complete result carries cache hints, in the stateless era.
    pub is_cacheable: bool,
    /// What answers it.
    pub target: Target,
}

const FIRST: Version = Version::V2024_11_05;
const LAST: Version = Version::V2026_07_28;
const LAST_HANDSHAKE: Version = Version::LATEST_HANDSHAKE;

const fn request(name: &'static str, target: Target) -> Row {
    Row {
        name,
        is_request: true,
        from: Side::Client,
        since: FIRST,
        until: LAST,
        named_by: None,
        is_cacheable: false,
        target,
    }
}

const fn note(name: &'static str, from: Side, until: Version, target: Target) -> Row {
    Row { is_request: false, from, until, ..request(name, target) }
}

const fn list(name: &'static str, target: Target) -> Row {
    Row { is_cacheable: true, ..request(name, target) }
}

/// Every method this engine knows. Rows stand in the order of the label of their metrics.
pub const METHODS: &[Row] = &[
    Row { until: LAST_HANDSHAKE, ..request("initialize", Target::Initialize) },
    Row { until: LAST_HANDSHAKE, from: Side::Either, ..request("ping", Target::Ping) },
    Row { since: LAST, ..list("server/discover", Target::Discover) },
    list("tools/list", Target::ToolsList),
    Row { named_by: Some("name"), ..request("tools/call", Target::ToolsCall) },
    list("resources/list", Target::ResourcesList),
    list("resources/templates/list", Target::TemplatesList),
    Row { named_by: Some("uri"), ..list("resources/read", Target::ResourcesRead) },
    list("prompts/list", Target::PromptsList),
    Row { named_by: Some("name"), ..request("prompts/get", Target::PromptsGet) },
    note("notifications/initialized", Side::Client, LAST_HANDSHAKE, Target::Initialized),
    note("notifications/cancelled", Side::Either, LAST, Target::Cancelled),
    note("notifications/progress", Side::Either, LAST_HANDSHAKE, Target::Progress),
];

/// The row of `name` as a client may send it at `version`, with its place in the table.
pub fn lookup(name: &str, version: Version) -> Option<(usize, &'static Row)> {
    lookup_in(name, version, version)
}

/// The row of `name` as a client may send it at some version from `first` to `last`.
pub fn lookup_in(name: &str, first: Version, last: Version) -> Option<(usize, &'static Row)> {
    METHODS.iter().enumerate().find(|(_, row)| {
        row.name == name && row.since <= last && first <= row.until && row.from != Side::Server
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absence_is_the_gate() {
        use Version::{V2024_11_05 as OLD, V2025_11_25 as LATE, V2026_07_28 as NEW};
        for (name, version, exists) in [
            ("initialize", OLD, true),
            ("initialize", LATE, true),
            ("initialize", NEW, false),
            ("ping", NEW, false),
            ("server/discover", LATE, false),
            ("server/discover", NEW, true),
            ("tools/call", OLD, true),
            ("tools/call", NEW, true),
            ("TOOLS/CALL", NEW, false),
            ("tools/call\0", NEW, false),
            ("rpc.discover", OLD, false),
        ] {
            assert_eq!(lookup(name, version).is_some(), exists, "{name} at {version}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (place, row) in METHODS.iter().enumerate() {
            assert_eq!(lookup_in(row.name, FIRST, LAST).map(|found| found.0), Some(place));
        }
    }
}
