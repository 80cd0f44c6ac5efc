//! Sampling: questions to the client's model, and its answers.
//!
//! Whether a client has a model to ask, and lets it use tools, is for whoever sends the question
//! to check; [`Sampling::uses_tools`] and [`Sampling::wants_context`] say what to look for.

use serde::Deserialize;

use super::sampling_content::{SamplingContent, SamplingMessage};
use super::{Fields, RawJson, Role, Text, ToolInfo, write};
use crate::json::Writer;

/// What of other servers the client should tell its model. The last two are on their way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeContext {
    /// Nothing.
    None,
    /// What it has of this server.
    ThisServer,
    /// What it has of all servers.
    AllServers,
}

impl IncludeContext {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ThisServer => "thisServer",
            Self::AllServers => "allServers",
        }
    }
}

/// Whether the model has to use tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// It chooses.
    Auto,
    /// It has to use one at least.
    Required,
    /// It must not.
    None,
}

impl ToolChoice {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Required => "required",
            Self::None => "none",
        }
    }
}

/// Which model the client should choose; priorities go from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelPreferences {
    /// Parts of model names, the most wanted first.
    pub hints: Vec<Text>,
    /// How much it matters that it is cheap.
    pub cost_priority: Option<f64>,
    /// How much it matters that it is fast.
    pub speed_priority: Option<f64>,
    /// How much it matters that it is able.
    pub intelligence_priority: Option<f64>,
}

impl ModelPreferences {
    fn encode_member(&self, w: &mut Writer<'_>) {
        w.key("modelPreferences");
        w.begin_object();
        if !self.hints.is_empty() {
            w.key("hints");
            w.begin_array();
            for hint in &self.hints {
                w.begin_object();
                w.member_string("name", hint);
                w.end_object();
            }
            w.end_array();
        }
        write::float(w, "costPriority", self.cost_priority);
        write::float(w, "speedPriority", self.speed_priority);
        write::float(w, "intelligencePriority", self.intelligence_priority);
        w.end_object();
    }
}

/// A question to the client's model.
#[derive(Clone, Debug)]
pub struct Sampling {
    messages: Vec<SamplingMessage>,
    max_tokens: u32,
    system_prompt: Option<Text>,
    preferences: Option<ModelPreferences>,
    include_context: Option<IncludeContext>,
    temperature: Option<f64>,
    stop_sequences: Vec<Text>,
    metadata: Option<Box<RawJson>>,
    tools: Vec<ToolInfo>,
    tool_choice: Option<ToolChoice>,
}

impl Sampling {
    /// A question that may be answered by `max_tokens` tokens; [`Self::message`] adds what is said.
    pub fn new(max_tokens: u32) -> Self {
        Self {
            messages: Vec::new(),
            max_tokens,
            system_prompt: None,
            preferences: None,
            include_context: None,
            temperature: None,
            stop_sequences: Vec::new(),
            metadata: None,
            tools: Vec::new(),
            tool_choice: None,
        }
    }

    /// A question of one text, said by the person.
    pub fn text(text: impl Into<Text>, max_tokens: u32) -> Self {
        Self::new(max_tokens).message(SamplingMessage::user(text))
    }

    /// Adds a message.
    pub fn message(mut self, message: SamplingMessage) -> Self {
        self.messages.push(message);
        self
    }

    /// Sets the words before the conversation.
    pub fn system_prompt(mut self, words: impl Into<Text>) -> Self {
        self.system_prompt = Some(words.into());
        self
    }

    /// Says which model is wanted.
    pub fn preferences(mut self, preferences: ModelPreferences) -> Self {
        self.preferences = Some(preferences);
        self
    }

    /// Says what of the servers the model should know. Other values than
    /// [`IncludeContext::None`] are deprecated.
    pub fn include_context(mut self, context: IncludeContext) -> Self {
        self.include_context = Some(context);
        self
    }

    /// Sets how freely the model chooses its words.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Adds a text at which the model stops.
    pub fn stop_sequence(mut self, text: impl Into<Text>) -> Self {
        self.stop_sequences.push(text.into());
        self
    }

    /// Sets what is passed on to the model's provider, a JSON object.
    pub fn metadata(mut self, json: Box<RawJson>) -> Self {
        self.metadata = Some(json);
        self
    }

