//! A plain blocking client for everything that is not load: the handshake, one probe, `/metrics`.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::dial::{self, Stream};
use crate::fault::{Fault, excerpt};
use crate::generator::reader::{Reader, header};
use crate::generator::request;
use crate::incoming::Incoming;
use crate::target::{Address, Era, Target, Wire};

/// An answer that takes longer will not come, unless something else is wanted.
const PATIENCE: Duration = Duration::from_secs(10);
/// An event stream that is open for that long behind its answer is left alone.
const LINGER: Duration = Duration::from_millis(100);

/// The first message of the handshake era.
pub const HELLO: &[u8] = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{"sampling":{}},"clientInfo":{"name":"bench","version":"1"}}}"#
)
.as_bytes();

/// One connection, one request at a time.
pub struct Client {
    stream: Stream,
    address: Address,
    wire: Wire,
    reader: Reader,
    bytes: Vec<u8>,
    patience: Duration,
    /// The last HTTP answer; its event stream may be open still.
    last: Option<Incoming>,
    /// Whether anything was answered over the present connection.
    has_answered: bool,
    /// What was sent last.
    sent: Vec<u8>,
}

/// What a look at the connection showed.
enum Came {
    Bytes,
    /// Nothing in time.
    Nothing,
    /// The server has closed it.
    End,
}

/// A whole answer.
pub struct Reply {
    /// The HTTP status; 200 for other wires.
    pub status: u16,
    /// The HTTP head; empty for other wires.
    pub head: Vec<u8>,
    /// The message; of an event stream the last one, which is the answer.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects to `target` and says nothing yet.
    pub fn connect(target: &Target) -> Result<Self, Fault> {
        Self::connect_within(target, PATIENCE)
    }

    /// Connects to `target`; that, and each answer later, may take as long as `patience`.
    pub fn connect_within(target: &Target, patience: Duration) -> Result<Self, Fault> {
        let stream = dial::connect(&target.address, patience)?;
        Ok(Self { patience, ..Self::over(stream, target)? })
    }

    /// Speaks over a stream that is connected to `target` already.
    pub fn over(stream: Stream, target: &Target) -> Result<Self, Fault> {
        stream.set_timeouts(PATIENCE).map_err(Fault::harness("prepare a socket"))?;
        let (address, wire) = (target.address.clone(), target.wire);
        let (reader, bytes) = (Reader::new(wire), Vec::new());
        Ok(Self {
            stream,
            address,
            wire,
            reader,
            bytes,
            patience: PATIENCE,
            last: None,
            has_answered: false,
            sent: Vec::new(),
        })
    }

