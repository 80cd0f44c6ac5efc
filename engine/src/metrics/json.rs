//! All shards' numbers added up as one JSON object, for programs that ask in the process.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::rows::{COUNTERS, GAUGES, Row, closes, latency, methods, outcomes, total};
use super::{Distribution, ShardMetrics};

/// The shares of all requests whose times are told.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)];

/// The numbers of [`render`](super::render) as JSON, under the same names without their prefix and
/// their `_total`, with the members of `info` in front. What comes by label and was never counted
/// is left out here too.
pub fn render_json(shards: &[Arc<ShardMetrics>], info: &[(&str, &str)]) -> String {
    let mut all: Map<_, _> =
        info.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    all.insert("counters".into(), numbers(COUNTERS, |field, shard| field(shard).get(), shards));
    all.insert("gauges".into(), numbers(GAUGES, |field, shard| field(shard).get(), shards));
    let closes = closes(shards)
        .map(|(at, reason)| (reason, total(shards, |shard| shard.closes[at].get())))
        .filter(|(_, total)| *total > 0);
    all.insert(
        "closes".into(),
        closes.map(|(reason, total)| (reason, Value::from(total))).collect(),
    );
    all.insert("requests".into(), requests(shards));
    let latency = methods(shards)
        .map(|(method, name)| (name, latency(shards, method)))
        .filter(|(_, all)| all.count() > 0);
    all.insert("latency_ns".into(), latency.map(|(name, all)| (name, times(&all))).collect());
    Value::Object(all).to_string()
}

fn numbers<T>(
    rows: &[Row<T>],
    read: impl Fn(fn(&ShardMetrics) -> &T, &ShardMetrics) -> u64,
    shards: &[Arc<ShardMetrics>],
) -> Value {
    let number = |(name, _, unit, field): &Row<T>| {
        let name =
            unit.as_ref().map_or((*name).to_owned(), |unit| format!("{name}_{}", unit.as_str()));
        (name, Value::from(total(shards, |shard| read(*field, shard))))
    };
    rows.iter().map(number).collect()
}

fn requests(shards: &[Arc<ShardMetrics>]) -> Value {
    let mut all = Map::new();
    for (method, name) in methods(shards) {
        let outcomes: Map<_, _> = outcomes(shards)
            .map(|(at, outcome)| (outcome, total(shards, |shard| shard.requests[method][at].get())))
            .filter(|(_, total)| *total > 0)
            .map(|(outcome, total)| (outcome.to_owned(), total.into()))
            .collect();
        if !outcomes.is_empty() {
            all.insert(name.to_owned(), outcomes.into());
        }
    }
    all.into()
}

fn times(all: &Distribution) -> Value {
    let mut times = json!({ "count": all.count(), "sum": all.sum(), "max": all.max() });
    for (name, share) in QUANTILES {
        times[name] = all.quantile(share).into();
    }
    times
}

#[cfg(test)]
mod tests {
    use super::super::Labels;
    use super::*;

    const LABELS: Labels =
        Labels { methods: &["ping", "tools/call"], outcomes: &["ok", "error"], closes: &["idle"] };

    #[test]
    fn shards_are_added_up() {
        let shards = [0, 1].map(|_| Arc::new(ShardMetrics::new(LABELS)));
        shards[0].bytes_received.add(10);
        shards[1].bytes_received.add(32);
        shards[0].connections_open.set(3);
        shards[1].connections_open.set(4);
        shards[1].count_close(0);
        shards[0].count_request(1, 0, 2_000);
        shards[1].count_request(1, 0, 4_000);
        shards[1].count_request(1, 1, 500);
        let text = render_json(&shards, &[("driver", "io_uring")]);
        let all: Value = serde_json::from_str(&text).expect("it is JSON");
        for (place, want) in [
            ("/driver", json!("io_uring")),
            ("/counters/received_bytes", json!(42)),
            ("/counters/sent_bytes", json!(0)),
            ("/gauges/connections_open", json!(7)),
            ("/closes", json!({ "idle": 1 })),
            ("/requests", json!({ "tools/call": { "ok": 2, "error": 1 } })),
            ("/latency_ns/tools~1call/count", json!(3)),
            ("/latency_ns/tools~1call/sum", json!(6_500)),
            ("/latency_ns/tools~1call/max", json!(4_000)),
            ("/latency_ns/tools~1call/p50", json!(1_920)),
        ] {
            assert_eq!(all.pointer(place), Some(&want), "{place} in {text}");
        }
        assert_eq!(all["counters"].as_object().map(Map::len), Some(COUNTERS.len()));
        assert_eq!(all["gauges"].as_object().map(Map::len), Some(GAUGES.len()));
        assert!(!text.contains("ping"), "a method never used is not shown");
        assert!(render_json(&[], &[]).contains("\"counters\""));
    }
}
