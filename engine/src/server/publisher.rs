//! The way from the program to all clients: changes of the features, and updates of resources.
//!
//! A [`Server`] never changes. An edit makes the next revision of it, which shares everything that
//! stayed as it was, and tells whoever serves; clients that want to know hear that a list changed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{SchemaCache, Server, ServerEdit};
use crate::error::{Error, LimitError};

/// Something that whoever serves must know.
#[derive(Clone, Debug)]
pub enum Publication {
    /// The server has this revision now. Must not be lost.
    Server(Arc<Server>),
    /// The resource of this URI changed.
    ResourceUpdated(Arc<str>),
    /// The person is done with the question at a URL of this id.
    ElicitationDone(Arc<str>),
}

type Broadcast = dyn Fn(Publication) -> Result<(), LimitError> + Send + Sync;

/// Changes a running server and tells its clients; cheap to clone, usable from any thread.
///
/// ```
/// use mcpring::server::{Publisher, Server, Tool};
///
/// let server = Server::builder("example", "1.0.0").list_changes().build()?;
/// # let publisher = Publisher::new(server.into(), |_| Ok(()));
/// // Of a running server: `running.publisher()`, or in a call `call.context().publisher()`.
/// publisher.edit(|edit| edit.add_tool(Tool::raw("now", r#"{"type":"object"}"#, |_| "12:00")))?;
/// assert!(publisher.edit(|edit| edit.remove_tool("now"))?, "it was there");
/// publisher.resource_updated("demo://clock")?;
/// # Ok::<(), mcpring::Error>(())
/// ```
#[derive(Clone)]
pub struct Publisher(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    broadcast: Box<Broadcast>,
}

struct State {
    present: Arc<Server>,
    /// Kept between edits: a tool that comes back is not compiled again.
    schemas: SchemaCache,
}

impl Publisher {
    /// A publisher of revisions after `server`; `broadcast` takes each publication to whoever
    /// serves, and must not block.
    pub fn new(
        server: Arc<Server>,
        broadcast: impl Fn(Publication) -> Result<(), LimitError> + Send + Sync + 'static,
    ) -> Self {
        let schemas = if server.ablation().schema_cache {
            SchemaCache::new()
        } else {
            SchemaCache::without_compiled()
        };
        let state = State { present: server, schemas };
        Self(Arc::new(Shared { state: Mutex::new(state), broadcast: Box::new(broadcast) }))
    }

    /// The server as it is now.
    pub fn server(&self) -> Arc<Server> {
        Arc::clone(&self.state().present)
    }

    /// Changes the features: `change` says what to add and remove, and all of it happens at once,
    /// or nothing if the outcome has a fault. Clients are told which lists changed if the server
    /// was built with [`list_changes`](super::ServerBuilder::list_changes).
    ///
    /// Edits are made one after another: `change` must not edit by itself. The cost is that of
    /// encoding the changed lists anew.
    pub fn edit<R>(&self, change: impl FnOnce(&mut ServerEdit<'_>) -> R) -> Result<R, Error> {
        let mut state = self.state();
        let State { present, schemas } = &mut *state;
        let mut edit = ServerEdit::new(present, schemas);
        let given = change(&mut edit);
        let Some(next) = edit.finish()? else { return Ok(given) };
        let before = std::mem::replace(&mut state.present, Arc::new(next));
        // Under the lock, so that revisions arrive in their order.
        let told = (self.0.broadcast)(Publication::Server(Arc::clone(&state.present)));
        drop(state);
        // Behind the lock: what goes with a handler is the program's, and may take its time.
        drop(before);
        told?;
        Ok(given)
    }

    /// Tells the subscribers of `uri` that the resource changed. Of several updates that a slow
    /// subscriber has not taken yet, it gets one. The error says that a shard has more to do than
    /// it can take on; some subscribers may have been told.
    pub fn resource_updated(&self, uri: impl Into<Arc<str>>) -> Result<(), LimitError> {
        (self.0.broadcast)(Publication::ResourceUpdated(uri.into()))
    }

    /// Tells the client that was sent to a URL, by a question or by the error that demands it
    /// (2025-11-25), that the person is done there, also when the call is long over. `id` is the id
    /// of the question; an unknown one is nothing.
    pub fn elicitation_done(&self, id: impl Into<Arc<str>>) -> Result<(), LimitError> {
        (self.0.broadcast)(Publication::ElicitationDone(id.into()))
    }

    /// The state is replaced whole, so a panic elsewhere leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Publisher")
    }
}
