//! One HTTP connection of a client: what it asked there, and what it hears.

use std::collections::VecDeque;

use super::dice::Dice;
use super::http_reader::{Heard, Reader};
use super::kernel::Clock;
use super::peer::{Kernels, Peer, Reading};
use super::streams::Hearing;

/// The listener of HTTP connections.
pub(super) const HTTP: u16 = 2;

/// What stands at its place in the order of answers.
pub(super) enum Turn {
    /// Requests with their ids: one, or those of a batch.
    Request { ids: Vec<String>, is_opening: bool },
    /// A note.
    Note,
    /// The end of the session.
    Delete,
    /// A GET for an event stream: a new one, or one behind an event.
    Listen { after: Option<(u32, u64)> },
    /// A page, or a verb that is not served.
    Status(&'static [u16]),
}

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything was answered, or the client has itself to thank.
    Fair,
    /// Within an answer, or before it: allowed only where the client read too slowly.
    Short,
}

/// How clients come to connections.
pub(super) struct Dialer {
    pub(super) kernels: Kernels,
    pub(super) clock: Clock,
    /// There is so little room that a connection may be closed as soon as it is made.
    pub(super) is_tight: bool,
    /// No more faults: connections are roomy and read at once.
    pub(super) is_calm: bool,
    /// How many were made.
    pub(super) made: u64,
}

impl Dialer {
    /// Connects to any shard; none when nobody listens.
    pub(super) fn dial(&mut self, dice: &mut Dice, listener: u16) -> Option<Peer> {
        let mut peer = Peer::connect(&self.kernels, &self.clock, dice, listener, self.is_calm)?;
        peer.is_excused = self.is_tight;
        self.made += 1;
        Some(peer)
    }
}

/// One connection and the answers it waits for, in order.
pub(super) struct Line {
    pub(super) peer: Peer,
    pub(super) turns: VecDeque<Turn>,
    /// The event stream that is being read.
    pub(super) hearing: Option<Hearing>,
    reader: Reader,
    /// Nothing more is to be asked here.
    pub(super) is_last: bool,
    /// It was taken to listen: what is asked behind that would wait for ever.
    pub(super) listens: bool,
}

impl Line {
    pub(super) fn new(peer: Peer) -> Self {
        Self {
            peer,
            turns: VecDeque::new(),
            hearing: None,
            reader: Reader::default(),
            is_last: false,
            listens: false,
        }
    }

    /// Whether something may be asked behind what was asked before.
    pub(super) fn may_ask(&self, depth: usize) -> bool {
        let is_busy = self.turns.len() >= depth || self.peer.queued() > 8 << 10;
        self.peer.may_speak() && !self.is_last && !self.listens && !is_busy
    }

    /// Whether it waits for nothing.
    pub(super) fn is_free(&self) -> bool {
        self.may_ask(1) && self.turns.is_empty() && self.hearing.is_none()
    }

    /// Whether the client takes what it is told here.
    pub(super) fn is_heard(&self) -> bool {
        !self.peer.is_over && self.peer.reading != Reading::Never
    }

    /// Sends a request whose answer is `turn`.
    pub(super) fn ask(&mut self, request: &str, turn: Turn) {
        self.listens |= matches!(turn, Turn::Listen { .. });
        self.peer.push(request.as_bytes());
        self.turns.push_back(turn);
    }

    /// Takes what came; the flag says that nothing will follow.
    pub(super) fn receive(&mut self, dice: &mut Dice) -> bool {
        let (bytes, is_over) = self.peer.read(dice);
        self.reader.push(&bytes);
        is_over
    }

    /// The next thing that came whole.
    pub(super) fn next(&mut self) -> Result<Option<Heard>, String> {
        let heard = self.reader.next()?;
        if self.reader.is_last && !self.peer.is_finishing {
            self.is_last = true;
            self.peer.is_finishing = true;
        }
        Ok(heard)
    }

    /// What the end of the connection is the end of.
    pub(super) fn close(&mut self) -> Option<Heard> {
        self.reader.close()
    }

    /// The server has ended the connection.
    pub(super) fn judge_end(&self) -> Result<Ending, String> {
        if self.peer.is_excused {
            return Ok(Ending::Fair);
        }
        if !self.reader.is_between() || !self.turns.is_empty() || self.hearing.is_some() {
            return Ok(Ending::Short);
        }
        if !self.peer.has_finished() && !self.is_last {
            return Err("closed without a cause".to_owned());
        }
        Ok(Ending::Fair)
    }
}
