//! What a server offers, as it says so while shaking hands or being discovered.

use super::Fields;
use crate::json::Writer;

/// What exists on a server. Only what exists is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

impl Capabilities {
    /// Writes the capabilities object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
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
