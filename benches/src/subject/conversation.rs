//! A plain conversation with a server, one question at a time: who it is, what it offers, and one
//! call before the load.

use std::io::Write;
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::Patience;
use super::command::CommandSpec;
use crate::child::{self, Server};
use crate::client::{Client, HELLO, wrap};
use crate::fault::{Fault, excerpt};
use crate::generator::reader::{ANSWER_BYTES_MAX, header};
use crate::generator::request::{ID_FIRST, Request};
use crate::measure::cores::Cores;
use crate::question::{Answer, Question};
use crate::target::{Address, Era, Target, Wire};

/// Most pages of one list, against a server that always has one more.
const PAGES_MAX: usize = 1_000;
/// Lines of a program that nobody has asked for yet.
const LINES_MAX: usize = 64;
/// Most messages that may come before an answer.
const BEFORE_MAX: usize = 1_000;

/// An open conversation.
pub struct Conversation {
    channel: Channel,
    target: Target,
    session: Option<String>,
    asked: u64,
    opening: Value,
}

enum Channel {
    Socket(Client),
    Pipes(Pipes),
}

impl Conversation {
    /// Opens one with the server at `target`; each answer may take `patience`.
    pub fn open(target: &Target, patience: Duration) -> Result<Self, Fault> {
        let channel = Channel::Socket(Client::connect_within(target, patience)?);
        Self::over(channel, target.clone())
    }

    /// Starts a server and opens one over its standard input and output; the server ends with it.
    pub fn start(
        command: &CommandSpec,
        era: Era,
        cores: &Cores,
        patience: Patience,
    ) -> Result<Self, Fault> {
        let channel = Channel::Pipes(Pipes::start(command, cores, patience.start)?);
        let mut new =
            Self::over(channel, Target::at(Address::Program(Vec::new()), Wire::Line, era))?;
        if let Channel::Pipes(pipes) = &mut new.channel {
            pipes.patience = patience.answer;
        }
        Ok(new)
    }

    fn over(channel: Channel, target: Target) -> Result<Self, Fault> {
        let (session, opening) = (None, Value::Null);
        let mut new = Self { channel, target, session, asked: 0, opening };
        new.opening = match new.target.era {
            Era::Handshake => new.initialize()?,
            Era::Stateless | Era::Bare => new.ask("server/discover", "{}")?,
        };
        Ok(new)
    }

    fn initialize(&mut self) -> Result<Value, Fault> {
        let hello = wrap(&self.target, None, HELLO);
        let (head, opening) = self.exchange(&hello, 0, "initialize")?;
        self.session = header(&head, "Mcp-Session-Id").map(str::to_owned);
        if !opening["protocolVersion"].is_string() {
            return Err(Fault::Target(format!("initialize was answered: {opening}")));
        }
        let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        let ready = wrap(&self.target, self.session.as_deref(), ready);
        match &mut self.channel {
            Channel::Socket(client) if self.target.wire == Wire::Http => {
                client.ask(&ready)?;
            }
            Channel::Socket(client) => client.send(&ready)?,
            Channel::Pipes(pipes) => pipes.send(&ready)?,
        }
        Ok(opening)
    }

    /// What the server answered to the opening.
    pub fn opening(&self) -> &Value {
        &self.opening
    }

    /// The result of `method` with `params`, a JSON object.
    pub fn ask(&mut self, method: &str, params: &str) -> Result<Value, Fault> {
        let anything = Answer::Result(json!({}));
        let question = Question::request(method, method, params.to_owned(), anything);
        let id = ID_FIRST + self.asked;
        self.asked += 1;
        let mut bytes = Vec::new();
        Request::new(&self.target, &question, self.session.as_deref()).append(&mut bytes, id);
        Ok(self.exchange(&bytes, id, method)?.1)
    }

