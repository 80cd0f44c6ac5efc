//! A request handed to a handler: borrowed from the received bytes, nothing copied.
//!
//! What a handler keeps beyond its own return it takes along with [`Call::defer`]; only then are
//! the arguments shared out of the receive buffer and the [`CallContext`] made.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::arguments::{Named, Taken};
use super::deferred::Owned;
use super::features::FoundResource;
use super::job::LocalFuture;
use super::{
    Asked, CallContext, Deferred, Feature, FeatureKind, Job, Outcome, Parked, PromptEntry,
    ToolEntry, ToolError,
};
use crate::json::{Kind, Value};
use crate::uri::Bindings;

/// What a call can get from whoever received it.
pub trait CallSource {
    /// A part of the received bytes, able to leave the shard.
    fn share(&self, part: &[u8]) -> Bytes;
    /// The call's context; asked for once at most.
    fn context(&self) -> Arc<CallContext>;
}

const NO_ARGUMENTS: &[u8] = b"{}";

/// Where a call's arguments are.
#[derive(Clone, Copy)]
enum Arguments<'a> {
    /// Nowhere: none were sent.
    Absent,
    /// On the tape of the message.
    Parsed(Value<'a>),
    /// Out of the message.
    Taken(&'a Taken),
}

impl<'a> From<Option<Value<'a>>> for Arguments<'a> {
    fn from(arguments: Option<Value<'a>>) -> Self {
        arguments.map_or(Self::Absent, Self::Parsed)
    }
}

/// How a job hands a future to the runtime of its worker thread.
pub(super) type Spawn<'a> = &'a dyn Fn(LocalFuture);

/// A request handed to a handler.
pub struct Call<'a> {
    feature: &'a Arc<Feature>,
    arguments: Arguments<'a>,
    /// The URI that is read, the text that is to be completed, or what a hook is put before.
    subject: &'a str,
    bindings: Option<&'a Bindings>,
    source: &'a dyn CallSource,
    spawn: Option<Spawn<'a>>,
    context: OnceCell<Arc<CallContext>>,
    /// The arguments on the tape by name, once one is asked for.
    named: OnceCell<Named>,
    asked: Option<&'a Arc<Asked>>,
    misfit: Option<Arc<str>>,
    is_deferred: bool,
}

impl<'a> Call<'a> {
    /// A call of `tool`; `arguments` are a checked JSON object.
    pub fn tool(
        tool: &'a ToolEntry,
        arguments: Option<Value<'a>>,
        source: &'a dyn CallSource,
    ) -> Self {
        Self::new(tool.feature(), Arguments::from(arguments), source)
    }

    /// A request for `prompt`; `arguments` as for a tool.
    pub fn prompt(
        prompt: &'a PromptEntry,
        arguments: Option<Value<'a>>,
        source: &'a dyn CallSource,
    ) -> Self {
        Self::new(prompt.feature(), Arguments::from(arguments), source)
    }

    /// A completion of `partial` by `completer`, when `resolved` are the arguments known already.
    pub fn completion(
        completer: &'a Arc<Feature>,
        partial: &'a str,
        resolved: Option<Value<'a>>,
        source: &'a dyn CallSource,
    ) -> Self {
        Self { subject: partial, ..Self::new(completer, Arguments::from(resolved), source) }
    }

    /// A read of the resource `found` at `uri`.
    pub fn resource(
        found: &'a FoundResource<'a>,
        uri: &'a str,
        source: &'a dyn CallSource,
    ) -> Self {
        let call = Self::new(found.feature(), Arguments::Absent, source);
        Self { subject: uri, bindings: found.bindings(), ..call }
    }

    /// A call of `hook`, where the engine would answer `result` to a request with `params`.
    pub fn hook(
        hook: &'a Arc<Feature>,
        result: &'a str,
        params: Option<Value<'a>>,
        source: &'a dyn CallSource,
    ) -> Self {
        let params = params.filter(|params| params.kind() == Kind::Object);
        Self { subject: result, ..Self::new(hook, Arguments::from(params), source) }
    }

