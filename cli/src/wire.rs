//! The client's side of a transport: a message out, messages in, blocking.
//!
//! Streams have a thread that reads frames, so that a wait can have a deadline on every kind of
//! stream, also on a child's output. HTTP needs none: an exchange is one call.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Failure;
use super::target::{Framing, Target};

/// Longest message this client reads, in bytes.
const MESSAGE_BYTES_MAX: u64 = 64 << 20;
/// Time for a connection to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time a started server gets to end by itself when its input is closed.
const CHILD_GRACE: Duration = Duration::from_secs(2);

/// A header of one HTTP exchange.
pub(super) type Header = (&'static str, String);

/// An open connection, or what it takes to open one a message.
pub(super) enum Wire {
    /// A byte stream with frames.
    Stream(Stream),
    /// One exchange a message.
    Http(Http),
}

impl Wire {
    /// Connects. `headers` go with every exchange, where there are exchanges.
    pub(super) fn open(
        target: &Target,
        timeout: Duration,
        headers: &[(String, String)],
    ) -> Result<Self, Failure> {
        Ok(match target {
            Target::Http(url) => Self::Http(Http::new(url, timeout, headers)),
            Target::Tcp(address, framing) => {
                let socket = connect(address)?;
                let reader = socket.try_clone().map_err(|fault| broken(&fault))?;
                Self::Stream(Stream::new(reader, socket, *framing, None))
            }
            Target::Unix(path, framing) => {
                let socket = UnixStream::connect(path).map_err(|fault| {
                    let path = path.display();
                    Failure::Link(format!("cannot connect to {path}: {fault}; is it served there?"))
                })?;
                let reader = socket.try_clone().map_err(|fault| broken(&fault))?;
                Self::Stream(Stream::new(reader, socket, *framing, None))
            }
            Target::Stdio(words) => Self::Stream(start(words)?),
        })
    }
}

fn connect(address: &str) -> Result<TcpStream, Failure> {
    let refuse = |fault: io::Error| {
        Failure::Link(format!("cannot connect to {address}: {fault}; is a server listening there?"))
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for place in address.to_socket_addrs().map_err(refuse)? {
        match TcpStream::connect_timeout(&place, CONNECT_TIMEOUT) {
            Ok(socket) => {
                // A message is written whole; waiting for more to send with it helps nobody.
                let _ = socket.set_nodelay(true);
                return Ok(socket);
            }
            Err(fault) => last = fault,
        }
    }
    Err(refuse(last))
}

fn start(words: &[String]) -> Result<Stream, Failure> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|fault| {
        Failure::Link(format!("cannot start `{}`: {fault}; is it installed and on PATH?", words[0]))
    })?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::Link(format!("`{}` gave no pipes", words[0])));
    };
    Ok(Stream::new(output, input, Framing::Line, Some(child)))
}

fn broken(fault: &io::Error) -> Failure {
    Failure::Link(format!("the connection broke: {fault}"))
}

/// A connected byte stream.
pub(super) struct Stream {
    writer: Option<Box<dyn Write>>,
    messages: Receiver<Result<Vec<u8>, String>>,
    framing: Framing,
    child: Option<Child>,
}

impl Stream {
    fn new(
        reader: impl Read + Send + 'static,
        writer: impl Write + 'static,
        framing: Framing,
        child: Option<Child>,
    ) -> Self {
        let (sender, messages) = mpsc::channel();
        // The thread ends with the stream, or with the process if the stream never ends.
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            while let Some(message) = read_frame(&mut reader, framing).transpose() {
                let ended = message.is_err();
                if sender.send(message.map_err(|fault| fault.to_string())).is_err() || ended {
                    return;
                }
            }
        });
        Self { writer: Some(Box::new(writer)), messages, framing, child }
    }

    pub(super) fn send(&mut self, message: &Value) -> Result<(), Failure> {
        let frame = frame(message, self.framing);
        let writer = self.writer.as_mut().expect("only drop takes the writer");
        writer.write_all(&frame).and_then(|()| writer.flush()).map_err(|fault| broken(&fault))
    }

    /// The next message, or a failure once `deadline` has passed.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Value, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.messages.recv_timeout(left) {
            Ok(Ok(message)) => serde_json::from_slice(&message).map_err(|fault| {
                Failure::Link(format!("the server sent something that is not JSON: {fault}"))
            }),
            Ok(Err(fault)) => Err(Failure::Link(format!("the connection broke: {fault}"))),
            Err(RecvTimeoutError::Timeout) => Err(late()),
            Err(RecvTimeoutError::Disconnected) => Err(Failure::Link(
                "the server closed the connection without an answer; does it use the other \
                 framing (tcp:// and tcp+line://)?"
                    .to_owned(),
            )),
        }
    }
}