    /// Adds a tool the model may use; it is this program that carries a use out.
    pub fn tool(mut self, tool: ToolInfo) -> Self {
        self.tools.push(tool);
        self
    }

    /// Says whether the model has to use tools.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = Some(choice);
        self
    }

    /// Whether the client must have declared `sampling.tools`.
    pub fn uses_tools(&self) -> bool {
        let has_blocks =
            |message: &SamplingMessage| message.content.iter().any(SamplingContent::is_tool);
        !self.tools.is_empty() || self.tool_choice.is_some() || self.messages.iter().any(has_blocks)
    }

    /// Whether the client should have declared `sampling.context`.
    pub fn wants_context(&self) -> bool {
        self.include_context.is_some_and(|context| context != IncludeContext::None)
    }

    /// Whether the question can be put where `fields` is the row.
    pub fn is_supported(&self, fields: &Fields) -> bool {
        fields.sampling_tools || !self.uses_tools()
    }

    /// Writes the parameters of `sampling/createMessage`.
    pub fn encode_params(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        w.key("messages");
        w.begin_array();
        for message in &self.messages {
            message.encode(w, fields);
        }
        w.end_array();
        if let Some(preferences) = &self.preferences {
            preferences.encode_member(w);
        }
        write::text(w, "systemPrompt", self.system_prompt.as_deref());
        write::text(w, "includeContext", self.include_context.map(IncludeContext::as_str));
        write::float(w, "temperature", self.temperature);
        w.member_uint("maxTokens", self.max_tokens.into());
        if !self.stop_sequences.is_empty() {
            w.key("stopSequences");
            w.begin_array();
            for text in &self.stop_sequences {
                w.string(text);
            }
            w.end_array();
        }
        write::raw(w, "metadata", self.metadata.as_deref());
        if fields.sampling_tools {
            self.encode_tools(w, fields);
        }
        w.end_object();
    }

    fn encode_tools(&self, w: &mut Writer<'_>, fields: &Fields) {
        if !self.tools.is_empty() {
            w.key("tools");
            w.begin_array();
            for tool in &self.tools {
                tool.encode(w, fields);
            }
            w.end_array();
        }
        if let Some(choice) = self.tool_choice {
            w.key("toolChoice");
            w.begin_object();
            w.member_string("mode", choice.as_str());
            w.end_object();
        }
    }
}

/// What the client's model answered. It was made elsewhere and is unchecked.
#[derive(Clone, Debug)]
pub struct SamplingAnswer {
    /// Who speaks; the model, as a rule.
    pub role: Role,
    /// Which model.
    pub model: String,
    /// Why it stopped, in the provider's word: `endTurn`, `stopSequence`, `maxTokens`, `toolUse`.
    pub stop_reason: Option<String>,
    /// What it said.
    pub content: Vec<SamplingContent>,
}

impl SamplingAnswer {
    /// Reads the result of `sampling/createMessage`.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            role: Role,
            model: String,
            #[serde(default)]
            stop_reason: Option<String>,
            content: Box<RawJson>,
        }
        let Answer { role, model, stop_reason, content } = serde_json::from_str(json)?;
        let content = match content.get().as_bytes() {
            [b'[', ..] => {
                let blocks: Vec<Box<RawJson>> = serde_json::from_str(content.get())?;
                blocks.iter().map(|block| SamplingContent::read(block)).collect()
            }
            _ => vec![SamplingContent::read(&content)],
        };
        Ok(Self { role, model, stop_reason, content })
    }

    /// All of its text, block by block.
    pub fn text(&self) -> String {
        self.content.iter().filter_map(SamplingContent::as_text).collect()
    }

    /// The tools it wants called: id, name and arguments.
    pub fn tool_uses(&self) -> impl Iterator<Item = (&str, &str, &RawJson)> {
        self.content.iter().filter_map(|block| match block {
            SamplingContent::ToolUse { id, name, input, .. } => Some((&**id, &**name, &**input)),
            _ => None,
        })
    }

    /// The answer as a message, to go on with the conversation.
    pub fn into_message(self) -> SamplingMessage {
        SamplingMessage { role: self.role, content: self.content }
    }
}
