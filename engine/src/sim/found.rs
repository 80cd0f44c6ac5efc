//! What worlds have found, told by hand: each was an engine's fault once.

use std::sync::{Arc, Mutex};

use crate::config::Config;
use crate::endpoint::{
    Endpoint, EndpointConfig, Input, KeyRing, LABELS, ListenerKind, Medium, Now, Output,
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

    fn now_ns(&self) -> u64 {
        START.0
    }
}

const SLOT: Slot = Slot::new(0, 1);
const OTHER: Slot = Slot::new(1, 1);
const START: Now = Now(1_000_000_000);

/// An endpoint with one connection.
struct Bench {
    endpoint: Endpoint,
    now: Now,
    /// Sends that have not come back.
    sending: Vec<(Slot, Vec<u8>)>,
    jobs: Vec<Job>,
    events: Arc<Events>,
    is_closed: bool,
}

impl Bench {
    fn new(config: Config) -> Self {
        Self::over(ListenerKind::Pipe(Framing::Line, Medium::Tcp), config)
    }

    fn over(kind: ListenerKind, config: Config) -> Self {
        let large = Tool::raw("large", r#"{"type":"object"}"#, |_: &mut Call<'_>| "x".repeat(5000));
        let steps = Tool::raw("steps", r#"{"type":"object"}"#, |call: &mut Call<'_>| {
            call.context().progress(1.0, None, None);
            "done"
        });
        let server = Server::builder("found", "1").tool(large).tool(steps.pool()).build();
        let server = server.expect("two tools");
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
            routes: Arc::new([]),
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
        self.receive_on(SLOT, text);
    }

    fn receive_on(&mut self, slot: Slot, text: &str) {
        let chunk = Assembled::copy(text.as_bytes());
        self.hand(Input::Received { slot, chunk: &chunk });
    }

    /// The send in flight comes back whole.
    fn sent(&mut self) -> String {
        let (slot, bytes) = self.sending.remove(0);
        let text = String::from_utf8(bytes.clone()).expect("text");
        let start = bytes.len();
        self.hand(Input::Sent { slot, bytes, start, is_failed: false });
        text
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { slot, bytes, .. } => self.sending.push((slot, bytes)),
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

    /// Lets the first job report progress and nothing else.
    fn progress(&mut self) {
        self.drain();
        let job = self.jobs.remove(0);
        job.run();
        let events = std::mem::take(&mut *self.events.0.lock().expect("nobody panics with it"));
        let is_progress = |event: &CallEvent| matches!(event, CallEvent::Progress { .. });
        for event in events.into_iter().filter(is_progress) {
            self.hand(Input::Call(event));
        }
        self.drain();
    }

    fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.after_ms(ms);
        if self.endpoint.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.hand(Input::Timeout);
        }
        self.drain();
    }

    /// Another connection.
    fn connect(&mut self, slot: Slot) {
        self.hand(Input::Accepted { slot, listener: 0 });
        self.drain();
    }

    fn post(&mut self, slot: Slot, path: &str, session: &str, body: &str) {
        let len = body.len();
        self.receive_on(
            slot,
            &format!(
                "POST {path} HTTP/1.1\r\n{HOST}{session}content-type: application/json\r\n\
                 content-length: {len}\r\n\r\n{body}"
            ),
        );
        self.drain();
    }

    /// Opens a session over HTTP; its id.
    fn open_session(&mut self, version: &str) -> String {
        let body = INITIALIZE.trim_end().replace("2025-11-25", version);
        self.post(SLOT, "/mcp", "", &body);
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
    let session = bench.open_session("2025-11-25");
    bench.receive(&format!("GET /mcp HTTP/1.1\r\n{HOST}mcp-session-id: {session}\r\n\r\n"));
    bench.drain();
    let census = bench.endpoint.census();
    assert_eq!((census.lines, census.streams, census.astray), (1, 1, 0));
    bench.hand(Input::Shutdown);
    let census = bench.endpoint.census();
    assert_eq!((census.lines, census.astray), (0, 0));
}

/// A batch had become an event stream, then all of it was given up: the stream stayed for ever.
#[test]
fn a_batch_that_comes_to_nothing_ends_its_stream() {
    let http = ListenerKind::Http(Arc::new(HttpRules::default()));
    let mut bench = Bench::over(http, Config::default());
    let session = bench.open_session("2025-03-26");
    let session = format!("mcp-session-id: {session}\r\n");
    let params = r#"{"name":"steps","_meta":{"progressToken":1}}"#;
    let call = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    bench.post(SLOT, "/mcp", &session, &format!("[{call},{}]", call.replace(":1,", ":2,")));
    bench.progress();
    assert!(bench.sent().contains("text/event-stream"));
    bench.connect(OTHER);
    for id in [1, 2] {
        let method = "notifications/cancelled";
        let params = format!(r#"{{"requestId":{id}}}"#);
        let note = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#);
        bench.post(OTHER, "/mcp", &session, &note);
        assert!(bench.sent().contains("202"));
    }
    assert!(bench.sent().ends_with("0\r\n\r\n"));
    assert_eq!(bench.endpoint.census().lines, 0);
}

/// What was posted in the manner of 2024-11-05 to a session of another kind was answered on
/// whatever stream that had first.
#[test]
fn posts_beside_no_stream_find_no_session() {
    let http = ListenerKind::Http(Arc::new(HttpRules::default()));
    let mut bench = Bench::over(http, Config::default());
    let session = bench.open_session("2025-11-25");
    bench.post(SLOT, &format!("/messages?sessionId={session}"), "", ping("1").trim_end());
    assert!(bench.sent().starts_with("HTTP/1.1 404"));
}

/// The stream of a client of 2024-11-05 held a drain up for all its time.
#[test]
fn a_drain_ends_the_streams_of_old_clients() {
    let http = ListenerKind::Http(Arc::new(HttpRules::default()));
    let mut bench = Bench::over(http, Config::default());
    bench.receive(&format!("GET /sse HTTP/1.1\r\n{HOST}\r\n"));
    bench.drain();
    let opened = bench.sent();
    let path = opened.lines().find_map(|line| line.strip_prefix("data: ")).expect("its place");
    bench.connect(OTHER);
    bench.post(OTHER, path, "", INITIALIZE.trim_end());
    bench.post(OTHER, path, "", CALL.trim_end());
    while !bench.sending.is_empty() {
        let _ = bench.sent();
    }
    bench.hand(Input::Shutdown);
    assert_eq!(bench.endpoint.census().lines, 1, "a call is on its way");
    bench.work();
    assert_eq!(bench.endpoint.census().lines, 0);
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
        let (slot, bytes) = bench.sending.remove(0);
        bench.hand(Input::Sent { slot, bytes, start: 1, is_failed: false });
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
