//! The rules of Streamable HTTP that need no message: who may ask, where, and in which media types.
//!
//! They hold for every HTTP version alike. Whether a verb fits a protocol era, and everything about
//! sessions and versions, is decided above from the [`Facts`].

use std::sync::Arc;

use crate::codec::Frame;
use crate::limits::FRAME_BYTES_MAX;

pub use super::value::{ValueError, decode_value};

use super::facts::{FactSpans, Facts};
use super::paths::{Miss, OwnPaths};
use super::refusal::{self, Refusal};
use super::{accept, host};

/// What a listener serves and to whom; shared by all its connections.
#[derive(Clone, Debug)]
pub struct HttpRules {
    /// Path of the MCP endpoint. A request may add or leave out one `/` at the end.
    pub path: String,
    /// Hosts the listener answers for: `name`, `name:port` or `[address]`; without a port any
    /// port will do. `*` allows every host and gives up the guard against DNS rebinding.
    pub allowed_hosts: Vec<String>,
    /// Origins allowed beside those whose host is an allowed host, as `scheme://name[:port]`;
    /// `*` allows every page of the web.
    pub allowed_origins: Vec<String>,
    /// Largest request body, in bytes.
    pub body_bytes_max: usize,
    /// Paths of the page that tells where to get a token; none without authorization.
    pub metadata_paths: Vec<String>,
    /// Paths of the program's own. Served where none of the above is.
    pub own_paths: Arc<OwnPaths>,
}

impl HttpRules {
    /// Whether the engine itself serves `path`.
    pub fn serves(&self, path: &str) -> bool {
        Route::of(self, path).is_some()
    }
}

/// What a listener on this machine needs: local names, any port, no other origins.
impl Default for HttpRules {
    fn default() -> Self {
        Self {
            path: "/mcp".to_owned(),
            allowed_hosts: ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec(),
            allowed_origins: Vec::new(),
            body_bytes_max: FRAME_BYTES_MAX,
            metadata_paths: Vec::new(),
            own_paths: Arc::default(),
        }
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The MCP endpoint.
    Mcp,
    /// `/healthz`.
    Health,
    /// `/metrics`.
    Metrics,
    /// The page that tells where to get a token (RFC 9728).
    ResourceMetadata,
    /// `/sse`, where a client of 2024-11-05 opens its event stream.
    Sse,
    /// `/messages`, where it posts.
    Messages,
    /// A route of the program's own, by its number.
    Own(u16),
}

/// A method that is passed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A message.
    Post,
    /// A stream to listen on, or a page.
    Get,
    /// The end of a session.
    Delete,
    /// What a route of the program's own takes; [`Exchange::own_request`] says which.
    Own,
}

/// One request of HTTP that keeps the rules, with its body. It must be answered before the next
/// one on its connection is read.
#[derive(Debug)]
pub struct Exchange<'c> {
    /// Where it goes.
    pub route: Route,
    /// What it wants.
    pub verb: Verb,
    /// What its head says beside that.
    pub facts: Facts<'c>,
    /// Its body.
    pub body: Frame,
    /// Whether the connection lives on after the answer; the answer must say so.
    pub keep_alive: bool,
    /// Whether a streamed answer may be chunked. Not on HTTP/1.0: there, closing ends the stream.
    pub takes_chunks: bool,
}

/// A request as every HTTP version has it.
pub(super) struct Request<'b> {
    pub(super) method: &'b str,
    /// Path and query.
    pub(super) path: &'b str,
    /// Host or `:authority`.
    pub(super) host: Option<&'b [u8]>,
}

/// A request that may go up.
pub(super) struct Admission {
    pub(super) route: Route,
    pub(super) verb: Verb,
    pub(super) facts: FactSpans,
}