    fn new(
        feature: &'a Arc<Feature>,
        arguments: Arguments<'a>,
        source: &'a dyn CallSource,
    ) -> Self {
        Self {
            feature,
            arguments,
            subject: "",
            bindings: None,
            source,
            spawn: None,
            context: OnceCell::new(),
            named: OnceCell::new(),
            asked: None,
            misfit: None,
            is_deferred: false,
        }
    }

    /// A call whose arguments have left their message.
    #[cfg(test)]
    pub(super) fn with_taken(
        feature: &'a Arc<Feature>,
        arguments: &'a Taken,
        source: &'a dyn CallSource,
    ) -> Self {
        Self::new(feature, Arguments::Taken(arguments), source)
    }

    /// The same call again, from what was taken along.
    pub(super) fn from_owned(owned: &'a Owned, spawn: Option<Spawn<'a>>) -> Self {
        let call = Self::new(&owned.feature, Arguments::Taken(&owned.arguments), owned);
        let (bindings, asked) = (owned.bindings.as_ref(), owned.asked.as_ref());
        let misfit = owned.misfit.clone();
        Self { subject: &owned.subject, bindings, spawn, asked, misfit, ..call }
    }

    /// The same call with what its client answered to an earlier one like it.
    pub fn with_asked(self, asked: Option<&'a Arc<Asked>>) -> Self {
        Self { asked, ..self }
    }

    /// The same call with what is wrong with its arguments.
    pub fn with_misfit(self, misfit: Option<Arc<str>>) -> Self {
        Self { misfit, ..self }
    }

    /// What is wrong with the arguments, if they do not fit the input schema. Only tools that are
    /// [`lenient`](super::Tool::lenient) are called then.
    pub fn misfit(&self) -> Option<&str> {
        self.misfit.as_deref()
    }

    /// What kind of feature is called.
    pub fn kind(&self) -> FeatureKind {
        self.feature.kind
    }

