//! The pipes of a server that speaks over its standard input and output.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ChildStdin, ChildStdout};
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Generator;
use super::load::Load;
use super::reader::Reader;
use super::request::Request;
use super::run::{Marked, Run, Watch};
use super::tally::Tally;
use crate::client::{HELLO, is_answer};
use crate::fault::{Fault, excerpt};
use crate::question::{Question, meta};
use crate::target::{Address, Era, Target, Wire};

/// The two ends of a server that has answered once, for any number of runs: what its start takes is
/// no part of them.
pub struct Pipes {
    input: File,
    output: File,
    era: Era,
}

impl Pipes {
    /// Shakes hands with the server behind the pipes, or asks it who it is; its start and its answer
    /// may take `patience`.
    pub fn open(
        input: ChildStdin,
        output: ChildStdout,
        era: Era,
        patience: Duration,
    ) -> Result<Self, Fault> {
        Self::over(input.into(), output.into(), era, patience)
    }

    pub(super) fn over(
        input: OwnedFd,
        output: OwnedFd,
        era: Era,
        patience: Duration,
    ) -> Result<Self, Fault> {
        let mut pipes = Self { input: input.into(), output: output.into(), era };
        match era {
            Era::Handshake => {
                pipes.handshake(patience).map_err(|fault| fault.within("initialize"))?;
            }
            Era::Stateless => {
                let method = "server/discover";
                let params = format!(r#"{{"_meta":{{{}}}}}"#, meta(era));
                let ask =
                    format!(r#"{{"jsonrpc":"2.0","id":0,"method":"{method}","params":{params}}}"#);
                // It is known to speak the era; that it answers is enough.
                pipes.first(ask.as_bytes(), patience).map_err(|fault| fault.within(method))?;
            }
            Era::Bare => {}
        }
        Ok(pipes)
    }

    /// Loads the server with `question` and says what was counted. There is one connection, however
    /// many the load wants.
    pub fn run(
        &mut self,
        question: &Question,
        load: &Load,
        mark: Marked<'_>,
    ) -> Result<Tally, Fault> {
        self.run_watched(question, load, mark, None)
    }

    /// Does the same under the eyes of `watch`.
    pub fn run_watched(
        &mut self,
        question: &Question,
        load: &Load,
        mark: Marked<'_>,
        watch: Option<Watch<'_>>,
    ) -> Result<Tally, Fault> {
        load.check()?;
        let mut generator = Generator::open(load.driver, 1, load.inflight, question)?;
        let target = Target::at(Address::Program(Vec::new()), Wire::Line, self.era);
        let request = Rc::new(Request::new(&target, question, None));
        let share = |end: &File| end.try_clone().map(OwnedFd::from);
        let ends = share(&self.output).and_then(|read| Ok((read, share(&self.input)?)));
        let (read, write) = ends.map_err(Fault::harness("share a pipe"))?;
        generator.adopt_pipes(read, write, request)?;
        Run::new(generator, load, mark, watch).drive()
    }

    fn handshake(&mut self, patience: Duration) -> Result<(), Fault> {
        let answer = self.first(HELLO, patience)?;
        if memmem::find(&answer, b"protocolVersion").is_none() {
            return Err(Fault::Target(format!("answered by {:?}", excerpt(&answer))));
        }
        self.write(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")
    }

    /// The answer to `ask`, the first message of the conversation. What the server logs before it is
    /// passed over.
    fn first(&mut self, ask: &[u8], patience: Duration) -> Result<Vec<u8>, Fault> {
        let until = Instant::now() + patience;
        self.write(&[ask, b"\n"].concat())?;
        let (mut reader, mut said) = (Reader::new(Wire::Line), Vec::new());
        loop {
            while let Some(line) = reader.next(&said).map_err(Fault::Target)? {
                let message = said[line.body].to_vec();
                if is_answer(&message) {
                    return Ok(message);
                }
                said.drain(..line.end);
            }
            self.read(&mut said, until)?;
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.input.write_all(bytes).map_err(Fault::target("write to its standard input"))
    }

    /// Reads what there is, once there is something.
    fn read(&mut self, said: &mut Vec<u8>, until: Instant) -> Result<(), Fault> {
        let mut piece = [0; 16 << 10];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let came = excerpt(said);
                return Err(Fault::Target(format!("no answer in time, only {came:?}")));
            }
            let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)], left) {
                Ok(0) | Err(nix::Error::EINTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(Fault::Invalid(format!("wait for a pipe: {error}"))),
            }
            match self.output.read(&mut piece) {
                Ok(0) => return Err(Fault::Target("it closed its standard output".into())),
                Ok(count) => {
                    said.extend_from_slice(&piece[..count]);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::target("read its standard output")(error)),
            }
        }
    }
}
