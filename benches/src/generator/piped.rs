//! The load of one server over its standard input and output, as a host that started it would ask.
//!
//! Both are pipes, and what is in flight always fits into them, so nothing here waits but for
//! answers.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::process::{ChildStdin, ChildStdout};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mcpring::slot::Slot;
use memchr::memmem;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::connection::Connection;
use super::request::Request;
use super::{Books, Mark, SILENCE, Tally};
use crate::client::HELLO;
use crate::fault::{Fault, excerpt};
use crate::question::Question;
use crate::target::{Era, Target, Wire};

/// Bytes of a pipe, as the kernel makes it: no more is ever in flight.
const PIPE_BYTES: usize = 64 << 10;

/// The two ends of a server that has shaken hands.
pub struct Pipes {
    input: ChildStdin,
    output: ChildStdout,
}

/// How much is asked, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Requests in flight.
    pub inflight: usize,
    /// Load before anything is counted.
    pub warmup: Duration,
    /// What is counted.
    pub time: Duration,
}

impl Pipes {
    /// Shakes hands with the server behind the pipes.
    pub fn open(input: ChildStdin, output: ChildStdout) -> Result<Self, Fault> {
        let mut pipes = Self { input, output };
        pipes.write(&[HELLO, b"\n"].concat())?;
        let (mut said, mut piece) = (Vec::new(), vec![0; PIPE_BYTES]);
        while !said.contains(&b'\n') {
            let count = pipes.read(&mut piece)?;
            said.extend_from_slice(&piece[..count]);
        }
        if memmem::find(&said, b"protocolVersion").is_none() {
            return Err(Fault::Target(format!("initialize: {}", excerpt(&said))));
        }
        pipes.write(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")?;
        Ok(pipes)
    }

    /// Loads the server with `question` and says what was counted, and in which time.
    pub fn run(
        &mut self,
        question: &Question,
        load: Load,
        mark: &mut dyn FnMut(Mark) -> Result<(), Fault>,
    ) -> Result<(Tally, Duration), Fault> {
        let mut asked = Asked::new(question, load.inflight)?;
        let until = Instant::now() + load.warmup;
        while Instant::now() < until {
            self.turn(&mut asked)?;
        }
        asked.forget();
        mark(Mark::Begin)?;
        let begin = Instant::now();
        while begin.elapsed() < load.time {
            self.turn(&mut asked)?;
        }
        let elapsed = begin.elapsed();
        mark(Mark::End)?;
        let counted = asked.books.tally.clone();
        asked.books.budget = 0;
        while asked.books.open > 0 {
            self.turn(&mut asked)?;
        }
        let all = asked.books.tally;
        Ok((Tally { wrong: all.wrong, first_wrong: all.first_wrong, ..counted }, elapsed))
    }

    /// Writes what is to be asked, and works off what is answered.
    fn turn(&mut self, asked: &mut Asked) -> Result<(), Fault> {
        if asked.connection.has_to_send() {
            let bytes = asked.connection.send().bytes;
            self.write(&bytes)?;
            asked.connection.sent(bytes);
        }
        let count = self.read(&mut asked.piece)?;
        asked.heard(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.input.write_all(bytes).map_err(Fault::target("write to standard input"))
    }

    /// Reads what there is, once there is something.
    fn read(&mut self, piece: &mut [u8]) -> Result<usize, Fault> {
        let patience = PollTimeout::try_from(SILENCE).unwrap_or(PollTimeout::MAX);
        loop {
            let mut waits = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
            match poll(&mut waits, patience) {
                Ok(0) => {
                    let seconds = SILENCE.as_secs();
                    return Err(Fault::Target(format!("{seconds} s of silence on its output")));
                }
                Ok(_) => {}
                Err(nix::Error::EINTR) => continue,
                Err(error) => return Err(Fault::Invalid(format!("wait for a pipe: {error}"))),
            }
            match self.output.read(piece) {
                Ok(0) => return Err(Fault::Target("the server closed its output".into())),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::target("read standard output")(error)),
            }
        }
    }
}

/// The books about one run.
struct Asked {
    books: Books,
    connection: Connection,
    clock: Instant,
    piece: Vec<u8>,
}

impl Asked {
    /// Asks once on each lane.
    fn new(question: &Question, inflight: usize) -> Result<Self, Fault> {
        // A line has no address; only its framing and the era count.
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let target = Target::new(nowhere, Wire::Line, Era::Handshake);
        let request = Rc::new(Request::new(&target, question, None));
        let mut one = Vec::new();
        request.append(&mut one, super::request::ID_FIRST);
        if inflight == 0 || one.len() * inflight > PIPE_BYTES {
            return Err(Fault::Usage(format!("{inflight} requests do not fit into a pipe")));
        }
        let mut books = Books::new(question.answer.clone());
        books.budget = u64::MAX;
        let mut connection = Connection::new(Slot::default(), Wire::Line, request, inflight);
        for lane in 0..inflight {
            books.ask(&mut connection, lane);
        }
        Ok(Self { books, connection, clock: Instant::now(), piece: vec![0; PIPE_BYTES] })
    }

    /// Counts from here on.
    fn forget(&mut self) {
        self.books.tally.requests = 0;
        self.books.tally.latencies.clear();
    }

    /// Works off the first `count` bytes of the piece that was read.
    fn heard(&mut self, count: usize) -> Result<(), Fault> {
        self.books.now_ns = self.clock.elapsed().as_nanos() as u64;
        let mut bytes = std::mem::take(&mut self.connection.partial);
        bytes.extend_from_slice(&self.piece[..count]);
        let used = self.books.read(&mut self.connection, &bytes)?;
        bytes.drain(..used);
        self.connection.partial = bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_followed_by_a_request() {
        let mut asked = Asked::new(&Question::echo(3), 2).expect("two requests fit");
        let requests = asked.connection.send().bytes;
        assert_eq!(requests.split(|byte| *byte == b'\n').count(), 3);
        asked.connection.sent(requests);
        // Answers come in any order, and in pieces.
        let answers = concat!(
            r#"{"jsonrpc":"2.0","id":100000001,"result":{"content":[{"type":"text","text":"abc"}]}}"#,
            "\n",
            r#"{"jsonrpc":"2.0","id":100000000,"result":{"content":[{"type":"text","text":"xyz"}]}}"#,
            "\n"
        );
        for piece in answers.as_bytes().chunks(7) {
            asked.piece[..piece.len()].copy_from_slice(piece);
            asked.heard(piece.len()).expect("answers to what was asked");
        }
        let tally = &asked.books.tally;
        assert_eq!((tally.requests, tally.wrong, asked.books.open), (1, 1, 2));
        let next = String::from_utf8(asked.connection.send().bytes).expect("text");
        assert!(next.contains("100000003") && next.contains("100000002"), "{next}");
    }

    #[test]
    fn what_does_not_fit_into_a_pipe_is_refused() {
        assert!(Asked::new(&Question::echo(100), PIPE_BYTES / 100).is_err());
    }
}
