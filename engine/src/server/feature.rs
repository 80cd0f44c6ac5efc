//! What every callable feature has in common: a name, a handler, and where that runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::schema_cache::HeldSchema;
use super::{Execution, Handler, Outcome, output::OutputCheck};
use crate::model::CacheHint;

/// The kinds of feature a client can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// Called by name with JSON arguments.
    Tool,
    /// Read by URI.
    Resource,
    /// Asked for by name with text arguments.
    Prompt,
    /// Completes an argument of a prompt or a variable of a template.
    Completion,
    /// Has the last word on what the engine answers to a method by itself.
    Hook,
}

impl FeatureKind {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
            Self::Completion => "completion",
            Self::Hook => "hook",
        }
    }

    /// A failure of the call in these words, for the model where the kind has a way to tell it.
    pub fn failed(self, words: String) -> Outcome {
        match self {
            Self::Tool => Outcome::failure(words),
            Self::Resource | Self::Prompt | Self::Completion | Self::Hook => {
                Outcome::internal(words)
            }
        }
    }

    /// Whether its handlers may ask the client something before they answer.
    pub const fn may_ask(self) -> bool {
        match self {
            Self::Tool | Self::Resource | Self::Prompt => true,
            Self::Completion | Self::Hook => false,
        }
    }

    /// What a handler's panic is answered with: a panicking tool is a failure of that call, which
    /// the model may read; the others have no such form. The panic's own words stay inside.
    pub(super) fn panicked(self) -> Outcome {
        match self {
            Self::Tool => Outcome::failure("the tool panicked"),
            Self::Resource => Outcome::internal("the resource's handler panicked"),
            Self::Prompt => Outcome::internal("the prompt's handler panicked"),
            Self::Completion => Outcome::internal("the completion's handler panicked"),
            Self::Hook => Outcome::internal("the hook panicked"),
        }
    }
}

/// A registered feature as a call sees it; shared with the jobs that carry its calls.
pub struct Feature {
    pub(super) kind: FeatureKind,
    pub(super) name: Box<str>,
    pub(super) mime_type: Option<Box<str>>,
    pub(super) execution: Execution,
    pub(super) timeout: Option<Duration>,
    pub(super) scopes: Vec<Box<str>>,
    /// What arguments are held to, where the handler gets them also when they do not fit.
    pub(super) input: Option<HeldSchema>,
    pub(super) keeps_request: bool,
    pub(super) output: Option<OutputCheck>,
    pub(super) cache: Option<CacheHint>,
    pub(super) handler: Arc<dyn Handler>,
}

impl Feature {
    /// Which kind.
    pub fn kind(&self) -> FeatureKind {
        self.kind
    }

    /// The name of a tool, resource, template or prompt, or of the argument that is completed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its handler runs.
    pub fn execution(&self) -> Execution {
        self.execution
    }

    /// Whether the handler gets arguments also when they do not fit.
    pub fn is_lenient(&self) -> bool {
        self.input.is_some()
    }

    /// The scopes a call needs where authorization is asked for.
    pub fn scopes(&self) -> &[Box<str>] {
        &self.scopes
    }

    /// Whether its calls keep what came with their request.
    pub fn keeps_request(&self) -> bool {
        self.keeps_request
    }

    /// How long a call may take; `None` means as long as the server's calls may.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

impl fmt::Debug for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feature")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("execution", &self.execution)
            .finish_non_exhaustive()
    }
}
