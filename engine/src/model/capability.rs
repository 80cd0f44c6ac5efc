//! What a server offers, as it says so while shaking hands or being discovered.

use super::{Fields, RawJson, Task, Text, write};
use crate::json::Writer;

/// What exists on a server. Only what exists is said.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "a set of capabilities, one member each")]
pub struct Capabilities {
    /// It has tools.
    pub tools: bool,
    /// It has resources or resource templates.
    pub resources: bool,
    /// It has prompts.
    pub prompts: bool,
    /// It says when the lists of what it has change.
    pub list_changes: bool,
    /// It says when a resource that a client subscribed to changes.
    pub resource_subscriptions: bool,
    /// It sends log messages to the client.
    pub logging: bool,
    /// It completes arguments.
    pub completions: bool,
    /// Calls of some of its tools may become tasks.
    pub tasks: bool,
    /// It lists tasks, which it may only where it can tell clients apart. Where tasks are an
    /// extension nobody lists them.
    pub task_list: bool,
    /// Capabilities outside the protocol: name and JSON object.
    pub experimental: Vec<(Text, Box<RawJson>)>,
    /// Extensions of the protocol: name with its prefix, and settings, a JSON object.
    pub extensions: Vec<(Text, Box<RawJson>)>,
}

impl Capabilities {
    /// Writes the capabilities object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        encode_named(w, "experimental", &self.experimental, &[]);
        if self.logging {
            encode_flags(w, "logging", []);
        }
        if self.completions && fields.completions {
            encode_flags(w, "completions", []);
        }
        let list_changed = ("listChanged", self.list_changes);
        if self.prompts {
            encode_flags(w, "prompts", [list_changed]);
        }
        if self.resources {
            let subscribe = ("subscribe", self.resource_subscriptions);
            encode_flags(w, "resources", [subscribe, list_changed]);
        }
        if self.tools {
            encode_flags(w, "tools", [list_changed]);
        }
        if self.tasks && fields.core_tasks {
            self.encode_tasks(w);
        }
        if fields.extensions {
            let own: &[_] = if self.tasks { &[Task::EXTENSION] } else { &[] };
            encode_named(w, "extensions", &self.extensions, own);
        }
        w.end_object();
    }

    fn encode_tasks(&self, w: &mut Writer<'_>) {
        w.key("tasks");
        w.begin_object();
        if self.task_list {
            encode_flags(w, "list", []);
        }
        encode_flags(w, "cancel", []);
        w.member_raw("requests", br#"{"tools":{"call":{}}}"#);
        w.end_object();
    }
}

/// Writes `name: {…}` with the flags that are set.
fn encode_flags<const N: usize>(w: &mut Writer<'_>, name: &str, flags: [(&str, bool); N]) {
    w.key(name);
    w.begin_object();
    for (flag, _) in flags.into_iter().filter(|(_, is_set)| *is_set) {
        w.member_bool(flag, true);
    }
    w.end_object();
}

/// Writes `name: {…}` with the engine's `own` members, which have no settings, and the author's.
fn encode_named(w: &mut Writer<'_>, name: &str, named: &[(Text, Box<RawJson>)], own: &[&str]) {
    if named.is_empty() && own.is_empty() {
        return;
    }
    w.key(name);
    w.begin_object();
    for key in own {
        encode_flags(w, key, []);
    }
    for (key, settings) in named.iter().filter(|(key, _)| !own.contains(&key.as_ref())) {
        write::raw(w, key, Some(settings));
    }
    w.end_object();
}
