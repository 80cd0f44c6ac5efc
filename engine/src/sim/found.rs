//! What worlds have found, told by hand: each was an engine's fault once.

use std::sync::{Arc, Mutex};

use crate::config::Config;
use crate::endpoint::{
    Endpoint, EndpointConfig, Input, KeyRing, LABELS, ListenerKind, Now, Output,
};
use crate::metrics::ShardMetrics;
use crate::server::{Call, CallEvent, Job, Post, Publisher, Server, Tool};
use crate::slot::Slot;
use crate::transport::{Assembled, Framing, HttpRules};

/// Keeps what happens to calls until it is handed on.
#[derive(Default)]
struct Events(Mutex<Vec<CallEvent>>);

impl Post for Events {
    fn post(&self, event: CallEvent) {
        self.0.lock().expect("nobody panics with it").push(event);
    }

    fn publisher(&self) -> Publisher {
        let server = Server::builder("found", "1").build().expect("an empty server");
        Publisher::new(Arc::new(server), |_| Ok(()))
    }
}

const SLOT: Slot = Slot::new(0, 1);
const START: Now = Now(1_000_000_000);

/// An endpoint with one connection.
struct Bench {
    endpoint: Endpoint,
    now: Now,
    /// Sends that have not come back.
    sending: Vec<Vec<u8>>,
    jobs: Vec<Job>,
    events: Arc<Events>,
    is_closed: bool,
}

impl Bench {
    fn new(config: Config) -> Self {
        Self::over(ListenerKind::Pipe(Framing::Line), config)
    }

    fn over(kind: ListenerKind, config: Config) -> Self {
        let large = Tool::raw("large", r#"{"type":"object"}"#, |_: &mut Call<'_>| "x".repeat(5000));
        let server = Server::builder("found", "1").tool(large).build().expect("one tool");
        let events = Arc::new(Events::default());
        let setup = EndpointConfig {
            server: Arc::new(server),
            listeners: vec![kind],
            shard: 0,
            config: Arc::new(config),
            seed: [7; 32],
            unix_s_at_zero: 0,
            state_ring: Arc::new(KeyRing::ephemeral(&[7; 32])),
            post: Arc::clone(&events) as Arc<dyn Post>,
            metrics: Arc::from([Arc::new(ShardMetrics::new(LABELS))]),
            driver: "sim",
            authorization: None,
        };
        let endpoint = Endpoint::new(START, setup);
        let (sending, jobs) = (Vec::new(), Vec::new());
        let mut bench = Self { endpoint, now: START, sending, jobs, events, is_closed: false };
        bench.hand(Input::Accepted { slot: SLOT, listener: 0 });
        bench.drain();
        bench
    }

    fn hand(&mut self, input: Input<'_>) {
        self.endpoint.handle(self.now, input);
    }

    fn receive(&mut self, text: &str) {
        let chunk = Assembled::copy(text.as_bytes());
        self.hand(Input::Received { slot: SLOT, chunk: &chunk });
    }

    /// The send in flight comes back whole.
    fn sent(&mut self) -> String {
        let bytes = self.sending.remove(0);
        let text = String::from_utf8(bytes.clone()).expect("text");
        let start = bytes.len();
        self.hand(Input::Sent { slot: SLOT, bytes, start, is_failed: false });
        text
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { bytes, .. } => self.sending.push(bytes),
                Output::Close { .. } => self.is_closed = true,
                Output::Work(job) => self.jobs.push(job),
                _ => {}
            }
        }
    }

    /// Runs all jobs and hands their outcomes on.
    fn work(&mut self) {
        self.drain();
        self.jobs.drain(..).for_each(Job::run);
        let events = std::mem::take(&mut *self.events.0.lock().expect("nobody panics with it"));
        assert!(!events.is_empty(), "there was work");
        for event in events {
            self.hand(Input::Call(event));
        }
    }

    fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.after_ms(ms);
        if self.endpoint.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.hand(Input::Timeout);
        }
        self.drain();
    }

    /// Opens a session over HTTP; its id.
    fn open_session(&mut self) -> String {
        let body = INITIALIZE.trim_end();
        let len = body.len();
        self.receive(&format!(
            "POST /mcp HTTP/1.1\r\n{HOST}content-type: application/json\r\n\
             content-length: {len}\r\n\r\n{body}"
        ));
        self.drain();
        let answer = self.sent();
        let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        id.unwrap_or_else(|| panic!("no session: {answer}")).to_owned()
    }

    /// Says so much that the connection may not be given more until the peer has read.
    fn fill(&mut self) {
        for id in 0..40 {
            self.receive(&ping(&id.to_string()));
        }
        self.drain();
        assert_eq!(self.sending.len(), 1);
    }
}

