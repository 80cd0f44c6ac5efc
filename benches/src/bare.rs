//! The floor: the engine's driver and nothing above it, answering constant bytes to each frame.
//!
//! It cuts the length-framed stream as any server must, appends its reply once per frame, and
//! sends once per connection and turn. It reads no JSON, keeps no time, and never pauses a peer:
//! what the engine costs beside this loop is the price of the protocol.
//!
//! On pipes the floor is what a C program would do: it blocks in `read`, and writes once for all the
//! lines it got.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;

use mcpring::ring::{self, Choice, Completion, Driver, Op, RingConfig, SendBuf};
use mcpring::slot::Slot;

use crate::fault::Fault;

/// The reply to every frame: this many bytes that mean nothing.
pub fn reply(bytes: usize) -> Vec<u8> {
    vec![b'='; bytes]
}

/// How the loop serves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Payload bytes of each reply.
    pub reply_bytes: usize,
    /// The driver.
    pub driver: Choice,
    /// Whether to end when the last connection has closed, as a test wants it.
    pub end_when_alone: bool,
}

/// Serves `listener` until it is alone, or for ever. `ready` learns which driver won.
pub fn serve(
    listener: TcpListener,
    options: Options,
    ready: impl FnOnce(&str),
) -> Result<(), Fault> {
    let (driver, line) = ring::open(options.driver, &RingConfig::default())
        .map_err(|error| Fault::Invalid(error.to_string()))?;
    let payload = reply(options.reply_bytes);
    let mut server = Bare {
        driver,
        frame: [&(payload.len() as u32).to_be_bytes()[..], &payload].concat(),
        peers: Vec::new(),
        listed: Vec::new(),
        open: 0,
    };
    server.driver.listen(OwnedFd::from(listener), 0).map_err(system)?;
    ready(&line);
    let (mut completions, mut was_used) = (Vec::new(), false);
    while !(options.end_when_alone && was_used && server.open == 0) {
        server.driver.wait(None, &mut completions).map_err(system)?;
        for completion in completions.drain(..) {
            server.complete(completion)?;
        }
        was_used |= server.open > 0;
        server.flush()?;
    }
    Ok(())
}

/// How much of a pipe is read at once: all that a pipe holds.
const PIPE_BYTES: usize = 64 * 1024;

/// Answers every line of `input` with `reply_bytes` and a newline, until it ends.
pub fn serve_lines(
    mut input: impl Read,
    mut output: impl Write,
    reply_bytes: usize,
) -> io::Result<()> {
    let line = [&reply(reply_bytes)[..], b"\n"].concat();
    let mut bytes = vec![0; PIPE_BYTES];
    let mut replies = Vec::new();
    loop {
        let read = match input.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
            Err(fault) => return Err(fault),
        };
        replies.clear();
        memchr::memchr_iter(b'\n', &bytes[..read]).for_each(|_| replies.extend_from_slice(&line));
        output.write_all(&replies)?;
    }
}

fn system(error: mcpring::error::SystemError) -> Fault {
    Fault::Invalid(error.to_string())
}

struct Bare {
    driver: Box<dyn Driver>,
    /// The reply behind its length.
    frame: Vec<u8>,
    /// By slot index.
    peers: Vec<Peer>,
    /// Slots with something to send.
    listed: Vec<Slot>,
    open: usize,
}

/// One connection: where it stands in the stream, and what it still has to send.
#[derive(Default)]
struct Peer {
    cutter: Cutter,
    out: Vec<u8>,
    spare: Vec<u8>,
    sending: bool,
    closing: bool,
}

impl Bare {
    fn complete(&mut self, completion: Completion) -> Result<(), Fault> {
        match completion {
            Completion::Accepted { slot, .. } => {
                let place = slot.index as usize;
                if self.peers.len() <= place {
                    self.peers.resize_with(place + 1, Peer::default);
                }
                self.peers[place] = Peer::default();
                self.open += 1;
                self.submit(Op::Receive { slot })
            }
            Completion::Received { slot, lease } => {
                let frames = self.peer(slot).cutter.frames(&lease.padded()[..lease.len()]);
                let peer = &mut self.peers[slot.index as usize];
                let idle = peer.out.is_empty() && !peer.sending;
                (0..frames).for_each(|_| peer.out.extend_from_slice(&self.frame));
                if idle && frames > 0 {
                    self.listed.push(slot);
                }
                Ok(())
            }
            Completion::Sent { slot, buf, fault: None } => self.sent(slot, buf),
            Completion::Sent { slot, .. } | Completion::Ended { slot, .. } => self.close(slot),
            Completion::Closed { .. } => {
                self.open -= 1;
                Ok(())
            }
            Completion::Left { .. } | Completion::Woken => Ok(()),
        }
    }

