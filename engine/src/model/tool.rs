//! Tools as they are listed, and what a call of one answers.

use serde::Deserialize;

use super::spot;
use super::{Content, Fields, Icon, Meta, MetaExtra, RawJson, TaskSupport, Text, read, write};
use crate::error::Error;
use crate::json::Writer;

/// Hints about what a tool does to the world. Unset means the protocol's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolAnnotations {
    /// A name for people, older than the tool's own `title`.
    pub title: Option<Text>,
    /// It changes nothing (default: it may).
    #[serde(rename = "readOnlyHint")]
    pub read_only: Option<bool>,
    /// It may destroy something (default: yes).
    #[serde(rename = "destructiveHint")]
    pub destructive: Option<bool>,
    /// Calling it twice does what calling it once does (default: no).
    #[serde(rename = "idempotentHint")]
    pub idempotent: Option<bool>,
    /// It reaches a world outside the server (default: yes).
    #[serde(rename = "openWorldHint")]
    pub open_world: Option<bool>,
}

impl ToolAnnotations {
    /// Reads the protocol's object: `title`, `readOnlyHint`, `destructiveHint`, `idempotentHint`,
    /// `openWorldHint`, and no other member.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        read::value("annotations", json)
    }

    fn encode_member(&self, w: &mut Writer<'_>) {
        if *self == Self::default() {
            return;
        }
        w.key("annotations");
        w.begin_object();
        write::text(w, "title", self.title.as_deref());
        write::flag(w, "readOnlyHint", self.read_only);
        write::flag(w, "destructiveHint", self.destructive);
        write::flag(w, "idempotentHint", self.idempotent);
        write::flag(w, "openWorldHint", self.open_world);
        w.end_object();
    }
}

/// A tool as it is listed.
#[derive(Clone, Debug)]
pub struct ToolInfo {
    /// Its name in calls.
    pub name: Text,
    /// Its name for people.
    pub title: Option<Text>,
    /// What it does, for the model.
    pub description: Option<Text>,
    /// The JSON Schema of its arguments; `type: object` at the root.
    pub input_schema: Box<RawJson>,
    /// The JSON Schema of its structured content.
    pub output_schema: Option<Box<RawJson>>,
    /// Whether the output schema says `type: object` at its root; see [`Fields::any_structured`].
    pub output_is_object: bool,
    /// What it does to the world.
    pub annotations: ToolAnnotations,
    /// Whether a call may become a task.
    pub task_support: TaskSupport,
    /// Pictures for it.
    pub icons: Vec<Icon>,
    /// Open members.
    pub meta: Option<Meta>,
}

impl ToolInfo {
    /// A tool called `name` that takes what `input_schema` says.
    pub fn new(name: impl Into<Text>, input_schema: Box<RawJson>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            input_schema,
            output_schema: None,
            output_is_object: false,
            annotations: ToolAnnotations::default(),
            task_support: TaskSupport::default(),
            icons: Vec::new(),
            meta: None,
        }
    }

    /// Writes the tool as a list shows it.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        write::text(w, "name", Some(&self.name));
        write::text(w, "title", self.title.as_deref().filter(|_| fields.titles));
        write::text(w, "description", self.description.as_deref());
        write::raw(w, "inputSchema", Some(&self.input_schema));
        let has_output = fields.structured && (self.output_is_object || fields.any_structured);
        write::raw(w, "outputSchema", self.output_schema.as_deref().filter(|_| has_output));
        if fields.tool_annotations {
            self.annotations.encode_member(w);
        }
        if fields.core_tasks {
            self.task_support.encode_member(w);
        }
        Icon::encode_member(&self.icons, w, fields);
        Meta::encode_member(self.meta.as_ref().filter(|_| fields.item_meta), w, &[]);
        w.end_object();
    }
}

/// What a tool answered.
#[derive(Clone, Debug, Default)]
pub struct ToolResult {
    /// The blocks the model reads. Left empty beside structured content, the structured JSON is
    /// written as the one text block.
    pub content: Vec<Content>,
    /// The answer as data.
    pub structured: Option<Box<RawJson>>,
    /// The tool failed, and `content` says how.
    pub is_error: bool,
    /// Open members.
    pub meta: Option<Meta>,
}

impl ToolResult {
    /// One block of text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self { content: vec![Content::text(text)], ..Self::default() }
    }

    /// A failure of the tool, in words for the model.
    pub fn failure(text: impl Into<Text>) -> Self {
        Self { is_error: true, ..Self::text(text) }
    }

    /// Data already encoded as JSON.
    pub fn structured(json: Box<RawJson>) -> Self {
        Self { structured: Some(json), ..Self::default() }
    }

    /// Reads the protocol's result: `content`, `structuredContent` (kept as it is written),
    /// `isError` and `_meta`; other members are ignored. Beside structured content `content` may
    /// be left out.
    ///
    /// # Errors
    /// Usage: what is missing or of another type, by its path.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        spot::read("result", json, |spot| {
            let structured = spot.decode_if("structuredContent")?;
            let content = match &structured {
                Some(_) => spot.list("content", Content::read)?,
                None => spot.required("content")?.items(Content::read)?,
            };
            Ok(Self {
                content,
                structured,
                is_error: spot.decode_if("isError")?.unwrap_or(false),
                meta: spot.decode_if("_meta")?,
            })
        })
    }

    /// Adds a block.
    pub fn with(mut self, content: impl Into<Content>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Sets the open members.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.meta = Some(meta);
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
        w.spelled(r#""content":"#);
        w.begin_array();
        for content in &self.content {
            content.encode(w, fields);
        }
        if let (true, Some(structured)) = (self.content.is_empty(), &self.structured) {
            encode_as_text(w, structured);
        }
        w.end_array();
        if let (true, Some(structured)) = (fields.structured, &self.structured) {
            w.key("structuredContent");
            encode_structured(w, structured, fields);
        }
        if self.is_error {
            write::flag(w, "isError", Some(true));
        }
        Meta::encode_member(self.meta.as_ref(), w, extra);
    }
}

/// JSON as a block of text, for readers that know no structured content.
fn encode_as_text(w: &mut Writer<'_>, json: &RawJson) {
    w.begin_object();
    write::text(w, "type", Some("text"));
    write::text(w, "text", Some(json.get()));
    w.end_object();
}

fn encode_structured(w: &mut Writer<'_>, json: &RawJson, fields: &Fields) {
    if fields.any_structured || json.get().starts_with('{') {
        return write::splice(w, json);
    }
    w.begin_object();
    write::raw(w, "result", Some(json));
    w.end_object();
}
