//! The settings of a server: one table from a JSON key to its place.
//!
//! Front ends in other languages take settings as a JSON object whose keys stand in `docs/C.md`.
//! [`Settings`] reads such objects, checks them, and makes the server and the engine that they
//! describe. A front end with settings of its own adds them by [`Settings::with_members`]. Addresses
//! are no key: they are added one by one, as URLs.
//!
//! ```
//! use mcpring::settings::Settings;
//!
//! let settings = Settings::default().with(r#"{"title":"Weather","shards":2}"#)?;
//! let settings = settings.listen("http://127.0.0.1:0/mcp".parse()?)?;
//! let server = settings.server("weather", "1.0").build()?;
//! let engine = settings.engine(server);
//! # Ok::<(), mcpring::Error>(())
//! ```

mod address;
mod authorization;
mod value;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::auth::Authorization;
use crate::config::Config;
use crate::error::Error;
use crate::model::{CacheHint, Icon};
use crate::server::{OutputPolicy, Server, ServerBuilder};
use crate::shard::Engine;
pub use address::Address;
use value::Named;
pub use value::Setting;

/// Everything about a server but its features.
#[derive(Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "a set of settings, one member each")]
pub struct Settings {
    config: Config,
    addresses: Vec<Address>,
    /// Whether SIGTERM and SIGINT end it.
    signals: bool,
    /// Who may use it over HTTP.
    authorization: Option<Authorization>,
    title: Option<String>,
    description: Option<String>,
    website_url: Option<String>,
    icons: Vec<Icon>,
    instructions: Option<String>,
    list_changes: bool,
    resource_subscriptions: bool,
    logging: bool,
    call_timeout: Option<Duration>,
    cache_hint: CacheHint,
    output_policy: OutputPolicy,
    extensions: Named,
    experimental: Named,
}

/// A key and what it sets.
struct Row {
    name: &'static str,
    set: fn(&mut Settings, &Value) -> Result<(), String>,
}

macro_rules! rows {
    ($($name:literal => $($place:ident).+;)*) => {
        &[$(Row {
            name: $name,
            set: |settings, value| Setting::set(&mut settings.$($place).+, value),
        }),*]
    };
}

/// Every key. Those of the engine are the fields of [`Config`].
const TABLE: &[Row] = rows! {
    "title" => title;
    "description" => description;
    "website_url" => website_url;
    "icons" => icons;
    "instructions" => instructions;
    "list_changes" => list_changes;
    "resource_subscriptions" => resource_subscriptions;
    "logging" => logging;
    "call_timeout_ms" => call_timeout;
    "cache_hint" => cache_hint;
    "output_policy" => output_policy;
    "extensions" => extensions;
    "experimental" => experimental;
    "signals" => signals;
    "authorization" => authorization;
    "driver" => config.driver;
    "json" => config.json;
    "shards" => config.shards;
    "pin" => config.pin;
    "workers" => config.workers;
    "worker_queue" => config.worker_queue;
    "async_workers" => config.async_workers;
    "inbox_max" => config.inbox_max;
    "public" => config.public;
    "share_ports" => config.share_ports;
    "http_path" => config.http_path;
    "allowed_hosts" => config.allowed_hosts;
    "allowed_origins" => config.allowed_origins;
    "unix_mode" => config.unix_mode;
    "state_keys" => config.state_keys;
    "frame_bytes_max" => config.frame_bytes_max;
    "connections_max" => config.connections_max;
    "unsent_bytes_pause" => config.unsent_bytes_pause;
    "inflight_calls_max" => config.inflight_calls_max;
    "sessions_max" => config.sessions_max;
    "page_items" => config.page_items;
    "receive_buffers" => config.receive_buffers;
    "receive_buffer_bytes" => config.receive_buffer_bytes;
    "idle_ms" => config.idle_ms;
    "session_idle_ms" => config.session_idle_ms;
    "frame_ms" => config.frame_ms;
    "body_bytes_per_second_min" => config.body_bytes_per_second_min;
    "send_stall_ms" => config.send_stall_ms;
    "call_ms" => config.call_ms;
    "ask_ms" => config.ask_ms;
    "tasks_max" => config.tasks_max;
    "task_ttl_ms" => config.task_ttl_ms;
    "task_ttl_ms_max" => config.task_ttl_ms_max;
    "drain_ms" => config.drain_ms;
};

