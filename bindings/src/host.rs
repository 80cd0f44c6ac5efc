//! A server of a program's: put together, started, changed while it runs, ended.
//!
//! Before the start features are recipes on a stage; from then on they are edits of the running
//! server. No lock is held while the program's code runs, or the engine's threads are waited for:
//! a callback may come as soon as the first shard serves, and may change the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use mcpring::server::{Publisher, SchemaCache};
use mcpring::{Running, Server, ServerBuilder};

use crate::failure::Failure;
use crate::plugin::Plugins;
use crate::queue::Queue;
use crate::recipe::{List, Recipe};
use crate::settings::Settings;
use crate::site::Site;
use crate::status::MCPRING_ERR_USAGE;

/// A server of a program's.
pub(crate) struct Host {
    name: String,
    version: String,
    site: Arc<Site>,
    /// Whether somebody polls for calls.
    has_loop: bool,
    stage: Mutex<Stage>,
    publisher: RwLock<Option<Publisher>>,
    running: OnceLock<Running>,
    /// Stopping was asked for before the start was done: gently, and at once.
    stops: [AtomicBool; 2],
    pub(crate) plugins: Plugins,
}

/// What a server will be, and whether it is yet.
struct Stage {
    phase: Phase,
    settings: Settings,
    recipes: Vec<Recipe>,
    /// A schema that several tools share is compiled once.
    schemas: SchemaCache,
    /// The server as it would start now, when that was looked at.
    preview: Option<Arc<Server>>,
}

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Put together.
    Staged,
    /// Starting, running or ended.
    Started,
}

fn usage(words: String) -> Failure {
    Failure::new(MCPRING_ERR_USAGE, words)
}

