//! A plain blocking client for everything that is not load: the handshake, one probe, `/metrics`.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::dial::{self, Stream};
use crate::fault::{Fault, excerpt};
use crate::generator::reader::{Reader, header};
use crate::generator::request;
use crate::incoming::Incoming;
use crate::target::{Era, Target, Wire};

/// An answer that takes longer will not come, unless something else is wanted.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first message of the handshake era.
pub const HELLO: &[u8] = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{"sampling":{}},"clientInfo":{"name":"bench","version":"1"}}}"#
)
.as_bytes();

/// One connection, one request at a time.
pub struct Client {
    stream: Stream,
    wire: Wire,
    reader: Reader,
    bytes: Vec<u8>,
    patience: Duration,
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
        Ok(Self { patience, ..Self::over(stream, target.wire)? })
    }

    /// Speaks over a stream that is connected already.
    pub fn over(stream: Stream, wire: Wire) -> Result<Self, Fault> {
        stream.set_timeouts(PATIENCE).map_err(Fault::harness("prepare a socket"))?;
        let (reader, bytes) = (Reader::new(wire), Vec::new());
        Ok(Self { stream, wire, reader, bytes, patience: PATIENCE })
    }

    /// Sends `request` as it is and expects no answer.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Fault> {
        self.stream.write_all(request).map_err(Fault::target("send"))
    }

    /// Sends `request` as it is and waits for its answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Reply, Fault> {
        self.send(request)?;
        self.answer()
    }

    /// Waits for the answer to what was sent.
    pub fn answer(&mut self) -> Result<Reply, Fault> {
        let until = Instant::now() + self.patience;
        match self.wire {
            Wire::Length | Wire::Line => self.framed(until),
            Wire::Http => self.http(until),
        }
    }

    fn framed(&mut self, until: Instant) -> Result<Reply, Fault> {
        loop {
            if let Some(answer) = self.reader.next(&self.bytes).map_err(Fault::Target)? {
                let head = self.bytes[answer.head].to_vec();
                let body = self.bytes[answer.body].to_vec();
                self.bytes.drain(..answer.end);
                return Ok(Reply { status: answer.status, head, body });
            }
            self.read(until)?;
        }
    }

    fn http(&mut self, until: Instant) -> Result<Reply, Fault> {
        let (mut incoming, mut body) = (Incoming::default(), Vec::new());
        loop {
            let used = incoming.feed(&self.bytes, &mut |message| {
                body = message.to_vec();
                Ok(())
            })?;
            self.bytes.drain(..used);
            if incoming.has_ended() && incoming.status().is_some_and(|status| status < 200) {
                // Only an announcement of the answer.
                incoming = Incoming::default();
                continue;
            }
            if let (true, Some(status)) = (incoming.has_ended(), incoming.status()) {
                if body.is_empty() {
                    body = incoming.body().to_vec();
                }
                return Ok(Reply { status, head: incoming.head().to_vec(), body });
            }
            self.read(until)?;
        }
    }

    fn read(&mut self, until: Instant) -> Result<(), Fault> {
        let mut piece = [0; 16 << 10];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let came = excerpt(&self.bytes);
                let text = format!("no answer within {:?}, only {came:?}", self.patience);
                return Err(Fault::Target(text));
            }
            self.stream.set_timeouts(left).map_err(Fault::harness("bound a wait"))?;
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(Fault::Target("the server closed the connection".into())),
                Ok(count) => {
                    self.bytes.extend_from_slice(&piece[..count]);
                    return Ok(());
                }
                // The kernel interrupts a thread to run the work of its rings.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The time is over, which the next look at the clock says.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(Fault::target("wait for an answer")(error)),
            }
        }
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
            }
        }
        Ok(session)
    }

    /// Gives the connection away; between two answers nothing is lost.
    pub fn into_stream(self) -> Stream {
        self.stream
    }
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