    fn peer(&mut self, slot: Slot) -> &mut Peer {
        &mut self.peers[slot.index as usize]
    }

    fn sent(&mut self, slot: Slot, buf: SendBuf) -> Result<(), Fault> {
        if !buf.unsent().is_empty() {
            return self.submit(Op::Send { slot, buf });
        }
        let peer = self.peer(slot);
        peer.spare = buf.bytes;
        peer.spare.clear();
        peer.sending = false;
        if !peer.out.is_empty() {
            self.listed.push(slot);
        }
        Ok(())
    }

    fn close(&mut self, slot: Slot) -> Result<(), Fault> {
        self.peer(slot).closing = true;
        self.submit(Op::Close { slot })
    }

    /// One send for each connection that has replies.
    fn flush(&mut self) -> Result<(), Fault> {
        while let Some(slot) = self.listed.pop() {
            let peer = self.peer(slot);
            if peer.closing {
                continue;
            }
            peer.sending = true;
            let bytes = std::mem::replace(&mut peer.out, std::mem::take(&mut peer.spare));
            self.submit(Op::Send { slot, buf: SendBuf { bytes, start: 0 } })?;
        }
        Ok(())
    }

    fn submit(&mut self, op: Op) -> Result<(), Fault> {
        self.driver.submit(op).map_err(|error| Fault::Invalid(error.to_string()))
    }
}

/// Counts the frames of a stream that arrives in pieces, and keeps nothing of them.
#[derive(Default)]
struct Cutter {
    /// The bytes of a length that is not whole yet.
    prefix: [u8; 4],
    prefix_len: usize,
    /// Payload bytes that still belong to the present frame.
    rest: usize,
}

impl Cutter {
    /// How many frames end within `bytes`.
    fn frames(&mut self, mut bytes: &[u8]) -> usize {
        let mut frames = 0;
        loop {
            if self.prefix_len == 4 {
                let taken = self.rest.min(bytes.len());
                self.rest -= taken;
                bytes = &bytes[taken..];
                if self.rest > 0 {
                    return frames;
                }
                frames += 1;
                self.prefix_len = 0;
            }
            let taken = (4 - self.prefix_len).min(bytes.len());
            self.prefix[self.prefix_len..self.prefix_len + taken].copy_from_slice(&bytes[..taken]);
            self.prefix_len += taken;
            bytes = &bytes[taken..];
            if self.prefix_len < 4 {
                return frames;
            }
            self.rest = u32::from_be_bytes(self.prefix) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::generator::{Extent, Load, run};
    use crate::question::Question;
    use crate::target::{Era, Target, Wire};

    #[test]
    fn frames_are_counted_wherever_the_stream_is_cut() {
        let stream = b"\0\0\0\x03abc\0\0\0\0\0\0\0\x01z";
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let mut cutter = Cutter::default();
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                let frames: usize = pieces.iter().map(|piece| cutter.frames(piece)).sum();
                assert_eq!(frames, 3, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn lines_are_answered_wherever_they_are_cut() {
        for (input, answers) in [("", 0), ("a", 0), ("a\n", 1), ("a\n\nb\nc", 3)] {
            for cut in 0..=input.len() {
                let (first, rest) = input.as_bytes().split_at(cut);
                let mut output = Vec::new();
                serve_lines(first.chain(rest), &mut output, 3).expect("a vector takes all");
                assert_eq!(output, b"===\n".repeat(answers), "{input:?} cut at {cut}");
            }
        }
    }

    /// Loads a bare loop that replies `reply_bytes` with a load that expects `expected`.
    fn check(driver: Choice, reply_bytes: usize, expected: usize) -> Result<(u64, u64), Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let options = Options { reply_bytes, driver, end_when_alone: true };
        let server = thread::spawn(move || serve(listener, options, |_| ()));
        let target = Target::new(address, Wire::Length, Era::Bare);
        let extent = Extent::Requests(1000);
        let load = Load { driver, ..Load::closed(3, 4, extent) };
        let ran = run(&target, &Question::opaque(150, expected), &load, &mut |_| Ok(()));
        server.join().expect("the loop does not panic")?;
        ran.map(|tally| (tally.requests, tally.errors.wrong))
    }

    #[test]
    fn the_generator_counts_what_the_loop_answers() {
        for driver in [Choice::Auto, Choice::Epoll] {
            for bytes in [1, 200, 20_000] {
                assert_eq!(check(driver, bytes, bytes), Ok((1000, 0)), "{driver}, {bytes} bytes");
            }
        }
    }

    #[test]
    fn the_generator_finds_a_wrong_answer() {
        assert_eq!(check(Choice::Epoll, 200, 201), Ok((0, 1000)), "200 bytes are not 201");
    }
}
