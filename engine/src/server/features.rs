//! The features of a server: found by name or URI, listed in the order they were registered.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::listing::Listing;
use super::{Feature, PromptEntry, ResourceEntry, TemplateEntry, ToolEntry};
use crate::config::Ablation;
use crate::error::Error;
use crate::json::Writer;
use crate::model::{Capabilities, Fields, TaskSupport};
use crate::uri::{Bindings, Linear, Router, Template};

/// A feature that has a place in a list.
pub(super) trait Listed {
    /// What it is found by.
    fn key(&self) -> &str;
    /// Writes it as the list shows it.
    fn encode(&self, w: &mut Writer<'_>, fields: &Fields);
}

/// Features of one kind.
pub struct FeatureSet<T> {
    /// Shared with the revisions before and after.
    entries: Vec<Arc<T>>,
    /// The names are the program's own, so their hash needs no secret.
    by_key: HashMap<Box<str>, u32, FixedState>,
    listing: Listing,
}

/// A part of a list, ready to be spliced into a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The items' JSON with commas between; empty when there are none.
    pub items: &'a [u8],
    /// How many items that is.
    pub len: usize,
    /// Where the next page begins, when there is one.
    pub next: Option<usize>,
}

impl<T> FeatureSet<T> {
    /// The entries, which must differ in their keys.
    pub(super) fn new(entries: Vec<Arc<T>>, kind: &str) -> Result<Self, Error>
    where
        T: Listed,
    {
        let mut by_key = HashMap::with_capacity_and_hasher(entries.len(), FixedState::default());
        for (place, entry) in entries.iter().enumerate() {
            match by_key.entry(entry.key().into()) {
                Entry::Vacant(vacant) => vacant.insert(place as u32),
                Entry::Occupied(taken) => {
                    let fault = format!("{kind} {:?}: it is registered twice", taken.key());
                    return Err(Error::usage(fault));
                }
            };
        }
        let listing = Listing::new(&entries, |entry, w, fields| entry.encode(w, fields));
        Ok(Self { entries, by_key, listing })
    }

    /// The feature of that exact name (tools, prompts) or URI (resources, templates).
    pub fn find(&self, key: &str) -> Option<&T> {
        self.by_key.get(key).map(|place| &*self.entries[*place as usize])
    }

    /// All features, in the order they were registered.
    pub fn iter(&self) -> FeatureIter<'_, T> {
        self.entries.iter().map(Arc::as_ref)
    }

    /// The same, to make another revision of.
    pub(super) fn entries(&self) -> &[Arc<T>] {
        &self.entries
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One feature as it is listed.
    pub fn listing(&self, place: usize, fields: &Fields) -> &[u8] {
        self.listing.item(place, fields)
    }

    /// At most `limit` features from the one at `position` on.
    pub fn page(&self, position: usize, limit: usize, fields: &Fields) -> Page<'_> {
        let from = position.min(self.len());
        let to = from.saturating_add(limit.max(1)).min(self.len());
        Page {
            items: self.listing.items(from, to, fields),
            len: to - from,
            next: (to < self.len()).then_some(to),
        }
    }
}

/// The features of a set, one after another.
pub type FeatureIter<'a, T> = std::iter::Map<std::slice::Iter<'a, Arc<T>>, fn(&Arc<T>) -> &T>;

impl<'a, T> IntoIterator for &'a FeatureSet<T> {
    type Item = &'a T;
    type IntoIter = FeatureIter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for FeatureSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

/// All features of a server. A clone shares them.
#[derive(Clone, Debug)]
pub struct Features {
    pub(super) tools: Arc<FeatureSet<ToolEntry>>,
    pub(super) resources: Arc<FeatureSet<ResourceEntry>>,
    pub(super) templates: Arc<FeatureSet<TemplateEntry>>,
    pub(super) prompts: Arc<FeatureSet<PromptEntry>>,
    pub(super) router: Arc<TemplateRouter>,
}

impl Features {
    /// The tools.
    pub fn tools(&self) -> &FeatureSet<ToolEntry> {
        &self.tools
    }

