//! One loaded connection: what it has open, what it still has to send, what it received in part.

use std::collections::VecDeque;
use std::rc::Rc;

use mcpring::ring::SendBuf;
use mcpring::slot::Slot;

use super::check::Again;
use super::inbox::Inbox;
use super::request::{ID_FIRST, ID_LAST, Request};
use crate::target::Wire;

/// A connection with a fixed number of requests in flight.
pub(super) struct Connection {
    /// Where it is; nowhere from the time it carries no further request until there is one.
    pub(super) slot: Option<Slot>,
    /// HTTP answers that came to where it is.
    pub(super) answers: u32,
    /// Why the server says nothing more on it, once that is so.
    pub(super) ended: Option<String>,
    pub(super) inbox: Inbox,
    pub(super) desk: Desk,
    /// Whether it waits in the generator's list of connections with something to send.
    pub(super) listed: bool,
    /// The connection for replies to the server, where they do not go over this one.
    pub(super) aside: Option<u32>,
}

/// What happens on one connection, apart from how its bytes arrive.
pub(super) struct Desk {
    pub(super) request: Rc<Request>,
    pub(super) lanes: Vec<Lane>,
    pub(super) outbox: Outbox,
    pub(super) order: Order,
    /// The lanes of the requests that are open, the oldest first, where answers come in order.
    asked: VecDeque<u32>,
    /// When the present HTTP answer has answered, if it has; its stream may be open still.
    pub(super) answered_ns: Option<u64>,
    /// A request to be sent when the present HTTP answer is over.
    held: Vec<u8>,
    ids: Ids,
}

/// What tells to which request an answer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Its id; answers come in any order.
    Any,
    /// The order of the requests: answers carry no id.
    Messages,
    /// The order of the requests: each has an HTTP answer, in which there may be several messages.
    Http,
}

/// Which ids a connection uses.
///
/// Lane `n` of all lanes of the generator uses the ids `first + n`, `first + n + lanes`, …, so an id
/// names its connection and its lane, and a lane knows the one id it may be answered with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    /// The first id of the first lane.
    pub(super) first: u64,
    /// Lanes of the generator.
    pub(super) step: u64,
}

/// One operation after the other: a request, perhaps made again, and its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) id: u64,
    pub(super) state: State,
    /// When it was due and when it was sent.
    pub(super) due_ns: u64,
    pub(super) sent_ns: u64,
    /// Reports of progress that came, and what the last one said.
    pub(super) events: u32,
    pub(super) progress: f64,
    /// How often the request was made again.
    pub(super) rounds: u32,
}

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Free,
    /// It waits for an answer.
    Open,
    /// It has its answer, and the HTTP answer is not over.
    Settled,
}

/// What a connection has to send.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) out: Vec<u8>,
    /// What the last send sent; its memory serves the next one.
    last: Vec<u8>,
    sending: bool,
}

impl Connection {
    pub(super) fn new(slot: Option<Slot>, wire: Wire, desk: Desk) -> Self {
        let inbox = Inbox::new(wire);
        Self { slot, answers: 0, ended: None, inbox, desk, listed: false, aside: None }
    }

    /// Leaves the HTTP connection and says where it was. What the server would still say there is not
    /// heard.
    pub(super) fn retire(&mut self) -> Option<Slot> {
        self.inbox = Inbox::new(Wire::Http);
        self.desk.outbox.sending = false;
        (self.answers, self.ended) = (0, None);
        self.slot.take()
    }
}

impl Desk {
    pub(super) fn new(request: Rc<Request>, lanes: usize, order: Order, ids: Ids) -> Self {
        let lane = |lane| Lane {
            id: ids.first + lane,
            state: State::Free,
            due_ns: 0,
            sent_ns: 0,
            events: 0,
            progress: f64::NEG_INFINITY,
            rounds: 0,
        };
        Self {
            request,
            lanes: (0..lanes as u64).map(lane).collect(),
            outbox: Outbox::default(),
            order,
            asked: VecDeque::new(),
            answered_ns: None,
            held: Vec::new(),
            ids,
        }
    }

    /// Writes the next request of `lane`, which was due at `due_ns`.
    pub(super) fn ask(&mut self, lane: u32, due_ns: u64, now_ns: u64) {
        let open = &mut self.lanes[lane as usize];
        (open.state, open.due_ns, open.sent_ns) = (State::Open, due_ns, now_ns);
        (open.events, open.progress, open.rounds) = (0, f64::NEG_INFINITY, 0);
        self.request.append(&mut self.outbox.out, open.id);
        if self.order != Order::Any {
            self.asked.push_back(lane);
        }
    }

