//! A small MCP client: opens the conversation in one of two eras, then asks and waits.
//!
//! One request is in flight at a time. What a server sends meanwhile is either a notification,
//! which nobody here waits for, or a request, which is answered: ping with nothing, everything
//! else with "not offered", as announced.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::headers::HeaderArgs;
use super::target::Target;
use super::wire::{Exchanged, Header, Http, Stream, Wire};
use super::{Era, Failure};

/// The version without a handshake.
const STATELESS: &str = "2026-07-28";
/// The version asked for in a handshake.
const HANDSHAKE: &str = "2025-11-25";
/// Time to find out whether a server knows the stateless era; an old one may never answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// Most pages of one list, against a server that always has one more.
const PAGES_MAX: usize = 10_000;

/// How a target is spoken to; shared by the commands that speak to one.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    /// How to open the conversation.
    #[arg(long, value_enum, default_value_t = Era::Auto)]
    pub(super) era: Era,
    /// Longest wait for one answer, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    pub(super) timeout_ms: u64,
    #[command(flatten)]
    pub(super) headers: HeaderArgs,
}

/// An open conversation.
pub(super) struct Client {
    wire: Wire,
    era: Open,
    timeout: Duration,
    last_id: u64,
    /// What the server said of itself.
    server: Value,
    capabilities: Value,
}

/// What the era adds to every message.
enum Open {
    Stateless,
    Handshake { version: String, session: Option<String> },
}

impl Client {
    /// Connects and opens the conversation.
    pub(super) fn open(target: &Target, options: &Options) -> Result<Self, Failure> {
        let timeout = Duration::from_millis(options.timeout_ms);
        let headers = options.headers.read(target)?;
        let wire = |timeout| Wire::open(target, timeout, &headers);
        match options.era {
            Era::Stateless => Self::discover(wire(timeout)?, timeout),
            Era::Handshake => Self::initialize(wire(timeout)?, timeout),
            Era::Auto => {
                let probe = PROBE_TIMEOUT.min(timeout);
                match Self::discover(wire(probe)?, probe) {
                    Ok(client) => Ok(client.with_timeout(timeout)),
                    // A new connection: the old one may be locked to the era, closed, or still
                    // have an answer coming.
                    Err(_) => Self::initialize(wire(timeout)?, timeout),
                }
            }
        }
    }

    fn new(wire: Wire, era: Open, timeout: Duration) -> Self {
        let (server, capabilities) = (Value::Null, Value::Null);
        Self { wire, era, timeout, last_id: 0, server, capabilities }
    }

