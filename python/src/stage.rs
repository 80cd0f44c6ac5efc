//! What a server has: put together before the start, and kept in step with what runs after it.

use mcpring::server::{Hook, Publisher, SchemaCache};
use mcpring::settings::Settings;
use mcpring::{Engine, Error, Execution, Server};
use std::sync::Arc;

use crate::feature::{Kind, Recipe};
use crate::handler::{Lane, Prepared};
use crate::lanes::Lanes;
use crate::route::Route;
use crate::work::Entry;

/// A server's features and settings, and what of them the running engine has yet to hear.
///
/// Handlers, objects of Python's, may go away with each change: no thread makes one attached.
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) settings: Settings,
    pub(crate) routes: Vec<Route>,
    /// Methods, and what is put before the engine's own answers to them.
    pub(crate) hooks: Vec<(String, Arc<Prepared>, Arc<Lanes>)>,
    features: Vec<Recipe>,
    schemas: SchemaCache,
    /// Features that were added, replaced or removed since the engine was told.
    changed: Vec<(Kind, String)>,
    /// How many edits are open, one inside the other.
    pub(crate) edits: usize,
    pub(crate) publisher: Option<Publisher>,
}

impl Stage {
    /// A server without features that listens nowhere.
    pub(crate) fn new(name: String, version: String, settings: Settings) -> Self {
        Self {
            name,
            version,
            settings,
            routes: Vec::new(),
            hooks: Vec::new(),
            features: Vec::new(),
            schemas: SchemaCache::new(),
            changed: Vec::new(),
            edits: 0,
            publisher: None,
        }
    }

    /// Adds a feature in the place of one of the same name.
    pub(crate) fn put(&mut self, recipe: Recipe) -> Result<(), Error> {
        self.check(&recipe)?;
        self.take(recipe.kind, &recipe.key);
        self.note(recipe.kind, &recipe.key);
        self.features.push(recipe);
        Ok(())
    }

    /// Removes a feature; whether it was there.
    pub(crate) fn take(&mut self, kind: Kind, key: &str) -> bool {
        let Some(place) = self.place(kind, key) else { return false };
        self.note(kind, key);
        self.features.remove(place);
        true
    }

    /// The feature of that name, to be changed.
    pub(crate) fn change(&mut self, kind: Kind, key: &str) -> Option<&mut Recipe> {
        let place = self.place(kind, key)?;
        self.note(kind, key);
        self.features.get_mut(place)
    }

    fn place(&self, kind: Kind, key: &str) -> Option<usize> {
        self.features.iter().position(|recipe| recipe.is(kind, key))
    }

    /// The lanes its handlers need.
    pub(crate) fn lanes(&self) -> Vec<Lane> {
        let of_completers = |recipe: &Recipe| {
            recipe.completers.iter().map(|(_, handler)| handler.lane).collect::<Vec<_>>()
        };
        let all = self
            .features
            .iter()
            .flat_map(|recipe| recipe.source.lane().into_iter().chain(of_completers(recipe)));
        let mut all: Vec<_> = all.collect();
        all.extend(self.hooks.iter().map(|(_, handler, _)| handler.lane));
        all.extend(self.routes.iter().map(|_| Lane::Loop));
        [Lane::Pool, Lane::Loop].into_iter().filter(|lane| all.contains(lane)).collect()
    }

    /// Everything that keeps Python objects alive, to be dropped by the caller.
    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        self.publisher = None;
        let Self { features, routes, hooks, .. } = self;
        (std::mem::take(features), std::mem::take(routes), std::mem::take(hooks))
    }

    /// Refuses a feature that is not in order: alone in a server that is thrown away it shows.
    fn check(&mut self, recipe: &Recipe) -> Result<(), Error> {
        recipe.build(Server::builder("check", "1"))?.build_with(&mut self.schemas).map(drop)
    }

    fn note(&mut self, kind: Kind, key: &str) {
        if !self.changed.iter().any(|(known, name)| *known == kind && name == key) {
            self.changed.push((kind, key.to_owned()));
        }
    }

    /// An engine that serves all of it.
    pub(crate) fn engine(&mut self, lanes: &Arc<Lanes>) -> Result<Engine, Error> {
        let mut server = self.settings.server(&self.name, &self.version);
        for recipe in &self.features {
            server = recipe.build(server)?;
        }
        for (method, handler, lanes) in &self.hooks {
            let hook = Hook::new(Entry::new(handler, lanes)).execution(Execution::Inline);
            server = server.hook(method.clone(), hook.keep_request(true));
        }
        let server = server.build_with(&mut self.schemas)?;
        self.changed.clear();
        // Clients inside the process need no address.
        let lanes = Arc::clone(lanes);
        let engine = self.settings.engine(server).detached().after_turn(move || lanes.wake());
        Ok(self
            .routes
            .iter()
            .fold(engine, |engine, route| engine.route(&route.methods, &route.path, route.clone())))
    }

    /// Tells the running engine what changed, all at once, unless an edit is open.
    pub(crate) fn publish(&mut self) -> Result<(), Error> {
        let Some(publisher) = self.publisher.clone().filter(|_| self.edits == 0) else {
            return Ok(());
        };
        let changed = std::mem::take(&mut self.changed);
        if changed.is_empty() {
            return Ok(());
        }
        publisher.edit(|edit| {
            for (kind, key) in &changed {
                kind.remove(edit, key);
                if let Some(recipe) = self.features.iter().find(|recipe| recipe.is(*kind, key)) {
                    recipe.edit(edit)?;
                }
            }
            Ok(())
        })?
    }
}
