//! Puts a server together: takes everything, then checks everything once.

use std::sync::Arc;
use std::time::Duration;

use super::features::TemplateRouter;
use super::hook::Hooks;
use super::listing::Listing;
use super::revision::Revision;
use super::{
    FeatureSet, Features, Hook, OutputPolicy, Prompt, PromptEntry, Resource, ResourceEntry,
    ResourceTemplate, SchemaCache, Server, TemplateEntry, Tool,
};
use crate::config::Ablation;
use crate::error::Error;
use crate::model::{CacheHint, Capabilities, Icon, Implementation, RawJson, Task, Text};

/// A server that is being put together. Faults show at [`ServerBuilder::build`].
#[derive(Debug)]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    tools: Vec<Tool>,
    resources: Vec<Resource>,
    templates: Vec<ResourceTemplate>,
    prompts: Vec<Prompt>,
    hooks: Vec<(Text, Hook)>,
    offered: Capabilities,
    cache_hint: CacheHint,
    output_policy: OutputPolicy,
    call_timeout: Option<Duration>,
    ablation: Ablation,
}

impl ServerBuilder {
    pub(super) fn new(name: String, version: String) -> Self {
        Self {
            info: Implementation::new(name, version),
            instructions: None,
            tools: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            prompts: Vec::new(),
            hooks: Vec::new(),
            offered: Capabilities::default(),
            cache_hint: CacheHint::default(),
            output_policy: OutputPolicy::default(),
            call_timeout: None,
            ablation: Ablation::default(),
        }
    }

    /// Sets the name for people.
    pub fn title(mut self, title: impl Into<Text>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// Says what the server is for.
    pub fn description(mut self, description: impl Into<Text>) -> Self {
        self.info.description = Some(description.into());
        self
    }

    /// Says where to read about the server.
    pub fn website_url(mut self, url: impl Into<Text>) -> Self {
        self.info.website_url = Some(url.into());
        self
    }

    /// Adds a picture.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.info.icons.push(icon);
        self
    }

    /// Tells a model how to use the server.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Limits how long calls may take when their feature does not say.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// Tells clients when tools, resources, templates or prompts are added or removed while the
    /// server runs (see [`Publisher::edit`](super::Publisher::edit)). All lists are offered then,
    /// empty ones too.
    pub fn list_changes(mut self) -> Self {
        self.offered.list_changes = true;
        self
    }

    /// Lets clients subscribe to resources, to be told of
    /// [`Publisher::resource_updated`](super::Publisher::resource_updated).
    pub fn resource_subscriptions(mut self) -> Self {
        self.offered.resource_subscriptions = true;
        self
    }

    /// Sends log messages of handlers to clients that want them.
    pub fn logging(mut self) -> Self {
        self.offered.logging = true;
        self
    }

    /// Says how long clients may keep the lists and the server's introduction; without it, not at
    /// all. A list that depends on who asks must be private.
    pub fn cache_hint(mut self, hint: CacheHint) -> Self {
        self.cache_hint = hint;
        self
    }

    /// Says what becomes of a tool's result that breaks the tool's own output schema.
    pub fn output_policy(mut self, policy: OutputPolicy) -> Self {
        self.output_policy = policy;
        self
    }

    /// Declares an extension of the protocol: its name, with a prefix and a `/`, and its settings,
    /// a JSON object.
    pub fn extension(mut self, name: impl Into<Text>, settings: &serde_json::Value) -> Self {
        self.offered.extensions.push((name.into(), raw(settings)));
        self
    }

    /// Declares a capability outside the protocol: its name and a JSON object.
    pub fn experimental(mut self, name: impl Into<Text>, settings: &serde_json::Value) -> Self {
        self.offered.experimental.push((name.into(), raw(settings)));
        self
    }

    /// Adds a tool.
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Adds a resource.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a resource template.
    pub fn template(mut self, template: ResourceTemplate) -> Self {
        self.templates.push(template);
        self
    }