impl Drop for Stream {
    /// A started server ends with its input; one that does not is stopped.
    fn drop(&mut self) {
        self.writer = None;
        let Some(child) = &mut self.child else { return };
        let deadline = Instant::now() + CHILD_GRACE;
        while let Ok(None) = child.try_wait() {
            if Instant::now() >= deadline {
                let _ = child.kill();
                let _ = child.wait();
                return;
            }
            // Its output ends when it does, so waiting for that is waiting for the end.
            let _ = self.messages.recv_timeout(Duration::from_millis(20));
        }
    }
}

fn late() -> Failure {
    Failure::Link("no answer in time; a longer wait is --timeout-ms".to_owned())
}

fn frame(message: &Value, framing: Framing) -> Vec<u8> {
    let text = message.to_string();
    match framing {
        Framing::Line => [text.as_bytes(), b"\n"].concat(),
        Framing::Length => [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat(),
    }
}

/// The next frame; `None` at the end of the stream.
fn read_frame(reader: &mut impl BufRead, framing: Framing) -> io::Result<Option<Vec<u8>>> {
    let too_long = || io::Error::other("a message is longer than this client reads");
    let mut message = Vec::new();
    match framing {
        Framing::Line => {
            reader.by_ref().take(MESSAGE_BYTES_MAX).read_until(b'\n', &mut message)?;
            if message.len() as u64 == MESSAGE_BYTES_MAX {
                return Err(too_long());
            }
            Ok(if message.is_empty() { None } else { Some(message) })
        }
        Framing::Length => {
            if reader.fill_buf()?.is_empty() {
                return Ok(None);
            }
            let mut prefix = [0; 4];
            reader.read_exact(&mut prefix)?;
            let len = u64::from(u32::from_be_bytes(prefix));
            if len > MESSAGE_BYTES_MAX {
                return Err(too_long());
            }
            // Memory grows with what arrives, not with what the prefix promises.
            if reader.by_ref().take(len).read_to_end(&mut message)? as u64 != len {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Some(message))
        }
    }
}

/// Streamable HTTP at one URL.
pub(super) struct Http {
    agent: ureq::Agent,
    url: String,
    timeout: Duration,
    /// The user's, on every exchange.
    headers: Vec<(String, String)>,
}

/// What came back from one exchange.
pub(super) struct Exchanged {
    /// The HTTP status.
    pub(super) status: u16,
    /// `Mcp-Session-Id`, if the server gave one.
    pub(super) session: Option<String>,
    /// The JSON-RPC messages of the body, of either kind of body, in order.
    pub(super) messages: Vec<Value>,
}

impl Http {
    fn new(url: &str, timeout: Duration, headers: &[(String, String)]) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .build();
        Self { agent: config.into(), url: url.to_owned(), timeout, headers: headers.into() }
    }

    /// Changes the longest wait for one answer.
    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Posts one message. With `until`, an event stream is read only until that id is answered.
    pub(super) fn post(
        &self,
        message: &Value,
        headers: &[Header],
        until: Option<u64>,
    ) -> Result<Exchanged, Failure> {
        let mut request = self
            .agent
            .post(&self.url)
            .config()
            .timeout_global(Some(self.timeout))
            .build()
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream");
        for (name, value) in self.with_own(headers) {
            request = request.header(name, value);
        }
        let sent = request.send(message.to_string().as_bytes());
        let mut response = sent.map_err(|fault| self.unreachable(&fault))?;
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let kind = header("content-type").unwrap_or_default();
        let (status, session) = (response.status().as_u16(), header("mcp-session-id"));
        let body = response.body_mut().with_config().limit(MESSAGE_BYTES_MAX).reader();
        let messages = if kind.starts_with("text/event-stream") {
            read_events(BufReader::new(body), until)?
        } else {
            read_body(body, &kind)?
        };
        Ok(Exchanged { status, session, messages })
    }

    /// Ends a session. A server that does not do that, or is gone, is left alone.
    pub(super) fn delete(&self, headers: &[Header]) {
        let mut request = self.agent.delete(&self.url);
        for (name, value) in self.with_own(headers) {
            request = request.header(name, value);
        }
        let _ = request.config().timeout_global(Some(CONNECT_TIMEOUT)).build().call();
    }

    /// What one exchange says beside its message: what the user wants said, and `headers`.
    fn with_own<'h>(&'h self, headers: &'h [Header]) -> impl Iterator<Item = (&'h str, &'h str)> {
        let own = self.headers.iter().map(|(name, value)| (&**name, &**value));
        own.chain(headers.iter().map(|(name, value)| (*name, &**value)))
    }

    fn unreachable(&self, fault: &ureq::Error) -> Failure {
        if matches!(fault, ureq::Error::Timeout(_)) {
            return late();
        }
        Failure::Link(format!("cannot reach {}: {fault}; is a server listening there?", self.url))
    }
}

