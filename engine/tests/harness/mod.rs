//! An endpoint without a kernel: bytes in, bytes out, time as a number.
//!
//! Jobs run on the spot, in the order the endpoint gave them out. The same code serves every test
//! that needs no socket.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mcpring::Config;
use mcpring::endpoint::{
    Endpoint, EndpointConfig, Input, KeyRing, LABELS, ListenerKind, Now, Output,
};
use mcpring::metrics::ShardMetrics;
use mcpring::server::{CallEvent, Job, Post, Server};
use mcpring::slot::Slot;
use mcpring::transport::{Assembled, Framing, HttpRules};

/// Listener numbers of a [`World`].
pub const LENGTH: u16 = 0;
pub const LINE: u16 = 1;
pub const HTTP: u16 = 2;

#[derive(Default)]
struct Events(Mutex<Vec<CallEvent>>);

impl Post for Events {
    fn post(&self, event: CallEvent) {
        self.0.lock().expect("no test panics while it holds this").push(event);
    }
}

/// One endpoint and what it sent.
pub struct World {
    endpoint: Endpoint,
    pub now: Now,
    events: Arc<Events>,
    sent: HashMap<Slot, Vec<u8>>,
    closed: Vec<Slot>,
    next: u32,
    /// Whether jobs run at once; otherwise when [`World::run_job`] says so.
    pub works: bool,
    /// Whether peers take what is sent at once; otherwise one send and no more.
    pub takes: bool,
    jobs: VecDeque<Job>,
}

impl World {
    pub fn new(server: Server, config: Config) -> Self {
        let events = Arc::new(Events::default());
        let metrics = Arc::new(ShardMetrics::new(LABELS));
        let endpoint = EndpointConfig {
            server: Arc::new(server),
            listeners: vec![
                ListenerKind::Pipe(Framing::Length),
                ListenerKind::Pipe(Framing::Line),
                ListenerKind::Http(Arc::new(HttpRules::default())),
            ],
            shard: 0,
            config: Arc::new(config),
            seed: [7; 32],
            unix_s_at_zero: 1_000_000,
            state_ring: Arc::new(KeyRing::ephemeral(&[7; 32])),
            post: events.clone(),
            metrics: [metrics].into(),
            driver: "none",
        };
        Self {
            endpoint: Endpoint::new(Now(0), endpoint),
            now: Now(0),
            events,
            sent: HashMap::new(),
            closed: Vec::new(),
            next: 0,
            works: true,
            takes: true,
            jobs: VecDeque::new(),
        }
    }

    /// A new connection of a listener.
    pub fn connect(&mut self, listener: u16) -> Slot {
        let slot = Slot::new(self.next, 1);
        self.next += 1;
        self.handle(Input::Accepted { slot, listener });
        slot
    }

    /// Lets bytes arrive in one piece; gives what was sent since the last time.
    pub fn feed(&mut self, slot: Slot, bytes: &[u8]) -> Vec<u8> {
        let chunk = Assembled::copy(bytes);
        self.handle(Input::Received { slot, chunk: &chunk });
        self.take(slot)
    }

    /// As [`World::feed`], in pieces of `size` bytes.
    pub fn feed_split(&mut self, slot: Slot, bytes: &[u8], size: usize) -> Vec<u8> {
        for piece in bytes.chunks(size.max(1)) {
            let chunk = Assembled::copy(piece);
            self.handle(Input::Received { slot, chunk: &chunk });
        }
        self.take(slot)
    }

    /// Runs the oldest job that waits.
    pub fn run_job(&mut self) {
        self.jobs.pop_front().expect("a job waits").run();
        self.take_events();
    }

    /// What was sent and not taken yet.
    pub fn take(&mut self, slot: Slot) -> Vec<u8> {
        self.sent.remove(&slot).unwrap_or_default()
    }

    pub fn is_closed(&self, slot: Slot) -> bool {
        self.closed.contains(&slot)
    }

    /// The peer sends no more; broken, it takes no more either.
    pub fn end(&mut self, slot: Slot, is_broken: bool) {
        self.handle(Input::Ended { slot, is_broken });
    }

    pub fn shut_down(&mut self) {
        self.handle(Input::Shutdown);
    }

    /// Lets time pass, timer by timer.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.after_ms(ms);
        while let Some(due) = self.endpoint.deadline().filter(|due| *due <= end) {
            self.now = due;
            self.handle(Input::Timeout);
        }
        self.now = end;
    }

    pub fn handle(&mut self, input: Input<'_>) {
        self.endpoint.handle(self.now, input);
        self.drain();
        self.take_events();
    }

    fn take_events(&mut self) {
        loop {
            let events: Vec<_> = std::mem::take(&mut *self.events.0.lock().expect("as above"));
            if events.is_empty() {
                return;
            }
            for event in events {
                self.endpoint.handle(self.now, Input::Call(event));
                self.drain();
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { slot, bytes, start } => {
                    self.sent.entry(slot).or_default().extend_from_slice(&bytes[start..]);
                    if !self.takes {
                        continue;
                    }
                    let start = bytes.len();
                    let sent = Input::Sent { slot, bytes, start, is_failed: false };
                    self.endpoint.handle(self.now, sent);
                }
                Output::Close { slot } => {
                    self.closed.push(slot);
                    self.endpoint.handle(self.now, Input::Closed { slot });
                }
                Output::Work(job) if self.works => job.run(),
                Output::Work(job) => self.jobs.push_back(job),
                Output::Receive { .. }
                | Output::Pause { .. }
                | Output::Forward { .. }
                | Output::Drained => {}
            }
        }
    }
}

/// A message in the length framing.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).expect("short").to_be_bytes()[..], message].concat()
}

/// Takes the length framing off again.
pub fn unframed(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some((prefix, rest)) = bytes.split_first_chunk::<4>() {
        let (message, rest) = rest.split_at(u32::from_be_bytes(*prefix) as usize);
        messages.push(message.to_vec());
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a cut frame was sent");
    messages
}

/// A folder of the data that lies beside the project; absent in a user's clone.
pub fn shared_data(inside: &str) -> Option<PathBuf> {
    let inside = Path::new("shared/data").join(inside);
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(&inside))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: no {} above the crate", inside.display());
    }
    found
}
