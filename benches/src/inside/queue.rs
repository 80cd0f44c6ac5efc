//! The requests of a peer that wait for their answer: one is entered, the oldest is taken out.

use mcpring::json::{Backend, PaddedBuf, Parser};
use mcpring::rpc::{Id, OwnedId, Pending};

use super::stopwatch::{Amount, time};
use super::{Outcome, wrong};
use crate::fault::Fault;

/// Requests that wait meanwhile: what a busy connection may have open.
const OPEN: u64 = 64;
/// Ids in use, one after the other; more than wait at any time.
const IDS: u64 = 4 * OPEN;

/// An operation enters a request and takes the oldest out again.
pub(super) fn run(_size: usize, amount: Amount) -> Result<Outcome, Fault> {
    let ids: Vec<OwnedId> = (0..IDS).map(id).collect::<Result<_, _>>()?;
    let at = |number: u64| ids[(number % IDS) as usize].borrow();
    let mut pending = Pending::new();
    for number in 0..OPEN {
        if !pending.register(at(number), number) || pending.register(at(number), number) {
            return Err(wrong("an id was refused, or taken twice"));
        }
    }
    // What comes out is the number that went in first; the watch may count from 0 again.
    let mut next = OPEN;
    let timed = time(amount, |_| {
        let is_entered = pending.register(at(next), next);
        let oldest = pending.remove(at(next - OPEN));
        next += 1;
        u64::from(is_entered && oldest == Some(next - 1 - OPEN))
    });
    if timed.sum != timed.operations || pending.len() as u64 != OPEN {
        return Err(wrong("requests came out in another order than they went in"));
    }
    Ok(Outcome::of(timed).with("waiting_requests", OPEN as f64))
}

fn id(number: u64) -> Result<OwnedId, Fault> {
    let text = PaddedBuf::copy(number.to_string().as_bytes());
    let mut parser = Parser::new(Backend::Scan);
    let id = Id::parse(parser.parse(text.padded()).map_err(wrong)?);
    id.map(Id::to_owned).ok_or_else(|| wrong("a number is no id"))
}
