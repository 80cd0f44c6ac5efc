//! What a program offers to clients, and how a call of it is carried out.
//!
//! A [`Server`] is built once, checked while it is built, and never changes: every list it can be
//! asked for is already encoded, every schema compiled, every template placed in its router. What
//! answers a call is a [`Handler`]; it is handed a borrowed [`Call`], and either answers at once or
//! takes an owned [`Deferred`] with it and answers through that.
//!
//! Not here: messages, sessions, threads. Whoever reads messages finds the feature, checks the
//! arguments, and runs the call where its [`Execution`] says; answers that come later arrive
//! through [`Post`].

mod answers;
mod arguments;
mod ask;
mod asking;
mod builder;
mod call;
mod completer;
mod context;
mod deferred;
mod edit;
mod feature;
mod features;
mod handler;
mod hook;
mod job;
mod lifeline;
mod listing;
mod outcome;
mod output;
mod param_header;
mod parked;
mod prompt;
mod publisher;
mod request;
mod resource;
mod returns;
mod revision;
mod route;
mod schema_cache;
mod schema_source;
mod setters;
#[cfg(test)]
mod tests;
mod tool;

use std::sync::Arc;
use std::time::Duration;

use crate::config::Ablation;
use crate::mcp::{Need, Target};
use crate::model::{CacheHint, Capabilities, Fields, Implementation, RawJson};

pub use crate::mcp::AskMethod;
pub use answers::{Answer, Answers, Asked};
pub use arguments::NoArguments;
pub use ask::{Ask, AskRequest};
pub use builder::ServerBuilder;
pub use call::{Call, CallSource};
pub use completer::{Completer, Completers};
pub use context::{CallContext, CallEvent, Post, TaskName, Ticket};
pub use deferred::Deferred;
pub use edit::ServerEdit;
pub use feature::{Feature, FeatureKind};
pub use features::{FeatureIter, FeatureSet, Features, FoundResource, Page};
pub use handler::{Execution, Handler};
pub use hook::Hook;
pub use job::{Job, Lane, LocalFuture};
pub use lifeline::Lifeline;
pub use outcome::{Outcome, ToolError};
pub use output::OutputPolicy;
pub use param_header::{HeaderParam, ParamKind};
pub use parked::Parked;
pub use prompt::{Prompt, PromptEntry};
pub use publisher::{Publication, Publisher};
pub use request::RequestFacts;
pub use resource::{Resource, ResourceEntry, ResourceTemplate, TemplateEntry};
pub use returns::{CompletionReturn, Json, PromptReturn, ResourceReturn, ToolReturn};
pub use revision::ListKind;
pub use route::{RouteCall, RouteHandler, RouteRequest, RouteResponse, RouteWaiter};
pub use schema_cache::{SchemaCache, SchemaStats};
pub use schema_source::SchemaSource;
pub use tool::{Tool, ToolEntry};

use hook::Hooks;
use listing::Listing;
use revision::Revision;

/// Everything a program offers, checked and ready. Share it in an `Arc`.
///
/// ```
/// use mcpring::model::PromptArgument;
/// use mcpring::server::{Call, Json, Outcome, Prompt, Resource, ResourceTemplate, Server, Tool};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Add {
///     /// First number
///     a: f64,
///     /// Second number
///     b: f64,
/// }
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Sum {
///     sum: f64,
/// }
///
/// let server = Server::builder("calculator", "1.0.0")
///     .instructions("Adds. Nothing else.")
///     .tool(Tool::new("add", |args: Add| args.a + args.b).description("Adds two numbers").inline())
///     .tool(Tool::new("sum", |args: Add| Json(Sum { sum: args.a + args.b })))
///     .tool(Tool::with_call("slowly", |args: Add, call: &mut Call<'_>| {
///         call.context().progress(0.5, Some(1.0), Some("half"));
///         if call.context().is_cancelled() { Err("nobody waits") } else { Ok(args.a + args.b) }
///     }))
///     .tool(Tool::future("later", |args: Add, _call| async move { args.a + args.b }))
///     .tool(Tool::raw("echo", r#"{"type": "object"}"#, |call| {
///         Outcome::text(String::from_utf8_lossy(call.arguments_json()).into_owned())
///     }))
///     .resource(Resource::text("demo://readme", "readme", "Read me."))
///     .template(ResourceTemplate::new("demo://users/{id}", "user", |call| {
///         call.variable("id").map(|id| format!("user {id}"))
///     }))
///     .prompt(
///         Prompt::new("greet", |call| format!("Greet {}.", call.argument("name").unwrap_or_default()))
///             .argument(PromptArgument::required("name")),
///     )
///     .build()?;
/// assert_eq!(server.features().tools().len(), 5);
/// # Ok::<(), mcpring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    info: Implementation,
    info_listing: Listing,
    instructions: Option<String>,
    features: Features,
    hooks: Hooks,
    revision: Revision,
    capabilities: Capabilities,
    capabilities_listing: Listing,
    cache_hint: CacheHint,
    output_policy: OutputPolicy,
    call_timeout: Option<Duration>,
    schema_stats: SchemaStats,
    ablation: Ablation,
}

impl Server {
    /// Starts a server called `name` at `version`.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(name.into(), version.into())
    }

    /// How the server introduces itself.
    pub fn info(&self) -> &Implementation {
        &self.info
    }

    /// [`Self::info`] as JSON.
    pub fn info_json(&self, fields: &Fields) -> &[u8] {
        self.info_listing.item(0, fields)
    }

    /// What a model should know about using the server.
    pub fn instructions(&self) -> Option<&str> {
        self.instructions.as_deref()
    }

    /// The tools, resources, templates and prompts.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// What is put before the engine's own answer to `target`.
    pub fn hook(&self, target: Target) -> Option<&Arc<Feature>> {
        self.hooks.find(target)
    }

    /// Which revision this is: 0 as it was built, one more with each
    /// [`edit`](Publisher::edit) that changed something.
    pub fn revision(&self) -> u64 {
        self.revision.number
    }

    /// The revision in which this list last changed.
    pub fn list_revision(&self, list: ListKind) -> u64 {
        self.revision.lists[list as usize]
    }

    /// What exists here.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// [`Self::capabilities`] as JSON.
    pub fn capabilities_json(&self, fields: &Fields) -> &[u8] {
        self.capabilities_listing.item(0, fields)
    }

    /// Whether what a method needs is offered here.
    pub fn offers(&self, need: Need) -> bool {
        let offered = &self.capabilities;
        match need {
            Need::Nothing => true,
            Need::Tools => offered.tools,
            Need::Resources => offered.resources,
            Need::Subscriptions => offered.resources && offered.resource_subscriptions,
            Need::Prompts => offered.prompts,
            Need::Logging => offered.logging,
            Need::Completions => offered.completions,
            Need::Tasks => offered.tasks,
        }
    }

    /// How long clients may keep the lists and the introduction.
    pub fn cache_hint(&self) -> CacheHint {
        self.cache_hint
    }

    /// How long a call may take when its feature does not say; `None` leaves it to the engine.
    pub fn call_timeout(&self) -> Option<Duration> {
        self.call_timeout
    }

    /// How the schemas were compiled.
    pub fn schema_stats(&self) -> SchemaStats {
        self.schema_stats
    }

    /// Which optimisations it is served with.
    pub fn ablation(&self) -> Ablation {
        self.ablation
    }
}
