//! The text that `/metrics` answers: all shards added up, in the `OpenMetrics` format.
//!
//! Names are `mcpring_*` with the unit last; series that never counted anything are left out where
//! they come by label, so that a scrape stays small.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::rows::{COUNTERS, GAUGES, closes, latency, methods, outcomes, total};
use super::{Distribution, ShardMetrics};

/// The media type of what [`render`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the latency buckets shown, in nanoseconds: every fourfold from 1 µs to 69 s.
/// They are bounds of the histogram's own buckets, so nothing is estimated.
const LATENCY_BOUNDS: [u64; 14] = {
    let mut bounds = [0; 14];
    let mut at = 0;
    while at < bounds.len() {
        bounds[at] = 1 << (10 + 2 * at);
        at += 1;
    }
    bounds
};

/// All shards' numbers as text. `info` names what does not change while the process runs, such
/// as `("driver", "io_uring")`; it becomes the labels of `mcpring_build_info`.
pub fn render(shards: &[Arc<ShardMetrics>], info: &[(&str, &str)]) -> String {
    let info = info.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut registry = Registry::with_prefix("mcpring");
    registry.register_collector(Box::new(All { shards: shards.to_vec(), info: info.collect() }));
    let mut out = String::with_capacity(8 << 10);
    text::encode(&mut out, &registry).expect("writing to a string cannot fail");
    out
}

#[derive(Debug)]
struct All {
    shards: Vec<Arc<ShardMetrics>>,
    info: Vec<(String, String)>,
}

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut about =
            encoder.encode_descriptor("build", "What is running", None, MetricType::Info)?;
        about.encode_info(&self.info)?;
        for (name, help, unit, field) in COUNTERS {
            let total = total(&self.shards, |shard| field(shard).get());
            encoder
                .encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?
                .encode_counter::<NoLabelSet, _, u64>(&total, None)?;
        }
        for (name, help, unit, field) in GAUGES {
            let total = total(&self.shards, |shard| field(shard).get());
            encoder
                .encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?
                .encode_gauge(&total)?;
        }
        self.encode_closes(&mut encoder)?;
        self.encode_requests(&mut encoder)?;
        self.encode_latency(&mut encoder)
    }
}

impl All {
    fn encode_closes(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Connections this side closed, by reason";
        let mut family = encoder.encode_descriptor("closes", help, None, MetricType::Counter)?;
        for (at, reason) in closes(&self.shards) {
            let total = total(&self.shards, |shard| shard.closes[at].get());
            if total > 0 {
                family
                    .encode_family(&[("reason", reason)])?
                    .encode_counter::<NoLabelSet, _, u64>(&total, None)?;
            }
        }
        Ok(())
    }

    fn encode_requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests answered, by method and outcome";
        let mut family = encoder.encode_descriptor("requests", help, None, MetricType::Counter)?;
        for (method, name) in methods(&self.shards) {
            for (at, outcome) in outcomes(&self.shards) {
                let total = total(&self.shards, |shard| shard.requests[method][at].get());
                if total > 0 {
                    family
                        .encode_family(&[("method", name), ("outcome", outcome)])?
                        .encode_counter::<NoLabelSet, _, u64>(&total, None)?;
                }
            }
        }
        Ok(())
    }

    fn encode_latency(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Time from a request's last byte to its answer";
        let unit = Some(&Unit::Seconds);
        let mut family =
            encoder.encode_descriptor("request_duration", help, unit, MetricType::Histogram)?;
        for (method, name) in methods(&self.shards) {
            let all = latency(&self.shards, method);
            if all.count() > 0 {
                let (sum, buckets) = (seconds(all.sum()), cumulative(&all));
                family.encode_family(&[("method", name)])?.encode_histogram::<NoLabelSet>(
                    sum,
                    all.count(),
                    &buckets,
                    None,
                )?;
            }
        }
        Ok(())
    }
}

