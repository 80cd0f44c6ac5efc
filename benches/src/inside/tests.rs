//! Every part does its work, tells its figures, and refuses what makes no sense.

use super::*;
use crate::workload::{self, Workload};

/// Operations of a test: enough for every path, too few to mean anything.
const FEW: u64 = 60;

#[track_caller]
fn check(id: &str, figures: &[&str]) {
    let workload = workload::find(id).unwrap_or_else(|| panic!("no workload {id}"));
    let spec = workload.inside.as_ref().expect("work inside");
    let outcome = run(spec, Amount::exactly(FEW)).unwrap_or_else(|fault| panic!("{id}: {fault}"));
    assert_eq!((outcome.operations, outcome.latencies.count()), (FEW, FEW), "{id}");
    assert!(!outcome.elapsed.is_zero(), "{id}");
    for name in figures.iter().chain(&["clock_ns", "batch_operations"]) {
        let value = outcome.figures.get(*name);
        assert!(value.is_some_and(|value| value.is_finite()), "{id}: {name} is {value:?}");
    }
}

#[test]
fn every_workload_inside_is_done_and_has_its_figures() {
    let json = ["document_bytes", "serde_json_p50_us"];
    let schema = ["parse_us", "recompiled_p50_us", "cache_hits_percent"];
    let rows: [(&str, &[&str]); 14] = [
        ("json_encode_small", &json),
        ("json_encode_medium", &json),
        ("json_encode_large", &json),
        ("json_decode_small", &json),
        ("json_decode_medium", &json),
        ("json_decode_large", &["simd_json_then_scan_p50_us"]),
        ("schema_validation_simple", &schema),
        ("schema_validation_medium", &schema),
        ("schema_validation_complex", &["check_beside_parse_percent"]),
        ("gproc_lookup_10k", &["among_10_mean_ns", "among_1000_mean_ns"]),
        ("gproc_register_1k", &["edit_taken_over_us", "add_and_remove_alone_p50_us"]),
        ("queue_enqueue_dequeue_100k", &["waiting_requests"]),
        ("session_get_put_10k", &["one_session_p50_us"]),
        ("pool_checkout_checkin_10k", &["on_the_shard_p50_us", "hand_over_p50_us"]),
    ];
    for (id, figures) in rows {
        check(id, figures);
    }
    let inside = workload::all().iter().filter(|workload| workload.inside.is_some());
    assert_eq!(inside.count(), rows.len(), "a workload inside has no row here");
}

#[test]
fn documents_have_the_sizes_of_the_plan() {
    for (fields, bytes) in [(10, 300..1_000), (50, 1_000..10_000), (1000, 50_000..100_000)] {
        let mut out = Vec::new();
        Document::new(fields).encode(&mut out);
        assert!(bytes.contains(&out.len()), "{fields} fields take {} bytes", out.len());
    }
}

#[test]
fn mistakes_of_use_are_told() {
    let spec = |part: &str, size| InsideSpec { part: part.into(), size };
    let rows = [
        (spec("regsitry", None), 1, "unknown part \"regsitry\"; known: json_encode, json_decode"),
        (spec("queue", Some(7)), 1, "the part \"queue\" has no size"),
        (spec("schema", Some(0)), 1, "size is 0"),
        (spec("queue", None), 0, "no operations"),
    ];
    for (spec, operations, want) in rows {
        match run(&spec, Amount::exactly(operations)) {
            Err(Fault::Usage(text)) => assert!(text.starts_with(want), "{text}"),
            other => panic!("{spec:?} gave {other:?}"),
        }
    }
}

#[test]
fn calls_of_tools_have_stages() {
    for id in ["tool_call_simple_10k", "tool_call_medium_1k", "tool_call_complex_100"] {
        let question = workload::find(id).and_then(Workload::question);
        let stages = stages(&question.expect("a question"));
        let stages = stages.unwrap_or_else(|fault| panic!("{id}: {fault}"));
        let names: Vec<&str> = stages.keys().map(String::as_str).collect();
        assert_eq!(names, ["decode", "encode", "execute", "protocol", "validate"], "{id}");
        for name in ["decode", "encode", "execute", "validate"] {
            assert!(stages[name] > 0.0, "{id}: {stages:?}");
        }
    }
    let listed = workload::find("resource_list_10k").and_then(Workload::question);
    assert!(stages(&listed.expect("a question")).is_err());
}
