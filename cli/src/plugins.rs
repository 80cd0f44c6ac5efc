//! What `mcpring serve` serves: the demonstration, or the plugins that were named.

use std::path::PathBuf;

use mcpring::{Error, Running, Server};
use mcpring_c::Host;

use crate::{Failure, demo, out};

/// What a server of plugins offers beside their features, so that they may change while it runs.
const SETTINGS: &str = r#"{"list_changes":true,"resource_subscriptions":true,"logging":true}"#;

/// The plugins of one run; none for the demonstration.
pub(crate) struct Plugins(Option<Host>);

impl Plugins {
    /// Loads the plugins in these files. One that cannot be loaded is named and left out; when that
    /// leaves none there is nothing to serve.
    pub(crate) fn load(paths: &[PathBuf]) -> Result<Self, Failure> {
        if paths.is_empty() {
            return Ok(Self(None));
        }
        let usage = |fault: Error| Failure::Usage(fault.to_string());
        let host = Host::new("mcpring", mcpring::VERSION).map_err(usage)?;
        host.configure(SETTINGS).map_err(usage)?;
        let mut loaded = 0;
        for path in paths {
            match host.load(path) {
                Ok(()) => loaded += 1,
                Err(fault) => out::note(&format!("mcpring: {fault}")),
            }
        }
        if loaded == 0 {
            return Err(Failure::Usage("no plugin could be loaded; see above".to_owned()));
        }
        Ok(Self(Some(host)))
    }

    /// The server to start.
    pub(crate) fn server(&self) -> Result<Server, Error> {
        match &self.0 {
            Some(host) => host.builder().build(),
            None => demo::server(),
        }
    }

    /// It is started: plugins may change it from now on.
    pub(crate) fn attach(&self, running: &Running) {
        if let Some(host) = &self.0 {
            host.attach(running.publisher());
        }
    }
}
