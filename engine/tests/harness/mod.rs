//! An endpoint without a kernel: bytes in, bytes out, time as a number.
//!
//! Jobs run on the spot, in the order the endpoint gave them out. The same code serves every test
//! that needs no socket.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mcpring::Config;
use mcpring::auth::Guard;
use mcpring::endpoint::{
    Endpoint, EndpointConfig, Input, KeyRing, LABELS, ListenerKind, Medium, Now, Output,
};
use mcpring::metrics::ShardMetrics;
use mcpring::server::{CallEvent, Job, Post, Publication, Publisher, Server};
use mcpring::slot::Slot;
use mcpring::transport::{Assembled, Framing, HttpRules};

/// Listener numbers of a [`World`].
pub const LENGTH: u16 = 0;
pub const LINE: u16 = 1;
pub const HTTP: u16 = 2;
/// What the calendar says when a world begins.
pub const UNIX_S_AT_ZERO: u64 = 1_000_000;

/// What arrives from other threads.
enum Event {
    Call(CallEvent),
    Publish(Publication),
}

type Inbox = Arc<Mutex<Vec<Event>>>;

struct Poster {
    inbox: Inbox,
    publisher: Publisher,
    /// The world's time.
    now_ns: Arc<AtomicU64>,
}

impl Post for Poster {
    fn post(&self, event: CallEvent) {
        put(&self.inbox, Event::Call(event));
    }

    fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    fn now_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }
}

fn put(inbox: &Inbox, event: Event) {
    inbox.lock().expect("no test panics while it holds this").push(event);
}

/// One endpoint and what it sent.
pub struct World {
    endpoint: Endpoint,
    pub now: Now,
    inbox: Inbox,
    pub publisher: Publisher,
    pub metrics: Arc<ShardMetrics>,
    sent: HashMap<Slot, Vec<u8>>,
    closed: Vec<Slot>,
    /// Connections whose sends do not come back.
    held: HashSet<Slot>,
    sending: HashMap<Slot, (Vec<u8>, usize)>,
    next: u32,
    /// Whether jobs run at once; otherwise when [`World::run_job`] says so.
    pub works: bool,
    /// Whether peers take what is sent at once; otherwise one send and no more.
    pub takes: bool,
    jobs: VecDeque<Job>,
    /// [`World::now`] as handlers see it.
    now_ns: Arc<AtomicU64>,
}

impl World {
    pub fn new(server: Server, config: Config) -> Self {
        Self::guarded(server, config, None)
    }

    /// A world whose HTTP asks who is there.
    pub fn guarded(server: Server, config: Config, guard: Option<Arc<Guard>>) -> Self {
        let mut rules = HttpRules::default();
        rules.metadata_paths =
            guard.as_ref().map_or_else(Vec::new, |guard| guard.metadata_paths(&rules.path));
        let (server, inbox) = (Arc::new(server), Inbox::default());
        let sink = Arc::clone(&inbox);
        let publisher = Publisher::new(Arc::clone(&server), move |news| {
            put(&sink, Event::Publish(news));
            Ok(())
        });
        let now_ns = Arc::new(AtomicU64::new(0));
        let post = Poster {
            inbox: Arc::clone(&inbox),
            publisher: publisher.clone(),
            now_ns: Arc::clone(&now_ns),
        };
        let metrics = Arc::new(ShardMetrics::new(LABELS));
        let endpoint = EndpointConfig {
            server,
            listeners: vec![
                ListenerKind::Pipe(Framing::Length, Medium::Tcp),
                ListenerKind::Pipe(Framing::Line, Medium::Tcp),
                ListenerKind::Http(Arc::new(rules)),
            ],
            shard: 0,
            config: Arc::new(config),
            seed: [7; 32],
            unix_s_at_zero: UNIX_S_AT_ZERO,
            state_ring: Arc::new(KeyRing::ephemeral(&[7; 32])),
            post: Arc::new(post),
            metrics: [Arc::clone(&metrics)].into(),
            driver: "none",
            authorization: guard,
            routes: Arc::new([]),
        };
        Self {
            endpoint: Endpoint::new(Now(0), endpoint),
            now: Now(0),
            inbox,
            publisher,
            metrics,
            sent: HashMap::new(),
            closed: Vec::new(),
            held: HashSet::new(),
            sending: HashMap::new(),
            next: 0,
            works: true,
            takes: true,
            jobs: VecDeque::new(),
            now_ns,
        }
    }

    /// A new connection of a listener.
    pub fn connect(&mut self, listener: u16) -> Slot {
        let slot = Slot::new(self.next, 1);
        self.next += 1;
        self.handle(Input::Accepted { slot, listener });
        slot
    }

    /// Hands `input` over and leaves what follows to the next turn.
    pub fn put(&mut self, input: Input<'_>) {
        self.endpoint.handle(self.now, input);
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
        self.now_ns.store(self.now.0, Ordering::Relaxed);
        self.jobs.pop_front().expect("a job waits").run();
        self.settle();
    }

    /// What was sent and not taken yet.
    pub fn take(&mut self, slot: Slot) -> Vec<u8> {
        self.sent.remove(&slot).unwrap_or_default()
    }

    /// Puts what was taken back, for somebody else to take.
    pub fn give_back(&mut self, slot: Slot, mut bytes: Vec<u8>) {
        bytes.append(self.sent.entry(slot).or_default());
        self.sent.insert(slot, bytes);
    }

    /// From now on the peer takes nothing of what is sent.
    pub fn hold(&mut self, slot: Slot) {
        self.held.insert(slot);
    }

    /// The peer takes everything again.
    pub fn release(&mut self, slot: Slot) {
        self.held.remove(&slot);
        if let Some((bytes, start)) = self.sending.remove(&slot) {
            self.take_send(slot, bytes, start);
        }
        self.settle();
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
        self.now_ns.store(self.now.0, Ordering::Relaxed);
        self.endpoint.handle(self.now, input);
        self.settle();
    }

    /// Turns until nothing is left to do.
    pub fn settle(&mut self) {
        self.now_ns.store(self.now.0, Ordering::Relaxed);
        while self.turn() {}
    }

    /// One turn; whether there is more to do.
    pub fn turn(&mut self) -> bool {
        let events: Vec<_> = std::mem::take(&mut *self.inbox.lock().expect("as above"));
        for event in events {
            match event {
                Event::Call(event) => {
                    self.endpoint.handle(self.now, Input::Call(event));
                    self.drain();
                }
                // What is published in one turn is one.
                Event::Publish(publication) => {
                    self.endpoint.handle(self.now, Input::Publish(publication));
                }
            }
        }
        self.drain();
        self.endpoint.turn_ended(self.now);
        self.endpoint.is_behind() || !self.inbox.lock().expect("as above").is_empty()
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { slot, bytes, start } if self.held.contains(&slot) => {
                    let before = self.sending.insert(slot, (bytes, start));
                    assert!(before.is_none(), "two sends on the way");
                }
                Output::Send { slot, bytes, start } if !self.takes => {
                    self.sent.entry(slot).or_default().extend_from_slice(&bytes[start..]);
                }
                Output::Send { slot, bytes, start } => self.take_send(slot, bytes, start),
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

    fn take_send(&mut self, slot: Slot, bytes: Vec<u8>, start: usize) {
        self.sent.entry(slot).or_default().extend_from_slice(&bytes[start..]);
        let start = bytes.len();
        self.endpoint.handle(self.now, Input::Sent { slot, bytes, start, is_failed: false });
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
