//! Features as the engine is told of them: before the start, while it runs, and more than once.

use std::sync::Arc;
use std::time::Duration;

use mcpring::model::{Annotations, Icon, Meta, RawJson, ToolAnnotations};
use mcpring::server::ServerEdit;
use mcpring::uri::Screen;
use mcpring::{
    Completer, Error, Execution, Prompt, PromptArgument, Resource, ResourceTemplate, ServerBuilder,
    TaskSupport, Tool,
};
use serde::Deserialize;

use crate::handler::Prepared;
use crate::lanes::Lanes;
use crate::source::Source;
use crate::work::Entry;

/// The kinds of feature, as Python names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Resource,
    Template,
    Prompt,
}

impl Kind {
    pub(crate) fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "tool" => Ok(Self::Tool),
            "resource" => Ok(Self::Resource),
            "template" => Ok(Self::Template),
            "prompt" => Ok(Self::Prompt),
            other => Err(Error::usage(format!("there is no kind of feature {other:?}"))),
        }
    }

    pub(crate) fn remove(self, edit: &mut ServerEdit<'_>, key: &str) -> bool {
        match self {
            Self::Tool => edit.remove_tool(key),
            Self::Resource => edit.remove_resource(key),
            Self::Template => edit.remove_template(key),
            Self::Prompt => edit.remove_prompt(key),
        }
    }
}

/// What is listed of a feature beside its name, in the protocol's names.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Info {
    title: Option<String>,
    description: Option<String>,
    mime_type: Option<String>,
    size: Option<u64>,
    icons: Option<Box<RawJson>>,
    annotations: Option<Box<RawJson>>,
    #[serde(rename = "_meta")]
    meta: Option<Box<RawJson>>,
    #[serde(default)]
    arguments: Vec<Argument>,
}

/// An argument of a prompt.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
    name: String,
    title: Option<String>,
    description: Option<String>,
    #[serde(default)]
    required: bool,
}

/// [`Info`], read.
#[derive(Default)]
struct Described {
    info: Info,
    icons: Vec<Icon>,
    meta: Option<Meta>,
}

impl Described {
    fn read(json: &str) -> Result<Self, Error> {
        let info: Info =
            serde_json::from_str(json).map_err(|fault| Error::usage(format!("info: {fault}")))?;
        let icons = info
            .icons
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), |json| Icon::list_from_json(json.get()))?;
        let meta = info.meta.as_ref().map(|json| Meta::from_json(json.get())).transpose()?;
        Ok(Self { info, icons, meta })
    }

    fn annotations(&self) -> Result<Option<Annotations>, Error> {
        let json = self.info.annotations.as_ref();
        json.map(|json| Annotations::from_json(json.get())).transpose()
    }

    fn tool_annotations(&self) -> Result<ToolAnnotations, Error> {
        let json = self.info.annotations.as_ref();
        let hints = json.map(|json| ToolAnnotations::from_json(json.get())).transpose()?;
        Ok(hints.unwrap_or_default())
    }
}

/// Says what every feature has; their types have these methods each for itself.
macro_rules! common {
    ($feature:expr, $recipe:expr, $described:expr) => {{
        let (recipe, described) = ($recipe, $described);
        let mut feature =
            $feature.execution(Execution::Inline).keep_request(true).scopes(&recipe.scopes);
        if let Some(title) = &described.info.title {
            feature = feature.title(title.clone());
        }
        if let Some(description) = &described.info.description {
            feature = feature.description(description.clone());
        }
        for icon in &described.icons {
            feature = feature.icon(icon.clone());
        }
        if let Some(meta) = &described.meta {
            feature = feature.meta(meta.clone());
        }
        if let Some(timeout) = recipe.timeout {
            feature = feature.timeout(timeout);
        }
        feature
    }};
}

/// Everything the engine is told of one feature.
pub(crate) struct Recipe {
    pub(crate) kind: Kind,
    /// The name of a tool or prompt, the URI of a resource or template.
    pub(crate) key: String,
    pub(crate) source: Source,
    pub(crate) lanes: Arc<Lanes>,
    /// The name of a resource or template.
    pub(crate) name: String,
    pub(crate) info: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) extra: Extra,
    /// Arguments that are completed, and by what.
    pub(crate) completers: Vec<(String, Arc<Prepared>)>,
}

/// What only one kind has.
pub(crate) enum Extra {
    None,
    Tool { input: String, output: Option<String>, task: Task },
    Template { is_screened: bool },
}

/// Whether calls become tasks, and who says so.
#[derive(Clone, Copy)]
pub(crate) enum Task {
    /// The client, or the engine for it.
    By(TaskSupport),
    /// The handler, with `Call.become_task`.
    ByHandler,
}

