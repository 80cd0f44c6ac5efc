//! Prompts: how a program registers one, and what the engine keeps of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::Named;
use super::completer::{Completer, Completers};
use super::features::Listed;
use super::setters::{completer_setters, info_setters, run_setters};
use super::{Call, Deferred, Execution, Feature, FeatureKind, Handler, PromptReturn};
use crate::auth::check_scopes;
use crate::error::Error;
use crate::json::{Kind, Value, Writer};
use crate::model::{Fields, Icon, PromptArgument, PromptInfo, Text};
use crate::rpc::RpcError;

/// A prompt to register.
pub struct Prompt {
    info: PromptInfo,
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    handler: Arc<dyn Handler>,
    completers: Vec<(Text, Completer)>,
}

impl Prompt {
    /// A prompt whose messages a handler makes for each request; it reads its arguments with
    /// [`Call::argument`] or as a type with [`Call::arguments`].
    pub fn new<R, F>(name: impl Into<Text>, make: F) -> Self
    where
        R: PromptReturn + 'static,
        F: Fn(&mut Call<'_>) -> R + Send + Sync + 'static,
    {
        Self::handler(name, move |call: &mut Call<'_>| make(call).into_prompt())
    }

    /// As [`Prompt::new`] for asynchronous work; see [`Tool::future`](super::Tool::future).
    pub fn future<R, F, Fut>(name: impl Into<Text>, make: F) -> Self
    where
        R: PromptReturn + 'static,
        F: Fn(Deferred) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + 'static,
    {
        let handler = move |call: &mut Call<'_>| {
            call.spawn(|deferred| {
                let future = make(deferred);
                async move { future.await.into_prompt() }
            })
        };
        Self::handler(name, handler).execution(Execution::Async)
    }

    /// As [`Prompt::new`] for any [`Handler`].
    pub fn handler(name: impl Into<Text>, handler: impl Handler) -> Self {
        Self {
            info: PromptInfo::new(name),
            execution: Execution::default(),
            timeout: None,
            scopes: Vec::new(),
            keeps_request: false,
            handler: Arc::new(handler),
            completers: Vec::new(),
        }
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.info.arguments.push(argument);
        self
    }

    info_setters!(info);
    run_setters!();
    completer_setters!("argument");

    pub(super) fn register(self) -> Result<PromptEntry, Error> {
        let name = &self.info.name;
        let refuse = |fault: String| Error::usage(format!("prompt {name:?}: {fault}"));
        if name.is_empty() {
            return Err(refuse("the name is empty".into()));
        }
        check_scopes(&self.scopes, "prompt", name)?;
        let arguments = &self.info.arguments;
        for (place, argument) in arguments.iter().enumerate() {
            if argument.name.is_empty() {
                return Err(refuse("an argument's name is empty".into()));
            }
            if arguments[..place].iter().any(|other| other.name == argument.name) {
                return Err(refuse(format!("it has two arguments {:?}", argument.name)));
            }
        }
        if let Some(fault) = self.info.icons.iter().find_map(Icon::fault) {
            return Err(refuse(fault.into()));
        }
        let is_known = |name: &str| arguments.iter().any(|argument| argument.name == name);
        let completers =
            Completers::register(self.completers, &self.scopes, is_known).map_err(refuse)?;
        let feature = Feature {
            kind: FeatureKind::Prompt,
            name: name.as_ref().into(),
            mime_type: None,
            execution: self.execution,
            timeout: self.timeout,
            scopes: self.scopes,
            input: None,
            keeps_request: self.keeps_request,
            output: None,
            cache: None,
            handler: self.handler,
        };
        Ok(PromptEntry { feature: Arc::new(feature), info: self.info, completers })
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt").field("info", &self.info).finish_non_exhaustive()
    }
}

/// A registered prompt.
#[derive(Debug)]
pub struct PromptEntry {
    feature: Arc<Feature>,
    info: PromptInfo,
    completers: Completers,
}

impl PromptEntry {
    /// Its callable side.
    pub fn feature(&self) -> &Arc<Feature> {
        &self.feature
    }

    /// As it is listed.
    pub fn info(&self) -> &PromptInfo {
        &self.info
    }

    /// What completes its arguments.
    pub fn completers(&self) -> &Completers {
        &self.completers
    }

    /// Checks the arguments of a request: an object of texts, the required ones present. Ones the
    /// prompt does not know are left alone.
    pub fn check(&self, arguments: Option<Value<'_>>) -> Result<(), RpcError> {
        let name = &self.info.name;
        if let Some(arguments) = arguments {
            if arguments.kind() != Kind::Object {
                return Err(RpcError::invalid_params("arguments must be an object"));
            }
            if let Some((key, _)) = arguments.members().find(|(_, v)| v.kind() != Kind::String) {
                let key = key.as_str().unwrap_or_default();
                let words = format!("prompt {name:?}: argument {key:?} must be a string");
                return Err(RpcError::invalid_params(words));
            }
        }
        match self.missing(arguments) {
            None => Ok(()),
            Some(argument) => Err(RpcError::invalid_params(format!(
                "prompt {name:?}: argument {:?} is required",
                argument.name
            ))),
        }
    }

    /// The first required argument that is not given.
    fn missing(&self, arguments: Option<Value<'_>>) -> Option<&PromptArgument> {
        let mut required = self.info.arguments.iter().filter(|argument| argument.is_required);
        let Some(given) = arguments else { return required.next() };
        // Most clients give them in the order of the list, and then one walk is all it takes.
        let mut members = given.members();
        let mut is_next = |wanted: &str| members.any(|(name, _)| name.eq_str(wanted));
        let out_of_order = required.find(|argument| !is_next(&argument.name))?;
        let named = Named::new(given);
        let mut rest = std::iter::once(out_of_order).chain(required);
        rest.find(|argument| named.find(given, &argument.name).is_none())
    }
}

impl Listed for PromptEntry {
    fn key(&self) -> &str {
        &self.info.name
    }

    fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.info.encode(w, fields);
    }
}
