//! The settings of a server of a C program: the engine's, and what only the host has.

use mcpring::Config;
use mcpring::settings::{self, Setting};

use crate::failure::Failure;
use crate::queue::HOST_QUEUE;

/// Everything about a server but its features.
#[derive(Clone)]
pub(crate) struct Settings {
    /// What every front end has.
    pub(crate) engine: settings::Settings,
    /// Calls that wait for the thread that polls.
    pub(crate) host_queue: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { engine: settings::Settings::default(), host_queue: HOST_QUEUE }
    }
}

impl Settings {
    /// These settings with what `json` says, or the first fault in it.
    pub(crate) fn with(&self, json: &str) -> Result<Self, Failure> {
        let members = settings::members(json).map_err(|it| Failure::argument(it.to_string()))?;
        let mut host_queue = self.host_queue;
        let engine = self.engine.with_members(&members, |name, value| match name {
            "host_queue" => Some(Setting::set(&mut host_queue, value).and_then(|()| {
                let words = "wants 1 or more calls, not 0";
                if host_queue == 0 { Err(words.to_owned()) } else { Ok(()) }
            })),
            _ => None,
        })?;
        Ok(Self { engine, host_queue })
    }

    /// The engine's part.
    pub(crate) fn config(&self) -> &Config {
        self.engine.config()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{MCPRING_ERR_ARGUMENT, MCPRING_ERR_USAGE, mcpring_status};

    #[test]
    fn the_hosts_own_setting_stands_beside_the_engines() {
        let settings = Settings::default().with(r#"{"host_queue":3,"shards":2}"#);
        let settings = settings.map_err(|failure| failure.words).expect("settings");
        assert_eq!((settings.host_queue, settings.config().shards), (3, 2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |json: &str, status: mcpring_status, words: &str| {
            let failure = Settings::default().with(json).err().expect(json);
            assert_eq!(failure.status, status, "{json}: {}", failure.words);
            assert!(failure.words.contains(words), "{json}: {}", failure.words);
        };
        check("[]", MCPRING_ERR_ARGUMENT, "no JSON object");
        check("{", MCPRING_ERR_ARGUMENT, "no JSON object");
        check(r#"{"shard":1}"#, MCPRING_ERR_USAGE, "there is no setting \"shard\"");
        check(r#"{"host_queue":0}"#, MCPRING_ERR_USAGE, "\"host_queue\" wants 1 or more");
        check(r#"{"host_queue":"1"}"#, MCPRING_ERR_USAGE, "\"host_queue\" wants a whole number");
    }
}
