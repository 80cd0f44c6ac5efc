//! Who speaks: the name and version of a server or client.

use super::{Fields, Icon, Text, write};
use crate::json::Writer;

/// A server or client as it introduces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implementation {
    /// Its name for programs.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// Its name for people.
    pub title: Option<Text>,
    /// What it is for.
    pub description: Option<Text>,
    /// Where to read about it.
    pub website_url: Option<Text>,
    /// Pictures for it.
    pub icons: Vec<Icon>,
}

impl Implementation {
    /// An implementation called `name` at `version`.
    pub fn new(name: impl Into<Text>, version: impl Into<Text>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            title: None,
            description: None,
            website_url: None,
            icons: Vec::new(),
        }
    }

    /// Writes the implementation object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        write::text(w, "name", Some(&self.name));
        write::text(w, "version", Some(&self.version));
        write::text(w, "title", self.title.as_deref().filter(|_| fields.titles));
        if fields.implementation_details {
            write::text(w, "description", self.description.as_deref());
            write::text(w, "websiteUrl", self.website_url.as_deref());
        }
        Icon::encode_member(&self.icons, w, fields);
        w.end_object();
    }
}
