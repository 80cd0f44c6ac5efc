//! What worlds have found, told by hand: each was an engine's fault once.

use std::sync::Arc;

use crate::config::Config;
use crate::endpoint::{Endpoint, EndpointConfig, Input, LABELS, ListenerKind, Now, Output};
use crate::metrics::ShardMetrics;
use crate::server::{CallEvent, Post, Server};
use crate::slot::Slot;
use crate::transport::{Assembled, Framing};

struct Nobody;

impl Post for Nobody {
    fn post(&self, _: CallEvent) {}
}

const SLOT: Slot = Slot::new(0, 1);
const START: Now = Now(1_000_000_000);

/// An endpoint with one connection that speaks in lines.
struct Bench {
    endpoint: Endpoint,
    now: Now,
    /// Sends that have not come back.
    sending: Vec<Vec<u8>>,
    is_closed: bool,
}

impl Bench {
    fn new(config: Config) -> Self {
        let server = Server::builder("found", "1").build().expect("an empty server");
        let setup = EndpointConfig {
            server: Arc::new(server),
            listeners: vec![ListenerKind::Pipe(Framing::Line)],
            shard: 0,
            config: Arc::new(config),
            seed: [7; 32],
            post: Arc::new(Nobody),
            metrics: Arc::from([Arc::new(ShardMetrics::new(LABELS))]),
            driver: "sim",
        };
        let endpoint = Endpoint::new(START, setup);
        let mut bench = Self { endpoint, now: START, sending: Vec::new(), is_closed: false };
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
                _ => {}
            }
        }
    }

    fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.after_ms(ms);
        if self.endpoint.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.hand(Input::Timeout);
        }
        self.drain();
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
    let text = ping("\"last\"");
    bench.receive(&text[..20]);
    bench.receive("");
    bench.fill_behind(&text);
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

impl Bench {
    /// Completes the line begun, fills the connection, and leaves a last line waiting.
    fn fill_behind(&mut self, begun: &str) {
        self.receive(&begun[20..]);
        self.fill();
        let last = ping("\"end\"");
        self.receive(&last[..10]);
        self.receive(last[10..].trim_end());
    }
}

/// Each time a connection was watched one more timer was set, and each set itself again for ever.
#[test]
fn a_busy_connection_keeps_few_timers() {
    let mut bench = Bench::new(Config::default());
    let hour_ms = 3_600_000;
    for _ in 0..hour_ms / 1000 {
        bench.receive(&ping("1"));
        bench.drain();
        bench.wait_ms(1000);
        let _ = bench.sent();
        bench.drain();
    }
    let config = Config::default();
    let most = config.idle_ms / config.frame_ms.min(config.send_stall_ms) + 3;
    let timers = bench.endpoint.timers() as u64;
    assert!(timers <= most, "{timers} timers of one connection, at most {most} wanted");
    assert!(!bench.is_closed);
}

/// A frame that could not become whole because we did not read was held against the peer.
#[test]
fn a_paused_connection_is_not_blamed_for_its_frame() {
    let config = Config { frame_ms: 5_000, ..tight() };
    let mut bench = Bench::new(config);
    bench.receive(&ping("0")[..10]);
    bench.receive(&ping("0")[10..]);
    let begun: String = (1..40).map(|id| ping(&id.to_string())).collect();
    bench.receive(&begun);
    bench.receive(&ping("\"x\"")[..15]);
    bench.drain();
    // The peer reads, slowly: a send comes back every few seconds, one byte further.
    for _ in 0..4 {
        bench.wait_ms(4_000);
        let bytes = bench.sending.remove(0);
        bench.hand(Input::Sent { slot: SLOT, bytes, start: 1, is_failed: false });
        bench.drain();
    }
    assert!(!bench.is_closed, "it was paused all the time");
}
