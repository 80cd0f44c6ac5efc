//! Servers that misbehave, over real sockets and pipes of this process.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use mcpring::ring::Choice;
use serde_json::{Value, json};

use super::connection::{Desk, Ids, Order};
use super::pipes::Pipes;
use super::reader::{ANSWER_BYTES_MAX, HEAD_BYTES_MAX};
use super::request::{ID_FIRST, Request};
use super::*;
use crate::target::{Address, Era, Target, Wire};

const REQUESTS: u64 = 5;

/// What a server does with each connection, once the first bytes of a request are there.
type Behaviour = fn(&mut TcpStream);

/// A server on a free port whose threads end with its connections.
fn serve(behave: Behaviour) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            thread::spawn(move || {
                // A client that gives up closes; then there is nobody to behave to.
                let mut request = [0; 4096];
                while matches!(stream.read(&mut request), Ok(1..)) {
                    behave(&mut stream);
                }
            });
        }
    });
    address
}

fn write(stream: &mut TcpStream, bytes: &[u8]) {
    // The client may have closed in the middle, which is what some of these are about.
    let _ = stream.write_all(bytes);
}

fn load(driver: Choice) -> Load {
    let timeout = Duration::from_millis(300);
    Load { timeout, driver, ..Load::closed(1, 1, Extent::Requests(REQUESTS)) }
}

/// Runs against `behave` and expects a fault of the target with these words.
#[track_caller]
fn check(wire: Wire, era: Era, behave: Behaviour, words: &[&str]) {
    for driver in [Choice::Auto, Choice::Epoll] {
        let target = Target::new(serve(behave), wire, era);
        let ran = run(&target, &Question::echo(3), &load(driver), &mut |_| Ok(()));
        let fault = ran.expect_err("a server that fails");
        assert_eq!(fault.exit_code(), 4, "{driver}, {wire:?}: {fault}");
        let text = fault.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{driver}, {wire:?}: {text}");
    }
}

/// Runs against `behave` and expects this many right answers, and errors with these words.
#[track_caller]
fn check_counts(wire: Wire, behave: Behaviour, right: u64, errors: u64, words: &str) {
    for driver in [Choice::Auto, Choice::Epoll] {
        let target = Target::new(serve(behave), wire, Era::Stateless);
        let ran = run(&target, &Question::echo(3), &load(driver), &mut |_| Ok(()));
        let tally = ran.unwrap_or_else(|fault| panic!("{driver}: {fault}"));
        assert_eq!((tally.requests, tally.errors.count()), (right, errors), "{driver}: {tally:?}");
        let first = tally.errors.first.unwrap_or_default();
        assert!(first.contains(words), "{driver}: {first}");
    }
}

#[test]
fn a_server_that_is_down_or_silent() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let target = Target::new(free, Wire::Http, Era::Stateless);
    let ran = run(&target, &Question::echo(3), &load(Choice::Auto), &mut |_| Ok(()));
    let text = ran.expect_err("nobody listens").to_string();
    assert!(text.starts_with(&format!("connect to {free}: ")), "{text}");
    for wire in [Wire::Length, Wire::Line, Wire::Http] {
        check(wire, Era::Stateless, |_| (), &["1 unanswered after 300ms", "after 0 answers"]);
        check(wire, Era::Handshake, |_| (), &["initialize: no answer within 300ms"]);
    }
}

#[test]
fn a_server_that_speaks_something_else() {
    let ssh: Behaviour = |stream| write(stream, b"SSH-2.0-OpenSSH_9.6\r\n");
    check(Wire::Http, Era::Stateless, ssh, &["SSH-2.0-OpenSSH_9.6", "of echo open"]);
    check(Wire::Length, Era::Stateless, ssh, &["SSH-2.0-OpenSSH_9.6"]);
    check(Wire::Line, Era::Stateless, ssh, &["no JSON-RPC message", "SSH-2.0-OpenSSH_9.6"]);
    check(Wire::Line, Era::Handshake, ssh, &["initialize", "SSH-2.0-OpenSSH_9.6"]);
    let endless: Behaviour = |stream| {
        write(stream, b"HTTP/1.1 200 OK\r\na: ");
        write(stream, &vec![b'x'; HEAD_BYTES_MAX + 1]);
    };
    check(Wire::Http, Era::Stateless, endless, &["no end after"]);
}