    /// The name of the tool, prompt, resource or template, of the argument that is completed, or of
    /// the method that a hook is put before.
    pub fn name(&self) -> &'a str {
        &self.feature.name
    }

    /// The sender's bytes of `arguments`, or for hooks of all `params`: a JSON object, `{}` when
    /// absent.
    pub fn arguments_json(&self) -> &'a [u8] {
        match self.arguments {
            Arguments::Absent => NO_ARGUMENTS,
            Arguments::Parsed(arguments) => arguments.raw(),
            Arguments::Taken(arguments) => arguments.json(),
        }
    }

    /// The arguments as a type of the handler's.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        match self.arguments {
            Arguments::Parsed(arguments) => super::arguments::decode_parsed(arguments),
            Arguments::Absent | Arguments::Taken(_) => {
                super::arguments::decode(self.arguments_json())
            }
        }
    }

    /// The arguments as they were parsed, for handlers that want neither a type nor a copy. Only
    /// calls that run inline have them, and only before they ask the client something; elsewhere
    /// the text is all that travelled along.
    pub fn arguments_value(&self) -> Option<Value<'a>> {
        match self.arguments {
            Arguments::Parsed(arguments) => Some(arguments),
            Arguments::Absent | Arguments::Taken(_) => None,
        }
    }

    /// One text argument; how prompts read theirs, and completions the arguments known already.
    pub fn argument(&self, name: &str) -> Option<Cow<'a, str>> {
        self.argument_value(name)?.as_str()
    }

    /// One argument of any kind, found by an index where there are many.
    pub fn argument_value(&self, name: &str) -> Option<Value<'a>> {
        match self.arguments {
            Arguments::Absent => None,
            Arguments::Parsed(arguments) => {
                self.named.get_or_init(|| Named::new(arguments)).find(arguments, name)
            }
            Arguments::Taken(arguments) => arguments.find(name),
        }
    }

    /// The URI that is read; empty for others than resources.
    pub fn uri(&self) -> &'a str {
        if self.kind() == FeatureKind::Resource { self.subject } else { "" }
    }

    /// What was typed so far of the argument to complete; empty for others than completions.
    pub fn partial(&self) -> &'a str {
        if self.kind() == FeatureKind::Completion { self.subject } else { "" }
    }

    /// What the engine would answer, a JSON object; empty for others than hooks.
    pub fn result_json(&self) -> &'a str {
        if self.kind() == FeatureKind::Hook { self.subject } else { "" }
    }

    /// The registered media type of the resource that is read.
    pub fn mime_type(&self) -> Option<&'a str> {
        self.feature.mime_type.as_deref()
    }

    /// What the URI has in the place of a template's variable.
    pub fn variable(&self, name: &str) -> Option<&'a str> {
        self.bindings.and_then(|bindings| bindings.get(name))
    }

    /// Version, client, cancellation, progress and log; made at the first use.
    pub fn context(&self) -> &Arc<CallContext> {
        self.context.get_or_init(|| self.source.context())
    }

    /// Takes the call along to be answered later, from any thread. Return [`Outcome::Deferred`]
    /// afterwards: of several answers only the first is sent.
    pub fn defer(&mut self) -> Deferred {
        self.is_deferred = true;
        Deferred::new(self.to_owned_call())
    }

    /// Starts `future` on this worker thread's runtime; its outcome is the answer. Only calls with
    /// [`Execution::Async`](super::Execution::Async) have one: elsewhere the call fails.
    ///
    /// The [`Deferred`] that `start` gets is for context and progress; the future may answer early
    /// through it.
    pub fn spawn<F>(&mut self, start: impl FnOnce(Deferred) -> F) -> Outcome
    where
        F: Future<Output = Outcome> + 'static,
    {
        let Some(spawn) = self.spawn else {
            return Outcome::internal("an asynchronous handler was run where there is no runtime");
        };
        let answer = self.defer();
        let future = start(answer.companion());
        spawn(Box::pin(answer.drive(future)));
        Outcome::Deferred
    }

    /// Runs the feature's handler here and now. A panic is answered for, not passed on.
    ///
    /// [`Outcome::Deferred`] means that the answer came or will come through [`super::Post`];
    /// [`Outcome::Ask`] that the call, once [`Self::park`]ed, waits for its client.
    pub fn invoke(&mut self) -> Outcome {
        let outcome = self.run();
        // A handler that took the call along and answered here as well: the first one counts.
        let is_late = self.is_deferred && !matches!(outcome, Outcome::Deferred);
        if is_late && !self.context().claim() { Outcome::Deferred } else { outcome }
    }

    /// Runs the handler; the answer is not claimed yet.
    pub(super) fn run(&mut self) -> Outcome {
        let feature = self.feature;
        match catch_unwind(AssertUnwindSafe(|| feature.handler.call(self))) {
            Ok(Outcome::Deferred) if self.is_deferred => Outcome::Deferred,
            Ok(Outcome::Deferred) => Outcome::internal("the handler put off an answer it dropped"),
            Ok(outcome) => feature.checked(outcome, self.subject, || Arc::clone(self.context())),
            Err(_panic) => feature.kind.panicked(),
        }
    }

    /// The call as work for another thread. The context is made now if it was not before.
    pub fn into_job(self) -> Job {
        Job::new(self.feature.execution.lane(), Deferred::new(self.to_owned_call()))
    }

    /// The call, to be entered again when what it asked was answered.
    pub fn park(&self) -> Parked {
        Parked::new(&self.to_owned_call())
    }

    /// What the call was entered again with.
    pub(super) fn asked(&self) -> &Asked {
        Asked::shared(self.asked)
    }

    fn to_owned_call(&self) -> Owned {
        Owned {
            feature: Arc::clone(self.feature),
            arguments: Taken::new(match self.arguments {
                Arguments::Absent => Bytes::from_static(NO_ARGUMENTS),
                _ => self.source.share(self.arguments_json()),
            }),
            subject: self.subject.into(),
            bindings: self.bindings.cloned(),
            context: Arc::clone(self.context()),
            asked: self.asked.cloned(),
            misfit: self.misfit.clone(),
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("feature", &self.feature)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
