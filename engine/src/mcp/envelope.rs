//! The stateless era's per-request envelope, as one classification ladder.
//!
//! Every request says its version and its client's capabilities in `params._meta`, and over HTTP
//! mirrors a part of itself in headers. The order of the checks below is observable (which error
//! a request with two faults earns) and is the one that satisfies specification and conformance
//! suite: `_meta` before headers, headers before "unsupported version", version before method.

use super::{Client, Facts, Mirror, Refusal, Version};
use crate::json::{Kind, Value};
use crate::model::LogLevel;
use crate::rpc::{Request, RpcError, code};

/// `_meta` key of the version a request is written in.
pub(super) const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
/// `_meta` key under which what belongs to a listening call names it.
pub const META_SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
/// `_meta` key under which a result names the server.
pub const META_SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// What a request of the stateless era says about itself.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'p> {
    /// The version it is written in.
    pub version: Version,
    capabilities: Value<'p>,
    client: Option<Value<'p>>,
    log_level: Option<LogLevel>,
}

impl<'p> Envelope<'p> {
    /// The version the body claims, whatever it is worth.
    pub fn claimed_version(params: Option<Value<'p>>) -> Option<Value<'p>> {
        params?.get("_meta")?.get(META_VERSION)
    }

    /// Checks everything that comes before the method is looked up; `named_by` is the parameter
    /// that `Mcp-Name` mirrors.
    pub fn check(
        request: &Request<'p>,
        facts: Option<&Facts<'_>>,
        named_by: Option<&str>,
    ) -> Result<Self, Refusal> {
        if facts.is_some_and(|facts| facts.has_duplicates) {
            return Err(Refusal::mismatch("a routing header was sent twice".into()));
        }
        let Meta { version: claimed, capabilities, client, log_level } =
            read_meta(request.params, facts.and_then(|facts| facts.version))?;
        let claimed = claimed.as_str().unwrap_or_default();
        if let Some(facts) = facts {
            check_mirrors(request, facts, &claimed, named_by)?;
        }
        match Version::parse(&claimed).filter(|version| !version.has_handshake()) {
            Some(version) => {
                let log_level = log_level.map(read_level).transpose()?;
                Ok(Self { version, capabilities, client, log_level })
            }
            None => Err(unsupported(&claimed)),
        }
    }

    /// Which log messages the request wants; none without it.
    pub fn log_level(&self) -> Option<LogLevel> {
        self.log_level
    }

    /// Who is asking.
    pub fn client(&self) -> Client {
        Client::read(self.client, Some(self.capabilities))
    }

    /// Whether the client declared the extension `name` on this request.
    pub fn has_extension(&self, name: &str) -> bool {
        let declared = self.capabilities.get("extensions").and_then(|all| all.get(name));
        declared.is_some_and(|settings| settings.kind() == Kind::Object)
    }

    /// Whether the client declared the capability `name` on this request.
    pub fn has_capability(&self, name: &str) -> bool {
        self.capabilities.get(name).is_some_and(|value| value.kind() == Kind::Object)
    }
}

/// The raw progress token of a request, a string or an integer, if it asks for progress.
pub fn progress_token(params: Option<Value<'_>>) -> Option<&[u8]> {
    let token = params?.get("_meta")?.get("progressToken")?;
    let fits = token.kind() == Kind::String || token.is_integer_lexeme();
    (fits && token.raw().len() <= crate::limits::ID_BYTES_MAX).then(|| token.raw())
}

/// −32022 with the versions spoken; the list equals the one of `server/discover`.
pub fn unsupported(requested: &str) -> Refusal {
    let supported: Vec<_> = Version::STATELESS.iter().map(|version| version.as_str()).collect();
    let requested: String = requested.chars().take(64).collect();
    let data = serde_json::json!({ "supported": supported, "requested": requested });
    let message = format!("unsupported protocol version; supported: {}", supported.join(", "));
    let error = RpcError::new(code::UNSUPPORTED_VERSION, message).with_data(&data);
    Refusal::bad_request(error)
}

/// The members of `_meta` that make the envelope, as they were sent.
struct Meta<'p> {
    version: Value<'p>,
    capabilities: Value<'p>,
    client: Option<Value<'p>>,
    log_level: Option<Value<'p>>,
}

fn read_level(level: Value<'_>) -> Result<LogLevel, Refusal> {
    level.as_str().and_then(|word| LogLevel::parse(&word)).ok_or_else(|| {
        Refusal::bad_request(RpcError::invalid_params(
            "_meta[\"io.modelcontextprotocol/logLevel\"] must be one of debug, info, notice, \
             warning, error, critical, alert, emergency",
        ))
    })
}

fn read_meta<'p>(params: Option<Value<'p>>, header: Option<&str>) -> Result<Meta<'p>, Refusal> {
    let missing = |what: &str| {
        Refusal::bad_request(RpcError::invalid_params(format!("params._meta needs {what}")))
    };
    let meta = params
        .and_then(|params| params.get("_meta"))
        .filter(|meta| meta.kind() == Kind::Object)
        .ok_or_else(|| match header {
            // Most likely a client of the handshake era: envelopes mean nothing to it.
            Some(header) if Version::parse(header).is_none() => {
                Refusal::bad_request(RpcError::invalid_params(
                    "the MCP-Protocol-Version header names no version known here: send the one \
                     that initialize answered with, or 2026-07-28 and params._meta",
                ))
            }
            _ => missing("to be an object with the request's protocol version"),
        })?;
    let version = meta
        .get(META_VERSION)
        .filter(|version| version.kind() == Kind::String)
        .ok_or_else(|| missing("\"io.modelcontextprotocol/protocolVersion\", a string"))?;
    let capabilities = meta
        .get(META_CAPABILITIES)
        .filter(|capabilities| capabilities.kind() == Kind::Object)
        .ok_or_else(|| missing("\"io.modelcontextprotocol/clientCapabilities\", an object"))?;
    let (client, log_level) = (meta.get(META_CLIENT), meta.get(META_LOG_LEVEL));
    Ok(Meta { version, capabilities, client, log_level })
}

fn check_mirrors(
    request: &Request<'_>,
    facts: &Facts<'_>,
    claimed: &str,
    named_by: Option<&str>,
) -> Result<(), Refusal> {
    if facts.version != Some(claimed) {
        return Err(Refusal::mismatch(
            "the MCP-Protocol-Version header must equal the version in params._meta".into(),
        ));
    }
    check_mirror("Mcp-Method", facts.method, Some(&request.method))?;
    let Some(member) = named_by else { return Ok(()) };
    let name = request.params.and_then(|params| params.get(member)).and_then(Value::as_str);
    check_mirror("Mcp-Name", facts.name, name.as_deref())
}

fn check_mirror(header: &str, mirror: Mirror<'_>, body: Option<&str>) -> Result<(), Refusal> {
    let problem = match mirror {
        Mirror::Value(value) if Some(value) == body => return Ok(()),
        Mirror::Value(_) => "differs from the request's body",
        Mirror::Absent => "is missing",
        Mirror::Undecodable => "cannot be decoded (=?base64?…?= with padding, over UTF-8)",
    };
    Err(Refusal::mismatch(format!("the {header} header {problem}")))
}
