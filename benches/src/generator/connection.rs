//! One loaded connection: what it has open, what it still has to send, what it received in part.

use std::rc::Rc;

use mcpring::ring::SendBuf;
use mcpring::slot::Slot;

use super::reader::Reader;
use super::request::{ID_FIRST, Request};
use crate::target::Wire;

/// A connection with a fixed number of requests in flight.
///
/// Lane `n` uses the ids `first + n`, `first + n + lanes`, …, so an id names its lane and a lane
/// knows the one id it may be answered with.
pub(super) struct Connection {
    pub(super) slot: Slot,
    pub(super) reader: Reader,
    /// The beginning of an answer that is not whole yet.
    pub(super) partial: Vec<u8>,
    /// Whether it waits in the generator's list of connections with something to send.
    pub(super) listed: bool,
    request: Rc<Request>,
    lanes: Vec<Lane>,
    /// The lane that is answered next where answers carry no id.
    next_lane: usize,
    out: Vec<u8>,
    /// The memory of the last send, used again for the next.
    spare: Vec<u8>,
    sending: bool,
}

/// One request in flight.
struct Lane {
    id: u64,
    sent_ns: Option<u64>,
}

impl Connection {
    pub(super) fn new(slot: Slot, wire: Wire, request: Rc<Request>, lanes: usize) -> Self {
        let lanes = (0..lanes as u64).map(|lane| Lane { id: ID_FIRST + lane, sent_ns: None });
        Self {
            slot,
            reader: Reader::new(wire),
            partial: Vec::new(),
            listed: false,
            request,
            lanes: lanes.collect(),
            next_lane: 0,
            out: Vec::new(),
            spare: Vec::new(),
            sending: false,
        }
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Writes the next request of `lane`.
    pub(super) fn ask(&mut self, lane: usize, now_ns: u64) {
        let lane = &mut self.lanes[lane];
        lane.sent_ns = Some(now_ns);
        self.request.append(&mut self.out, lane.id);
    }

    /// Ends the request with `id`, if it is open: its lane and when it was sent.
    pub(super) fn settle(&mut self, id: u64) -> Option<(usize, u64)> {
        let lane = (id.checked_sub(ID_FIRST)? % self.lanes.len() as u64) as usize;
        if self.lanes[lane].id != id {
            return None;
        }
        self.end(lane)
    }

    /// Ends the oldest open request, for answers that carry no id.
    pub(super) fn settle_oldest(&mut self) -> Option<(usize, u64)> {
        let ended = self.end(self.next_lane)?;
        self.next_lane = (self.next_lane + 1) % self.lanes.len();
        Some(ended)
    }

    fn end(&mut self, lane: usize) -> Option<(usize, u64)> {
        let step = self.lanes.len() as u64;
        let open = &mut self.lanes[lane];
        let sent_ns = open.sent_ns.take()?;
        open.id += step;
        Some((lane, sent_ns))
    }

    /// Whether a send could start.
    pub(super) fn has_to_send(&self) -> bool {
        !self.sending && !self.out.is_empty()
    }

    /// All that is to be sent, as one send; one at a time.
    pub(super) fn send(&mut self) -> SendBuf {
        self.sending = true;
        let bytes = std::mem::replace(&mut self.out, std::mem::take(&mut self.spare));
        SendBuf { bytes, start: 0 }
    }

    /// The send is through; its memory serves the next one.
    pub(super) fn sent(&mut self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.spare = bytes;
        self.sending = false;
    }
}