impl Recipe {
    pub(crate) fn is(&self, kind: Kind, key: &str) -> bool {
        self.kind == kind && self.key == key
    }

    fn entry(&self) -> Result<Entry, Error> {
        Ok(Entry::new(self.source.handler()?, &self.lanes))
    }

    fn completer(&self, handler: &Arc<Prepared>) -> Completer {
        let completer = Completer::handler(Entry::new(handler, &self.lanes));
        completer.execution(Execution::Inline).keep_request(true)
    }

    fn tool(&self) -> Result<Tool, Error> {
        let described = Described::read(&self.info)?;
        let Extra::Tool { input, output, task } = &self.extra else {
            return Err(Error::bug("a tool's recipe is another's"));
        };
        let tool = Tool::handler(self.key.clone(), input.as_str(), self.entry()?)
            .annotations(described.tool_annotations()?)
            .lenient(self.source.handler()?.is_lenient);
        let tool = match task {
            Task::By(support) => tool.task_support(*support),
            Task::ByHandler => tool.task_support(TaskSupport::Required).task_by_handler(),
        };
        let tool = common!(tool, self, &described);
        Ok(match output {
            Some(schema) => tool.output_schema(schema.as_str()),
            None => tool,
        })
    }

    fn resource(&self) -> Result<Resource, Error> {
        let described = Described::read(&self.info)?;
        let (uri, name) = (self.key.clone(), self.name.clone());
        let resource = match &self.source {
            Source::Handler(_) => Resource::handler(uri, name, self.entry()?),
            Source::Text(text) => Resource::text(uri, name, Arc::clone(text)),
            Source::Bytes(bytes) => Resource::blob(uri, name, bytes.clone()),
        };
        let mut resource = common!(resource, self, &described);
        if let Some(mime_type) = &described.info.mime_type {
            resource = resource.mime_type(mime_type.clone());
        }
        if let Some(size) = described.info.size {
            resource = resource.size(size);
        }
        Ok(match described.annotations()? {
            Some(hints) => resource.annotations(hints),
            None => resource,
        })
    }

    fn template(&self) -> Result<ResourceTemplate, Error> {
        let described = Described::read(&self.info)?;
        let is_screened = matches!(self.extra, Extra::Template { is_screened: true });
        let template =
            ResourceTemplate::handler(self.key.clone(), self.name.clone(), self.entry()?)
                .screen(if is_screened { Screen::Path } else { Screen::Off });
        let mut template = common!(template, self, &described);
        if let Some(mime_type) = &described.info.mime_type {
            template = template.mime_type(mime_type.clone());
        }
        if let Some(hints) = described.annotations()? {
            template = template.annotations(hints);
        }
        for (name, handler) in &self.completers {
            template = template.completer(name.clone(), self.completer(handler));
        }
        Ok(template)
    }

    fn prompt(&self) -> Result<Prompt, Error> {
        let described = Described::read(&self.info)?;
        let mut prompt =
            common!(Prompt::handler(self.key.clone(), self.entry()?), self, &described);
        for argument in &described.info.arguments {
            prompt = prompt.argument(argument.build());
        }
        for (name, handler) in &self.completers {
            prompt = prompt.completer(name.clone(), self.completer(handler));
        }
        Ok(prompt)
    }

    /// Tells a server that is being built.
    pub(crate) fn build(&self, server: ServerBuilder) -> Result<ServerBuilder, Error> {
        Ok(match self.kind {
            Kind::Tool => server.tool(self.tool()?),
            Kind::Resource => server.resource(self.resource()?),
            Kind::Template => server.template(self.template()?),
            Kind::Prompt => server.prompt(self.prompt()?),
        })
    }

    /// Tells a server that runs.
    pub(crate) fn edit(&self, edit: &mut ServerEdit<'_>) -> Result<(), Error> {
        match self.kind {
            Kind::Tool => edit.add_tool(self.tool()?),
            Kind::Resource => edit.add_resource(self.resource()?),
            Kind::Template => edit.add_template(self.template()?),
            Kind::Prompt => edit.add_prompt(self.prompt()?),
        }
        Ok(())
    }
}

/// The arguments that the info of a prompt lists. What is wrong with it is said by whoever builds the
/// prompt.
pub(crate) fn argument_names(info: &str) -> Vec<String> {
    let arguments = Described::read(info).map(|described| described.info.arguments);
    arguments.unwrap_or_default().into_iter().map(|argument| argument.name).collect()
}

impl Argument {
    fn build(&self) -> PromptArgument {
        let name = self.name.clone();
        let mut argument = if self.required {
            PromptArgument::required(name)
        } else {
            PromptArgument::optional(name)
        };
        if let Some(title) = &self.title {
            argument = argument.title(title.clone());
        }
        if let Some(description) = &self.description {
            argument = argument.description(description.clone());
        }
        argument
    }
}