    /// Writes the request of `lane` again, under its next id, with what the server wants to have.
    /// Over HTTP it is sent when the present answer is over.
    pub(super) fn ask_again(&mut self, lane: u32, again: &Again<'_>) {
        let out = if self.order == Order::Http { &mut self.held } else { &mut self.outbox.out };
        let open = &mut self.lanes[lane as usize];
        open.id = self.ids.after(open.id);
        open.rounds += 1;
        (open.events, open.progress) = (0, f64::NEG_INFINITY);
        let name: &[u8] = if again.state.is_empty() { b"" } else { br#","requestState":"# };
        let members = [again.responses.as_bytes(), name, again.state];
        self.request.append_again(out, open.id, &members);
        if self.order != Order::Any {
            self.asked.push_back(lane);
        }
    }

    /// The HTTP answer is over: what waited for that is sent. Says which lane it was for, if any.
    pub(super) fn end_answer(&mut self) -> Option<u32> {
        self.answered_ns = None;
        self.outbox.out.append(&mut self.held);
        self.asked.pop_front()
    }

    /// Whether what was sent last still waits for its HTTP answer.
    pub(super) fn awaits(&self) -> bool {
        self.outbox.out.is_empty() && !self.asked.is_empty()
    }

    /// The lane that waits for the answer to `id`.
    pub(super) fn lane_of(&self, id: u64) -> Option<u32> {
        let lane = (id.checked_sub(ID_FIRST)? % self.ids.step)
            .checked_sub((self.ids.first - ID_FIRST) % self.ids.step)?;
        let open = self.lanes.get(lane as usize)?;
        (open.id == id && open.state == State::Open).then_some(lane as u32)
    }

    /// The lane whose request is the oldest, where answers come in order.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.asked.front().copied()
    }

    /// Ends the operation of `lane`.
    pub(super) fn settle(&mut self, lane: u32, state: State) -> Lane {
        let open = &mut self.lanes[lane as usize];
        let ended = *open;
        open.id = self.ids.after(open.id);
        open.state = state;
        if self.order == Order::Messages {
            self.asked.pop_front();
        }
        ended
    }
}

impl Ids {
    /// The id of the same lane after `id`.
    fn after(self, id: u64) -> u64 {
        let next = id + self.step;
        if next <= ID_LAST { next } else { ID_FIRST + (id - ID_FIRST) % self.step }
    }
}

impl Outbox {
    /// Whether a send could start.
    pub(super) fn is_ready(&self) -> bool {
        !self.sending && !self.out.is_empty()
    }

    /// All that is to be sent, as one send; one at a time.
    pub(super) fn send(&mut self) -> SendBuf {
        self.sending = true;
        self.last.clear();
        let bytes = std::mem::replace(&mut self.out, std::mem::take(&mut self.last));
        SendBuf { bytes, start: 0 }
    }

    /// Whether a send is on its way.
    pub(super) fn is_sending(&self) -> bool {
        self.sending
    }

    /// The send is through, as far as it ever will be.
    pub(super) fn sent(&mut self, bytes: Vec<u8>) {
        self.last = bytes;
        self.sending = false;
    }

    /// What was sent last is to be sent once more; there is nothing else to be sent.
    pub(super) fn send_again(&mut self) {
        std::mem::swap(&mut self.out, &mut self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Question;
    use crate::target::{Era, Target};

    /// Two lanes of the second of three connections.
    fn desk() -> Desk {
        let target = Target::new(([127, 0, 0, 1], 80).into(), Wire::Line, Era::Stateless);
        let request = Rc::new(Request::new(&target, &Question::echo(1), None));
        Desk::new(request, 2, Order::Any, Ids { first: ID_FIRST + 2, step: 6 })
    }

    #[test]
    fn an_id_names_its_connection_and_its_lane() {
        let mut desk = desk();
        desk.ask(0, 0, 0);
        desk.ask(1, 0, 0);
        for (id, want) in [(0, None), (1, None), (2, Some(0)), (3, Some(1)), (4, None), (8, None)] {
            assert_eq!(desk.lane_of(ID_FIRST + id), want, "{id}");
        }
        assert_eq!(desk.lane_of(5), None);
        desk.settle(1, State::Free);
        assert_eq!(desk.lane_of(ID_FIRST + 3), None, "an answer that came twice");
        desk.ask(1, 0, 0);
        assert_eq!(desk.lane_of(ID_FIRST + 9), Some(1));
    }

    #[test]
    fn ids_begin_anew_when_they_are_used_up() {
        let ids = Ids { first: ID_FIRST + 2, step: 6 };
        let last = (ID_LAST - ID_FIRST - 2) / 6 * 6 + ID_FIRST + 2;
        assert_eq!(ids.after(last), ids.first);
        assert_eq!(ids.after(ids.first), ids.first + 6);
    }
}
