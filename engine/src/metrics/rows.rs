//! Every counter and gauge by name: the one list of which the text and the JSON are two forms.

use std::sync::Arc;

use prometheus_client::registry::Unit;

use super::{Counter, Distribution, Gauge, Labels, ShardMetrics};
use crate::limits;

/// A number's name, what it counts, its unit, and where it is.
pub(super) type Row<T> = (&'static str, &'static str, Option<Unit>, fn(&ShardMetrics) -> &T);

/// What only grows.
pub(super) const COUNTERS: &[Row<Counter>] = &[
    ("connections_accepted", "Connections accepted", None, |m| &m.connections_accepted),
    ("connections_refused", "Connections closed at once because of a limit", None, |m| {
        &m.connections_refused
    }),
    ("connections_closed", "Connections that have ended", None, |m| &m.connections_closed),
    ("received", "Bytes received", Some(Unit::Bytes), |m| &m.bytes_received),
    ("sent", "Bytes sent", Some(Unit::Bytes), |m| &m.bytes_sent),
    ("frames", "Frames and HTTP bodies received whole", None, |m| &m.frames),
    ("parse_errors", "Frames, HTTP messages and JSON texts that could not be read", None, |m| {
        &m.parse_errors
    }),
    ("sessions_created", "Handshake-era HTTP sessions created", None, |m| &m.sessions_created),
    ("sessions_closed", "Sessions ended by their client", None, |m| &m.sessions_closed),
    ("sessions_evicted", "Sessions ended because idle or too many", None, |m| &m.sessions_evicted),
    ("event_streams_opened", "Event streams opened over HTTP", None, |m| &m.event_streams_opened),
    ("event_streams_resumed", "Event streams taken up again", None, |m| &m.event_streams_resumed),
    (
        "event_streams_expired",
        "Event streams ended because their access token had expired",
        None,
        |m| &m.event_streams_expired,
    ),
    ("timeouts", "Waits that took too long and were ended", None, |m| &m.timeouts),
    ("busy_refusals", "Requests refused because a limit was full", None, |m| &m.busy_refusals),
    ("outputs_broken", "Tool results that broke their own output schema", None, |m| {
        &m.outputs_broken
    }),
    ("answers_late", "Outcomes that came after their call had ended", None, |m| &m.answers_late),
    ("answers_dropped", "Responses whose connection was gone", None, |m| &m.answers_dropped),
    ("http_refused", "HTTP requests answered by the transport's rules alone", None, |m| {
        &m.http_refused
    }),
    ("route_requests", "HTTP requests for routes of the program's own", None, |m| {
        &m.route_requests
    }),
    ("http_challenged", "HTTP requests refused because of their access token", None, |m| {
        &m.http_challenged
    }),
    ("sessions_foreign", "Requests for a session that another principal opened", None, |m| {
        &m.sessions_foreign
    }),
    ("forwards", "Requests handed to the shard that owns their session", None, |m| &m.forwards),
    ("responses_dropped", "Responses to questions never asked", None, |m| &m.responses_dropped),
    ("notifications_delivered", "Notifications written to subscribers", None, |m| {
        &m.notifications_delivered
    }),
    ("notifications_coalesced", "Notifications merged into an undelivered one", None, |m| {
        &m.notifications_coalesced
    }),
    ("notifications_dropped", "Progress and log messages a slow peer was not told", None, |m| {
        &m.notifications_dropped
    }),
    ("tasks_created", "Calls that became tasks", None, |m| &m.tasks_created),
    ("tasks_expired", "Tasks whose time was over", None, |m| &m.tasks_expired),
    ("copies", "Received slices copied instead of lent", None, |m| &m.copies),
    ("copied", "Bytes of those slices", Some(Unit::Bytes), |m| &m.bytes_copied),
    ("turns", "Turns of the shards' loops", None, |m| &m.turns),
    ("kernel_enters", "Times a shard entered the kernel", None, |m| &m.enters),
];

/// What comes and goes.
pub(super) const GAUGES: &[Row<Gauge>] = &[
    ("connections_open", "Connections open now", None, |m| &m.connections_open),
    ("sessions_open", "Handshake-era HTTP sessions open now", None, |m| &m.sessions_open),
    ("subscriptions", "Subscriptions to lists and resources now", None, |m| &m.subscriptions),
    ("listens", "Calls that stay open to be told of changes now", None, |m| &m.listens),
    ("tasks_open", "Tasks kept now, running and ended", None, |m| &m.tasks_open),
    ("leases_free", "Receive buffers free now", None, |m| &m.leases_free),
    ("leases_lent", "Receive buffers lent now", None, |m| &m.leases_lent),
    ("worker_queue_length", "Jobs waiting for a worker now", None, |m| &m.worker_queue),
    ("inbox_length", "Messages waiting in the shards' inboxes now", None, |m| &m.inbox_queue),
];

/// One number of all shards.
pub(super) fn total(shards: &[Arc<ShardMetrics>], number: impl Fn(&ShardMetrics) -> u64) -> u64 {
    shards.iter().map(|shard| number(shard)).sum()
}

/// The times of one method on all shards.
pub(super) fn latency(shards: &[Arc<ShardMetrics>], method: usize) -> Distribution {
    let mut all = Distribution::default();
    for shard in shards {
        all.merge(&shard.latency[method].read());
    }
    all
}

/// The methods with their indices.
pub(super) fn methods(shards: &[Arc<ShardMetrics>]) -> impl Iterator<Item = (usize, &'static str)> {
    labels(shards, |labels| labels.methods, limits::METHOD_LABELS_MAX)
}

/// The outcomes of requests with their indices.
pub(super) fn outcomes(
    shards: &[Arc<ShardMetrics>],
) -> impl Iterator<Item = (usize, &'static str)> {
    labels(shards, |labels| labels.outcomes, limits::OUTCOME_LABELS_MAX)
}

/// The reasons to close a connection with their indices.
pub(super) fn closes(shards: &[Arc<ShardMetrics>]) -> impl Iterator<Item = (usize, &'static str)> {
    labels(shards, |labels| labels.closes, limits::CLOSE_LABELS_MAX)
}

/// Every shard has the same.
fn labels(
    shards: &[Arc<ShardMetrics>],
    of: fn(&Labels) -> &'static [&'static str],
    most: usize,
) -> impl Iterator<Item = (usize, &'static str)> + use<> {
    let names = shards.first().map_or(&[][..], |shard| of(&shard.labels));
    names.iter().copied().enumerate().take(most)
}