impl Host {
    /// A server without features that listens nowhere.
    pub(crate) fn new(name: &str, version: &str, has_loop: bool) -> Result<Self, Failure> {
        let settings = Settings::default();
        let site = Site::new(Queue::new()?, settings.config().frame_bytes_max);
        let stage = Stage {
            phase: Phase::Staged,
            settings,
            recipes: Vec::new(),
            schemas: SchemaCache::new(),
            preview: None,
        };
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            site: Arc::new(site),
            has_loop,
            stage: Mutex::new(stage),
            publisher: RwLock::new(None),
            running: OnceLock::new(),
            stops: [const { AtomicBool::new(false) }; 2],
            plugins: Plugins::default(),
        })
    }

    /// What its calls share.
    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// Whether somebody polls for calls.
    pub(crate) fn has_loop(&self) -> bool {
        self.has_loop
    }

    /// Changes settings before the start.
    pub(crate) fn configure(&self, json: &str) -> Result<(), Failure> {
        let mut stage = self.staged()?;
        stage.settings = stage.settings.with(json)?;
        stage.preview = None;
        self.site.set_reply_bytes_max(stage.settings.config().frame_bytes_max);
        self.site.queue.set_waiting_max(stage.settings.host_queue);
        Ok(())
    }

    /// Adds an address before the start.
    pub(crate) fn listen(&self, url: &str) -> Result<(), Failure> {
        let address = url.parse()?;
        let mut stage = self.staged()?;
        stage.settings.engine = stage.settings.engine.listen(address)?;
        Ok(())
    }

    /// Adds a feature, now or to the running server.
    pub(crate) fn add(&self, recipe: Recipe) -> Result<(), Failure> {
        let (list, key, library) = (recipe.list(), recipe.key.clone(), recipe.library.clone());
        let mut stage = self.stage();
        if stage.phase == Phase::Staged {
            stage.check(&recipe)?;
            stage.recipes.push(recipe);
            stage.preview = None;
            drop(stage);
        } else {
            drop(stage);
            self.live_publisher()?.edit(|edit| recipe.edit(edit))?;
        }
        let own = library.filter(|library| library.is_of(self.site.server()));
        if own.is_none_or(|library| self.plugins.record(&library, list, &key)) {
            return Ok(());
        }
        // Its plugin was closed meanwhile and would not take it along any more.
        let _ = self.take(list, &key);
        Err(Failure::state("the plugin that adds this is being closed"))
    }

    /// Removes a feature, now or from the running server.
    pub(crate) fn remove(&self, list: List, key: &str) -> Result<(), Failure> {
        self.not_ended()?;
        self.take(list, key)
    }

    /// As [`remove`](Self::remove), also when the server has ended: what a plugin added goes then
    /// too.
    pub(crate) fn take(&self, list: List, key: &str) -> Result<(), Failure> {
        let mut stage = self.stage();
        let was_there = if stage.phase == Phase::Staged {
            let place = stage.recipes.iter().position(|recipe| recipe.is(list, key));
            let removed = place.map(|place| stage.recipes.remove(place));
            stage.preview = None;
            drop(stage);
            // Dropped behind the lock, for dropping it may run the program's code.
            removed.is_some()
        } else {
            drop(stage);
            self.publisher()?.edit(|edit| list.remove(edit, key))?
        };
        if !was_there {
            let kind = list.singular();
            return Err(Failure::not_found(format!("there is no {kind} {key:?}")));
        }
        self.plugins.forget(list, key);
        Ok(())
    }

    /// Starts to serve.
    pub(crate) fn start(&self) -> Result<(), Failure> {
        let mut stage = self.staged()?;
        let server = stage.server(&self.name, &self.version)?;
        let engine = stage.settings.engine.engine(server);
        // From now on the server holds what it needs of them, and nothing else may.
        let recipes = std::mem::take(&mut stage.recipes);
        stage.preview = None;
        stage.phase = Phase::Started;
        // Callbacks come when the publisher is there, and not before.
        let ready = |publisher| {
            *self.publisher.write().unwrap_or_else(PoisonError::into_inner) = Some(publisher);
            drop(stage);
        };
        let running = match engine.start_with(ready) {
            Ok(running) => running,
            Err(fault) => {
                self.forget_publisher();
                // Nothing is left to be stopped.
                for wish in &self.stops {
                    wish.store(false, Ordering::SeqCst);
                }
                let mut stage = self.stage();
                stage.recipes = recipes;
                stage.phase = Phase::Staged;
                return Err(fault.into());
            }
        };
        drop(recipes);
        let site = Arc::clone(&self.site);
        running.on_end(move || site.queue.end());
        let running = self.running.get_or_init(|| running);
        let [gently, at_once] = &self.stops;
        if at_once.load(Ordering::SeqCst) {
            running.stop_now();
        } else if gently.load(Ordering::SeqCst) {
            running.stop();
        }
        Ok(())
    }

    /// Begins to end it.
    pub(crate) fn stop(&self, now: bool) -> Result<(), Failure> {
        if self.stage().phase == Phase::Staged {
            return Err(not_running());
        }
        self.stops[usize::from(now)].store(true, Ordering::SeqCst);
        match self.running.get() {
            Some(running) if now => running.stop_now(),
            Some(running) => running.stop(),
            // Starting; who starts it looks for the wish afterwards.
            None => {}
        }
        Ok(())
    }

    /// Waits until it has ended.
    pub(crate) fn join(&self) -> Result<(), Failure> {
        Ok(self.running()?.wait()?)
    }

    /// Ends it at once, if it runs, and waits for that.
    pub(crate) fn end(&self) {
        if let Some(running) = self.running.get() {
            running.stop_now();
            // Whoever frees a server instead of joining does not ask for the outcome.
            let _ = running.wait();
        }
        self.site.queue.end();
        self.forget_publisher();
        self.plugins.clear();
    }

    /// The engine that serves it.
    pub(crate) fn running(&self) -> Result<&Running, Failure> {
        self.running.get().ok_or_else(not_running)
    }

    /// The way to change it while it runs.
    pub(crate) fn publisher(&self) -> Result<Publisher, Failure> {
        let publisher = self.publisher.read().unwrap_or_else(PoisonError::into_inner).clone();
        publisher.ok_or_else(not_running)
    }

    /// The same, unless the server has ended and there is nobody to tell.
    pub(crate) fn live_publisher(&self) -> Result<Publisher, Failure> {
        self.not_ended()?;
        self.publisher()
    }

    fn not_ended(&self) -> Result<(), Failure> {
        if self.running.get().is_some_and(Running::has_ended) {
            return Err(Failure::state("the server has ended"));
        }
        Ok(())
    }

    /// Its features as they are now, and the time for a call that does not say.
    pub(crate) fn server(&self) -> Result<(Arc<Server>, Duration), Failure> {
        let mut stage = self.stage();
        let time = stage.settings.engine.call_time();
        if stage.phase == Phase::Started {
            drop(stage);
            return Ok((self.publisher()?.server(), time));
        }
        if stage.preview.is_none() {
            stage.preview = Some(Arc::new(stage.server(&self.name, &self.version)?));
        }
        stage.preview.clone().map(|server| (server, time)).ok_or_else(not_running)
    }

    /// Gives the features to a server that is started elsewhere.
    pub(crate) fn builder(&self) -> ServerBuilder {
        let stage = self.stage();
        let server = stage.settings.engine.server(&self.name, &self.version);
        stage.recipes.iter().fold(server, |server, recipe| recipe.build(server))
    }

    /// It is started elsewhere, and changed by `publisher`.
    pub(crate) fn attach(&self, publisher: Publisher) {
        let mut stage = self.stage();
        stage.phase = Phase::Started;
        stage.preview = None;
        let recipes = std::mem::take(&mut stage.recipes);
        *self.publisher.write().unwrap_or_else(PoisonError::into_inner) = Some(publisher);
        drop(stage);
        drop(recipes);
    }

    fn forget_publisher(&self) {
        let publisher = self.publisher.write().unwrap_or_else(PoisonError::into_inner).take();
        // With it features may go, whose user data is destroyed then.
        drop(publisher);
    }

    /// What it will be, unless it is started.
    fn staged(&self) -> Result<MutexGuard<'_, Stage>, Failure> {
        let stage = self.stage();
        match stage.phase {
            Phase::Staged => Ok(stage),
            Phase::Started => Err(Failure::state("the server was started already")),
        }
    }

    /// Each change is made whole, so a panic elsewhere leaves nothing half done.
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

impl Stage {
    /// Refuses a feature that is not in order by itself, or not the first of its name.
    fn check(&mut self, recipe: &Recipe) -> Result<(), Failure> {
        let (list, key) = (recipe.list(), &recipe.key);
        if self.recipes.iter().any(|other| other.is(list, key)) {
            return Err(usage(format!("{} {key:?}: it is registered twice", list.singular())));
        }
        // Alone in a server that is thrown away, it shows its faults.
        recipe.build(Server::builder("check", "1")).build_with(&mut self.schemas)?;
        Ok(())
    }

    /// The server as it is now.
    fn server(&mut self, name: &str, version: &str) -> Result<Server, Failure> {
        let server = self.settings.engine.server(name, version);
        let server = self.recipes.iter().fold(server, |server, recipe| recipe.build(server));
        Ok(server.build_with(&mut self.schemas)?)
    }
}

fn not_running() -> Failure {
    Failure::state("the server is not running")
}
