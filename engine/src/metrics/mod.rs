//! What a shard counts while it works, and how that is shown.
//!
//! Each shard has one [`ShardMetrics`]. Its thread is the only writer, so counting is a plain load
//! and store without a locked instruction; any thread may read, for instance the shard that answers
//! `/metrics`, and sees each number whole but different numbers at slightly different times.
//!
//! The module knows neither methods nor reasons: their names are given at construction
//! ([`Labels`]) and the writer passes indices. An index beyond the last place counts at the last.
//!
//! Not here: the clock (durations are given), and labels a peer could choose (their number would
//! not be bounded).

mod counter;
mod exposition;
mod histogram;
mod json;
mod rows;

use crate::limits;

pub use counter::{Counter, Gauge};
pub use exposition::{CONTENT_TYPE, render};
pub use histogram::{Distribution, Histogram};
pub use json::render_json;

/// What the forms say of the process: the driver in use, and the version.
pub fn info(driver: &str) -> [(&str, &str); 2] {
    [("driver", driver), ("version", env!("CARGO_PKG_VERSION"))]
}

/// Names behind the indices that a writer passes.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// Methods; at most [`limits::METHOD_LABELS_MAX`] are shown.
    pub methods: &'static [&'static str],
    /// Outcomes of a request; at most [`limits::OUTCOME_LABELS_MAX`] are shown.
    pub outcomes: &'static [&'static str],
    /// Reasons to close a connection; at most [`limits::CLOSE_LABELS_MAX`] are shown.
    pub closes: &'static [&'static str],
}

/// Everything one shard counts.
#[derive(Debug)]
#[repr(align(128))] // Two cache lines: no shard's counting slows its neighbour's.
pub struct ShardMetrics {
    labels: Labels,
    /// Connections open now.
    pub connections_open: Gauge,
    /// Connections accepted.
    pub connections_accepted: Counter,
    /// Connections closed at once because of a limit.
    pub connections_refused: Counter,
    /// Connections that have ended, for whatever reason.
    pub connections_closed: Counter,
    /// Connections this side closed, by reason; see [`Self::count_close`].
    pub closes: [Counter; limits::CLOSE_LABELS_MAX],
    /// Bytes received.
    pub bytes_received: Counter,
    /// Bytes sent.
    pub bytes_sent: Counter,
    /// Frames and HTTP bodies received whole.
    pub frames: Counter,
    /// Frames, HTTP messages and JSON texts that could not be read.
    pub parse_errors: Counter,
    /// Requests by method and outcome; see [`Self::count_request`].
    pub requests: [[Counter; limits::OUTCOME_LABELS_MAX]; limits::METHOD_LABELS_MAX],
    /// Nanoseconds from a request's last byte to its answer, by method.
    pub latency: Box<[Histogram; limits::METHOD_LABELS_MAX]>,
    /// Handshake-era HTTP sessions open now.
    pub sessions_open: Gauge,
    /// Sessions created.
    pub sessions_created: Counter,
    /// Sessions ended by their client or with their connection.
    pub sessions_closed: Counter,
    /// Sessions ended because they were idle or too many.
    pub sessions_evicted: Counter,
    /// Answers over HTTP that became event streams, and streams to listen on.
    pub event_streams_opened: Counter,
    /// Event streams that a client took up again.
    pub event_streams_resumed: Counter,
    /// Event streams to listen on that lasted longer than their access token.
    pub event_streams_expired: Counter,
    /// Waits that took too long and were ended.
    pub timeouts: Counter,
    /// Requests refused because a queue or a limit was full.
    pub busy_refusals: Counter,
    /// Outcomes that came after their call had been cancelled or timed out.
    pub answers_late: Counter,
    /// Results of tools that broke the tool's own output schema.
    pub outputs_broken: Counter,
    /// Responses that could not reach their client because its connection was gone.
    pub answers_dropped: Counter,
    /// HTTP requests that the transport's rules answered before the protocol saw them.
    pub http_refused: Counter,
    /// HTTP requests for routes of the program's own.
    pub route_requests: Counter,
    /// HTTP requests refused because of their access token, or for want of one.
    pub http_challenged: Counter,
    /// Requests for a session that another principal opened.
    pub sessions_foreign: Counter,
    /// Requests handed to the shard that owns their session.
    pub forwards: Counter,
    /// Responses to questions that were never asked, or answered before.
    pub responses_dropped: Counter,
    /// Subscriptions to lists and resources now.
    pub subscriptions: Gauge,
    /// Calls that stay open to be told of changes, now.
    pub listens: Gauge,
    /// Notifications written to subscribers.
    pub notifications_delivered: Counter,
    /// Notifications merged into one that was not delivered yet.
    pub notifications_coalesced: Counter,
    /// Log messages and progress that a peer was too far behind to be told.
    pub notifications_dropped: Counter,
    /// Tasks kept now, running and ended.
    pub tasks_open: Gauge,
    /// Calls that became tasks.
    pub tasks_created: Counter,
    /// Tasks whose time was over.
    pub tasks_expired: Counter,
    /// Receive buffers free now.
    pub leases_free: Gauge,
    /// Receive buffers lent now.
    pub leases_lent: Gauge,
    /// Received slices that were copied instead of lent: buffers were short, or leases are off.
    pub copies: Counter,
    /// Bytes of those slices.
    pub bytes_copied: Counter,
    /// Jobs waiting for a worker now.
    pub worker_queue: Gauge,
    /// Messages waiting in the shard's inbox now.
    pub inbox_queue: Gauge,
    /// Turns of the shard's loop.
    pub turns: Counter,
    /// Times the kernel was entered.
    pub enters: Counter,
}

