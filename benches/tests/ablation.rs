//! Every experiment of the plan runs, on the server as it is built for tests.

use std::path::Path;
use std::time::Duration;

use mcpring::ring::Choice;
use mcpring_bench::ablation::experiments::{ALL, How, Variation, Work};
use mcpring_bench::ablation::figures::Extra;
use mcpring_bench::ablation::measure::{Measured, measure};
use mcpring_bench::measure::cores::Cores;
use mcpring_bench::record::Environment;
use mcpring_bench::trial::{Scale, Settings};

const SERVER: &str = env!("CARGO_BIN_EXE_mcpring-bench-server");

/// Two repetitions of a few operations.
fn settings() -> Settings {
    Settings {
        repetitions: 2,
        scale: Scale::Exactly(4),
        warmup: Duration::from_millis(2),
        time_max: Duration::from_secs(2),
        driver: Choice::Auto,
        ..Settings::full(Environment::default())
    }
}

/// Both sides answered, and the figures say what only one side can have done.
#[track_caller]
fn check(place: &str, variation: &Variation, measured: &Measured) {
    for change in [measured.latency_p50_us, measured.requests_per_s] {
        assert!(change.off > 0.0 && change.on > 0.0, "{place}: {measured:?}");
    }
    let Work::Served { extra, .. } = variation.work else {
        return assert!(measured.records.is_empty(), "{place}: {measured:?}");
    };
    assert_eq!(measured.records.len(), 2, "{place}: {measured:?}");
    let memory = measured.memory.unwrap_or_else(|| panic!("{place}: no memory"));
    assert!(memory.rest_mib.iter().chain(&memory.loaded_mib).all(|mib| *mib > 0.5), "{place}");
    let figures: Vec<_> = measured.figures.iter().map(|one| (one.off, one.on)).collect();
    match (extra, &figures[..]) {
        (Extra::None, []) => {}
        (Extra::HitRate, [(off, on), _]) => assert!(*off == 0.0 && *on > 0.0, "{place}"),
        (Extra::Pool { .. }, [together, busy, _]) => {
            assert!([together, busy].iter().all(|(off, on)| *off > 0.0 && *on > 0.0), "{place}");
        }
        (Extra::Shards, [(off, on)]) => assert!(*off > 99.9 && *on < 99.9, "{place}: {figures:?}"),
        (Extra::Copies, [(off, on), _]) => {
            assert!(*off > 0.0 && *on == 0.0, "{place}: {figures:?}");
        }
        _ => panic!("{place}: {figures:?}"),
    }
}

#[test]
fn every_experiment_runs() {
    let cores = match Cores::find() {
        Ok(cores) => cores,
        Err(fault) => return eprintln!("not tested: {fault}"),
    };
    for experiment in ALL {
        let How::Measured(variations) = experiment.how else { continue };
        for variation in variations {
            let place = format!("{} {}", experiment.id, variation.name);
            let measured = measure(variation, Path::new(SERVER), &cores, &settings());
            check(&place, variation, &measured.unwrap_or_else(|fault| panic!("{place}: {fault}")));
        }
    }
}