/// Applies the rules, the first failure deciding. `fields` are cut from `head`.
pub(super) fn judge<'b>(
    rules: &HttpRules,
    request: &Request<'b>,
    head: &'b [u8],
    fields: impl Iterator<Item = (&'b str, &'b [u8])>,
) -> Result<Admission, Refusal> {
    let mut origin = Origin::Absent;
    let mut content_type = ContentType::Absent;
    let mut facts = FactSpans::default();
    for (name, value) in fields {
        match name.len() {
            6 if name.eq_ignore_ascii_case("origin") => origin.note(rules, value),
            12 if name.eq_ignore_ascii_case("content-type") => content_type.note(value),
            _ => facts.note(head, name, value),
        }
    }
    if !request.host.is_some_and(|host| host::is_allowed_host(&rules.allowed_hosts, host)) {
        return Err(refusal::HOST);
    }
    if origin == Origin::Refused {
        return Err(refusal::ORIGIN);
    }
    if facts.has_two_authorizations() {
        return Err(refusal::TWO_AUTHORIZATIONS);
    }
    let route = Route::of(rules, request.path);
    if route.is_none() && !rules.own_paths.is_empty() {
        return own_route(rules, request).map(|route| Admission { route, verb: Verb::Own, facts });
    }
    if has_token(request.path) {
        return Err(refusal::TOKEN_IN_QUERY);
    }
    let route = route.ok_or(refusal::NO_ROUTE)?;
    if route == Route::Messages {
        facts.note_query(head, request.path);
    }
    let verb = verb_of(route, request.method)?;
    if verb == Verb::Post && content_type != ContentType::Json {
        return Err(refusal::CONTENT_TYPE);
    }
    if verb == Verb::Post
        && route == Route::Mcp
        && !(facts.accept.json() && facts.accept.event_stream())
    {
        return Err(refusal::ACCEPT);
    }
    Ok(Admission { route, verb, facts })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Absent,
    Allowed,
    Refused,
}

impl Origin {
    /// A second Origin is refused whatever it says: a browser sends one.
    fn note(&mut self, rules: &HttpRules, value: &[u8]) {
        let fits = *self == Self::Absent
            && host::is_allowed_origin(&rules.allowed_origins, &rules.allowed_hosts, value);
        *self = if fits { Self::Allowed } else { Self::Refused };
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ContentType {
    Absent,
    Json,
    Other,
}

impl ContentType {
    fn note(&mut self, value: &[u8]) {
        let fits = *self == Self::Absent && accept::is_json(value);
        *self = if fits { Self::Json } else { Self::Other };
    }
}

impl Route {
    fn of(rules: &HttpRules, target: &str) -> Option<Self> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let bare = |path| str::strip_suffix(path, "/").unwrap_or(path);
        match path {
            _ if bare(path) == bare(&rules.path) => Some(Self::Mcp),
            "/healthz" => Some(Self::Health),
            "/metrics" => Some(Self::Metrics),
            "/sse" => Some(Self::Sse),
            "/messages" | "/messages/" => Some(Self::Messages),
            _ if rules.metadata_paths.iter().any(|known| known == path) => {
                Some(Self::ResourceMetadata)
            }
            _ => None,
        }
    }
}

/// A route of the program's own. What its query holds is the program's affair.
fn own_route(rules: &HttpRules, request: &Request<'_>) -> Result<Route, Refusal> {
    let path = request.path.split_once('?').map_or(request.path, |(path, _)| path);
    let method = request.method;
    rules.own_paths.find(method, path).map(Route::Own).map_err(|miss| match miss {
        Miss::Path => refusal::NO_ROUTE,
        Miss::Escape => refusal::ESCAPE,
        Miss::Method(_) if !is_method(method) => refusal::METHOD,
        Miss::Method(allowed) => refusal::not_allowed(allowed),
    })
}

/// Whether the query holds an access token, which ends up in logs and histories there (OAuth 2.1).
fn has_token(target: &str) -> bool {
    let Some((_, query)) = target.split_once('?') else { return false };
    query.split('&').any(|part| part.split('=').next() == Some("access_token"))
}

/// Whether it is a method at all.
fn is_method(method: &str) -> bool {
    matches!(method, "POST" | "GET" | "DELETE") || is_other_method(method)
}

/// Methods that exist, and that the engine has no use for.
fn is_other_method(method: &str) -> bool {
    matches!(method, "HEAD" | "PUT" | "PATCH" | "OPTIONS" | "TRACE" | "CONNECT")
}

fn verb_of(route: Route, method: &str) -> Result<Verb, Refusal> {
    let verb = match method {
        "POST" => Verb::Post,
        "GET" => Verb::Get,
        "DELETE" => Verb::Delete,
        other if is_other_method(other) => return Err(refusal::verb(route)),
        _ => return Err(refusal::METHOD),
    };
    match (route, verb) {
        (Route::Mcp, _) | (Route::Messages, Verb::Post) => Ok(verb),
        (Route::Health | Route::Metrics | Route::ResourceMetadata | Route::Sse, Verb::Get) => {
            Ok(verb)
        }
        _ => Err(refusal::verb(route)),
    }
}
