//! Everything a user may change, with the default and the reason, in one flat place.
//!
//! A field starts from the constant of the same name in [`crate::limits`]; what is a constant there
//! and no field here is not for users. [`Config::check`] finds a value out of bounds before
//! anything is opened. The configuration is read once, at start.

mod ablation;
mod state_key;

use std::ops::RangeInclusive;

use crate::error::Error;
use crate::json::Backend;
use crate::limits;
use crate::ring::{Choice, RingConfig};

pub use ablation::Ablation;
pub use state_key::StateKey;

/// The settings of one engine. Build it from the default:
/// `Config { workers: 4, ..Config::default() }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Which driver to use: `io_uring`, epoll, or the better of what works.
    pub driver: Choice,
    /// Which parser reads JSON.
    pub json: Backend,
    /// Threads that serve connections; 0 is one per core that the process may use, or one when
    /// only standard input and output are served.
    pub shards: usize,
    /// Whether each shard is bound to one core. Helps a machine that serves nothing else, hurts
    /// one that is shared.
    pub pin: bool,
    /// Most threads for handlers that block; they are started when needed.
    pub workers: usize,
    /// Jobs waiting for such a thread; one more is answered "busy".
    pub worker_queue: usize,
    /// Threads for asynchronous handlers.
    pub async_workers: usize,
    /// Forwarded messages waiting in one shard's inbox; one more is refused.
    pub inbox_max: usize,

    /// Whether addresses may be listened on that other machines can reach. Off by default, because
    /// the engine by itself does not ask who is calling. With authorization it does on HTTP, which
    /// needs no leave then.
    pub public: bool,
    /// Whether other processes of this user may listen on the same TCP ports, when they say so as
    /// well: the kernel spreads connections over all of them. Sessions stay in the process that
    /// made them, and `state_keys` have to be the same in all. Off by default, because two servers
    /// on one port are a mistake more often than not.
    pub share_ports: bool,
    /// The path of the HTTP endpoint.
    pub http_path: String,
    /// Values of `Host` that are served beside the local names, as `name` or `name:port`. What is
    /// not listed is refused, which keeps foreign web pages from reaching a local server.
    pub allowed_hosts: Vec<String>,
    /// Values of `Origin` that are served beside local ones, as `scheme://name[:port]`.
    pub allowed_origins: Vec<String>,
    /// Permission bits of a Unix socket's path; the default admits its owner only.
    pub unix_mode: u32,
    /// Keys for the state that clients carry between requests, newest first: the first seals, all
    /// open, so a new key is put in front and an old one taken out ten minutes later. Empty is a
    /// key of the process's own: its clients' state is lost with it.
    pub state_keys: Vec<StateKey>,

    /// Largest frame, HTTP body or message, in bytes.
    pub frame_bytes_max: usize,
    /// Most connections a shard accepts.
    pub connections_max: usize,
    /// Unsent reply bytes of one connection above which its input is paused.
    pub unsent_bytes_pause: usize,
    /// Unanswered calls of one connection or session; one more is answered "busy". A call that
    /// listens is unanswered for as long as it is open.
    pub inflight_calls_max: usize,
    /// Handshake-era HTTP sessions of one shard.
    pub sessions_max: usize,
    /// Items of one page of a list.
    pub page_items: usize,
    /// Receive buffers of one shard; a power of two.
    pub receive_buffers: usize,
    /// Payload bytes of one receive buffer.
    pub receive_buffer_bytes: usize,

    /// Time after which a silent connection is closed, in milliseconds.
    pub idle_ms: u64,
    /// Time after which an unused handshake-era HTTP session ends, in milliseconds.
    pub session_idle_ms: u64,
    /// Time for a started frame or head to become whole, in milliseconds.
    pub frame_ms: u64,
    /// Least speed of a body after that time, in bytes a second.
    pub body_bytes_per_second_min: u64,
    /// Time a send may make no progress before the connection is closed, in milliseconds.
    pub send_stall_ms: u64,
    /// Time a call may run before it is answered with an error, in milliseconds.
    pub call_ms: u64,
    /// Time the client has to answer what a call asks it, in milliseconds; the call's own time
    /// begins anew afterwards.
    pub ask_ms: u64,
    /// Tasks of one shard, running and ended; one more is answered "busy", for no result is given up
    /// before its time.
    pub tasks_max: usize,
    /// Time a task is kept after it was made, when its client does not say, in milliseconds. It is
    /// also the time its call may run.
    pub task_ttl_ms: u64,
    /// Longest time a client may ask for, in milliseconds.
    pub task_ttl_ms_max: u64,
    /// Time a drain may take before the rest is closed, in milliseconds.
    pub drain_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            driver: Choice::default(),
            json: Backend::default(),
            shards: 0,
            pin: false,
            workers: limits::WORKERS,
            worker_queue: limits::WORKER_QUEUE,
            async_workers: limits::ASYNC_WORKERS,
            inbox_max: limits::INBOX_MAX,
            public: false,
            share_ports: false,
            http_path: "/mcp".to_owned(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            unix_mode: 0o600,
            state_keys: Vec::new(),
            frame_bytes_max: limits::FRAME_BYTES_MAX,
            connections_max: limits::CONNECTIONS_MAX,
            unsent_bytes_pause: limits::UNSENT_BYTES_PAUSE,
            inflight_calls_max: limits::INFLIGHT_CALLS_MAX,
            sessions_max: limits::SESSIONS_MAX,
            page_items: limits::PAGE_ITEMS,
            receive_buffers: limits::RECEIVE_BUFFERS,
            receive_buffer_bytes: limits::RECEIVE_BUFFER_BYTES,
            idle_ms: limits::IDLE_MS,
            session_idle_ms: limits::SESSION_IDLE_MS,
            frame_ms: limits::FRAME_MS,
            body_bytes_per_second_min: limits::BODY_BYTES_PER_SECOND_MIN,
            send_stall_ms: limits::SEND_STALL_MS,
            call_ms: limits::CALL_MS,
            ask_ms: limits::ASK_MS,
            tasks_max: limits::TASKS_MAX,
            task_ttl_ms: limits::TASK_TTL_MS,
            task_ttl_ms_max: limits::TASK_TTL_MS_MAX,
            drain_ms: limits::DRAIN_MS,
        }
    }
}

