//! Hooks: handlers put before what the engine answers to a few methods by itself.
//!
//! The engine makes its answer as ever; the hook gets it as JSON and gives what is sent in its
//! place. What the engine and a client have agreed on stays the engine's whatever a hook says:
//! versions, pages, how long a list may be kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::setters::run_setters;
use super::{Call, Deferred, Execution, Feature, FeatureKind, Handler, Outcome};
use crate::auth::check_scopes;
use crate::error::Error;
use crate::json::{Backend, JsonError, Kind, PaddedBuf, Parser, Value, Writer};
use crate::mcp::Target;
use crate::model::{RawJson, Text};

/// A handler that has the last word on what the engine answers to a method by itself; see
/// [`ServerBuilder::hook`](super::ServerBuilder::hook).
pub struct Hook {
    execution: Execution,
    timeout: Option<Duration>,
    scopes: Vec<Box<str>>,
    keeps_request: bool,
    handler: Arc<dyn Handler>,
}

impl Hook {
    /// A hook that reads what the engine would answer with [`Call::result_json`], and the
    /// request's parameters with [`Call::arguments`]. It answers with [`Outcome::raw`], or with an
    /// error.
    pub fn new(handler: impl Handler) -> Self {
        Self {
            execution: Execution::default(),
            timeout: None,
            scopes: Vec::new(),
            keeps_request: false,
            handler: Arc::new(handler),
        }
    }

    /// As [`Hook::new`] for asynchronous work; see [`Tool::future`](super::Tool::future).
    pub fn future<F, Fut>(run: F) -> Self
    where
        F: Fn(Deferred) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + 'static,
    {
        Self::new(move |call: &mut Call<'_>| call.spawn(&run)).execution(Execution::Async)
    }

    run_setters!();
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("execution", &self.execution).finish_non_exhaustive()
    }
}

/// The registered hooks, by what would answer without them. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Hooks(Arc<[(Target, Arc<Feature>)]>);

impl Hooks {
    pub(super) fn register(hooks: Vec<(Text, Hook)>) -> Result<Self, Error> {
        let mut registered: Vec<(Target, Arc<Feature>)> = Vec::with_capacity(hooks.len());
        for (method, hook) in hooks {
            let refuse = |fault: &str| Error::usage(format!("hook {method:?}: {fault}"));
            let Some(hooked) = Hooked::find(&method) else {
                let names: Vec<_> = HOOKED.iter().map(|hooked| hooked.method).collect();
                return Err(refuse(&format!("only these have hooks: {}", names.join(", "))));
            };
            if registered.iter().any(|(target, _)| *target == hooked.target) {
                return Err(refuse("it is registered twice"));
            }
            check_scopes(&hook.scopes, "hook", &method)?;
            let feature = Feature {
                kind: FeatureKind::Hook,
                name: hooked.method.into(),
                mime_type: None,
                execution: hook.execution,
                timeout: hook.timeout,
                scopes: hook.scopes,
                input: None,
                keeps_request: hook.keeps_request,
                output: None,
                cache: None,
                handler: hook.handler,
            };
            registered.push((hooked.target, Arc::new(feature)));
        }
        Ok(Self(registered.into()))
    }

    /// What is put before `target`.
    pub(super) fn find(&self, target: Target) -> Option<&Arc<Feature>> {
        self.0.iter().find(|(hooked, _)| *hooked == target).map(|(_, feature)| feature)
    }
}

/// A method that may have a hook.
struct Hooked {
    method: &'static str,
    target: Target,
    /// The members without which a result is none.
    wants: &'static [(&'static str, Kind)],
}

const HOOKED: &[Hooked] = &[
    Hooked {
        method: "initialize",
        target: Target::Initialize,
        wants: &[("capabilities", Kind::Object), ("serverInfo", Kind::Object)],
    },
    Hooked {
        method: "server/discover",
        target: Target::Discover,
        wants: &[("capabilities", Kind::Object)],
    },
    Hooked { method: "tools/list", target: Target::ToolsList, wants: &[("tools", Kind::Array)] },
    Hooked {
        method: "resources/list",
        target: Target::ResourcesList,
        wants: &[("resources", Kind::Array)],
    },
    Hooked {
        method: "resources/templates/list",
        target: Target::TemplatesList,
        wants: &[("resourceTemplates", Kind::Array)],
    },
    Hooked {
        method: "prompts/list",
        target: Target::PromptsList,
        wants: &[("prompts", Kind::Array)],
    },
];

/// Members that are the engine's: it has to keep what they promise.
const KEPT: &[&str] =
    &["protocolVersion", "supportedVersions", "resultType", "ttlMs", "cacheScope", "nextCursor"];

impl Hooked {
    fn find(method: &str) -> Option<&'static Self> {
        HOOKED.iter().find(|hooked| hooked.method == method)
    }

    /// The result that is sent when the engine would have answered `own` and the hook `given`.
    fn settle(&self, own: &str, given: &str) -> Result<Box<RawJson>, String> {
        let (own, given) = (PaddedBuf::copy(own.as_bytes()), PaddedBuf::copy(given.as_bytes()));
        let unreadable = |fault: JsonError| format!("its result cannot be read: {fault}");
        let (mut ours, mut theirs) =
            (Parser::new(Backend::default()), Parser::new(Backend::default()));
        let own = ours.parse(own.padded()).map_err(unreadable)?;
        let given = theirs.parse(given.padded()).map_err(unreadable)?;
        if given.kind() != Kind::Object {
            return Err("its result is no object".into());
        }
        for (name, kind) in self.wants {
            if given.get(name).map(Value::kind) != Some(*kind) {
                let word = if *kind == Kind::Array { "array" } else { "object" };
                return Err(format!("its result has no {word} {name:?}"));
            }
        }
        let text = String::from_utf8(merge(own, given)).map_err(|fault| fault.to_string())?;
        RawJson::from_string(text).map_err(|fault| fault.to_string())
    }
}

/// The members of `given`, with those of `own` that are the engine's. `_meta` is as `given` has it,
/// if it has one.
fn merge(own: Value<'_>, given: Value<'_>) -> Vec<u8> {
    let mut json = Vec::with_capacity(given.raw().len());
    let w = &mut Writer::new(&mut json);
    w.begin_object();
    let has_meta = given.get("_meta").is_some();
    for (key, value) in own.members() {
        let key = key.as_str().unwrap_or_default();
        if is_kept(&key) || (key == "_meta" && !has_meta) {
            w.member_raw(&key, value.raw());
        }
    }
    for (key, value) in given.members() {
        let key = key.as_str().unwrap_or_default();
        if !is_kept(&key) {
            w.member_raw(&key, value.raw());
        }
    }
    w.end_object();
    json
}

fn is_kept(key: &str) -> bool {
    KEPT.contains(&key)
}

/// `outcome` of a hook as it may be sent, where the engine would have answered `own`.
pub(super) fn checked(method: &str, own: &str, outcome: Outcome) -> Outcome {
    let fault = match outcome {
        Outcome::Raw(given) => {
            match Hooked::find(method).map(|hooked| hooked.settle(own, given.get())) {
                Some(Ok(result)) => return Outcome::Raw(result),
                Some(Err(fault)) => fault,
                None => "there is no such hook".into(),
            }
        }
        Outcome::Error(_) | Outcome::Ask(_) | Outcome::Deferred => return outcome,
        Outcome::Tool(_) | Outcome::Resource(_) | Outcome::Prompt(_) | Outcome::Completion(_) => {
            "it has to answer with Outcome::raw".into()
        }
    };
    Outcome::internal(format!("hook {method:?}: {fault}"))
}