#[test]
fn a_server_that_closes() {
    let halfway: Behaviour = |stream| {
        write(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\"");
        let _ = stream.shutdown(Shutdown::Both);
    };
    let words = ["closed a connection", "1 requests of echo open"];
    check(Wire::Http, Era::Stateless, halfway, &words);
    let at_once: Behaviour = |stream| {
        let _ = stream.shutdown(Shutdown::Both);
    };
    for wire in [Wire::Http, Wire::Line, Wire::Length] {
        check(wire, Era::Stateless, at_once, &words);
    }
    // Every request has its answer, each over a connection of its own.
    let words = "HTTP status 500: oops";
    let said: Behaviour = |stream| {
        write(stream, b"HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 4\r\n\r\noops");
    };
    check_counts(Wire::Http, said, 0, REQUESTS, words);
    let unsaid: Behaviour = |stream| {
        write(stream, b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops");
        let _ = stream.shutdown(Shutdown::Both);
    };
    check_counts(Wire::Http, unsaid, 0, REQUESTS, words);
    let endless: Behaviour = |stream| {
        write(stream, b"HTTP/1.0 500 No\r\n\r\noops");
        let _ = stream.shutdown(Shutdown::Both);
    };
    check_counts(Wire::Http, endless, 0, REQUESTS, words);
}

#[test]
fn an_answer_that_is_too_long() {
    check(
        Wire::Length,
        Era::Stateless,
        |stream| write(stream, &(ANSWER_BYTES_MAX as u32 + 1).to_be_bytes()),
        &["of which 32 MiB are read"],
    );
    let sized: Behaviour = |stream| {
        let length = ANSWER_BYTES_MAX + 1;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        write(stream, head.as_bytes());
    };
    check(Wire::Http, Era::Stateless, sized, &["of which 32 MiB are read"]);
}

#[test]
fn an_answer_with_another_id_is_no_answer() {
    let line: Behaviour = |stream| {
        write(stream, b"{\"jsonrpc\":\"2.0\",\"id\":999999999,\"result\":{}}\n");
    };
    let words = ["1 unanswered after 300ms", "an answer to nothing that is open", "999999999"];
    check(Wire::Line, Era::Stateless, line, &words);
    let http: Behaviour = |stream| {
        let body = answer(999_999_999, "abc").to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        write(stream, format!("{head}{body}").as_bytes());
    };
    check_counts(Wire::Http, http, 0, REQUESTS, "the answer to another request");
}

#[test]
fn statuses_are_counted_with_their_words() {
    macro_rules! status {
        ($status:literal, $words:literal) => {
            check_counts(
                Wire::Http,
                |stream| {
                    let head = concat!("HTTP/1.1 ", $status, " Refused\r\nLocation: /other\r\n");
                    write(stream, head.as_bytes());
                    write(stream, b"Transfer-Encoding: chunked\r\n\r\n4\r\nword\r\n0\r\n\r\n");
                },
                0,
                REQUESTS,
                $words,
            );
        };
    }
    status!("307", "HTTP status 307 to /other: word");
    status!("404", "HTTP status 404: word");
    status!("405", "HTTP status 405: word");
    status!("406", "HTTP status 406: word");
    status!("429", "HTTP status 429: word");
    status!("503", "HTTP status 503: word");
}

#[test]
fn a_stream_that_ends_without_the_answer_is_counted() {
    let empty: Behaviour = |stream| {
        write(stream, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
        write(stream, b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    };
    check_counts(Wire::Http, empty, 0, REQUESTS, "no message in an answer");
}

fn answer(id: u64, text: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": { "content": [{ "type": "text", "text": text }] } })
}

/// Answers each line that is a request with `text`; calls perhaps twice.
fn answers(from: impl Read, mut to: impl Write, text: &str, twice: bool) {
    for line in BufReader::new(from).lines() {
        let Ok(line) = line else { return };
        let request: Value = serde_json::from_str(&line).expect("a request");
        let Some(id) = request["id"].as_u64() else { continue };
        let mut reply = answer(id, text);
        if request["method"] == "initialize" {
            reply["result"] = json!({ "protocolVersion": "2025-11-25" });
        }
        for _ in 0..=usize::from(twice && id >= ID_FIRST) {
            if to.write_all(format!("{reply}\n").as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Runs over pipes and says how many answers were right and how many were not.
fn piped(
    driver: Choice,
    load: &Load,
    text: &'static str,
    twice: bool,
) -> Result<(u64, u64), Fault> {
    let (theirs, input): (PipeReader, PipeWriter) = std::io::pipe().expect("a pipe");
    let (output, ours): (PipeReader, PipeWriter) = std::io::pipe().expect("a pipe");
    let server = thread::spawn(move || answers(theirs, ours, text, twice));
    let patience = Duration::from_secs(5);
    let mut pipes = Pipes::over(input.into(), output.into(), Era::Handshake, patience)?;
    let load = Load { driver, ..load.clone() };
    let mut counted = (0, 0);
    // The pipes serve any number of runs.
    for _ in 0..2 {
        let tally = pipes.run(&Question::echo(3), &load, &mut |_| Ok(()))?;
        counted.0 += tally.requests;
        counted.1 += tally.errors.count();
    }
    drop(pipes);
    server.join().expect("a sound end");
    Ok(counted)
}

#[test]
fn pipes_are_loaded_like_sockets() {
    for driver in [Choice::Auto, Choice::Epoll] {
        for pace in [Pace::Closed, Pace::Open { rate_per_s: 10_000.0 }] {
            let load = Load { pace, ..Load::closed(1, 16, Extent::Requests(300)) };
            assert_eq!(piped(driver, &load, "abc", false), Ok((600, 0)), "{driver}, {pace:?}");
            assert_eq!(piped(driver, &load, "abd", false), Ok((0, 600)), "{driver}, {pace:?}");
        }
        let load = Load::closed(1, 1, Extent::Requests(10));
        let (right, wrong) = piped(driver, &load, "abc", true).expect("a run");
        assert!(right == 20 && wrong >= 18, "{driver}: {wrong} answers came twice");
    }
}

#[test]
fn unix_sockets_are_loaded_in_both_eras() {
    let path = std::env::temp_dir().join(format!("mcpring-bench-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let from = stream.try_clone().expect("another handle");
            thread::spawn(move || answers(from, stream, "abc", false));
        }
    });
    for driver in [Choice::Auto, Choice::Epoll] {
        for era in [Era::Handshake, Era::Stateless] {
            let target = Target::at(Address::Unix(path.clone()), Wire::Line, era);
            let load = Load { driver, ..Load::closed(3, 4, Extent::Requests(50)) };
            let tally = run(&target, &Question::echo(3), &load, &mut |_| Ok(())).expect("a run");
            assert_eq!((tally.requests, tally.errors.count()), (50, 0), "{driver}, {era:?}");
            assert!(tally.bytes_in > 0 && tally.bytes_out > 0, "{tally:?}");
        }
    }
    std::fs::remove_file(path).expect("its own file");
}

#[test]
fn a_program_is_no_place_to_connect_to() {
    let target: Target = "stdio:cat".parse().expect("a form");
    let ran = run(&target, &Question::echo(3), &load(Choice::Auto), &mut |_| Ok(()));
    assert_eq!(ran.expect_err("it is to be started").exit_code(), 2);
}

#[test]
fn sixteen_mebibytes_are_an_answer() {
    let text = "x".repeat(16 << 20);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let said = text.clone();
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (stream, _) = listener.accept().expect("a client");
            answers(stream.try_clone().expect("another handle"), stream, &said, false);
        }
    });
    for driver in [Choice::Auto, Choice::Epoll] {
        let target = Target::new(address, Wire::Line, Era::Stateless);
        let load = Load { driver, ..Load::closed(1, 1, Extent::Requests(2)) };
        let ran = run(&target, &Question::tool("t", "{}", &text), &load, &mut |_| Ok(()));
        assert_eq!(ran.map(|tally| (tally.requests, tally.errors.count())), Ok((2, 0)), "{driver}");
    }
    server.join().expect("a sound end");
}

/// One lane at a thousand requests a second: what is due while it is busy keeps its due time.
#[test]
fn what_waits_for_a_lane_counts_from_when_it_was_due() {
    const MS: u64 = 1_000_000;
    let target = Target::new(([127, 0, 0, 1], 80).into(), Wire::Line, Era::Stateless);
    let question = Question::echo(3);
    let request = Rc::new(Request::new(&target, &question, None));
    let mut desk = Desk::new(request, 1, Order::Any, Ids { first: ID_FIRST, step: 1 });
    let mut books = Books::new(&question);
    books.schedule = Schedule::new(Pace::Open { rate_per_s: 1000.0 }, 0, 10);
    let mut since_ns = 0;
    for number in 0..3 {
        // Each answer takes 5 ms, in which five requests come due.
        books.now_ns = number * 5 * MS;
        assert!(books.ask(&mut desk, 0, since_ns), "the request {number} is due");
        books.now_ns += 5 * MS;
        let body = answer(ID_FIRST + number, "abc").to_string();
        books.message(0, &mut desk, body.as_bytes()).expect("an answer");
        since_ns = books.now_ns;
    }
    let Tally { latencies, service, lag, .. } = &books.tally;
    let near = |got: f64, want: f64| (got - want).abs() < want / 500.0 + 0.01;
    assert!(near(latencies.min_us(), 5000.0) && near(latencies.max_us(), 13_000.0));
    assert!(near(service.min_us(), 5000.0) && near(service.max_us(), 5000.0));
    assert!(lag.max_us() < 0.01, "a busy lane is not the generator's fault");
    books.give_up([&desk].into_iter());
    assert_eq!(books.tally.unanswered, 7);
    assert!(near(books.tally.latencies.min_us(), 5000.0), "{}", books.tally.latencies.min_us());
}

#[test]
fn a_watcher_hears_of_the_progress() {
    let address = serve(|stream| {
        let body = answer(999_999_999, "abc").to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        write(stream, format!("{head}{body}").as_bytes());
    });
    let target = Target::new(address, Wire::Http, Era::Stateless);
    let load = Load::closed(1, 1, Extent::Time(Duration::from_millis(250)));
    let mut heard = Vec::new();
    let mut watch = |progress: &Progress| heard.push(*progress);
    run_watched(&target, &Question::echo(3), &load, &mut |_| Ok(()), Some(&mut watch))
        .expect("a run");
    assert!(!heard.is_empty() && heard.len() <= 3, "{heard:?}");
    assert!(heard.iter().all(|progress| progress.errors > 0 && progress.requests == 0));
}