    /// The resources that have a URI of their own.
    pub fn resources(&self) -> &FeatureSet<ResourceEntry> {
        &self.resources
    }

    /// The resource templates.
    pub fn templates(&self) -> &FeatureSet<TemplateEntry> {
        &self.templates
    }

    /// The prompts.
    pub fn prompts(&self) -> &FeatureSet<PromptEntry> {
        &self.prompts
    }

    /// What `offered` comes to with these features. A list that may change is offered while it is
    /// empty.
    pub(super) fn capabilities(&self, offered: Capabilities) -> Capabilities {
        let tasks = self.tools.iter().any(|tool| tool.task_support() != TaskSupport::Forbidden);
        Capabilities {
            tools: offered.list_changes || !self.tools.is_empty(),
            resources: offered.list_changes
                || offered.resource_subscriptions
                || !self.resources.is_empty()
                || !self.templates.is_empty(),
            prompts: offered.list_changes || !self.prompts.is_empty(),
            completions: self.prompts.iter().any(|prompt| !prompt.completers().is_empty())
                || self.templates.iter().any(|template| !template.completers().is_empty()),
            tasks,
            // Where tasks are listed every client has a session, and sees those of its own.
            task_list: tasks,
            ..offered
        }
    }

    /// What answers a read of `uri`: the resource of that exact URI before any template.
    pub fn resource(&self, uri: &str) -> Option<FoundResource<'_>> {
        if let Some(entry) = self.resources.find(uri) {
            return Some(FoundResource { feature: entry.feature(), bindings: None });
        }
        let (place, bindings) = self.router.find(uri)?;
        let entry = &self.templates.entries[*place as usize];
        Some(FoundResource { feature: entry.feature(), bindings: Some(bindings) })
    }
}

/// Finds the template a URI fits.
pub(super) enum TemplateRouter {
    Radix(Router<u32>),
    /// Without the optimisation.
    Linear(Linear<u32>),
}

impl TemplateRouter {
    /// Places `templates` in the order of their entries.
    pub(super) fn new(templates: Vec<Template>, ablation: Ablation) -> Result<Self, Error> {
        let mut router = if ablation.template_router {
            Self::Radix(Router::new())
        } else {
            Self::Linear(Linear::new())
        };
        for (place, template) in templates.into_iter().enumerate() {
            let text = template.as_str().to_owned();
            match &mut router {
                Self::Radix(router) => router.insert(template, place as u32),
                Self::Linear(router) => router.insert(template, place as u32),
            }
            .map_err(|fault| Error::usage(format!("template {text:?}: {fault}")))?;
        }
        Ok(router)
    }

    fn find(&self, uri: &str) -> Option<(&u32, Bindings)> {
        match self {
            Self::Radix(router) => router.find(uri),
            Self::Linear(router) => router.find(uri),
        }
    }

    /// The templates in the order of their entries.
    pub(super) fn templates(&self) -> Vec<Template> {
        match self {
            Self::Radix(router) => router.iter().map(|(template, _)| template.clone()).collect(),
            Self::Linear(router) => router.iter().map(|(template, _)| template.clone()).collect(),
        }
    }
}

impl fmt::Debug for TemplateRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemplateRouter")
    }
}

/// What answers a read, and the values a template's variables have in the URI.
#[derive(Debug)]
pub struct FoundResource<'a> {
    feature: &'a Arc<Feature>,
    bindings: Option<Bindings>,
}

impl FoundResource<'_> {
    /// Its callable side.
    pub fn feature(&self) -> &Arc<Feature> {
        self.feature
    }

    /// The values of a template's variables.
    pub fn bindings(&self) -> Option<&Bindings> {
        self.bindings.as_ref()
    }
}
