//! The report, from records that were not measured.

use super::experiments::{ALL, How};
use super::figures::Figure;
use super::measure::{Memory, compared};
use super::report::{CameTo, Report, Row};
use crate::fault::Fault;
use crate::record::{Environment, Record, Repetition};

/// A record whose repetitions took these latencies, in microseconds.
fn record(latencies: &[f64]) -> Record {
    let repetitions = latencies.iter().map(|latency| Repetition {
        operations: 100,
        requests_per_s: 1e6 / latency,
        latency_p50_us: *latency,
        latency_p95_us: 2.0 * latency,
        latency_p99_us: 3.0 * latency,
        server_cpu_us: Some(latency / 2.0),
        kept_off: 0.0,
    });
    let empty = Record::empty(Environment::default());
    Record { repetitions: repetitions.collect(), ..empty }
}

/// Reports one row of `off` and `on` and looks for the words in its text, in their order.
#[track_caller]
fn check(off: Record, on: Record, paced: bool, want: &[&str]) {
    let memory = Memory { rest_mib: [10.0, 10.5], loaded_mib: [12.0, 13.25] };
    let mut measured = compared(vec![off, on], memory, paced);
    measured.figures.push(Figure { name: "copies a request", off: 1.0, on: 0.0 });
    let row = Row::new(&ALL[0], "5 fields", Ok(measured).into());
    let report = Report { environment: Environment::default(), rows: vec![row] };
    finds(&report.text(), want);
    let json = serde_json::to_value(&report).expect("numbers and words are JSON");
    assert_eq!(json["rows"][0]["experiment"], "E1");
    assert!(json["rows"][0]["measured"]["req/s"]["ratio"]["median"].is_f64(), "{json}");
}

#[track_caller]
fn finds(text: &str, want: &[&str]) {
    let mut rest = text;
    for words in want {
        let at = rest.find(words).unwrap_or_else(|| panic!("no {words:?} in time in\n{text}"));
        rest = &rest[at + words.len()..];
    }
}

const SLOW: [f64; 4] = [99.0, 100.0, 100.0, 101.0];

#[test]
fn a_row_has_the_plans_columns() {
    let fast = record(&[19.8, 20.0, 20.0, 20.2]);
    let slow = || record(&SLOW);
    check(
        slow(),
        fast,
        false,
        &[
            "latency p50",
            "throughput",
            "memory",
            "CPU a request",
            "E1  schema cache",
            "-75 %",
            "5x",
            "+10 MB",
            "-30 %",
            "5 fields",
            "-80 % [-80, -80]",
            "5.00x [4.95, 5.05]",
            "+1.3 MiB",
            "-80 %",
            "faster",
            "p50 µs 100 -> 20.00; p95 µs 200 -> 40.00; a second 10000 -> 50000; CPU µs 50.00 -> 10.00",
            "MiB at rest 10.00 -> 10.50; loaded 12.00 -> 13.25",
            "copies a request 1.00 -> 0",
        ],
    );
    check(slow(), slow(), false, &["+0 %", "1.00x", "worth nothing here"]);
    let slower = record(&[149.0, 150.0, 150.0, 151.0]);
    check(slow(), slower.clone(), false, &["+50 %", "0.67x", "+50 %", "slower"]);
    check(slow(), slower, true, &["+50 %", "slower"]);
    let wild = record(&[50.0, 80.0, 130.0, 200.0]);
    check(slow(), wild, false, &["5 fields", "too noisy to tell"]);
    let doubtful = Record { invalid: vec!["noise: twice".into()], ..record(&SLOW) };
    check(slow(), doubtful, false, &["doubtful: on: noise: twice"]);
    check(record(&[100.0]), record(&[50.0]), false, &["-50 %", "2.00x", "too noisy to tell"]);
}

/// However wide a cell is, the columns begin where their head does.
#[test]
fn columns_line_up() {
    let memory = || Memory { rest_mib: [10.0, 10.5], loaded_mib: [12.0, 13.25] };
    let measured = |on: f64| compared(vec![record(&SLOW), record(&[on; 4])], memory(), false);
    let names = ["short", "a name that is longer than any other one of the table"];
    let rows = names.into_iter().zip([100.0, 7.0]);
    let rows = rows.map(|(name, on)| Row::new(&ALL[0], name, Ok(measured(on)).into()));
    let report = Report { environment: Environment::default(), rows: rows.collect() };
    let text = report.text();
    let at = |line: &str, cell: &str| line.find(cell).map(|at| line[..at].chars().count());
    let line = |name: &str| text.lines().find(|line| line.contains(name)).expect("a line");
    let head = line("latency p50");
    for (title, cells) in [
        ("latency p50", ["+0 % [", "-93 % ["]),
        ("throughput", ["1.00x [", "14x ["]),
        ("memory", ["+1.3 MiB", "+1.3 MiB"]),
    ] {
        for (name, cell) in names.into_iter().zip(cells) {
            assert_eq!(at(line(name), cell), at(head, title), "{title} of {name} in\n{text}");
        }
    }
}

#[test]
fn what_was_not_measured_says_why() {
    let failed = Err(Fault::Target("off: it fell silent".into())).into();
    let not_yet = ALL.iter().find(|one| one.id == "E8").expect("E8");
    let How::NotYet(why) = not_yet.how else { panic!("HTTP/2 is measured; so is this") };
    let rows =
        vec![Row::new(&ALL[0], "5 fields", failed), Row::new(not_yet, "", CameTo::NotYet(why))];
    let report = Report { environment: Environment::default(), rows };
    assert!(report.has_failed());
    finds(
        &report.text(),
        &["5 fields: not measured: off: it fell silent", "E8  HTTP/2", "3x", "not yet: "],
    );
}