    /// Adds a prompt.
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompts.push(prompt);
        self
    }

    /// Puts `hook` before what the engine answers to `method` by itself: `initialize`,
    /// `server/discover`, `tools/list`, `resources/list`, `resources/templates/list` or
    /// `prompts/list`. The hook is called with each such answer and gives the one that is sent, in
    /// its own time; other methods cost nothing.
    ///
    /// Versions, pages and cache hints stay the engine's: a list's hook is called once a page, and
    /// where its answer depends on who asks the server's [`Self::cache_hint`] must be private. A
    /// session begins when the answer to `initialize` is there; an error means that there is none.
    /// Methods that the server does not offer have no answer, with or without a hook.
    pub fn hook(mut self, method: impl Into<Text>, hook: Hook) -> Self {
        self.hooks.push((method.into(), hook));
        self
    }

    /// Turns optimisations off, to measure what they are worth.
    pub fn ablation(mut self, ablation: Ablation) -> Self {
        self.ablation = ablation;
        self
    }

    /// Checks everything. The first fault found is returned, and names the feature it is in.
    pub fn build(self) -> Result<Server, Error> {
        self.build_with(&mut SchemaCache::new())
    }

    /// As [`Self::build`], with compiled schemas shared between servers.
    pub fn build_with(self, schemas: &mut SchemaCache) -> Result<Server, Error> {
        if self.info.name.is_empty() || self.info.version.is_empty() {
            return Err(Error::usage("a server needs a name and a version"));
        }
        if let Some(fault) = self.info.icons.iter().find_map(Icon::fault) {
            return Err(Error::usage(format!("server {:?}: {fault}", self.info.name)));
        }
        check_declared(&self.offered)?;
        let mut none = SchemaCache::without_compiled();
        let schemas = if self.ablation.schema_cache { schemas } else { &mut none };
        let tools = self
            .tools
            .into_iter()
            .map(|tool| tool.register(schemas, self.output_policy).map(Arc::new));
        let tools = FeatureSet::new(tools.collect::<Result<_, _>>()?, "tool")?;
        let (templates, router) = register_templates(self.templates, self.ablation)?;
        let features = Features {
            tools: tools.into(),
            resources: register_resources(self.resources)?.into(),
            templates: templates.into(),
            prompts: register_prompts(self.prompts)?.into(),
            router: router.into(),
        };
        let capabilities = features.capabilities(self.offered);
        Ok(Server {
            info_listing: Listing::new(&[&self.info], |info, w, fields| info.encode(w, fields)),
            info: self.info,
            instructions: self.instructions,
            features,
            hooks: Hooks::register(self.hooks)?,
            revision: Revision::default(),
            capabilities_listing: Listing::new(&[&capabilities], |offered, w, fields| {
                offered.encode(w, fields);
            }),
            capabilities,
            cache_hint: self.cache_hint,
            output_policy: self.output_policy,
            call_timeout: self.call_timeout,
            schema_stats: schemas.stats(),
            ablation: self.ablation,
        })
    }
}

fn register_resources(resources: Vec<Resource>) -> Result<FeatureSet<ResourceEntry>, Error> {
    let resources = resources.into_iter().map(|resource| resource.register().map(Arc::new));
    FeatureSet::new(resources.collect::<Result<_, _>>()?, "resource")
}

fn register_templates(
    templates: Vec<ResourceTemplate>,
    ablation: Ablation,
) -> Result<(FeatureSet<TemplateEntry>, TemplateRouter), Error> {
    let templates = templates.into_iter().map(ResourceTemplate::register);
    let (templates, parsed) =
        templates.collect::<Result<Vec<_>, _>>()?.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    let templates = templates.into_iter().map(Arc::new).collect();
    Ok((FeatureSet::new(templates, "template")?, TemplateRouter::new(parsed, ablation)?))
}

fn register_prompts(prompts: Vec<Prompt>) -> Result<FeatureSet<PromptEntry>, Error> {
    let prompts = prompts.into_iter().map(|prompt| prompt.register().map(Arc::new));
    FeatureSet::new(prompts.collect::<Result<_, _>>()?, "prompt")
}

/// Declared names are said once, extensions with their prefix, and settings are objects.
fn check_declared(offered: &Capabilities) -> Result<(), Error> {
    for (kind, declared) in
        [("extension", &offered.extensions), ("experimental capability", &offered.experimental)]
    {
        for (place, (name, settings)) in declared.iter().enumerate() {
            let refuse = |fault| Err(Error::usage(format!("{kind} {name:?}: {fault}")));
            if declared[..place].iter().any(|(other, _)| other == name) {
                return refuse("it is declared twice");
            }
            if !settings.get().starts_with('{') {
                return refuse("its settings are no JSON object");
            }
        }
    }
    let is_prefixed = |name: &str| {
        name.split_once('/').is_some_and(|(prefix, rest)| !prefix.is_empty() && !rest.is_empty())
    };
    match offered.extensions.iter().find(|(name, _)| !is_prefixed(name) || name == Task::EXTENSION)
    {
        None => Ok(()),
        Some((name, _)) if name == Task::EXTENSION => Err(Error::usage(format!(
            "extension {name:?}: it is declared by itself when a tool supports tasks"
        ))),
        Some((name, _)) => Err(Error::usage(format!(
            "extension {name:?}: its name needs a prefix, as in \"com.example/name\""
        ))),
    }
}

/// A `Value` has string keys and finite numbers only, so it always has a text.
fn raw(value: &serde_json::Value) -> Box<RawJson> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawJson::NULL.to_owned())
}