    /// All pages of a list.
    pub fn list(&mut self, method: &str, member: &str) -> Result<Vec<Value>, Fault> {
        let (mut items, mut params) = (Vec::new(), json!({}));
        for _ in 0..PAGES_MAX {
            let mut page = self.ask(method, &params.to_string())?;
            let Some(Value::Array(more)) = page.get_mut(member).map(Value::take) else {
                return Err(Fault::Target(format!("the answer to {method} has no `{member}`")));
            };
            items.extend(more);
            match page.get("nextCursor") {
                Some(Value::String(cursor)) => params = json!({ "cursor": cursor }),
                _ => return Ok(items),
            }
        }
        Err(Fault::Target(format!("{method} has no end: more than {PAGES_MAX} pages")))
    }

    /// Sends `bytes` and waits for the answer to `id`: its HTTP head and its result.
    fn exchange(&mut self, bytes: &[u8], id: u64, method: &str) -> Result<(Vec<u8>, Value), Fault> {
        match &mut self.channel {
            Channel::Socket(client) => client.send(bytes)?,
            Channel::Pipes(pipes) => pipes.send(bytes)?,
        }
        for _ in 0..BEFORE_MAX {
            let (status, head, body) = match &mut self.channel {
                Channel::Socket(client) => {
                    let reply = client.answer()?;
                    (reply.status, reply.head, reply.body)
                }
                Channel::Pipes(pipes) => (200, Vec::new(), pipes.line()?),
            };
            let message: Value = serde_json::from_slice(&body).unwrap_or_default();
            if message["id"] == id && message["method"].is_null() && message["error"].is_null() {
                return Ok((head, message["result"].clone()));
            }
            let before = message["method"].is_string() && self.target.wire != Wire::Http;
            if !before {
                return Err(refused(method, status, id, &message, &body));
            }
        }
        Err(Fault::Target(format!("{method}: {BEFORE_MAX} messages came and no answer")))
    }
}

/// The words for an answer that is not the result of the request `id`.
fn refused(method: &str, status: u16, id: u64, message: &Value, body: &[u8]) -> Fault {
    if let Some(words) = message["error"]["message"].as_str() {
        return Fault::Target(format!("{method} was refused: {}", excerpt(words.as_bytes())));
    }
    if !message["result"].is_null() {
        let (got, body) = (excerpt(message["id"].to_string().as_bytes()), excerpt(body));
        let words = format!("the request had the id {id}, its answer has the id {got}: {body}");
        return Fault::Target(format!("{method}: {words}"));
    }
    let hint = match status {
        404 | 405 => "; is this the path of the MCP endpoint?",
        401 | 403 => "; it wants an access token, which is not sent here",
        _ => "",
    };
    let status = if status == 200 { String::new() } else { format!("HTTP {status} ") };
    Fault::Target(format!("{method} was answered: {status}{:?}{hint}", excerpt(body)))
}

/// A server behind its pipes. A thread reads its lines, so that a wait for one can end.
struct Pipes {
    /// Ends the server when it is dropped.
    _server: Server,
    input: ChildStdin,
    lines: Receiver<Vec<u8>>,
    /// Longest wait for a line.
    patience: Duration,
}

impl Pipes {
    fn start(command: &CommandSpec, cores: &Cores, patience: Duration) -> Result<Self, Fault> {
        let place = child::Place::Pinned(cores);
        let (server, input, output) = Server::start_piped(&mut command.command(), place)?;
        Ok(Self { _server: server, input, lines: lines(output), patience })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.input.write_all(bytes).map_err(Fault::target("the server closed its input"))
    }

    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        self.lines.recv_timeout(self.patience).map_err(|end| match end {
            RecvTimeoutError::Timeout => {
                Fault::Target(format!("no answer within {:?} on its output", self.patience))
            }
            RecvTimeoutError::Disconnected => Fault::Target("the server closed its output".into()),
        })
    }
}

/// The lines of `output`, read by a thread that ends with it.
fn lines(output: ChildStdout) -> Receiver<Vec<u8>> {
    use std::io::{BufRead, BufReader, Read};

    let (sender, lines) = sync_channel(LINES_MAX);
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        loop {
            let mut line = Vec::new();
            let read = output.by_ref().take(ANSWER_BYTES_MAX as u64).read_until(b'\n', &mut line);
            // Without its end it is the last, or longer than any answer may be.
            if read.is_err() || line.pop() != Some(b'\n') || sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