fn read_body(mut body: impl Read, kind: &str) -> Result<Vec<Value>, Failure> {
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).map_err(|fault| broken(&fault))?;
    if bytes.is_empty() || !kind.starts_with("application/json") {
        // Not a message. The status says what it means.
        return Ok(Vec::new());
    }
    let message = serde_json::from_slice(&bytes).map_err(|fault| {
        Failure::Link(format!("the server's body is not the JSON it claims to be: {fault}"))
    })?;
    Ok(vec![message])
}

/// The `data` of each event. Ends early once `until` is answered: what follows is not for us.
fn read_events(body: impl BufRead, until: Option<u64>) -> Result<Vec<Value>, Failure> {
    let mut messages = Vec::new();
    let mut data = String::new();
    for line in body.lines() {
        let line = line.map_err(|fault| broken(&fault))?;
        if let Some(more) = line.strip_prefix("data:") {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(more.strip_prefix(' ').unwrap_or(more));
        } else if line.is_empty() && !data.is_empty() {
            let message: Value = serde_json::from_str(&data)
                .map_err(|fault| Failure::Link(format!("an event is not JSON: {fault}")))?;
            data.clear();
            let last = until.is_some() && message["id"].as_u64() == until;
            messages.push(message);
            if last {
                break;
            }
        }
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_come_back_as_they_went() {
        for framing in [Framing::Line, Framing::Length] {
            let messages = [json!({"a": "x\ny"}), json!([1]), json!("é")];
            let bytes: Vec<u8> = messages.iter().flat_map(|m| frame(m, framing)).collect();
            let mut reader = BufReader::with_capacity(3, &bytes[..]);
            for message in &messages {
                let got = read_frame(&mut reader, framing).unwrap().unwrap();
                assert_eq!(serde_json::from_slice::<Value>(&got).unwrap(), *message);
            }
            assert!(read_frame(&mut reader, framing).unwrap().is_none());
        }
        let mut short = &b"\0\0\0\x05ab"[..];
        assert!(read_frame(&mut short, Framing::Length).is_err());
        let mut huge = &b"\xff\xff\xff\xffab"[..];
        assert!(read_frame(&mut huge, Framing::Length).is_err());
    }

    #[test]
    fn events_are_read_until_the_answer() {
        let body = "id: 1\ndata:\n\n: hello\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n\
                    event: message\ndata: {\"id\":7}\n\ndata: {\"late\":true}\n\n";
        let read = |until| read_events(body.as_bytes(), until).unwrap();
        assert_eq!(read(Some(7)), [json!({"a": 1}), json!({"id": 7})]);
        assert_eq!(read(None).len(), 3);
        assert!(read_events(&b"data: {\n\n"[..], None).is_err());
    }
}
