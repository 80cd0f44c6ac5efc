//! A client that speaks a transcript over one transport.

use serde_json::{Value, json};

use crate::harness::{self, HTTP, LENGTH, LINE, World};
use mcpring::mcp::{METHODS, Side};
use mcpring::slot::Slot;

/// The transports of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Length,
    Line,
    Http,
    /// HTTP+SSE of 2024-11-05.
    Sse,
}

impl Transport {
    pub(crate) const ALL: [Self; 4] = [Self::Length, Self::Line, Self::Http, Self::Sse];

    /// The word in a transcript's head.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Length | Self::Line => "pipe",
            Self::Http => "http",
            Self::Sse => "sse",
        }
    }
}

/// How received bytes are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    Whole,
    Bytes,
    /// Anywhere, thrown from this seed.
    Thrown(u64),
}

impl Cut {
    /// Sizes of the pieces, one after another.
    fn sizes(&mut self) -> usize {
        match self {
            Self::Whole => usize::MAX,
            Self::Bytes => 1,
            Self::Thrown(state) => {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (*state >> 33) as usize % 97 + 1
            }
        }
    }
}

/// A client in the middle of a conversation.
pub(crate) struct Peer {
    transport: Transport,
    cut: Cut,
    version: String,
    session: Option<String>,
    /// Connections with what was received on them and not understood yet.
    lines: Vec<(Slot, Vec<u8>)>,
    /// Where a client of 2024-11-05 posts to.
    endpoint: Option<String>,
}

impl Peer {
    pub(crate) fn new(world: &mut World, transport: Transport, cut: Cut, version: &str) -> Self {
        let version = version.to_owned();
        let mut peer =
            Self { transport, cut, version, session: None, lines: Vec::new(), endpoint: None };
        match transport {
            Transport::Length => peer.connect(world, LENGTH),
            Transport::Line => peer.connect(world, LINE),
            Transport::Http => {}
            Transport::Sse => {
                peer.connect(world, HTTP);
                let head =
                    "GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
                peer.feed(world, 0, head.as_bytes());
                let events = peer.events(0);
                peer.endpoint = Some(events[0].clone());
            }
        }
        peer
    }

    fn connect(&mut self, world: &mut World, listener: u16) {
        self.lines.push((world.connect(listener), Vec::new()));
    }

    fn feed(&mut self, world: &mut World, line: usize, bytes: &[u8]) {
        let slot = self.lines[line].0;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(self.cut.sizes().min(rest.len()));
            let sent = world.feed(slot, piece);
            self.lines[line].1.extend(sent);
            rest = behind;
        }
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, world: &mut World, message: &Value) {
        let text = message.to_string();
        match self.transport {
            Transport::Length => self.feed(world, 0, &harness::framed(text.as_bytes())),
            Transport::Line => self.feed(world, 0, format!("{text}\n").as_bytes()),
            Transport::Http => self.post(world, "/mcp", message, &text),
            Transport::Sse => {
                let path = self.endpoint.clone().expect("an endpoint was named");
                self.post(world, &path, message, &text);
            }
        }
        if self.transport == Transport::Http && message["method"] == "notifications/initialized" {
            self.listen(world);
        }
    }

    fn post(&mut self, world: &mut World, path: &str, message: &Value, text: &str) {
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n");
        head += "Content-Type: application/json\r\n";
        head += "Accept: application/json, text/event-stream\r\n";
        if path == "/mcp" {
            for (name, value) in self.headers(message) {
                head += &format!("{name}: {value}\r\n");
            }
        }
        let request = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
        self.connect(world, HTTP);
        let line = self.lines.len() - 1;
        self.feed(world, line, request.as_bytes());
        let received = String::from_utf8_lossy(&self.lines[line].1).into_owned();
        let session = received.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        self.session = self.session.take().or(session.map(str::to_owned));
    }

    /// What the headers repeat: the session of the handshake era, the envelope of the other.
    fn headers(&self, message: &Value) -> Vec<(&'static str, String)> {
        let claimed = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        let is_stateless = self.version == "2026-07-28";
        let mut headers = Vec::new();
        if is_stateless {
            let version = claimed.as_str().unwrap_or(&self.version);
            headers.push(("MCP-Protocol-Version", version.to_owned()));
            let method = message["method"].as_str().unwrap_or_default();
            headers.push(("Mcp-Method", method.to_owned()));
            let row = METHODS.iter().find(|row| row.name == method && row.from != Side::Server);
            let name = row.and_then(|row| message["params"][row.named_by?].as_str());
            headers.extend(name.map(|name| ("Mcp-Name", name.to_owned())));
        }
        headers.extend(self.session.clone().map(|session| ("Mcp-Session-Id", session)));
        headers
    }

    fn listen(&mut self, world: &mut World) {
        let Some(session) = &self.session else { return };
        let head = format!(
            "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
             Mcp-Session-Id: {session}\r\n\r\n"
        );
        self.connect(world, HTTP);
        self.feed(world, self.lines.len() - 1, head.as_bytes());
    }

    /// Every message that has come since the last time.
    pub(crate) fn receive(&mut self, world: &mut World) -> Vec<Value> {
        let mut messages = Vec::new();
        for line in 0..self.lines.len() {
            let sent = world.take(self.lines[line].0);
            self.lines[line].1.extend(sent);
            let texts = match self.transport {
                Transport::Length => self.frames(),
                Transport::Line => self.texts(),
                Transport::Http | Transport::Sse => self.events(line),
            };
            for text in texts {
                messages.push(serde_json::from_str(&text).unwrap_or(json!({ "no JSON": text })));
            }
        }
        messages
    }

    fn frames(&mut self) -> Vec<String> {
        let bytes = std::mem::take(&mut self.lines[0].1);
        let text = |frame| String::from_utf8(frame).expect("UTF-8");
        harness::unframed(&bytes).into_iter().map(text).collect()
    }

    fn texts(&mut self) -> Vec<String> {
        let bytes = std::mem::take(&mut self.lines[0].1);
        String::from_utf8(bytes).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    /// The data of all events, or the one body that is no stream.
    fn events(&mut self, line: usize) -> Vec<String> {
        let bytes = std::mem::take(&mut self.lines[line].1);
        let text = String::from_utf8(bytes).expect("UTF-8");
        let mut body = &*text;
        if let Some(status) = text.strip_prefix("HTTP/1.1 ") {
            let (head, rest) = status.split_once("\r\n\r\n").expect("a head");
            if !head.contains("text/event-stream") {
                return if rest.is_empty() { Vec::new() } else { vec![rest.to_owned()] };
            }
            body = rest;
        }
        let events = unchunked(body);
        let data = events.split("\r\n\r\n").flat_map(str::lines);
        let data = data.filter_map(|line| line.strip_prefix("data: "));
        data.filter(|data| !data.is_empty()).map(str::to_owned).collect()
    }
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("the size of a chunk");
        text += &rest[..size];
        body = rest[size..].strip_prefix("\r\n").expect("the end of a chunk");
    }
    text
}
