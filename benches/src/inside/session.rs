//! Sessions of the handshake era: a request that names one finds it, is checked against it, and
//! marks it used.
//!
//! The table of sessions has no door of its own, so what is timed is a whole `ping` over HTTP in
//! the endpoint, from received bytes to sent ones. Every request names another of a thousand
//! sessions. The same with one session stands beside it: what the table's size costs is the
//! difference.

use mcpring::server::Server;
use mcpring::transport::Assembled;

use super::stopwatch::{Amount, Timed, time};
use super::{Outcome, Shard, wrong};
use crate::client::{HELLO, wrap};
use crate::fault::{Fault, excerpt};
use crate::generator::reader::header;
use crate::generator::request::Request;
use crate::question::Question;
use crate::target::{Era, Target, Wire};

/// Sessions, each used in its turn.
const SESSIONS: usize = 1000;

/// An operation is a request that uses its session.
pub(super) fn run(_size: usize, amount: Amount) -> Result<Outcome, Fault> {
    let alone = pings(1, amount)?.p50_us();
    let timed = pings(SESSIONS, amount)?;
    let outcome = Outcome::of(timed).with("sessions_count", SESSIONS as f64);
    Ok(outcome.with("one_session_p50_us", alone))
}

fn pings(sessions: usize, amount: Amount) -> Result<Timed, Fault> {
    let server = Server::builder("session", "1").build().map_err(wrong)?;
    let mut shard = Shard::new(server, Wire::Http);
    let target = Target::new(([127, 0, 0, 1], 80).into(), Wire::Http, Era::Handshake);
    let requests: Vec<Assembled> =
        (0..sessions).map(|_| open(&mut shard, &target)).collect::<Result<_, _>>()?;
    let mut bytes = None;
    let timed = time(amount, |number| {
        let reply = shard.ask(&requests[number as usize % sessions]);
        let is_same = *bytes.get_or_insert(reply.len()) == reply.len();
        u64::from(is_same && reply.starts_with(b"HTTP/1.1 200 OK\r\n") && reply.ends_with(b"}"))
    });
    if timed.sum == timed.operations { Ok(timed) } else { Err(wrong("a request was refused")) }
}

/// Opens a session and gives a request that uses it.
fn open(shard: &mut Shard, target: &Target) -> Result<Assembled, Fault> {
    let reply = shard.ask(&Assembled::copy(&wrap(target, None, HELLO)));
    let session = header(reply, "Mcp-Session-Id").map(str::to_owned);
    let session = session.ok_or_else(|| wrong(format!("no session: {}", excerpt(reply))))?;
    let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    shard.ask(&Assembled::copy(&wrap(target, Some(&session), ready)));
    let mut request = Vec::new();
    let ping = Request::new(target, &Question::ping(), Some(&session));
    ping.append(&mut request, crate::generator::request::ID_FIRST);
    Ok(Assembled::copy(&request))
}
