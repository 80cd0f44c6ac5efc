//! One change of a running server's features, checked like a build.

use std::fmt;
use std::sync::Arc;

use super::features::{Listed, TemplateRouter};
use super::{
    FeatureSet, Features, ListKind, Prompt, PromptEntry, Resource, ResourceEntry, ResourceTemplate,
    SchemaCache, Server, TemplateEntry, Tool, ToolEntry,
};
use crate::error::Error;
use crate::model::TaskSupport;
use crate::uri::Template;

/// What to add to a server and remove from it. Faults show at the end of
/// [`Publisher::edit`](super::Publisher::edit), and then nothing changes.
pub struct ServerEdit<'a> {
    present: &'a Server,
    schemas: &'a mut SchemaCache,
    tools: Draft<ToolEntry>,
    resources: Draft<ResourceEntry>,
    templates: Draft<TemplateEntry>,
    /// The templates' parsed forms, in the order of their entries.
    parsed: Vec<Template>,
    prompts: Draft<PromptEntry>,
    fault: Option<Error>,
}

impl<'a> ServerEdit<'a> {
    pub(super) fn new(present: &'a Server, schemas: &'a mut SchemaCache) -> Self {
        let Features { tools, resources, templates, prompts, router } = present.features();
        Self {
            present,
            schemas,
            tools: Draft::of(tools),
            resources: Draft::of(resources),
            templates: Draft::of(templates),
            parsed: router.templates(),
            prompts: Draft::of(prompts),
            fault: None,
        }
    }

    /// Adds a tool at the end of the list.
    pub fn add_tool(&mut self, tool: Tool) {
        let offered = self.present.capabilities();
        let entry = tool.register(self.schemas, self.present.output_policy);
        let entry = self.offered(offered.tools, "tools", entry);
        let entry = entry.and_then(|entry| {
            let is_task = entry.task_support() != TaskSupport::Forbidden;
            self.offered(offered.tasks || !is_task, "tasks", Ok(entry))
        });
        self.tools.entries.extend(entry.map(Arc::new));
        self.tools.is_changed = true;
    }

    /// Removes the tool of that name; `false` when there is none. Calls under way go on.
    pub fn remove_tool(&mut self, name: &str) -> bool {
        self.tools.remove(name).is_some()
    }

    /// Adds a resource at the end of the list.
    pub fn add_resource(&mut self, resource: Resource) {
        let entry = resource.register();
        let entry = self.offered(self.present.capabilities().resources, "resources", entry);
        self.resources.entries.extend(entry.map(Arc::new));
        self.resources.is_changed = true;
    }

    /// Removes the resource of that URI; `false` when there is none. Subscriptions to it stay.
    pub fn remove_resource(&mut self, uri: &str) -> bool {
        self.resources.remove(uri).is_some()
    }

    /// Adds a resource template at the end of the list.
    pub fn add_template(&mut self, template: ResourceTemplate) {
        let entry = template.register();
        let offered = self.present.capabilities();
        let entry = self.offered(offered.resources, "resources", entry).and_then(|entry| {
            let is_complete = offered.completions || entry.0.completers().is_empty();
            self.offered(is_complete, "completions", Ok(entry))
        });
        if let Some((entry, parsed)) = entry {
            self.templates.entries.push(Arc::new(entry));
            self.parsed.push(parsed);
        }
        self.templates.is_changed = true;
    }

    /// Removes the resource template that is written like this; `false` when there is none.
    pub fn remove_template(&mut self, template: &str) -> bool {
        let place = self.templates.remove(template);
        if let Some(place) = place {
            self.parsed.remove(place);
        }
        place.is_some()
    }

    /// Adds a prompt at the end of the list.
    pub fn add_prompt(&mut self, prompt: Prompt) {
        let entry = prompt.register();
        let offered = self.present.capabilities();
        let entry = self.offered(offered.prompts, "prompts", entry).and_then(|entry| {
            let is_complete = offered.completions || entry.completers().is_empty();
            self.offered(is_complete, "completions", Ok(entry))
        });
        self.prompts.entries.extend(entry.map(Arc::new));
        self.prompts.is_changed = true;
    }

    /// Removes the prompt of that name; `false` when there is none.
    pub fn remove_prompt(&mut self, name: &str) -> bool {
        self.prompts.remove(name).is_some()
    }

    /// The entry, if it is in order and its kind is offered. What is offered was said to clients
    /// when they came, and cannot change under them.
    fn offered<E>(&mut self, is_offered: bool, kind: &str, entry: Result<E, Error>) -> Option<E> {
        let missing = || {
            Error::usage(format!(
                "the server was built without {kind}, which stays so while it runs; built with \
                 list_changes() it offers every list"
            ))
        };
        match entry.and_then(|entry| if is_offered { Ok(entry) } else { Err(missing()) }) {
            Ok(entry) => Some(entry),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                None
            }
        }
    }

    /// The next revision; `None` when nothing changed.
    pub(super) fn finish(self) -> Result<Option<Server>, Error> {
        let Self { present, tools, resources, templates, parsed, prompts, .. } = self;
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let changed = [
            (ListKind::Tools, tools.is_changed),
            (ListKind::Resources, resources.is_changed || templates.is_changed),
            (ListKind::Prompts, prompts.is_changed),
        ];
        let changed: Vec<_> = changed.iter().filter(|(_, is)| *is).map(|(list, _)| *list).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let before = present.features();
        let router = if templates.is_changed {
            Arc::new(TemplateRouter::new(parsed, present.ablation())?)
        } else {
            Arc::clone(&before.router)
        };
        let features = Features {
            tools: tools.finish(&before.tools, "tool")?,
            resources: resources.finish(&before.resources, "resource")?,
            templates: templates.finish(&before.templates, "template")?,
            prompts: prompts.finish(&before.prompts, "prompt")?,
            router,
        };
        let revision = present.revision.next(changed);
        Ok(Some(Server { features, revision, ..present.clone() }))
    }
}

impl fmt::Debug for ServerEdit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerEdit").field("fault", &self.fault).finish_non_exhaustive()
    }
}

/// One list on its way to the next revision.
struct Draft<T> {
    entries: Vec<Arc<T>>,
    is_changed: bool,
}

impl<T: Listed> Draft<T> {
    fn of(set: &FeatureSet<T>) -> Self {
        Self { entries: set.entries().to_vec(), is_changed: false }
    }

    /// Removes the entry of that key; gives the place where it was.
    fn remove(&mut self, key: &str) -> Option<usize> {
        let place = self.entries.iter().position(|entry| entry.key() == key)?;
        self.entries.remove(place);
        self.is_changed = true;
        Some(place)
    }

    fn finish(self, before: &Arc<FeatureSet<T>>, kind: &str) -> Result<Arc<FeatureSet<T>>, Error> {
        if self.is_changed {
            FeatureSet::new(self.entries, kind).map(Arc::new)
        } else {
            Ok(Arc::clone(before))
        }
    }
}