impl Config {
    /// Names the first value that is out of its bounds.
    pub fn check(&self) -> Result<(), Error> {
        for Bound { name, value, bounds } in BOUNDS {
            let value = value(self);
            if !bounds.contains(&value) {
                let (least, most) = (bounds.start(), bounds.end());
                return Err(Error::usage(format!("{name} is {value}, not in {least}..={most}")));
            }
        }
        if !self.receive_buffers.is_power_of_two() {
            let count = self.receive_buffers;
            return Err(Error::usage(format!("receive_buffers is {count}, not a power of two")));
        }
        let path = &self.http_path;
        if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::usage(format!(
                "http_path is {path:?}, not a path such as \"/mcp\""
            )));
        }
        let keys = &self.state_keys;
        if keys.iter().enumerate().any(|(at, key)| keys[..at].contains(key)) {
            return Err(Error::usage("state_keys has a key twice"));
        }
        Ok(())
    }

    /// What of this concerns a shard's driver.
    pub fn ring(&self) -> RingConfig {
        RingConfig {
            connections_max: self.connections_max,
            buffer_bytes: self.receive_buffer_bytes,
            buffer_count: self.receive_buffers,
            leases_low_water: self.receive_buffers / 4,
            ..RingConfig::default()
        }
    }
}

struct Bound {
    name: &'static str,
    value: fn(&Config) -> u64,
    bounds: RangeInclusive<u64>,
}

