//! The messages of a question to the client's model: content, and the use of tools in it.

use serde::Deserialize;

use super::{Body, Content, Fields, Meta, RawJson, Role, Text, base64, write};
use crate::json::Writer;

/// One block of a message to or from a model.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SamplingContent {
    /// Text, a picture or a sound. Other content is written as text, the only form it has here.
    Block(Content),
    /// The model wants a tool called.
    ToolUse {
        /// The model's name for this use.
        id: Text,
        /// The tool's name.
        name: Text,
        /// The tool's arguments, a JSON object.
        input: Box<RawJson>,
        /// Open members.
        meta: Option<Meta>,
    },
    /// What a tool answered to the model.
    ToolResult {
        /// Which use this answers.
        tool_use_id: Text,
        /// What the tool answered; its own open members are the block's.
        result: super::ToolResult,
    },
    /// A block of a kind that is not known here, as it came.
    Other(Box<RawJson>),
}

impl SamplingContent {
    /// What a tool answered to the use called `tool_use_id`.
    pub fn tool_result(tool_use_id: impl Into<Text>, result: super::ToolResult) -> Self {
        Self::ToolResult { tool_use_id: tool_use_id.into(), result }
    }

    /// The words, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Block(Content::Text { text, .. }) => Some(text),
            _ => None,
        }
    }

    /// Whether it is about tools.
    pub fn is_tool(&self) -> bool {
        matches!(self, Self::ToolUse { .. } | Self::ToolResult { .. })
    }

    /// Reads one block. A kind that is not known, or bytes that are no base64, is kept as it came.
    pub(super) fn read(json: &RawJson) -> Self {
        Self::read_known(json.get()).unwrap_or_else(|| Self::Other(json.to_owned()))
    }

    fn read_known(json: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Block {
            Text { text: String },
            Image(Media),
            Audio(Media),
            ToolUse { id: String, name: String },
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Media {
            data: String,
            mime_type: String,
        }
        // Raw pieces cannot be read through the buffer that a tagged enum needs.
        #[derive(Deserialize)]
        struct Pieces {
            #[serde(default)]
            input: Option<Box<RawJson>>,
            #[serde(default, rename = "_meta")]
            meta: Option<Meta>,
        }
        let Pieces { input, meta } = serde_json::from_str(json).ok()?;
        let content = match serde_json::from_str(json).ok()? {
            Block::Text { text } => Content::text(text),
            Block::Image(Media { data, mime_type }) => {
                Content::image(base64::decode(&data)?, mime_type)
            }
            Block::Audio(Media { data, mime_type }) => {
                Content::audio(base64::decode(&data)?, mime_type)
            }
            Block::ToolUse { id, name } => {
                let (id, name) = (id.into(), name.into());
                return Some(Self::ToolUse { id, name, input: input?, meta });
            }
        };
        Some(Self::Block(match meta {
            Some(meta) => content.meta(meta),
            None => content,
        }))
    }

    fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        match self {
            Self::Block(Content::Embedded { resource, .. }) => {
                let words = match &resource.body {
                    Body::Text(text) => text.clone(),
                    Body::Shared(text) => text.to_string(),
                    Body::Blob(bytes) => format!("[{}, {} bytes]", resource.uri, bytes.len()),
                };
                Content::text(words).encode(w, fields);
            }
            Self::Block(content) => content.encode(w, &fields.without_links()),
            Self::ToolUse { id, name, input, meta } => {
                w.begin_object();
                w.member_string("type", "tool_use");
                w.member_string("id", id);
                w.member_string("name", name);
                write::raw(w, "input", Some(input));
                Meta::encode_member(meta.as_ref(), w, &[]);
                w.end_object();
            }
            Self::ToolResult { tool_use_id, result } => {
                w.begin_object();
                w.member_string("type", "tool_result");
                w.member_string("toolUseId", tool_use_id);
                result.encode_members(w, fields, &[]);
                w.end_object();
            }
            Self::Other(json) => write::splice(w, json),
        }
    }
}

impl<T: Into<Content>> From<T> for SamplingContent {
    fn from(content: T) -> Self {
        Self::Block(content.into())
    }
}

/// One message of a conversation with a model.
#[derive(Clone, Debug)]
pub struct SamplingMessage {
    /// Who says it.
    pub role: Role,
    /// What is said. A message of the person's that holds tool results may hold nothing else, and
    /// it must answer every use of a tool in the message before.
    pub content: Vec<SamplingContent>,
}

impl SamplingMessage {
    /// The person says it.
    pub fn user(content: impl Into<SamplingContent>) -> Self {
        Self { role: Role::User, content: vec![content.into()] }
    }

    /// The model says it.
    pub fn assistant(content: impl Into<SamplingContent>) -> Self {
        Self { role: Role::Assistant, content: vec![content.into()] }
    }

    /// Adds a block.
    pub fn with(mut self, content: impl Into<SamplingContent>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Writes the message; where messages have one block only, as one message for each block.
    pub(super) fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        if let ([_, _, ..], true) = (&*self.content, fields.sampling_tools) {
            return self.encode_with(w, |w| {
                w.begin_array();
                for block in &self.content {
                    block.encode(w, fields);
                }
                w.end_array();
            });
        }
        for block in &self.content {
            self.encode_with(w, |w| block.encode(w, fields));
        }
    }

    fn encode_with(&self, w: &mut Writer<'_>, content: impl FnOnce(&mut Writer<'_>)) {
        w.begin_object();
        w.member_string("role", self.role.as_str());
        w.key("content");
        content(w);
        w.end_object();
    }
}
