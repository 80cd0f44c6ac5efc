//! Puts a server together: takes everything, then checks everything once.

use std::time::Duration;

use super::features::TemplateRouter;
use super::listing::Listing;
use super::{FeatureSet, Features, Prompt, Resource, ResourceTemplate, SchemaCache, Server, Tool};
use crate::error::Error;
use crate::model::{Capabilities, Icon, Implementation, Text};

/// A server that is being put together. Faults show at [`ServerBuilder::build`].
#[derive(Debug)]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    tools: Vec<Tool>,
    resources: Vec<Resource>,
    templates: Vec<ResourceTemplate>,
    prompts: Vec<Prompt>,
    call_timeout: Option<Duration>,
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
            call_timeout: None,
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

    /// Checks everything. The first fault found is returned, and names the feature it is in.
    pub fn build(self) -> Result<Server, Error> {
        self.build_with(&mut SchemaCache::new())
    }

    /// As [`Self::build`], with compiled schemas shared between servers.
    pub fn build_with(self, schemas: &mut SchemaCache) -> Result<Server, Error> {
        if self.info.name.is_empty() || self.info.version.is_empty() {
            return Err(Error::usage("a server needs a name and a version"));
        }
        let capabilities = Capabilities {
            tools: !self.tools.is_empty(),
            resources: !self.resources.is_empty() || !self.templates.is_empty(),
            prompts: !self.prompts.is_empty(),
            // Not offered before the endpoint answers `logging/setLevel`.
            logging: false,
            completions: false,
            ..Capabilities::default()
        };
        let features = register(self.tools, self.resources, self.templates, self.prompts, schemas)?;
        Ok(Server {
            info_listing: Listing::new(&[&self.info], |info, w, fields| info.encode(w, fields)),
            info: self.info,
            instructions: self.instructions,
            features,
            capabilities_listing: Listing::new(&[&capabilities], |offered, w, fields| {
                offered.encode(w, fields);
            }),
            capabilities,
            call_timeout: self.call_timeout,
            schema_stats: schemas.stats(),
        })
    }
}

fn register(
    tools: Vec<Tool>,
    resources: Vec<Resource>,
    templates: Vec<ResourceTemplate>,
    prompts: Vec<Prompt>,
    schemas: &mut SchemaCache,
) -> Result<Features, Error> {
    let tools = tools.into_iter().map(|tool| tool.register(schemas));
    let tools = FeatureSet::new(tools.collect::<Result<_, _>>()?, "tool")?;
    let resources = resources.into_iter().map(Resource::register);
    let resources = FeatureSet::new(resources.collect::<Result<_, _>>()?, "resource")?;
    let templates = templates.into_iter().map(ResourceTemplate::register);
    let (templates, parsed) =
        templates.collect::<Result<Vec<_>, _>>()?.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    let templates = FeatureSet::new(templates, "template")?;
    let router = TemplateRouter::new(parsed)?;
    let prompts = prompts.into_iter().map(Prompt::register);
    let prompts = FeatureSet::new(prompts.collect::<Result<_, _>>()?, "prompt")?;
    Ok(Features { tools, resources, templates, prompts, router })
}