/// A year; a longer time is a mistake in the unit.
const YEAR_MS: u64 = 365 * 24 * 3600 * 1000;

/// Bounds outside of which the engine would not work, not the ones that make sense.
const BOUNDS: &[Bound] = &[
    bound("shards", |config| config.shards as u64, 0..=limits::SHARDS_MAX as u64),
    bound("workers", |config| config.workers as u64, 1..=4096),
    bound("worker_queue", |config| config.worker_queue as u64, 1..=1 << 20),
    bound("async_workers", |config| config.async_workers as u64, 1..=256),
    bound("inbox_max", |config| config.inbox_max as u64, 1..=1 << 24),
    bound("unix_mode", |config| u64::from(config.unix_mode), 0..=0o777),
    bound("state_keys", |config| config.state_keys.len() as u64, 0..=limits::STATE_KEYS_MAX as u64),
    bound("frame_bytes_max", |config| config.frame_bytes_max as u64, 1 << 10..=1 << 30),
    bound("connections_max", |config| config.connections_max as u64, 1..=1 << 20),
    bound("unsent_bytes_pause", |config| config.unsent_bytes_pause as u64, 1 << 10..=1 << 30),
    bound("inflight_calls_max", |config| config.inflight_calls_max as u64, 1..=1 << 20),
    bound("sessions_max", |config| config.sessions_max as u64, 1..=1 << 24),
    bound("page_items", |config| config.page_items as u64, 1..=1 << 20),
    bound("receive_buffers", |config| config.receive_buffers as u64, 8..=1 << 15),
    bound("receive_buffer_bytes", |config| config.receive_buffer_bytes as u64, 1 << 10..=1 << 20),
    bound("idle_ms", |config| config.idle_ms, 1..=YEAR_MS),
    bound("session_idle_ms", |config| config.session_idle_ms, 1..=YEAR_MS),
    bound("frame_ms", |config| config.frame_ms, 1..=YEAR_MS),
    bound("body_bytes_per_second_min", |config| config.body_bytes_per_second_min, 0..=1 << 30),
    bound("send_stall_ms", |config| config.send_stall_ms, 1..=YEAR_MS),
    bound("call_ms", |config| config.call_ms, 1..=YEAR_MS),
    bound("ask_ms", |config| config.ask_ms, 1..=YEAR_MS),
    bound("tasks_max", |config| config.tasks_max as u64, 1..=1 << 20),
    bound("task_ttl_ms", |config| config.task_ttl_ms, limits::TASK_TTL_MS_MIN..=YEAR_MS),
    bound("task_ttl_ms_max", |config| config.task_ttl_ms_max, limits::TASK_TTL_MS_MIN..=YEAR_MS),
    bound("drain_ms", |config| config.drain_ms, 0..=YEAR_MS),
];

const fn bound(
    name: &'static str,
    value: fn(&Config) -> u64,
    bounds: RangeInclusive<u64>,
) -> Bound {
    Bound { name, value, bounds }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_in_bounds() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn a_value_out_of_bounds_is_named() {
        let check = |change: fn(&mut Config), want: &str| {
            let mut config = Config::default();
            change(&mut config);
            let fault = config.check().expect_err(want);
            assert!(fault.to_string().contains(want), "{fault} should name {want}");
        };
        check(|config| config.workers = 0, "workers");
        check(|config| config.shards = 100_000, "shards");
        check(|config| config.frame_bytes_max = usize::MAX, "frame_bytes_max");
        check(|config| config.receive_buffers = 500, "power of two");
        check(|config| config.receive_buffers = 1 << 16, "receive_buffers");
        check(|config| config.call_ms = u64::MAX, "call_ms");
        check(|config| config.state_keys = vec![StateKey::new([1; 32]); 2], "state_keys");
        check(|config| config.http_path = "mcp".to_owned(), "http_path");
        check(|config| config.http_path = "/m\r\ncp".to_owned(), "http_path");
    }
}
