//! Completions: what suggests values for an argument of a prompt or a variable of a template.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::setters::run_setters;
use super::{Call, CompletionReturn, Deferred, Execution, Feature, FeatureKind, Handler};
use crate::auth::check_scopes;
use crate::model::{Completion, Text};

/// Suggests values for an argument or variable, from what was typed of it so far.
pub struct Completer {
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    handler: Arc<dyn Handler>,
}

impl Completer {
    /// Suggestions that a handler makes for each request: it reads what was typed so far with
    /// [`Call::partial`] and the arguments that are known already with [`Call::argument`].
    pub fn new<R, F>(complete: F) -> Self
    where
        R: CompletionReturn + 'static,
        F: Fn(&mut Call<'_>) -> R + Send + Sync + 'static,
    {
        Self::handler(move |call: &mut Call<'_>| complete(call).into_completion())
    }

    /// As [`Completer::new`] for asynchronous work; see [`Tool::future`](super::Tool::future).
    pub fn future<R, F, Fut>(complete: F) -> Self
    where
        R: CompletionReturn + 'static,
        F: Fn(Deferred) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + 'static,
    {
        let handler = move |call: &mut Call<'_>| {
            call.spawn(|deferred| {
                let future = complete(deferred);
                async move { future.await.into_completion() }
            })
        };
        Self::handler(handler).execution(Execution::Async)
    }

    /// The ones of `values` that begin with what was typed so far, in their order.
    pub fn values<T: Into<Text>>(values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<Text> = values.into_iter().map(Into::into).collect();
        let complete = move |call: &mut Call<'_>| {
            let partial = call.partial();
            let fitting = values.iter().filter(|value| value.starts_with(partial));
            fitting.cloned().collect::<Completion>()
        };
        Self::new(complete).inline()
    }

    /// As [`Completer::new`] for any [`Handler`].
    pub fn handler(handler: impl Handler) -> Self {
        Self {
            execution: Execution::default(),
            timeout: None,
            scopes: Vec::new(),
            keeps_request: false,
            handler: Arc::new(handler),
        }
    }

    run_setters!();
}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completer").field("execution", &self.execution).finish_non_exhaustive()
    }
}

/// The registered completers of one prompt or template, by argument or variable.
#[derive(Debug, Default)]
pub struct Completers(Vec<Arc<Feature>>);

impl Completers {
    /// Each of `completers` for one of the names that `is_known` knows. Who may not use what they
    /// belong to, for want of `scopes`, is told nothing of its values.
    pub(super) fn register(
        completers: Vec<(Text, Completer)>,
        scopes: &[Box<str>],
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, String> {
        let mut registered = Self::default();
        for (name, completer) in completers {
            if !is_known(&name) {
                return Err(format!("it completes {name:?}, which it does not have"));
            }
            if registered.find(&name).is_some() {
                return Err(format!("it completes {name:?} twice"));
            }
            let scopes = [scopes, &completer.scopes].concat();
            check_scopes(&scopes, "completer", &name).map_err(|fault| fault.to_string())?;
            registered.0.push(Arc::new(Feature {
                kind: FeatureKind::Completion,
                name: name.as_ref().into(),
                mime_type: None,
                execution: completer.execution,
                timeout: completer.timeout,
                scopes,
                input: None,
                keeps_request: completer.keeps_request,
                output: None,
                cache: None,
                handler: completer.handler,
            }));
        }
        Ok(registered)
    }

    /// What completes the argument or variable `name`.
    pub fn find(&self, name: &str) -> Option<&Arc<Feature>> {
        self.0.iter().find(|completer| completer.name() == name)
    }

    /// Whether nothing is completed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
