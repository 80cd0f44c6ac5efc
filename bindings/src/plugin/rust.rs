//! Plugins for programs in Rust that start their server themselves.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use mcpring::server::Publisher;
use mcpring::{Error, ServerBuilder};

use crate::failure::Failure;
use crate::handle::pointer;
use crate::host;
use crate::server::{self, mcpring_server};
use crate::status::{MCPRING_ERR_LIMIT, MCPRING_ERR_SYSTEM};

/// Plugins and the server they belong to, for a program in Rust that starts it itself.
///
/// Load the plugins, build the server from [`Host::builder`], start it, and hand its publisher to
/// [`Host::attach`], so that plugins can change it while it runs. Dropped, it closes the plugins:
/// end the engine before.
pub struct Host {
    host: Arc<host::Host>,
    /// A number, so that any thread may have it.
    handle: u64,
}

impl Host {
    /// A server without plugins.
    pub fn new(name: &str, version: &str) -> Result<Self, Error> {
        let host = host::Host::new(name, version, false).map_err(error)?;
        let host = Arc::new(host);
        let handle = server::insert(Arc::clone(&host)).map_err(error)?.addr() as u64;
        Ok(Self { host, handle })
    }

    /// Loads the plugin in the file `path`.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        super::load(&self.host, self.handle(), path.as_ref()).map_err(error)
    }

    /// Closes the plugin that was loaded from `path`; its features go.
    pub fn close(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        super::close(&self.host, path.as_ref()).map_err(error)
    }

    /// The plugins and their features as JSON: `[{"path", "tools", "resources", "templates",
    /// "prompts"}]`.
    pub fn plugins(&self) -> String {
        self.host.plugins.json().to_string()
    }

    /// The settings of [`mcpring_server_configure`](crate::mcpring_server_configure), as JSON. Only
    /// those of the server itself matter here.
    pub fn configure(&self, json: &str) -> Result<(), Error> {
        self.host.configure(json).map_err(error)
    }

    /// A server with the features of all plugins, for more to be added.
    pub fn builder(&self) -> ServerBuilder {
        self.host.builder()
    }

    /// The server is started: from now on plugins change it through `publisher`.
    pub fn attach(&self, publisher: Publisher) {
        self.host.attach(publisher);
    }

    fn handle(&self) -> *mut mcpring_server {
        pointer(self.handle)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        server::release(self.handle());
        self.host.end();
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("plugins", &self.plugins()).finish()
    }
}

fn error(failure: Failure) -> Error {
    let words = failure.words.into_owned();
    match failure.status {
        MCPRING_ERR_LIMIT => Error::limit(words),
        MCPRING_ERR_SYSTEM => Error::system(words),
        _ => Error::usage(words),
    }
}
