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
    /// Completes an argument.
    Complete,
    /// Says which log messages the client wants.
    SetLevel,
    /// Wants to hear of a resource's updates.
    Subscribe,
    /// Wants to hear no more of them.
    Unsubscribe,
    /// Listens to what the request names, until it ends.
    Listen,
    /// Asks how a task is.
    TasksGet,
    /// Waits for a task's result.
    TasksResult,
    /// Lists tasks.
    TasksList,
    /// Ends a task.
    TasksCancel,
    /// Answers what a task asked.
    TasksUpdate,
    /// The client is ready.
    Initialized,
    /// The sender gave a request up.
    Cancelled,
    /// Progress of a request.
    Progress,
    /// The client's roots are others now.
    RootsChanged,
    /// A task of the other side changed.
    TaskStatus,
    /// Nothing here: it is ours to send.
    Outgoing,
}

/// What a server must offer for a method to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// The capability `tools`.
    Tools,
    /// The capability `resources`.
    Resources,
    /// The capability `resources` with `subscribe`.
    Subscriptions,
    /// The capability `prompts`.
    Prompts,
    /// The capability `completions`.
    Completions,
    /// The capability `logging`.
    Logging,
    /// The capability `tasks`, or the extension of that name.
    Tasks,
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
    /// What the server must offer.
    pub needs: Need,
    /// What answers it.
    pub target: Target,
}

const FIRST: Version = Version::V2024_11_05;
const ELICITATION: Version = Version::V2025_06_18;
const TASKS: Version = Version::V2025_11_25;
const LAST: Version = Version::V2026_07_28;
const LAST_HANDSHAKE: Version = Version::LATEST_HANDSHAKE;

const fn request(name: &'static str, needs: Need, target: Target) -> Row {
    Row {
        name,
        is_request: true,
        from: Side::Client,
        since: FIRST,
        until: LAST,
        named_by: None,
        is_cacheable: false,
        needs,
        target,
    }
}

const fn note(name: &'static str, from: Side, until: Version, target: Target) -> Row {
    Row { is_request: false, from, until, ..request(name, Need::Nothing, target) }
}

const fn list(name: &'static str, needs: Need, target: Target) -> Row {
    Row { is_cacheable: true, ..request(name, needs, target) }
}

/// A method of the handshake era alone.
const fn shaken(name: &'static str, needs: Need, target: Target) -> Row {
    Row { until: LAST_HANDSHAKE, ..request(name, needs, target) }
}

/// A method of tasks: core at 2025-11-25, an extension (named by `taskId`) since.
const fn task(name: &'static str, since: Version, until: Version, target: Target) -> Row {
    Row { since, until, named_by: Some("taskId"), ..request(name, Need::Tasks, target) }
}

/// A request of ours to the client; the stateless era asks inside of results instead.
const fn ask(name: &'static str, since: Version) -> Row {
    let row = shaken(name, Need::Nothing, Target::Outgoing);
    Row { from: Side::Server, since, ..row }
}

const fn news(name: &'static str) -> Row {
    note(name, Side::Server, LAST, Target::Outgoing)
}

/// Every method this engine knows: those a client may send first, in the order of the label of
/// their metrics, then those that only we send.
pub const METHODS: &[Row] = &[
    shaken("initialize", Need::Nothing, Target::Initialize),
    Row { from: Side::Either, ..shaken("ping", Need::Nothing, Target::Ping) },
    Row { since: LAST, ..list("server/discover", Need::Nothing, Target::Discover) },
    list("tools/list", Need::Tools, Target::ToolsList),
    Row { named_by: Some("name"), ..request("tools/call", Need::Tools, Target::ToolsCall) },
    list("resources/list", Need::Resources, Target::ResourcesList),
    list("resources/templates/list", Need::Resources, Target::TemplatesList),
    Row { named_by: Some("uri"), ..list("resources/read", Need::Resources, Target::ResourcesRead) },
    list("prompts/list", Need::Prompts, Target::PromptsList),
    Row { named_by: Some("name"), ..request("prompts/get", Need::Prompts, Target::PromptsGet) },
    request("completion/complete", Need::Completions, Target::Complete),
    shaken("logging/setLevel", Need::Logging, Target::SetLevel),
    shaken("resources/subscribe", Need::Subscriptions, Target::Subscribe),
    shaken("resources/unsubscribe", Need::Subscriptions, Target::Unsubscribe),
    Row { since: LAST, ..request("subscriptions/listen", Need::Nothing, Target::Listen) },
    task("tasks/get", TASKS, LAST, Target::TasksGet),
    task("tasks/result", TASKS, TASKS, Target::TasksResult),
    Row { named_by: None, ..task("tasks/list", TASKS, TASKS, Target::TasksList) },
    task("tasks/cancel", TASKS, LAST, Target::TasksCancel),
    task("tasks/update", LAST, LAST, Target::TasksUpdate),
    note("notifications/initialized", Side::Client, LAST_HANDSHAKE, Target::Initialized),
    note("notifications/cancelled", Side::Either, LAST, Target::Cancelled),
    note("notifications/progress", Side::Either, LAST, Target::Progress),
    note("notifications/roots/list_changed", Side::Client, LAST_HANDSHAKE, Target::RootsChanged),
    Row {
        since: TASKS,
        ..note("notifications/tasks/status", Side::Either, LAST_HANDSHAKE, Target::TaskStatus)
    },
    ask("sampling/createMessage", FIRST),
    ask("roots/list", FIRST),
    ask("elicitation/create", ELICITATION),
    news("notifications/message"),
    news("notifications/resources/updated"),
    news("notifications/tools/list_changed"),
    news("notifications/resources/list_changed"),
    news("notifications/prompts/list_changed"),
    Row { since: TASKS, until: TASKS, ..news("notifications/elicitation/complete") },
    Row { since: LAST, ..news("notifications/subscriptions/acknowledged") },
    Row { since: LAST, ..news("notifications/tasks") },
];

/// How many of [`METHODS`] a client may send: they come first.
pub const CLIENT_METHODS: usize = {
    let mut count = 0;
    while count < METHODS.len() && !matches!(METHODS[count].from, Side::Server) {
        count += 1;
    }
    count
};

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

/// The row of `name` as we may send it to the client at `version`.
pub fn lookup_outgoing(name: &str, version: Version) -> Option<&'static Row> {
    METHODS.iter().find(|row| {
        row.name == name && row.since <= version && version <= row.until && row.from != Side::Client
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
            ("tasks/get", LATE, true),
            ("tasks/result", NEW, false),
            ("tasks/update", LATE, false),
            ("logging/setLevel", NEW, false),
            ("subscriptions/listen", LATE, false),
            ("elicitation/create", LATE, false),
            ("notifications/message", LATE, false),
        ] {
            assert_eq!(lookup(name, version).is_some(), exists, "{name} at {version}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (place, row) in METHODS.iter().enumerate() {
            let first = METHODS.iter().position(|other| other.name == row.name);
            assert_eq!(first, Some(place), "{}", row.name);
            assert_eq!(place < CLIENT_METHODS, row.from != Side::Server, "{}", row.name);
        }
    }
}