    /// The probe is over; from now on answers may take their time.
    fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        if let Wire::Http(http) = &mut self.wire {
            http.set_timeout(timeout);
        }
        self
    }

    fn discover(wire: Wire, timeout: Duration) -> Result<Self, Failure> {
        let mut client = Self::new(wire, Open::Stateless, timeout);
        let found = client.request("server/discover", json!({}), &[])?;
        client.server = found["_meta"]["io.modelcontextprotocol/serverInfo"].clone();
        client.capabilities = found["capabilities"].clone();
        Ok(client)
    }

    fn initialize(wire: Wire, timeout: Duration) -> Result<Self, Failure> {
        let era = Open::Handshake { version: HANDSHAKE.to_owned(), session: None };
        let mut client = Self::new(wire, era, timeout);
        let params = json!({
            "protocolVersion": HANDSHAKE,
            "capabilities": {},
            "clientInfo": about(),
        });
        let found = client.request("initialize", params, &[])?;
        let Some(agreed) = found["protocolVersion"].as_str() else {
            return Err(Failure::Link("the server answered initialize without a version".into()));
        };
        if let Open::Handshake { version, .. } = &mut client.era {
            agreed.clone_into(version);
        }
        client.server = found["serverInfo"].clone();
        client.capabilities = found["capabilities"].clone();
        client.notify("notifications/initialized")?;
        Ok(client)
    }

    /// What the server said of itself.
    pub(super) fn server(&self) -> &Value {
        &self.server
    }

    /// The version spoken.
    pub(super) fn version(&self) -> &str {
        match &self.era {
            Open::Stateless => STATELESS,
            Open::Handshake { version, .. } => version,
        }
    }

    /// Whether the server announced a capability.
    pub(super) fn offers(&self, capability: &str) -> bool {
        self.capabilities.get(capability).is_some()
    }

    /// All pages of a list, until `enough` says of an item that no more are wanted.
    pub(super) fn list(
        &mut self,
        method: &str,
        member: &str,
        enough: impl Fn(&Value) -> bool,
    ) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut params = json!({});
        for _ in 0..PAGES_MAX {
            let mut page = self.request(method, params, &[])?;
            let Some(Value::Array(more)) = page.get_mut(member).map(Value::take) else {
                return Err(Failure::Link(format!("the answer to {method} has no `{member}`")));
            };
            let done = more.iter().any(&enough);
            items.extend(more);
            match page.get("nextCursor") {
                Some(Value::String(cursor)) if !done => params = json!({ "cursor": cursor }),
                _ => return Ok(items),
            }
        }
        Err(Failure::Link(format!("{method} has no end: more than {PAGES_MAX} pages")))
    }

    /// Asks and waits. `extra` headers go with it over HTTP.
    pub(super) fn request(
        &mut self,
        method: &str,
        mut params: Value,
        extra: &[Header],
    ) -> Result<Value, Failure> {
        self.last_id += 1;
        let id = self.last_id;
        if let (Open::Stateless, Value::Object(params)) = (&self.era, &mut params) {
            params.insert("_meta".to_owned(), envelope());
        }
        let headers = self.headers(method, &params, extra);
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let timeout = self.timeout;
        let mut answer = match &mut self.wire {
            Wire::Stream(stream) => {
                stream.send(&message)?;
                await_answer(stream, id, Instant::now() + timeout)?
            }
            Wire::Http(http) => {
                let exchanged = http.post(&message, &headers, Some(id))?;
                if let (Open::Handshake { session, .. }, Some(given)) =
                    (&mut self.era, &exchanged.session)
                {
                    *session = Some(given.clone());
                }
                find_answer(exchanged, id)?
            }
        };
        match answer.get_mut("error") {
            Some(error) => Err(refused(error)),
            None => Ok(answer["result"].take()),
        }
    }

    fn notify(&mut self, method: &str) -> Result<(), Failure> {
        let message = json!({ "jsonrpc": "2.0", "method": method });
        let headers = self.headers(method, &Value::Null, &[]);
        match &mut self.wire {
            Wire::Stream(stream) => stream.send(&message),
            Wire::Http(http) => match http.post(&message, &headers, None)?.status {
                200..=299 => Ok(()),
                status => Err(Failure::Link(format!("{method} was answered HTTP {status}"))),
            },
        }
    }

    /// What HTTP says beside the message.
    fn headers(&self, method: &str, params: &Value, extra: &[Header]) -> Vec<Header> {
        let mut headers = Vec::new();
        match &self.era {
            Open::Stateless => {
                headers.push(("Mcp-Protocol-Version", STATELESS.to_owned()));
                headers.push(("Mcp-Method", method.to_owned()));
                if let (Some(name), "tools/call") = (params["name"].as_str(), method) {
                    headers.push(("Mcp-Name", header_value(name)));
                }
                headers.extend_from_slice(extra);
            }
            Open::Handshake { .. } if method == "initialize" => {}
            Open::Handshake { version, session } => {
                headers.push(("Mcp-Protocol-Version", version.clone()));
                headers.extend(session.clone().map(|session| ("Mcp-Session-Id", session)));
            }
        }
        headers
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let (Wire::Http(http), Open::Handshake { session: Some(_), .. }) =
            (&self.wire, &self.era)
        {
            end_session(http, &self.headers("", &Value::Null, &[]));
        }
    }
}

fn end_session(http: &Http, headers: &[Header]) {
    http.delete(headers);
}

fn about() -> Value {
    json!({ "name": "mcpring-cli", "version": env!("CARGO_PKG_VERSION") })
}

/// What every stateless request carries.
fn envelope() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientInfo": about(),
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

fn await_answer(stream: &mut Stream, id: u64, deadline: Instant) -> Result<Value, Failure> {
    loop {
        let message = stream.receive(deadline)?;
        if message.get("method").is_none() {
            if is_answer(&message, id) {
                return Ok(message);
            }
        } else if let Some(asked) = message.get("id") {
            stream.send(&reply(&message["method"], asked))?;
        }
    }
}

