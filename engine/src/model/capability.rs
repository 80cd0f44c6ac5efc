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
    /// It sends log messages to the client.
    pub logging: bool,
    /// It completes arguments.
    pub completions: bool,
}

impl Capabilities {
    /// Writes the capabilities object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        let offered = [
            ("logging", self.logging),
            ("completions", self.completions && fields.completions),
            ("prompts", self.prompts),
            ("resources", self.resources),
            ("tools", self.tools),
        ];
        for (name, _) in offered.into_iter().filter(|(_, is_offered)| *is_offered) {
            w.key(name);
            w.begin_object();
            w.end_object();
        }
        w.end_object();
    }
}
