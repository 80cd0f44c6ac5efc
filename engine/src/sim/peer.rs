//! One connection of a simulated client: bytes on their way out, pieces on their way in, and what
//! the client did to it that explains an end.

use std::cell::RefCell;
use std::rc::Rc;

use super::dice::Dice;
use super::kernel::{CALM_WINDOW, Clock, Kernel};

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// All there is.
    Eager,
    /// So many bytes now and then.
    Slow(usize),
    /// Not at all any more.
    Never,
}

/// The shards' kernels, by shard.
pub(super) type Kernels = Rc<[Rc<RefCell<Kernel>>]>;

/// A client's end of one connection.
#[allow(clippy::struct_excessive_bools, reason = "independent facts: any set of them occurs")]
pub(super) struct Peer {
    kernels: Kernels,
    clock: Clock,
    pub(super) shard: usize,
    pub(super) link: usize,
    outgoing: Vec<u8>,
    sent: usize,
    pub(super) reading: Reading,
    /// The peer will send no more once `outgoing` is out.
    pub(super) is_finishing: bool,
    is_finished: bool,
    pub(super) is_over: bool,
    /// The client broke the rules: the server may end the connection at any time.
    pub(super) is_excused: bool,
    /// When bytes last went out: a frame must not take too long.
    sent_at: u64,
}

/// A frame that stands still for so long may be called a slow one.
const SLOW_NS: u64 = 2_000_000_000;

impl Peer {
    /// Connects to any shard; none when nobody listens. In the calm there is much room, and what
    /// comes is read.
    pub(super) fn connect(
        kernels: &Kernels,
        clock: &Clock,
        dice: &mut Dice,
        listener: u16,
        is_calm: bool,
    ) -> Option<Self> {
        let shard = dice.below(kernels.len() as u64) as usize;
        let window = if is_calm { CALM_WINDOW } else { dice.pick(&[64, 1000, 5000, 64 << 10]) };
        let link = kernels[shard].borrow_mut().connect(listener, window)?;
        let reading = match dice.below(10) {
            0 if !is_calm => Reading::Slow(dice.between(20, 2000) as usize),
            _ => Reading::Eager,
        };
        Some(Self {
            kernels: Rc::clone(kernels),
            clock: Rc::clone(clock),
            shard,
            link,
            outgoing: Vec::new(),
            sent: 0,
            reading,
            is_finishing: false,
            is_finished: false,
            is_over: false,
            is_excused: false,
            sent_at: clock.get(),
        })
    }

    /// Queues bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.outgoing.is_empty() {
            self.sent_at = self.clock.get();
        }
        self.outgoing.extend_from_slice(bytes);
    }

    /// Bytes queued.
    pub(super) fn queued(&self) -> usize {
        self.outgoing.len() - self.sent
    }

    /// Whether more may be said.
    pub(super) fn may_speak(&self) -> bool {
        !self.is_over && !self.is_finishing
    }

    /// Sends at most `most` of what is queued; behind the last byte, the end if it is wanted.
    pub(super) fn flush(&mut self, most: usize) {
        if self.is_over {
            return;
        }
        let mut kernel = self.kernels[self.shard].borrow_mut();
        let end = self.outgoing.len().min(self.sent + most);
        let count = kernel.write(self.link, &self.outgoing[self.sent..end]);
        self.sent += count;
        let now = self.clock.get();
        if count > 0 {
            self.sent_at = now;
        }
        // The server may take a frame that stands still for abandoned.
        self.is_excused |= self.queued() > 0 && now - self.sent_at > SLOW_NS;
        if self.queued() == 0 {
            self.outgoing.clear();
            self.sent = 0;
            if self.is_finishing && !self.is_finished {
                self.is_finished = true;
                kernel.finish(self.link);
            }
        }
    }

    /// Reads as the client reads; the flag says that nothing will follow.
    pub(super) fn read(&mut self, dice: &mut Dice) -> (Vec<u8>, bool) {
        let most = match self.reading {
            Reading::Eager => usize::MAX,
            Reading::Slow(most) if dice.chance(500) => most,
            Reading::Slow(_) | Reading::Never => 0,
        };
        let mut kernel = self.kernels[self.shard].borrow_mut();
        let (bytes, is_over) = kernel.read(self.link, most);
        self.is_excused |= kernel.link(self.link).is_spoiled;
        (bytes, is_over)
    }

    /// Goes away all at once.
    pub(super) fn reset(&mut self) {
        self.kernels[self.shard].borrow_mut().reset(self.link);
        self.is_excused = true;
        self.is_over = true;
    }

    /// Whether the server has let go of the connection.
    pub(super) fn is_closed_there(&self) -> bool {
        self.kernels[self.shard].borrow().link(self.link).is_closed()
    }

    /// Whether the peer has ended its side, and the server not yet its own.
    pub(super) fn lingers(&self) -> bool {
        self.is_finished && !self.is_over && !self.is_excused
    }

    /// Whether the end of the connection needs no further reason.
    pub(super) fn has_finished(&self) -> bool {
        self.is_finished
    }
}