/// What this client answers when it is asked something.
fn reply(method: &Value, id: &Value) -> Value {
    if method == "ping" {
        return json!({ "jsonrpc": "2.0", "id": id, "result": {} });
    }
    let error = json!({ "code": -32601, "message": "this client offers no such method" });
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

/// An error without an id is the only answer a server can give to what it could not read.
fn is_answer(message: &Value, id: u64) -> bool {
    match message.get("id") {
        None | Some(Value::Null) => message.get("error").is_some(),
        Some(answered) => answered.as_u64() == Some(id),
    }
}

fn find_answer(exchanged: Exchanged, id: u64) -> Result<Value, Failure> {
    let status = exchanged.status;
    let mut answers = exchanged.messages.into_iter();
    let found = answers.find(|message| message.get("method").is_none() && is_answer(message, id));
    found.ok_or_else(|| {
        let hint = match status {
            404 | 405 => "; is this the path of the MCP endpoint?",
            401 => "; the server wants an access token that is good: see --token-file",
            403 => "; the server does not let this client in, or not with these scopes",
            421 => "; the server does not know this host name: start it with --allow-host",
            _ => "",
        };
        Failure::Link(format!("the server answered HTTP {status} without a message{hint}"))
    })
}

fn refused(error: &Value) -> Failure {
    let mut message = error["message"].as_str().unwrap_or("(no words)").to_owned();
    if let Some(data) = error.get("data").filter(|data| !data.is_null()) {
        message.push(' ');
        message.push_str(&data.to_string());
    }
    Failure::Answer { code: error["code"].as_i64().unwrap_or(0), message }
}

/// The headers that mirror arguments, as the tool's schema asks with `x-mcp-header`.
pub(super) fn mirrored(schema: &Value, arguments: &Value) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let Some(properties) = schema["properties"].as_object() else {
        return headers;
    };
    for (name, property) in properties {
        let Some(value) = arguments.get(name) else {
            continue;
        };
        match (property["x-mcp-header"].as_str(), value) {
            (Some(header), Value::String(text)) => {
                headers.push((format!("Mcp-Param-{header}"), header_value(text)));
            }
            (Some(header), Value::Bool(_) | Value::Number(_)) => {
                headers.push((format!("Mcp-Param-{header}"), value.to_string()));
            }
            _ => headers.extend(mirrored(property, value)),
        }
    }
    headers
}

/// A value as a header may carry it: plain, or marked and in base64.
fn header_value(text: &str) -> String {
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let trimmed = !text.is_empty() && text.trim_matches(' ') == text;
    if plain && trimmed && !text.starts_with("=?base64?") {
        text.to_owned()
    } else {
        format!("=?base64?{}?=", base64(text.as_bytes()))
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, byte| group << 8 | usize::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let shown = digit <= chunk.len();
            let value = group >> (18 - 6 * digit) & 63;
            out.push(if shown { char::from(DIGITS[value]) } else { '=' });
        }
    }
    out
}

/// The arguments of a call that say nothing.
pub(super) fn no_arguments() -> Value {
    Value::Object(Map::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_plain_where_they_can_be() {
        for (text, want) in [
            ("us-west 1", "us-west 1"),
            ("", "=?base64??="),
            (" a", "=?base64?IGE=?="),
            ("é", "=?base64?w6k=?="),
            ("=?base64?x", "=?base64?PT9iYXNlNjQ/eA==?="),
            ("a\nb", "=?base64?YQpi?="),
        ] {
            assert_eq!(header_value(text), want, "{text:?}");
        }
    }

    #[test]
    fn arguments_are_mirrored_as_the_schema_asks() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "plain": {"type": "string"},
            "gone": {"type": "string", "x-mcp-header": "Gone"},
        }});
        let arguments = json!({"region": "é", "deep": {"n": 7}, "plain": "x", "gone": null});
        let want = [("Mcp-Param-Region", "=?base64?w6k=?="), ("Mcp-Param-N", "7")];
        assert_eq!(mirrored(&schema, &arguments), want.map(|(n, v)| (n.into(), v.into())));
    }

    #[test]
    fn answers_are_told_from_other_messages() {
        for (message, want) in [
            (json!({"id": 3, "result": {}}), true),
            (json!({"id": 4, "result": {}}), false),
            (json!({"id": "3", "result": {}}), false),
            (json!({"id": null, "error": {}}), true),
            (json!({"error": {}}), true),
            (json!({"result": {}}), false),
        ] {
            assert_eq!(is_answer(&message, 3), want, "{message}");
        }
    }
}
