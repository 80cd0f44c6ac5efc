//! A feature as the engine can be told of it: before the start and while it runs, more than once.

use std::sync::Arc;

use mcpring::server::ServerEdit;
use mcpring::{Prompt, Resource, ResourceTemplate, ServerBuilder, Tool};

use crate::plugin::Library;

/// Which list a feature is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Tools,
    Resources,
    Templates,
    Prompts,
}

impl List {
    /// The name of the list.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Templates => "templates",
            Self::Prompts => "prompts",
        }
    }

    /// What is in it.
    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Tools => "tool",
            Self::Resources => "resource",
            Self::Templates => "template",
            Self::Prompts => "prompt",
        }
    }

    /// Takes a feature out of a running server; whether it was there.
    pub(crate) fn remove(self, edit: &mut ServerEdit<'_>, key: &str) -> bool {
        match self {
            Self::Tools => edit.remove_tool(key),
            Self::Resources => edit.remove_resource(key),
            Self::Templates => edit.remove_template(key),
            Self::Prompts => edit.remove_prompt(key),
        }
    }
}

type MakeOf<T> = Box<dyn Fn() -> T + Send + Sync>;

/// How to make a feature.
pub(crate) enum Make {
    Tool(MakeOf<Tool>),
    Resource(MakeOf<Resource>),
    Template(MakeOf<ResourceTemplate>),
    Prompt(MakeOf<Prompt>),
}

/// A feature with its name, and the plugin it comes from.
pub(crate) struct Recipe {
    /// What it is found by: a name, a URI, a template as written.
    pub(crate) key: String,
    pub(crate) make: Make,
    pub(crate) library: Option<Arc<Library>>,
}

impl Recipe {
    /// Which list it is for.
    pub(crate) fn list(&self) -> List {
        match self.make {
            Make::Tool(_) => List::Tools,
            Make::Resource(_) => List::Resources,
            Make::Template(_) => List::Templates,
            Make::Prompt(_) => List::Prompts,
        }
    }

    /// Whether it is the feature of that name in that list.
    pub(crate) fn is(&self, list: List, key: &str) -> bool {
        self.list() == list && self.key == key
    }

    /// Adds it to a server that is not built yet.
    pub(crate) fn build(&self, server: ServerBuilder) -> ServerBuilder {
        match &self.make {
            Make::Tool(make) => server.tool(make()),
            Make::Resource(make) => server.resource(make()),
            Make::Template(make) => server.template(make()),
            Make::Prompt(make) => server.prompt(make()),
        }
    }

    /// Adds it to a server that runs.
    pub(crate) fn edit(&self, edit: &mut ServerEdit<'_>) {
        match &self.make {
            Make::Tool(make) => edit.add_tool(make()),
            Make::Resource(make) => edit.add_resource(make()),
            Make::Template(make) => edit.add_template(make()),
            Make::Prompt(make) => edit.add_prompt(make()),
        }
    }
}
