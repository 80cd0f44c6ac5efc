//! The rows about the C library: a tool in C beside the same tool in Rust, and the building blocks
//! beside the Rust calls they are.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use mcpring::codec::{Chunk, LengthDecoder};
use mcpring::json::{Padded, Parser, SLACK};

use super::Bench;
use super::load::Ours;
use crate::child::{Place, Server};
use crate::fault::Fault;
use crate::question::{Question, form1000};
use crate::report::{Asked, Row};
use crate::rounds::{Side, cpu_ratio, median};
use crate::target::{Era, Target, Wire};

/// Most CPU a call in C may cost beside one in Rust.
const CALL_MAX: f64 = 1.03;
/// Most time a message may take through the C functions beside the Rust ones.
const BLOCKS_MAX: f64 = 1.05;
/// Bytes of one stream of messages.
const STREAM_BYTES: usize = 1 << 20;
/// Streams of one run.
const STREAMS: u32 = 200;

/// The echo tool over HTTP, in Rust and in C.
pub(super) fn call(bench: &mut Bench) -> Result<(), Fault> {
    let echo = bench.c_programs()?.echo;
    let mut ours = Ours::start(bench)?;
    let mut command = Command::new(echo);
    command.args(["--http", "127.0.0.1:0", "--shards", "1"]);
    command.args(["--driver", &bench.options.driver.to_string()]);
    let mut server = Server::start(&mut command, Place::Pinned(&bench.cores))?;
    let question = Question::echo(super::load::MESSAGE_BYTES);
    let target = Target::new(server.address("http")?, Wire::Http, Era::Stateless);
    let sides = [
        ours.side(Wire::Http, Era::Stateless, question.clone())?,
        Side { name: "mcpring, tool in C", server: &server, target, question, counters: None },
    ];
    let name = "HTTP echo in C, 50 × 1".to_owned();
    let sides = bench.compare(&name, &sides, 1)?;
    let ratio = cpu_ratio(&sides[1], &sides[0]);
    bench.rows.push(Row::ratio(format!("{name}: CPU beside Rust"), Asked::AtMost(CALL_MAX), ratio));
    bench.compared(name, sides);
    Ok(())
}

/// Framing and parsing, through the C functions and through the Rust ones.
pub(super) fn blocks(bench: &mut Bench) -> Result<(), Fault> {
    let program = bench.c_programs()?.blocks;
    let streams = if bench.options.quick { 2 } else { STREAMS };
    for (called, question) in
        [("300 B", Question::echo(super::load::MESSAGE_BYTES)), ("88 KB", form1000())]
    {
        let message = question.message(Era::Stateless, crate::generator::request::ID_FIRST).0;
        let stream = Stream::of(&message);
        let path = stream.write(bench)?;
        let (mut ratios, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds() {
            let (rust, members) = stream.measure(streams)?;
            let (c, c_members) = run(&program, &path, streams)?;
            if members != c_members {
                return Err(Fault::Target(format!(
                    "the C side counted {c_members} members, the Rust side {members}"
                )));
            }
            ratios.push(c / rust);
            ours.push(rust);
        }
        let spread = ratios.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), ratio| {
            (least.min(*ratio), most.max(*ratio))
        });
        let name = format!("frame and parse {called}: C beside Rust");
        let row = Row::new(name, Asked::AtMost(BLOCKS_MAX), median(ratios), "×");
        let note = format!("Rust {:.0} ns a message of {} bytes", median(ours), message.len());
        bench.rows.push(Row { spread: Some(spread), ..row.with_note(note) });
    }
    Ok(())
}

/// Length-framed messages in one piece of memory, slack behind them.
struct Stream {
    bytes: Vec<u8>,
}

impl Chunk for Stream {
    fn padded(&self) -> &[u8] {
        &self.bytes
    }

    fn len(&self) -> usize {
        self.bytes.len() - SLACK
    }

    fn share(&self, range: std::ops::Range<usize>) -> bytes::Bytes {
        bytes::Bytes::copy_from_slice(&self.bytes[range])
    }
}

impl Stream {
    fn of(message: &[u8]) -> Self {
        let mut bytes = Vec::new();
        while bytes.len() < STREAM_BYTES {
            bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
            bytes.extend_from_slice(message);
        }
        bytes.resize(bytes.len() + SLACK, 0);
        Self { bytes }
    }

    fn write(&self, bench: &Bench) -> Result<PathBuf, Fault> {
        let folder = bench.binaries.results();
        fs::create_dir_all(&folder).map_err(Fault::harness("make the folder of results"))?;
        let path = folder.join("stream.bin");
        fs::write(&path, &self.bytes).map_err(Fault::harness("write a stream of messages"))?;
        Ok(path)
    }

    /// Nanoseconds of one message, and how many members the last of each stream has, in sum.
    fn measure(&self, streams: u32) -> Result<(f64, usize), Fault> {
        let invalid = |fault: &dyn std::fmt::Display| Fault::Invalid(fault.to_string());
        let mut decoder = LengthDecoder::new(self.bytes.len());
        let mut parser = Parser::default();
        let (mut messages, mut members) = (0_u64, 0);
        let begun = Instant::now();
        for _ in 0..streams {
            let (mut at, mut last) = (0, 0);
            while let Some(frame) = decoder.next(self, &mut at).map_err(|fault| invalid(&fault))? {
                let (bytes, len) = frame.padded(self);
                let text = Padded::new(bytes, len).ok_or_else(|| invalid(&"no slack"))?;
                last = parser.parse(text).map_err(|fault| invalid(&fault))?.len();
                messages += 1;
            }
            members += last;
        }
        Ok((begun.elapsed().as_nanos() as f64 / messages as f64, members))
    }
}

/// What the program in C measured and counted.
fn run(program: &PathBuf, stream: &PathBuf, streams: u32) -> Result<(f64, usize), Fault> {
    let output = Command::new(program).arg(stream).arg(streams.to_string()).output();
    let output = output.map_err(Fault::harness("start the blocks program"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let found = (|| Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?)))();
    found.filter(|_| output.status.success()).ok_or_else(|| {
        Fault::Target(format!("blocks failed: {}", String::from_utf8_lossy(&output.stderr)))
    })
}
