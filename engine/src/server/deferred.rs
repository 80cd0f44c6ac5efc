//! A call taken along: owned, `Send`, answered once at most, and never forgotten.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::arguments::Taken;
use super::{Asked, CallContext, CallSource, Feature, FeatureKind, Outcome, Parked, ToolError};
use crate::json::Value;
use crate::rpc::RpcError;
use crate::uri::Bindings;

/// Everything of a call, owned; cloning copies no arguments.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) feature: Arc<Feature>,
    pub(super) arguments: Taken,
    pub(super) subject: Box<str>,
    pub(super) bindings: Option<Bindings>,
    pub(super) context: Arc<CallContext>,
    /// What the client answered, for a call that is entered again.
    pub(super) asked: Option<Arc<Asked>>,
    /// What is wrong with the arguments.
    pub(super) misfit: Option<Arc<str>>,
}

impl Owned {
    /// Answers the call, or asks its client.
    pub(super) fn answer(&self, outcome: Outcome) {
        match outcome {
            Outcome::Ask(ask) => self.context.ask(ask, || Parked::new(self)),
            outcome => self.context.answer(outcome),
        }
    }
}

impl CallSource for Owned {
    fn share(&self, part: &[u8]) -> Bytes {
        self.arguments.json().slice_ref(part)
    }

    fn context(&self) -> Arc<CallContext> {
        Arc::clone(&self.context)
    }
}

/// A call that is answered later. Dropping it unanswered answers with an internal error.
#[derive(Debug)]
pub struct Deferred {
    call: Owned,
    /// Whether the call depends on this one for its answer.
    is_armed: bool,
}

impl Deferred {
    pub(super) fn new(call: Owned) -> Self {
        Self { call, is_armed: true }
    }

    /// What kind of feature is called.
    pub fn kind(&self) -> FeatureKind {
        self.call.feature.kind
    }

    /// The name of the tool, prompt, resource or template.
    pub fn name(&self) -> &str {
        &self.call.feature.name
    }

    /// The sender's bytes of `arguments`, or for hooks of all `params`: a JSON object, `{}` when
    /// absent.
    pub fn arguments_json(&self) -> &Bytes {
        self.call.arguments.json()
    }

    /// The arguments as a type of the handler's.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        super::arguments::decode(self.arguments_json())
    }

    /// One text argument; how prompts read theirs, and completions the arguments known already.
    pub fn argument(&self, name: &str) -> Option<Cow<'_, str>> {
        self.argument_value(name)?.as_str()
    }

    /// One argument of any kind. The first look parses all of them, the others only find.
    pub fn argument_value(&self, name: &str) -> Option<Value<'_>> {
        self.call.arguments.find(name)
    }

    /// The URI that is read; empty for others than resources.
    pub fn uri(&self) -> &str {
        if self.kind() == FeatureKind::Resource { &self.call.subject } else { "" }
    }

    /// What was typed so far of the argument to complete; empty for others than completions.
    pub fn partial(&self) -> &str {
        if self.kind() == FeatureKind::Completion { &self.call.subject } else { "" }
    }

    /// What the engine would answer, a JSON object; empty for others than hooks.
    pub fn result_json(&self) -> &str {
        if self.kind() == FeatureKind::Hook { &self.call.subject } else { "" }
    }

    /// The registered media type of the resource that is read.
    pub fn mime_type(&self) -> Option<&str> {
        self.call.feature.mime_type.as_deref()
    }

    /// What the URI has in the place of a template's variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.call.bindings.as_ref().and_then(|bindings| bindings.get(name))
    }

    /// What is wrong with the arguments; see [`Call::misfit`](super::Call::misfit).
    pub fn misfit(&self) -> Option<&str> {
        self.call.misfit.as_deref()
    }

    /// Whether `json`, in the place of the arguments, fits the input schema of a
    /// [`lenient`](super::Tool::lenient) tool; the error says what does not. Others take anything.
    pub fn check_arguments(&self, json: &[u8]) -> Result<(), String> {
        match &self.call.feature.input {
            Some(schema) => super::arguments::check(schema, self.name(), json),
            None => Ok(()),
        }
    }

    /// Answers as the engine does to arguments that do not fit: with a failure that the model can
    /// mend, or a protocol error before the versions that say so.
    pub fn refuse_arguments(&mut self) {
        let words = self.misfit().unwrap_or("invalid arguments").to_owned();
        self.settle(if self.context().version().has_argument_failures() {
            Outcome::failure(words)
        } else {
            Outcome::Error(RpcError::invalid_params(words))
        });
    }

    /// Version, client, cancellation, progress and log.
    pub fn context(&self) -> &Arc<CallContext> {
        &self.call.context
    }

    /// What the call was entered again with.
    pub(super) fn asked(&self) -> &Asked {
        Asked::shared(self.call.asked.as_ref())
    }

    /// Answers the call. An answer after the first goes nowhere.
    pub fn finish(mut self, outcome: Outcome) {
        self.settle(outcome);
    }

    /// As [`Self::finish`]; what this lends stays good until it is dropped.
    pub fn settle(&mut self, outcome: Outcome) {
        self.is_armed = false;
        let outcome = match outcome {
            Outcome::Deferred => Outcome::internal("the handler put off an answer it dropped"),
            outcome => {
                let Owned { feature, subject, context, .. } = &self.call;
                feature.checked(outcome, subject, || Arc::clone(context))
            }
        };
        self.call.answer(outcome);
    }

    /// Answers that nobody has room for it now, in the words and with the code of the engine's own
    /// workers.
    pub fn refuse(self) {
        self.call.context.refuse();
        self.disarm();
    }

    /// Leaves the answer to others.
    pub(super) fn disarm(mut self) {
        self.is_armed = false;
    }

    pub(super) fn owned(&self) -> &Owned {
        &self.call
    }

    /// One more of the same call that may be dropped without harm.
    pub(super) fn companion(&self) -> Self {
        Self { call: self.call.clone(), is_armed: false }
    }

    /// Answers with what `future` comes to, or for its panic.
    pub(super) async fn drive(self, future: impl Future<Output = Outcome> + 'static) {
        let kind = self.kind();
        let outcome = Guarded(Box::pin(future)).await;
        self.finish(outcome.unwrap_or_else(|Panicked| kind.panicked()));
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        if !self.is_armed {
            return;
        }
        let outcome = if std::thread::panicking() {
            self.kind().panicked()
        } else {
            Outcome::internal("the handler dropped the call without an answer")
        };
        self.call.context.answer(outcome);
    }
}

struct Panicked;

/// A future whose panic is a value, so that it cannot end the runtime's thread.
struct Guarded<F>(Pin<Box<F>>);

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.0.as_mut();
        match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(_panic) => Poll::Ready(Err(Panicked)),
        }
    }
}
