//! An answer that is put together piece by piece, in the form of what was asked.

use mcpring::Outcome;
use mcpring::model::{
    Completion, Content, Meta, PromptMessage, PromptResult, RawJson, ResourceContents,
    ResourceResult, ToolResult,
};
use mcpring::server::{Ask, AskRequest, FeatureKind};

use crate::failure::Failure;
use crate::site::Site;

/// What was added so far.
#[derive(Default)]
pub(crate) struct Draft {
    pub(super) blocks: Vec<Content>,
    pub(super) messages: Vec<PromptMessage>,
    pub(super) contents: Vec<ResourceContents>,
    pub(super) values: Vec<String>,
    pub(super) structured: Option<Box<RawJson>>,
    pub(super) meta: Option<Meta>,
    pub(super) description: Option<String>,
    /// How many values there are in all, and whether there are more than were given.
    pub(super) total: Option<(u64, bool)>,
    questions: Vec<(String, AskRequest)>,
    state: Option<Vec<u8>>,
    /// Bytes of everything above.
    bytes: usize,
}

impl Draft {
    /// Makes room for so many bytes more, if an answer of `site` may have them.
    pub(super) fn reserve(&mut self, site: &Site, bytes: usize) -> Result<(), Failure> {
        let all = self.bytes.saturating_add(bytes);
        fits(site, all)?;
        self.bytes = all;
        Ok(())
    }

    /// Asks the client something when the call is finished.
    pub(super) fn ask(&mut self, key: &str, request: AskRequest) -> Result<(), Failure> {
        if self.questions.iter().any(|(known, _)| known == key) {
            return Err(Failure::argument(format!(
                "a question of the key {key:?} is there already"
            )));
        }
        self.questions.push((key.to_owned(), request));
        Ok(())
    }

    /// What the handler gets back when it is entered again.
    pub(super) fn set_state(&mut self, state: &[u8]) {
        self.state = Some(state.to_vec());
    }

    /// Whether the client is asked something.
    pub(super) fn asks(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Whether there is a state that no question carries.
    pub(super) fn has_lone_state(&self) -> bool {
        self.state.is_some() && !self.asks()
    }

    /// The questions, if there are any.
    pub(super) fn into_ask(self) -> Option<Ask> {
        self.asks().then_some(Ask { requests: self.questions, state: self.state })
    }

    /// The answer to a call of that kind, or the questions to its client.
    pub(super) fn finish(self, kind: FeatureKind) -> Outcome {
        if self.asks() {
            return Outcome::Ask(Ask { requests: self.questions, state: self.state });
        }
        let Self { meta, .. } = self;
        match kind {
            FeatureKind::Tool => Outcome::Tool(ToolResult {
                content: self.blocks,
                structured: self.structured,
                is_error: false,
                meta,
            }),
            FeatureKind::Resource => {
                Outcome::Resource(ResourceResult { contents: self.contents, cache: None, meta })
            }
            FeatureKind::Prompt => Outcome::Prompt(PromptResult {
                description: self.description.map(Into::into),
                messages: self.messages,
                meta,
            }),
            FeatureKind::Completion => {
                let (total, has_more) = self.total.unzip();
                let has_more = has_more.unwrap_or_default();
                let values = self.values.into_iter().map(Into::into).collect();
                Outcome::Completion(Completion { values, total, has_more })
            }
            FeatureKind::Hook => Outcome::internal("a hook is not answered with content"),
        }
    }
}

/// Refuses an answer of so many bytes that its reader would have to refuse.
pub(super) fn fits(site: &Site, bytes: usize) -> Result<(), Failure> {
    let most = site.reply_bytes_max();
    if bytes <= most {
        return Ok(());
    }
    Err(Failure::limit(format!(
        "the answer has {bytes} bytes; the setting frame_bytes_max allows {most}"
    )))
}
