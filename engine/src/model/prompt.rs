//! Prompts as they are listed, and the messages a prompt answers.

use super::spot::{self, Spot};
use super::{Content, Fields, Icon, Meta, MetaExtra, Role, Text, write};
use crate::error::Error;
use crate::json::Writer;

/// One argument a prompt takes; its value is always text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptArgument {
    /// Its name.
    pub name: Text,
    /// Its name for people.
    pub title: Option<Text>,
    /// What it means.
    pub description: Option<Text>,
    /// Whether the prompt cannot do without it.
    pub is_required: bool,
}

impl PromptArgument {
    /// An argument the prompt cannot do without.
    pub fn required(name: impl Into<Text>) -> Self {
        Self { name: name.into(), title: None, description: None, is_required: true }
    }

    /// An argument that may be left out.
    pub fn optional(name: impl Into<Text>) -> Self {
        Self { is_required: false, ..Self::required(name) }
    }

    /// Sets the name for people.
    pub fn title(mut self, title: impl Into<Text>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Says what it means.
    pub fn description(mut self, description: impl Into<Text>) -> Self {
        self.description = Some(description.into());
        self
    }

    fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        write::text(w, "name", Some(&self.name));
        write::text(w, "title", self.title.as_deref().filter(|_| fields.titles));
        write::text(w, "description", self.description.as_deref());
        write::flag(w, "required", Some(self.is_required));
        w.end_object();
    }
}

/// A prompt as it is listed.
#[derive(Clone, Debug)]
pub struct PromptInfo {
    /// Its name in requests.
    pub name: Text,
    /// Its name for people.
    pub title: Option<Text>,
    /// What it is for.
    pub description: Option<Text>,
    /// What it takes, in the order a form would ask.
    pub arguments: Vec<PromptArgument>,
    /// Pictures for it.
    pub icons: Vec<Icon>,
    /// Open members.
    pub meta: Option<Meta>,
}

impl PromptInfo {
    /// A prompt called `name`.
    pub fn new(name: impl Into<Text>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            arguments: Vec::new(),
            icons: Vec::new(),
            meta: None,
        }
    }

    /// Writes the prompt as a list shows it.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        write::text(w, "name", Some(&self.name));
        write::text(w, "title", self.title.as_deref().filter(|_| fields.titles));
        write::text(w, "description", self.description.as_deref());
        if !self.arguments.is_empty() {
            w.key("arguments");
            w.begin_array();
            for argument in &self.arguments {
                argument.encode(w, fields);
            }
            w.end_array();
        }
        Icon::encode_member(&self.icons, w, fields);
        Meta::encode_member(self.meta.as_ref().filter(|_| fields.item_meta), w, &[]);
        w.end_object();
    }
}

/// One message of a prompt.
#[derive(Clone, Debug)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

impl PromptMessage {
    /// The person says it.
    pub fn user(content: impl Into<Content>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    fn read(spot: &Spot<'_>) -> Result<Self, Error> {
        let role = spot.required("role")?.decode()?;
        Ok(Self { role, content: Content::read(&spot.required("content")?)? })
    }

    /// The model says it.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// What a prompt answered.
#[derive(Clone, Debug, Default)]
pub struct PromptResult {
    /// What it is for.
    pub description: Option<Text>,
    /// The messages, in order.
    pub messages: Vec<PromptMessage>,
    /// Open members.
    pub meta: Option<Meta>,
}

impl PromptResult {
    /// The given messages.
    pub fn new(messages: Vec<PromptMessage>) -> Self {
        Self { messages, ..Self::default() }
    }

    /// Reads the protocol's result: `description`, `messages` of one block each, and `_meta`;
    /// other members are ignored.
    ///
    /// # Errors
    /// Usage: what is missing or of another type, by its path.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        spot::read("result", json, |spot| {
            Ok(Self {
                description: spot.text_if("description")?,
                messages: spot.required("messages")?.items(PromptMessage::read)?,
                meta: spot.decode_if("_meta")?,
            })
        })
    }

    /// Says what it is for.
    pub fn description(mut self, description: impl Into<Text>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Writes the result object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        self.encode_members(w, fields, &[]);
        w.end_object();
    }

    /// Writes the members into an object the caller opened, with `extra` added to `_meta`.
    pub fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields, extra: &MetaExtra<'_>) {
        write::text(w, "description", self.description.as_deref());
        w.key("messages");
        w.begin_array();
        for message in &self.messages {
            w.begin_object();
            write::text(w, "role", Some(message.role.as_str()));
            w.key("content");
            message.content.encode(w, fields);
            w.end_object();
        }
        w.end_array();
        Meta::encode_member(self.meta.as_ref(), w, extra);
    }
}