impl ShardMetrics {
    /// Everything at zero.
    pub fn new(labels: Labels) -> Self {
        Self {
            labels,
            connections_open: Gauge::new(),
            connections_accepted: Counter::new(),
            connections_refused: Counter::new(),
            connections_closed: Counter::new(),
            closes: [const { Counter::new() }; limits::CLOSE_LABELS_MAX],
            bytes_received: Counter::new(),
            bytes_sent: Counter::new(),
            frames: Counter::new(),
            parse_errors: Counter::new(),
            requests: [const { [const { Counter::new() }; limits::OUTCOME_LABELS_MAX] };
                limits::METHOD_LABELS_MAX],
            latency: histograms(),
            sessions_open: Gauge::new(),
            sessions_created: Counter::new(),
            sessions_closed: Counter::new(),
            sessions_evicted: Counter::new(),
            event_streams_opened: Counter::new(),
            event_streams_resumed: Counter::new(),
            event_streams_expired: Counter::new(),
            timeouts: Counter::new(),
            busy_refusals: Counter::new(),
            answers_late: Counter::new(),
            outputs_broken: Counter::new(),
            answers_dropped: Counter::new(),
            http_refused: Counter::new(),
            route_requests: Counter::new(),
            http_challenged: Counter::new(),
            sessions_foreign: Counter::new(),
            forwards: Counter::new(),
            responses_dropped: Counter::new(),
            subscriptions: Gauge::new(),
            listens: Gauge::new(),
            notifications_delivered: Counter::new(),
            notifications_coalesced: Counter::new(),
            notifications_dropped: Counter::new(),
            tasks_open: Gauge::new(),
            tasks_created: Counter::new(),
            tasks_expired: Counter::new(),
            leases_free: Gauge::new(),
            leases_lent: Gauge::new(),
            copies: Counter::new(),
            bytes_copied: Counter::new(),
            worker_queue: Gauge::new(),
            inbox_queue: Gauge::new(),
            turns: Counter::new(),
            enters: Counter::new(),
        }
    }

    /// Counts one answered request and the time it took.
    pub fn count_request(&self, method: usize, outcome: usize, nanoseconds: u64) {
        let method = method.min(limits::METHOD_LABELS_MAX - 1);
        self.requests[method][outcome.min(limits::OUTCOME_LABELS_MAX - 1)].add(1);
        self.latency[method].record(nanoseconds);
    }

    /// Counts one connection that this side decides to close.
    pub fn count_close(&self, reason: usize) {
        self.closes[reason.min(limits::CLOSE_LABELS_MAX - 1)].add(1);
    }
}

/// One histogram a method, never on the stack: together they are 32 KiB.
fn histograms() -> Box<[Histogram; limits::METHOD_LABELS_MAX]> {
    let all: Box<[Histogram]> = (0..limits::METHOD_LABELS_MAX).map(|_| Histogram::new()).collect();
    all.try_into().expect("as many were made as the array holds")
}