fn ping(id: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}\n")
}

const HOST: &str = "host: localhost\r\naccept: application/json, text/event-stream\r\n";
const INITIALIZE: &str = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
    "\n"
);
const CALL: &str =
    concat!(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"large"}}"#, "\n");

fn tight() -> Config {
    Config { unsent_bytes_pause: 1 << 10, ..Config::default() }
}

/// Bytes that came while others waited for room overtook them when room came in the same turn.
#[test]
fn bytes_never_overtake_those_that_wait() {
    let mut bench = Bench::new(tight());
    bench.fill();
    let text = ping("\"split\"");
    let (first, second) = text.split_at(20);
    bench.receive(first);
    let _ = bench.sent();
    bench.receive(second);
    bench.drain();
    let answer = bench.sent();
    assert!(answer.contains(r#""id":"split","result""#), "{answer}");
}

/// A line without its newline was taken as ended before the bytes that completed it were read.
#[test]
fn a_last_line_waits_for_those_before_it() {
    let mut bench = Bench::new(tight());
    bench.receive(INITIALIZE);
    bench.receive(CALL);
    // It begins while there is room; the call's answer takes that away before it goes on.
    let last = ping("\"last\"");
    bench.receive(&last[..20]);
    bench.work();
    bench.receive(last[20..].trim_end());
    bench.hand(Input::Ended { slot: SLOT, is_broken: false });
    bench.drain();
    let mut answers = String::new();
    while !bench.sending.is_empty() {
        answers.push_str(&bench.sent());
        bench.drain();
    }
    assert!(answers.contains(r#""id":"last","result""#), "{answers}");
    assert!(!answers.contains("error"), "{answers}");
    assert!(bench.is_closed);
}

/// Each time a connection was watched one more timer was set, and each set itself again for ever.
#[test]
fn a_busy_connection_keeps_few_timers() {
    let mut bench = Bench::new(Config::default());
    let hour_ms = 3_600_000;
    for _ in 0..hour_ms / 1000 {
        bench.receive(&ping("1"));
        bench.drain();
        let _ = bench.sent();
        bench.wait_ms(1000);
    }
    let config = Config::default();
    let most = config.idle_ms / config.frame_ms.min(config.send_stall_ms) + 3;
    let timers = bench.endpoint.timers() as u64;
    assert!(timers <= most, "{timers} timers of one connection, at most {most} wanted");
    assert!(!bench.is_closed);
}

/// A stream that a drain had ended was taken for one that is carried, and its session for used.
#[test]
fn a_drain_lets_go_of_streams() {
    let http = ListenerKind::Http(Arc::new(HttpRules::default()));
    let mut bench = Bench::over(http, Config::default());
    let session = bench.open_session();
    bench.receive(&format!("GET /mcp HTTP/1.1\r\n{HOST}mcp-session-id: {session}\r\n\r\n"));
    bench.drain();
    let census = bench.endpoint.census();
    assert_eq!((census.lines, census.streams, census.astray), (1, 1, 0));
    bench.hand(Input::Shutdown);
    let census = bench.endpoint.census();
    assert_eq!((census.lines, census.astray), (0, 0));
}

/// A frame that could not become whole because we did not read was held against the peer.
#[test]
fn a_paused_connection_is_not_blamed_for_its_frame() {
    let http = ListenerKind::Http(Arc::new(HttpRules::default()));
    let mut bench = Bench::over(http, Config { frame_ms: 5_000, ..tight() });
    // A large answer, and the beginning of the next request.
    bench.receive("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\nGET /hea");
    bench.drain();
    // The peer reads, slowly: every few seconds a send comes back, one byte further.
    for _ in 0..5 {
        bench.wait_ms(4_000);
        assert!(!bench.is_closed, "we did not read all the time");
        let bytes = bench.sending.remove(0);
        bench.hand(Input::Sent { slot: SLOT, bytes, start: 1, is_failed: false });
        bench.drain();
    }
    // Once it is read again its time begins.
    let _ = bench.sent();
    bench.drain();
    bench.wait_ms(4_000);
    assert!(!bench.is_closed);
    bench.wait_ms(2_000);
    assert!(bench.is_closed);
}
