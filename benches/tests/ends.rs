//! What `mcpring-bench` has started ends with it, also behind a launcher, however it ends.

use std::io::{BufRead, BufReader, PipeReader};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const BENCH: &str = env!("CARGO_BIN_EXE_mcpring-bench");
const SERVER: &str = env!("CARGO_BIN_EXE_mcpring-bench-server");
/// What is still there then has been left behind.
const PATIENCE: Duration = Duration::from_secs(10);

/// When a signal comes.
#[derive(Clone, Copy, Debug)]
enum At {
    /// When the server has been started.
    Start,
    /// When it is about to be loaded.
    Load,
}

/// Runs `arguments` with a server in the place of `SHELL`, which does `body` there, and ends the run
/// by a signal or lets it end. Everything that the shell has started holds a pipe open.
#[track_caller]
fn check(arguments: &[&str], body: &str, signal: Option<(Signal, At)>) {
    let place = format!("{arguments:?}, {body}, {signal:?}");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let pipe = format!("/proc/{}/fd/{}", std::process::id(), writer.as_raw_fd());
    let shell = format!("sh -c 'exec 3>{pipe} 4<&0; echo up >&3; {body}'");
    let arguments = arguments.iter().map(|one| one.replace("SHELL", &shell));
    let mut bench = Command::new(BENCH)
        .args(["run", "--warmup", "10ms", "-c", "1", "--era", "2026"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let held = lines(reader);
    assert!(held.recv_timeout(PATIENCE).is_ok(), "{place}: no shell says that it is up");
    if let Some((signal, at)) = signal {
        if let At::Load = at {
            until_load(&mut bench);
        }
        kill(Pid::from_raw(bench.id().cast_signed()), signal).expect("it runs");
        let status = bench.wait().expect("its end");
        assert_eq!(status.signal(), Some(signal as i32), "{place}");
    } else {
        let output = bench.wait_with_output().expect("its end");
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 3)), "{place}: {code:?} {output:?}");
    }
    drop(writer);
    assert!(ends(&held), "{place}: a process was left behind");
}

/// A word for each line that comes out of the pipe; no more once nobody holds its other end.
fn lines(reader: PipeReader) -> Receiver<()> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        BufReader::new(reader).lines().map_while(Result::ok).try_for_each(|_| sender.send(()))
    });
    lines
}

/// Whether nobody holds the pipe in time, whatever still comes out of it.
fn ends(held: &Receiver<()>) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        match held.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(end) => return end == RecvTimeoutError::Disconnected,
        }
    }
}

/// Reads what `bench` says until it has said whom it loads with what.
fn until_load(bench: &mut Child) {
    let errors = BufReader::new(bench.stderr.take().expect("a pipe"));
    let mut lines = errors.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("mcpring-bench ")), "it never got to its load");
}

#[test]
fn nothing_is_left_behind() {
    let direct = format!("exec {SERVER}");
    let launched = format!("{SERVER} & wait");
    let left = format!("{SERVER} &");
    let detached = format!("setsid {SERVER} &");
    let piped = format!("exec {SERVER} --stdio");
    let piped_launched = format!("{SERVER} --stdio <&4 & wait");
    let (spawned, stdio) = (["--spawn", "SHELL", "-z", "60s"], ["stdio:SHELL", "-z", "60s"]);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        for at in [At::Start, At::Load] {
            check(&spawned, &direct, Some((signal, at)));
            check(&spawned, &launched, Some((signal, at)));
            check(&spawned, &left, Some((signal, at)));
            check(&stdio, &piped, Some((signal, at)));
            check(&stdio, &piped_launched, Some((signal, at)));
        }
    }
    // A list of processes is old before it has been read.
    check(&spawned, "hop() { echo on >&3; hop & }; hop", Some((Signal::SIGINT, At::Start)));
    for body in [&launched, &left, &detached] {
        check(&["--spawn", "SHELL", "-n", "10"], body, None);
    }
    check(&["stdio:SHELL", "-n", "10"], &piped_launched, None);
}