impl Settings {
    /// These settings with what `json`, an object, says, or the first fault in it, which names the
    /// setting and what it wants. `null` takes back what may be left unsaid.
    pub fn with(&self, json: &str) -> Result<Self, Error> {
        self.with_members(&members(json)?, |_, _| None)
    }

    /// As [`Settings::with`] for an object that was read already ([`members`]). `own` is asked
    /// first about each name: it gives `None` for those that are not its own, and otherwise whether
    /// its setting has taken the value; see [`Setting`] for the words of a fault. What `own` has set
    /// before a fault is its caller's to forget.
    pub fn with_members(
        &self,
        members: &Map<String, Value>,
        mut own: impl FnMut(&str, &Value) -> Option<Result<(), String>>,
    ) -> Result<Self, Error> {
        let mut next = self.clone();
        for (name, value) in members {
            let set = own(name, value).or_else(|| {
                let row = TABLE.iter().find(|row| row.name == name)?;
                Some((row.set)(&mut next, value))
            });
            set.ok_or_else(|| Error::usage(format!("there is no setting {name:?}")))?
                .map_err(|fault| Error::usage(format!("the setting {name:?} {fault}")))?;
        }
        next.config.check()?;
        // Names of capabilities, for example, are looked at by whoever offers them.
        next.server("check", "1").build()?;
        Ok(next)
    }

    /// These settings with one more address. A path in it says where HTTP is served, as the setting
    /// `http_path` does; all addresses have the same.
    pub fn listen(&self, address: Address) -> Result<Self, Error> {
        let mut next = self.clone();
        if let Some(path) = address.http_path() {
            let mut others = self.addresses.iter().filter_map(Address::http_path);
            if let Some(other) = others.find(|other| *other != path) {
                return Err(Error::usage(format!(
                    "HTTP is served under one path: give every address the path {other}, or every \
                     address {path}"
                )));
            }
            path.clone_into(&mut next.config.http_path);
            next.config.check()?;
        }
        next.addresses.push(address);
        Ok(next)
    }

    /// A server of that name without features.
    pub fn server(&self, name: &str, version: &str) -> ServerBuilder {
        let mut server = Server::builder(name, version).output_policy(self.output_policy);
        server = server.cache_hint(self.cache_hint);
        if let Some(title) = &self.title {
            server = server.title(title.clone());
        }
        if let Some(description) = &self.description {
            server = server.description(description.clone());
        }
        if let Some(url) = &self.website_url {
            server = server.website_url(url.clone());
        }
        if let Some(instructions) = &self.instructions {
            server = server.instructions(instructions.clone());
        }
        if let Some(timeout) = self.call_timeout {
            server = server.call_timeout(timeout);
        }
        for icon in &self.icons {
            server = server.icon(icon.clone());
        }
        self.offer(server)
    }

    /// Says what is offered beside features.
    fn offer(&self, mut server: ServerBuilder) -> ServerBuilder {
        if self.list_changes {
            server = server.list_changes();
        }
        if self.resource_subscriptions {
            server = server.resource_subscriptions();
        }
        if self.logging {
            server = server.logging();
        }
        for (name, settings) in &self.extensions.0 {
            server = server.extension(name.clone(), settings);
        }
        for (name, settings) in &self.experimental.0 {
            server = server.experimental(name.clone(), settings);
        }
        server
    }

    /// An engine that serves `server` on the addresses so far.
    pub fn engine(&self, server: Server) -> Engine {
        let engine = Engine::new(server).config(self.config.clone());
        let mut engine = self.addresses.iter().fold(engine, |engine, one| one.listen(engine));
        if let Some(authorization) = &self.authorization {
            engine = engine.authorization(authorization.clone());
        }
        if self.signals { engine.signals() } else { engine }
    }

    /// The engine's part of them.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whom HTTP is served to; without it to everybody who reaches it.
    pub fn authorization(&self) -> Option<&Authorization> {
        self.authorization.as_ref()
    }

    /// How long a call of a feature may take that does not say.
    pub fn call_time(&self) -> Duration {
        self.call_timeout.unwrap_or(Duration::from_millis(self.config.call_ms))
    }
}

/// The members of the object that `json` is: settings by their names.
pub fn members(json: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(json)
        .map_err(|fault| Error::usage(format!("the settings are no JSON object: {fault}")))
}

#[cfg(test)]
mod tests;
