//! The pool of worker threads: a call is handed to one and its answer comes back.
//!
//! The pool has no door of its own, so what is timed is a whole call of a tool that runs on it, over
//! a connection inside the process. The same tool on the shard's own thread stands beside it: what
//! the hand-over and the way back cost is the difference.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use mcpring::{Config, Engine, Running};

use super::stopwatch::{Amount, Timed, time};
use super::{Outcome, wrong};
use crate::client::HELLO;
use crate::fault::Fault;
use crate::question::Question;
use crate::target::Era;
use crate::tools;

/// An answer that takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(10);
/// What each call says, and hears again.
const MESSAGE: &str = "round and round";

/// An operation is a call on the pool.
pub(super) fn run(_size: usize, amount: Amount) -> Result<Outcome, Fault> {
    let config = Config { shards: 1, ..Config::default() };
    let running = Engine::new(tools::server().map_err(wrong)?).config(config);
    // An engine serves something; the connection from inside needs none of it.
    let running = running
        .tcp("127.0.0.1:0")
        .start()
        .map_err(|error| Fault::Invalid(format!("start the engine: {error}")))?;
    let both = calls(&running, "echo", amount)
        .and_then(|inline| Ok((inline, calls(&running, "echo_pooled", amount)?)));
    running.stop_now();
    running.join().map_err(wrong)?;
    let (inline, pooled) = both?;
    let (inline_us, pooled_us) = (inline.p50_us(), pooled.p50_us());
    let outcome = Outcome::of(pooled).with("on_the_shard_p50_us", inline_us);
    Ok(outcome.with("hand_over_p50_us", pooled_us - inline_us))
}

fn calls(running: &Running, tool: &str, amount: Amount) -> Result<Timed, Fault> {
    let mut stream = UnixStream::from(running.connect().map_err(wrong)?);
    let timeout = stream.set_read_timeout(Some(PATIENCE));
    timeout.map_err(Fault::harness("prepare a connection"))?;
    let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let mut answer = Vec::new();
    exchange(&mut stream, &[HELLO, b"\n"].concat(), &mut answer).map_err(wrong)?;
    stream.write_all(&[&ready[..], b"\n"].concat()).map_err(wrong)?;
    let question = Question::tool(tool, &format!(r#"{{"message":"{MESSAGE}"}}"#), MESSAGE);
    let mut request = question.message(Era::Handshake, 1).0;
    request.push(b'\n');
    let mut fault = None;
    let timed = time(amount, |_| {
        if let Err(error) = exchange(&mut stream, &request, &mut answer) {
            fault.get_or_insert(error);
        }
        u64::from(memchr::memmem::find(&answer, MESSAGE.as_bytes()).is_some())
    });
    match fault {
        Some(error) => Err(Fault::target(format!("call {tool}"))(error)),
        None if timed.sum == timed.operations => Ok(timed),
        None => Err(wrong(format!("{tool} answered something else"))),
    }
}

/// Sends one line and reads one.
fn exchange(stream: &mut UnixStream, request: &[u8], answer: &mut Vec<u8>) -> std::io::Result<()> {
    stream.write_all(request)?;
    answer.clear();
    let mut piece = [0; 4096];
    while !answer.ends_with(b"\n") {
        match stream.read(&mut piece) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            // The kernel interrupts a thread to run the work of its rings.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
