//! The commands as a user runs them: built programs, tiny counts, exit codes and what they print.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

const BENCH: &str = env!("CARGO_BIN_EXE_mcpring-bench");
const SERVER: &str = env!("CARGO_BIN_EXE_mcpring-bench-server");

/// What a run of the program came to.
struct Ran {
    line: String,
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, code, out, err } = self;
        write!(f, "mcpring-bench {line}\nexit {code}\n{out}\n{err}")
    }
}

fn run(arguments: &[&str]) -> Ran {
    let output = Command::new(BENCH).args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran {
        line: arguments.join(" "),
        code: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Runs and expects an exit code and words, on either output; a failure has one line that says why.
#[track_caller]
fn check(arguments: &[&str], code: i32, words: &str) -> Ran {
    let ran = run(arguments);
    assert_eq!(ran.code, code, "{ran}");
    assert!(ran.out.contains(words) || ran.err.contains(words), "no `{words}` in\n{ran}");
    if code > 1 && ran.err.contains("mcpring-bench: ") {
        let last = ran.err.trim_end().lines().last().unwrap_or("");
        assert!(last.starts_with("mcpring-bench: "), "more than a line:\n{ran}");
    }
    ran
}

/// Runs a measurement on a machine that may be busy: its exit code must be what its records say.
#[track_caller]
fn measure(arguments: &[&str]) -> Vec<Value> {
    let ran = run(arguments);
    let Value::Array(records) = ran.json() else { panic!("no array\n{ran}") };
    let valid = records.iter().all(|record| record["valid"] == true);
    assert_eq!(ran.code, if valid { 0 } else { 3 }, "{ran}");
    assert!(!records.is_empty(), "{ran}");
    records
}

/// A path for a file of this test run.
fn file(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_TARGET_TMPDIR"), name].iter().collect();
    path.display().to_string()
}

fn write(name: &str, text: &str) -> String {
    let path = file(name);
    std::fs::write(&path, text).expect("a folder for files");
    path
}

/// Our server, listening; it ends with the test.
struct Listening {
    child: Child,
    urls: Vec<String>,
}

impl Listening {
    fn start() -> Self {
        let mut child = Command::new(SERVER).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let urls =
            lines.map_while(Result::ok).filter_map(|line| Some(line.split_once(' ')?.1.to_owned()));
        let urls = urls.take(3).collect();
        Self { child, urls }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that says `answer` to whoever sends something, and hangs up. Its thread ends with the
/// process.
fn odd_server(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    address
}

#[test]
fn a_bad_target_is_a_failure_of_the_target() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let empty = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let denied = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
    let halfway = b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{";
    let rows: [(SocketAddr, &str); 6] = [
        (closed, "Connection refused"),
        (odd_server(b""), "closed the connection"),
        (odd_server(b"SSH-2.0-OpenSSH\r\n\r\n"), "invalid HTTP version"),
        (odd_server(empty), "initialize was answered"),
        (odd_server(denied), "access token"),
        (odd_server(halfway), "closed the connection"),
    ];
    for (address, words) in rows {
        check(&["run", &format!("http://{address}/mcp")], 4, words);
    }
    check(
        &["run", &format!("tcp://{}", odd_server(b"\0\0\0\x02{}"))],
        4,
        "initialize was answered",
    );
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    check(&["run", &url, "-t", "100ms"], 4, "no answer within 100ms");
    let start = ["-t", "50ms", "--start-timeout", "100ms"];
    let started = |server: &[&str], words| {
        check(&[&["run"], server, &start[..]].concat(), 4, words);
    };
    started(&["stdio:sleep 600"], "no answer within 100ms on its output");
    started(&["--spawn", "sleep 600"], "the server did not say in time where it listens");
    let closed = format!("http://{closed}/mcp");
    started(&["--spawn", "sleep 600", &closed], "the server did not say in time where it listens");
    check(&["run", "stdio:true"], 4, "the server closed its");
    // It never ends a line: what is kept of it has a limit.
    check(&["run", "stdio:cat /dev/zero"], 4, "the server closed its");
    check(&["run", "stdio:no-such-program"], 4, "start no-such-program");
    check(&["run", "--spawn", "true"], 4, "ended before it said");
}

#[test]
fn a_bad_command_line_is_said_in_words() {
    let stdio = format!("stdio:{SERVER} --stdio");
    let bad = write("bad.toml", "[[workload]]\nid = 'w'\nabot = 'x'\n");
    let no_json = write("no_json.json", "x");
    let object = write("object.json", "{}");
    let rows: [(&[&str], &str); 19] = [
        (&["run"], "required"),
        (&["run", "ftp://127.0.0.1:1"], "the scheme \"ftp\" is not known here"),
        (&["run", "nowhere"], "write http://HOST:PORT/PATH"),
        (&["run", "https://127.0.0.1:1"], "there is no TLS here"),
        (&["run", "stdio:'x"], "never closed"),
        (&["run", &stdio, "-c", "2"], "one connection"),
        (&["run", &stdio, "--tool", "nothing"], "has no tool `nothing`; it has: echo"),
        (&["run", &stdio, "--tool", "echo", "--args", "x"], "is not JSON"),
        (&["run", &stdio, "--workload", "nothing"], "is neither a workload"),
        (&["run", &stdio, "--workload", &bad], "bad.toml:3: unknown key \"abot\""),
        (&["run", &stdio, "-z", "soon"], "write it as 10s"),
        (&["run", &stdio, "-z", "0s"], "more than nothing"),
        (&["run", &stdio, "--start-timeout", "0s"], "more than nothing"),
        (&["run", &stdio, "-q", "0"], "above zero"),
        (&["run", &stdio, "-q", "1e99"], "at most"),
        (&["suite", "--only", "nothing", "--no-build"], "is no workload here"),
        (&["suite", "--suite", "nothing", "--no-build"], "there is no suite `nothing`"),
        (&["compare", &no_json, &no_json], "is no file of results: it is not JSON"),
        (&["compare", &object, &object], "it is not an array of records"),
    ];
    for (arguments, words) in rows {
        check(arguments, 2, words);
    }
}

#[test]
fn every_transport_is_measured() {
    let server = Listening::start();
    let measured = |arguments: &[&str], via: &str| {
        let all = [&["run", "--json"], arguments, &["-z", "100ms", "--warmup", "10ms"]].concat();
        let records = measure(&all);
        let record = &records[0];
        assert_eq!((records.len(), &record["load"]["via"]), (1, &Value::from(via)), "{record}");
        assert!(record["server_cpu_us"].as_f64() > Some(0.0), "{record}");
        assert!(record["memory_start_mib"].as_f64() > Some(0.0), "{record}");
        record["figures"]["read_write_calls_a_request"].as_f64()
    };
    for (url, via) in server.urls.iter().zip(["http", "tcp", "tcp-line"]) {
        measured(&[url, "--tool", "echo", "--args", r#"{"message":"hi"}"#], via);
        measured(&[url, "--era", "2025"], via);
    }
    measured(&[&server.urls[0], "--workload", "tool_call_medium_1k"], "http");
    assert_eq!(measured(&["--spawn", SERVER], "http"), None, "calls that mean nothing");
    // The shell ends at once, or does nothing but wait: neither of them is the server.
    measured(&["--spawn", &format!("sh -c '{SERVER} &'")], "http");
    let behind = format!("{SERVER} --stdio --driver epoll <&4");
    let calls = measured(&[&format!("stdio:sh -c 'exec 4<&0; {behind} & wait'")], "stdio");
    // It reads each request and writes each answer.
    assert!(calls >= Some(1.9), "{calls:?} a request");
    let open = ["--spawn", SERVER, "-q", "500", "-n", "20", "-c", "2"];
    let records = measure(&[&["run", "--json"], &open[..]].concat());
    let record = &records[0];
    assert_eq!((&record["load"]["pace"], &record["operations"]), (&"open".into(), &20.into()));
    // Twenty at five hundred a second take forty milliseconds, the last one's share included.
    assert!(record["duration_s"].as_f64().is_some_and(|seconds| seconds >= 0.04), "{record}");
    assert!(record["service_us"][0].as_f64() > Some(0.0), "{record}");
    measured(&[&format!("stdio:{SERVER} --stdio")], "stdio");
}

/// The suite on our own server, tiny, into a file of that name.
fn suite(name: &str, more: &[&str]) -> (String, Vec<Value>) {
    let path = file(name);
    let only = "json_encode_small,tool_call_simple_10k,prompt_complex_100";
    let mut arguments = vec!["suite", "--quick", "--json", "--server", SERVER, "--only", only];
    arguments.extend(["-o", &path]);
    arguments.extend(more);
    let records = measure(&arguments);
    (path, records)
}

#[test]
fn results_are_as_their_schema_says_and_stay_the_same() {
    let (path, records) = suite("suite.json", &[]);
    let schema = include_str!("../results.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let written: Value =
        serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    assert_eq!(written, Value::Array(records.clone()), "the file and the output are one");
    let faults = validator.iter_errors(&written);
    let faults: Vec<_> =
        faults.map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let ids: Vec<_> = records.iter().map(|record| record["workload_id"].clone()).collect();
    assert_eq!(ids, ["json_encode_small", "tool_call_simple_10k", "prompt_complex_100"]);
    let same = check(&["compare", &path, &path, "--json", "--fail-on-regression"], 0, "rows");
    let rows = same.json()["rows"].as_array().cloned().unwrap_or_default();
    assert!(rows.iter().any(|row| row["metric"] == "cpu" && row["decides"] == true), "{same}");
    for row in rows.iter().filter(|row| row["ratio"]["interval"].is_null()) {
        assert_eq!(row["verdict"], "same", "{row}");
    }
    check(&["compare", &path, &path, "--markdown"], 0, "| `tool_call_simple_10k` |");
    baselines(&path);
    budgets(&path, &records);
}

/// Baselines made of results that are valid, or refused because they are not.
fn baselines(path: &str) {
    let folder = file("baseline");
    let _ = std::fs::remove_dir_all(&folder);
    let baseline = |more: &[&str], code, words| {
        check(&[&["baseline", "--folder", &folder], more].concat(), code, words)
    };
    baseline(&["show"], 2, "there is no baseline");
    let updated = run(&["baseline", "--folder", &folder, "update", path]);
    if updated.code == 3 {
        assert!(updated.err.contains("is not valid and would mislead"), "{updated}");
        return;
    }
    assert_eq!(updated.code, 0, "{updated}");
    baseline(&["show"], 0, "tool_call_simple_10k");
    std::fs::write(Path::new(&folder).join("other.json"), "{}").expect("a file of others");
    baseline(&["list"], 0, "main_latest.json -> main_2");
    baseline(&["compare", path], 0, "tool_call_simple_10k");
    assert!(Path::new(&folder).join("main_latest.json").is_symlink());
}

fn budgets(path: &str, records: &[Value]) {
    let limits = "[t.tool_call_simple_10k]\nat_most = { latency_p50_us = 0.001 }\n";
    let budgets = write("budgets.toml", limits);
    let exceeded = run(&["budget", path, "--table", "t", "--budgets", &budgets, "--json"]);
    if records[1]["valid"] == true {
        assert_eq!(exceeded.code, 1, "{exceeded}");
        let breach = &exceeded.json()[0];
        assert_eq!(breach["error"], "budget_exceeded");
        assert_eq!(breach["metric"], "latency_p50_us");
        assert_eq!(breach["workload_id"], "tool_call_simple_10k");
        assert_eq!(breach["value"], records[1]["latency_p50_us"]);
    } else {
        assert!(exceeded.code == 0 && exceeded.err.contains("only its CPU time"), "{exceeded}");
    }
    check(&["budget", path, "--table", "nothing"], 2, "there is: ours, plan");
}

#[test]
fn a_server_that_became_slow_is_found() {
    let (before, _) = suite("before.json", &[]);
    let (after, _) = suite("after.json", &["--slow-us", "2000"]);
    let arguments = ["compare", &before, &after, "--fail-on-regression"];
    check(&[&arguments[..], &["--metrics", "cpu"]].concat(), 1, "slower");
    check(&arguments, 1, "slower");
    check(&["compare", &after, &before, "--fail-on-regression", "--metrics", "cpu"], 0, "faster");
    let newer = write("newer.json", r#"[{"schema": 1000}]"#);
    check(&["compare", &before, &newer], 2, "written by a newer mcpring-bench");
}

#[test]
fn what_a_server_offers_is_listed() {
    let server = Listening::start();
    check(&["list"], 0, "tcp_sustained_1m");
    let listed = check(&["list", &server.urls[1], "--json"], 0, "\"tools\"").json();
    let workloads = listed["workloads"].as_array().cloned().unwrap_or_default();
    let why_not = |id: &str| {
        let found = workloads.iter().find(|workload| workload["id"] == id);
        found.map(|workload| workload["why_not"].clone()).unwrap_or_default()
    };
    assert_eq!(why_not("tcp_echo_10k"), Value::Null);
    assert_eq!(why_not("json_encode_small"), Value::Null);
    assert_eq!(why_not("sse_stream_1k"), "not here: does not listen on http");
    let stdio = format!("stdio:{SERVER} --stdio");
    check(&["list", &stdio], 0, "over stdio\nversions: 2026-07-28, 2025-11-25\n");
    let not_offered = ["suite", "--target", &server.urls[1], "--only", "sse_stream_1k"];
    check(&not_offered, 0, "not offered: does not listen on http");
    // Parts of the engine inside the program say nothing about a server of somebody else.
    let path = file("others.json");
    let suite = ["suite", "--suite", "pr", "--quick", "--repeat", "1", "--json", "-o", &path];
    let records = measure(&[&suite[..], &["--target", &server.urls[0]]].concat());
    let ids: Vec<_> = records.iter().map(|record| record["workload_id"].clone()).collect();
    assert_eq!(ids, ["tool_call_simple", "resource_read"]);
}

/// Before anything is started: the server of these would fail.
#[test]
fn what_cannot_be_written_is_said_at_once() {
    let text = write("text", "kept");
    let (folder, below) = (file(""), format!("{text}/below.json"));
    for (path, words) in [(&folder, "Is a directory"), (&below, "make the folder")] {
        check(&["run", "stdio:false", "-o", path], 2, words);
        check(&["suite", "--spawn", "false", "-o", path], 2, words);
        check(&["peers", "--no-build", "--markdown", path], 2, words);
    }
    // What can be written is left alone by a run that fails.
    let new = file("new.json");
    for path in [&text, &new] {
        check(&["run", "stdio:false", "-o", path], 4, "the server closed its");
    }
    assert_eq!(std::fs::read_to_string(&text).expect("its own file"), "kept");
    assert!(!Path::new(&new).exists());
}

/// The commands of the README and the manual are `cargo run -p mcpring-bench -- …`, and `cargo bench`
/// with the options of the table.
#[test]
fn cargo_runs_the_load_tester() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = std::fs::read_to_string(manifest).expect("its own manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    assert_eq!(manifest["package"]["default-run"].as_str(), Some("mcpring-bench"));
    let benches = manifest["bench"].as_array().expect("benches");
    let runs =
        |bench: &&toml::Value| bench.get("bench").and_then(toml::Value::as_bool) != Some(false);
    let run: Vec<_> = benches.iter().filter(runs).map(|bench| bench["name"].as_str()).collect();
    assert_eq!(run, [Some("table")]);
}

#[test]
fn a_readme_is_filled_from_a_document_that_is_there() {
    let repository = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        std::fs::read_to_string(path).expect(name)
    };
    let empty = "<!-- measured: servers -->\n<!-- end: servers -->\n\
                 <!-- measured: python -->\n<!-- end: python -->\n";
    let document = write("document.md", &repository("docs/BENCHMARKS.md"));
    let (readme, bare) = (write("readme.md", empty), write("bare.md", "no marks\n"));
    check(&["peers", "--readme", &readme], 2, "--markdown <FILE>|--from <FILE>");
    check(&["peers", "--from", &document], 2, "--readme <FILE>");
    check(&["peers", "--from", &document, "--readme", &readme, "--quick"], 2, "--quick");
    check(&["peers", "--from", &bare, "--readme", &readme], 2, "README is filled from a run of");
    check(&["peers", "--from", &document, "--readme", &bare], 2, "two lines are needed");
    check(&["peers", "--from", &document, "--readme", &readme], 0, "");
    let filled = std::fs::read_to_string(&readme).expect("a README");
    assert!(filled.contains("| one update to 1,000 subscribers |"), "{filled}");
}