/// Each bound in seconds with what lies between it and the bound before; the encoder adds up.
fn cumulative(all: &Distribution) -> Vec<(f64, u64)> {
    let mut before = 0;
    let mut rows: Vec<_> = LATENCY_BOUNDS
        .iter()
        .zip(all.below(&LATENCY_BOUNDS))
        .map(|(bound, below)| {
            let row = (seconds(*bound), below - before);
            before = below;
            row
        })
        .collect();
    rows.push((f64::INFINITY, all.count() - before));
    rows
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::Labels;
    use super::*;
    use crate::limits;
    use std::collections::BTreeMap;

    const LABELS: Labels =
        Labels { methods: &["ping", "tools/call"], outcomes: &["ok", "error"], closes: &["idle"] };

    /// Series and values of a text, after checking its shape line by line.
    fn parse(text: &str) -> BTreeMap<String, f64> {
        let mut series = BTreeMap::new();
        let mut family = String::new();
        let body = text.strip_suffix("# EOF\n").expect("the end mark");
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (word, rest) = comment.split_once(' ').unwrap();
                let (name, _) = rest.split_once(' ').expect("a comment says something");
                assert!(matches!(word, "HELP" | "TYPE" | "UNIT"), "{line}");
                if word == "HELP" {
                    assert!(name.starts_with("mcpring"), "{line}");
                    name.clone_into(&mut family);
                }
                assert_eq!(name, family, "{line}");
            } else {
                let (name, value) = line.rsplit_once(' ').unwrap();
                assert!(name.starts_with(&family), "{line} does not belong to {family}");
                assert!(series.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line}");
            }
        }
        series
    }

    #[test]
    fn shards_are_added_up() {
        let shards = [0, 1].map(|_| Arc::new(ShardMetrics::new(LABELS)));
        shards[0].bytes_received.add(10);
        shards[1].bytes_received.add(32);
        shards[0].connections_open.set(3);
        shards[1].connections_open.set(4);
        shards[1].count_close(0);
        shards[0].count_request(1, 0, 2_000);
        shards[1].count_request(1, 0, 5_000_000_000);
        shards[1].count_request(1, 1, 500);
        let text = render(&shards, &[("driver", "io_uring"), ("version", "1\"2")]);
        let series = parse(&text);
        for (name, want) in [
            ("mcpring_build_info{driver=\"io_uring\",version=\"1\\\"2\"}", 1.0),
            ("mcpring_received_bytes_total", 42.0),
            ("mcpring_sent_bytes_total", 0.0),
            ("mcpring_connections_open", 7.0),
            ("mcpring_closes_total{reason=\"idle\"}", 1.0),
            ("mcpring_requests_total{method=\"tools/call\",outcome=\"ok\"}", 2.0),
            ("mcpring_requests_total{method=\"tools/call\",outcome=\"error\"}", 1.0),
            ("mcpring_request_duration_seconds_count{method=\"tools/call\"}", 3.0),
            ("mcpring_request_duration_seconds_sum{method=\"tools/call\"}", 5.000_002_5),
            (
                "mcpring_request_duration_seconds_bucket{le=\"0.000001024\",method=\"tools/call\"}",
                1.0,
            ),
            (
                "mcpring_request_duration_seconds_bucket{le=\"0.000004096\",method=\"tools/call\"}",
                2.0,
            ),
            ("mcpring_request_duration_seconds_bucket{le=\"+Inf\",method=\"tools/call\"}", 3.0),
        ] {
            assert_eq!(series.get(name), Some(&want), "{name} in\n{text}");
        }
        assert!(!text.contains("method=\"ping\""), "a method never used is not shown");
    }

    #[test]
    fn every_row_is_shown_once() {
        let text = render(&[Arc::new(ShardMetrics::new(LABELS))], &[]);
        let series = parse(&text);
        assert_eq!(series.len(), COUNTERS.len() + GAUGES.len() + 1, "{text}");
        parse(&render(&[], &[]));
    }

    #[test]
    fn indices_beyond_the_last_are_kept_within() {
        let metrics = ShardMetrics::new(LABELS);
        metrics.count_request(usize::MAX, usize::MAX, 1);
        metrics.count_close(usize::MAX);
        let last = &metrics.requests[limits::METHOD_LABELS_MAX - 1];
        assert_eq!(last[limits::OUTCOME_LABELS_MAX - 1].get(), 1);
        assert_eq!(metrics.closes[limits::CLOSE_LABELS_MAX - 1].get(), 1);
    }
}