    /// Sends `request` as it is and expects no answer.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Fault> {
        self.make_ready()?;
        self.sent.clear();
        self.sent.extend_from_slice(request);
        match self.stream.write_all(request) {
            Err(error) if has_closed(&error) && self.may_go_on() => self.send_again(),
            written => written.map_err(|error| self.failed("send", error)),
        }
    }

    /// Makes the connection ready for a request. It is a new one where the server closes the last one
    /// behind its answer, or has left the event stream of that open, which it may.
    pub fn make_ready(&mut self) -> Result<(), Fault> {
        let Some(mut last) = self.last.take() else { return Ok(()) };
        let until = Instant::now() + LINGER;
        while !last.closes() {
            // What follows the answer concerns nobody.
            let used = last.feed(&self.bytes, &mut |_| Ok(()))?;
            self.bytes.drain(..used);
            if last.has_ended() {
                return Ok(());
            }
            if !matches!(self.read(until), Ok(Came::Bytes)) {
                break;
            }
        }
        self.reconnect()
    }

    fn reconnect(&mut self) -> Result<(), Fault> {
        self.stream = dial::connect(&self.address, self.patience)?;
        self.bytes.clear();
        self.has_answered = false;
        self.stream.set_timeouts(self.patience).map_err(Fault::harness("prepare a socket"))
    }

    /// Whether a connection that the server has closed is one of those that serve an answer or
    /// several, and the next request goes over another one.
    fn may_go_on(&self) -> bool {
        self.wire == Wire::Http && self.has_answered && self.bytes.is_empty()
    }

    /// Sends what was sent last over a new connection.
    fn send_again(&mut self) -> Result<(), Fault> {
        self.reconnect()?;
        self.stream.write_all(&self.sent).map_err(|error| self.failed("send", error))
    }

    /// Whether the server closes the connection behind the last answer. A new one is opened for the
    /// next request and not before: many of these servers have a thread for each connection, and few.
    pub fn is_spent(&self) -> bool {
        self.last.as_ref().is_some_and(Incoming::closes)
    }

    /// Whether anything was answered over the present connection.
    pub fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Sends `request` as it is and waits for its answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Reply, Fault> {
        self.send(request)?;
        self.answer()
    }

    /// Waits for the answer to what was sent.
    pub fn answer(&mut self) -> Result<Reply, Fault> {
        let until = Instant::now() + self.patience;
        let answer = match self.wire {
            Wire::Length | Wire::Line => self.framed(until),
            Wire::Http => self.http(until),
        };
        self.has_answered |= answer.is_ok();
        answer
    }

    fn framed(&mut self, until: Instant) -> Result<Reply, Fault> {
        loop {
            if let Some(answer) = self.reader.next(&self.bytes).map_err(Fault::Target)? {
                let head = self.bytes[answer.head].to_vec();
                let body = self.bytes[answer.body].to_vec();
                self.bytes.drain(..answer.end);
                return Ok(Reply { status: answer.status, head, body });
            }
            self.more(until)?;
        }
    }

    fn http(&mut self, until: Instant) -> Result<Reply, Fault> {
        let (mut incoming, mut body, mut answered) = (Incoming::default(), Vec::new(), false);
        loop {
            let used = incoming.feed(&self.bytes, &mut |message| {
                if !answered {
                    body = message.to_vec();
                    answered = is_answer(message);
                }
                Ok(())
            })?;
            self.bytes.drain(..used);
            if incoming.has_ended() && incoming.status().is_some_and(|status| status < 200) {
                // Only an announcement of the answer.
                incoming = Incoming::default();
                continue;
            }
            if let (true, Some(status)) = (incoming.has_ended() || answered, incoming.status()) {
                if body.is_empty() {
                    body = incoming.body().to_vec();
                }
                let head = incoming.head().to_vec();
                self.last = Some(incoming);
                return Ok(Reply { status, head, body });
            }
            match self.read(until)? {
                Came::Bytes => {}
                Came::Nothing => return Err(self.nothing()),
                Came::End if incoming.is_untouched() && self.may_go_on() => self.send_again()?,
                Came::End => {
                    let whole = incoming.finish(&mut |message| {
                        body = message.to_vec();
                        Ok(())
                    })?;
                    if !whole {
                        return Err(self.failed("read", ErrorKind::ConnectionReset.into()));
                    }
                }
            }
        }
    }

    /// Reads once more of an answer.
    fn more(&mut self, until: Instant) -> Result<(), Fault> {
        match self.read(until)? {
            Came::Bytes => Ok(()),
            Came::Nothing => Err(self.nothing()),
            Came::End => Err(self.failed("read", ErrorKind::ConnectionReset.into())),
        }
    }

    fn nothing(&self) -> Fault {
        let came = excerpt(&self.bytes);
        Fault::Target(format!("no answer within {:?}, only {came:?}", self.patience))
    }

    /// Reads what there is, once there is something.
    fn read(&mut self, until: Instant) -> Result<Came, Fault> {
        let mut piece = [0; 16 << 10];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Came::Nothing);
            }
            self.stream.set_timeouts(left).map_err(Fault::harness("bound a wait"))?;
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(Came::End),
                Ok(count) => {
                    self.bytes.extend_from_slice(&piece[..count]);
                    return Ok(Came::Bytes);
                }
                // The kernel interrupts a thread to run the work of its rings.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The time is over, which the next look at the clock says.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if has_closed(&error) => return Ok(Came::End),
                Err(error) => return Err(self.failed("wait for an answer", error)),
            }
        }
    }

    /// The words for what failed on the connection.
    fn failed(&self, doing: &str, error: io::Error) -> Fault {
        if !has_closed(&error) {
            return Fault::target(doing)(error);
        }
        let between = self.wire != Wire::Http && self.has_answered && self.bytes.is_empty();
        let words = if between {
            "the server closed the connection after an answer; without HTTP it has to stay open"
        } else {
            "the server closed the connection"
        };
        Fault::Target(words.into())
    }

    /// Opens a session, if the era has one, and says its HTTP id, if it has one.
    pub fn handshake(&mut self, target: &Target) -> Result<Option<String>, Fault> {
        if target.era != Era::Handshake {
            return Ok(None);
        }
        let reply = self.ask(&wrap(target, None, HELLO)).map_err(|it| it.within("initialize"))?;
        if reply.status != 200 || memchr::memmem::find(&reply.body, b"protocolVersion").is_none() {
            let text = format!("initialize: {} {}", reply.status, excerpt(&reply.body));
            return Err(Fault::Target(text));
        }
        let session = header(&reply.head, "Mcp-Session-Id").map(str::to_owned);
        let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        let ready = wrap(target, session.as_deref(), ready);
        match target.wire {
            // A notification has no answer of its own except over HTTP.
            Wire::Length | Wire::Line => self.send(&ready)?,
            Wire::Http => {
                self.ask(&ready)?;
                if !self.is_spent() {
                    self.make_ready()?;
                }
            }
        }
        Ok(session)
    }

    /// Gives the connection away; between two answers nothing is lost.
    pub fn into_stream(self) -> Stream {
        self.stream
    }
}

fn has_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// Whether `message` is taken for the answer: what a server says or asks before it has a method.
pub(crate) fn is_answer(message: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Message {
        method: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Message>(message).map_or(true, |message| message.method.is_none())
}

/// `message` as `target` wants it on the wire.
pub fn wrap(target: &Target, session: Option<&str>, message: &[u8]) -> Vec<u8> {
    match target.wire {
        Wire::Length => request::frame(message).0,
        Wire::Line => [message, b"\n"].concat(),
        Wire::Http => request::post(target, session, &[], message).0,
    }
}

/// The body of `GET path`.
pub fn get(target: &Target, path: &str) -> Result<String, Fault> {
    let mut client = Client::connect(target)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", target.host());
    let reply = client.ask(request.as_bytes())?;
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    match reply.status {
        200 => Ok(body),
        status => Err(Fault::Target(format!("GET {path}: {status} {}", excerpt(body.as_bytes())))),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Asks a server that answers `bytes`, whatever it is asked.
    #[track_caller]
    fn check(bytes: &'static [u8], want: (u16, &str)) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let read = stream.read(&mut [0; 1 << 10]).expect("a request");
            stream.write_all(bytes).expect("room for an answer");
            read
        });
        let target = Target::new(address, Wire::Http, Era::Stateless);
        let mut client = Client::connect(&target).expect("a server");
        let reply = client.ask(b"GET / HTTP/1.1\r\n\r\n").expect("an answer");
        assert_eq!((reply.status, &*String::from_utf8_lossy(&reply.body)), want);
        assert!(server.join().expect("a sound end") > 0);
    }

    #[test]
    fn an_announcement_is_no_answer() {
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", (200, "{}"));
        let continued =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx";
        check(continued, (404, "x"));
    }
}
