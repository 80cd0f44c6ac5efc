//! One peer's place in the protocol: fresh, shaken hands, or stateless.
//!
//! A byte stream is one peer for as long as it is open. Over HTTP a handshake-era session is one
//! peer across connections, and a stateless exchange is a peer of its own.

use std::sync::Arc;

use super::{Client, Envelope, Facts, Refusal, Row, Target, Version, envelope, lookup, lookup_in};
use crate::json::{Kind, Value};
use crate::model::LogLevel;
use crate::rpc::{Outgoing, Pending, Request, RpcError};

/// How far a peer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing but `ping` or `server/discover` was said.
    Fresh,
    /// `initialize` was answered with this version.
    Handshake(Version),
    /// The first request carried an envelope: all must.
    Stateless,
}

/// One peer's protocol state.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    client: Option<Arc<Client>>,
    /// Requests of this peer that wait for an answer.
    pub pending: Pending<u64>,
    /// Requests of ours that this peer has not answered.
    pub questions: Outgoing<u64>,
    /// The least grave log messages it wants, once it has said so.
    pub log_level: Option<LogLevel>,
    /// Its place among those who are told of changes, once it has one.
    pub subscriber: Option<u32>,
}

/// A request that may be answered: its row, and the version to answer in.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'p> {
    /// Place of `row` in the table, the label of its metrics.
    pub index: usize,
    /// What the method is.
    pub row: &'static Row,
    /// The version the answer is written in.
    pub version: Version,
    /// The stateless era's envelope.
    pub envelope: Option<Envelope<'p>>,
}

/// What `initialize` asked for, and what it gets.
#[derive(Clone, Debug)]
pub struct Initialize {
    /// The version agreed on.
    pub version: Version,
    /// Who is asking.
    pub client: Client,
}

impl Session {
    /// A peer that has said nothing.
    pub const fn new() -> Self {
        Self {
            phase: Phase::Fresh,
            client: None,
            pending: Pending::new(),
            questions: Outgoing::new(),
            log_level: None,
            subscriber: None,
        }
    }

    /// A peer that has just been answered `initialize`.
    pub fn open(initialize: Initialize) -> Self {
        let mut session = Self::new();
        session.shake_hands(initialize);
        session
    }

    /// Records that `initialize` was answered.
    pub fn shake_hands(&mut self, initialize: Initialize) {
        self.phase = Phase::Handshake(initialize.version);
        self.client = Some(Arc::new(initialize.client));
    }

    /// How far it has come.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The version agreed on by handshake.
    pub fn version(&self) -> Option<Version> {
        match self.phase {
            Phase::Handshake(version) => Some(version),
            Phase::Fresh | Phase::Stateless => None,
        }
    }

    /// Who shook hands.
    pub fn client(&self) -> Option<&Arc<Client>> {
        self.client.as_ref()
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Initialize {
    /// Reads the parameters of `initialize`. A version that is not spoken here, or that has no
    /// handshake, is answered with the latest that has one; it is no error (lifecycle).
    pub fn read(params: Option<Value<'_>>) -> Result<Self, RpcError> {
        let missing = |what| RpcError::invalid_params(format!("initialize needs {what}"));
        let params = params
            .filter(|params| params.kind() == Kind::Object)
            .ok_or_else(|| missing("a params object"))?;
        let asked = params
            .get("protocolVersion")
            .and_then(Value::as_str)
            .ok_or_else(|| missing("params.protocolVersion, a string"))?;
        let capabilities = params.get("capabilities");
        if !capabilities.is_some_and(|value| value.kind() == Kind::Object) {
            return Err(missing("params.capabilities, an object"));
        }
        let info = params.get("clientInfo");
        if !info.is_some_and(|value| value.kind() == Kind::Object) {
            return Err(missing("params.clientInfo, an object with name and version"));
        }
        let version = Version::parse(&asked)
            .filter(|version| version.has_handshake())
            .unwrap_or(Version::LATEST_HANDSHAKE);
        Ok(Self { version, client: Client::read(info, capabilities) })
    }
}

/// Admits a request that came on a byte stream. The first request that is neither `ping` nor
/// `server/discover` decides the stream's era.
pub fn admit_stream<'p>(
    session: &mut Session,
    request: &Request<'p>,
) -> Result<Admitted<'p>, Refusal> {
    let claims = Envelope::claimed_version(request.params).is_some();
    match (session.phase, claims) {
        (Phase::Fresh | Phase::Stateless, true) => {
            let admitted = admit_stateless(request, None)?;
            if admitted.row.target != Target::Discover {
                session.phase = Phase::Stateless;
            }
            Ok(admitted)
        }
        (Phase::Handshake(version), true) => {
            Err(Refusal::bad_request(RpcError::invalid_request(format!(
                "this connection speaks {version}, agreed by initialize; \
                 a request of another version needs a connection of its own"
            ))))
        }
        (Phase::Stateless, false) if &*request.method == "initialize" => {
            let asked = request.params.and_then(|params| params.get("protocolVersion"));
            Err(envelope::unsupported(&asked.and_then(Value::as_str).unwrap_or_default()))
        }
        (Phase::Stateless, false) => admit_stateless(request, None),
        (Phase::Fresh, false) => admit_fresh(request),
        (Phase::Handshake(version), false) => admit_handshake(request, version),
    }
}

/// Admits a request of an HTTP exchange: with the session it names, or by its own envelope.
pub fn admit_exchange<'p>(
    session: Option<&Session>,
    request: &Request<'p>,
    facts: &Facts<'_>,
) -> Result<Admitted<'p>, Refusal> {
    match session.and_then(Session::version) {
        Some(version) => admit_handshake(request, version),
        None => admit_stateless(request, Some(facts)),
    }
}

fn admit_fresh<'p>(request: &Request<'p>) -> Result<Admitted<'p>, Refusal> {
    let version = Version::LATEST_HANDSHAKE;
    if let Some((index, row)) = lookup_in(&request.method, Version::V2024_11_05, version) {
        return match row.target {
            Target::Initialize | Target::Ping => {
                Ok(Admitted { index, row, version, envelope: None })
            }
            _ => Err(Refusal::bad_request(RpcError::invalid_request(
                "the first request must be initialize, or carry the 2026-07-28 envelope in \
                 params._meta",
            ))),
        };
    }
    match lookup(&request.method, Version::V2026_07_28) {
        Some(_) => admit_stateless(request, None),
        None => Err(Refusal::no_method(&request.method, false)),
    }
}

fn admit_handshake<'p>(request: &Request<'p>, version: Version) -> Result<Admitted<'p>, Refusal> {
    match lookup(&request.method, version) {
        Some((_, row)) if row.target == Target::Initialize => {
            Err(Refusal::bad_request(RpcError::invalid_request("already initialized")))
        }
        Some((index, row)) if row.is_request => {
            Ok(Admitted { index, row, version, envelope: None })
        }
        _ => Err(Refusal::no_method(&request.method, false)),
    }
}

fn admit_stateless<'p>(
    request: &Request<'p>,
    facts: Option<&Facts<'_>>,
) -> Result<Admitted<'p>, Refusal> {
    let found = lookup(&request.method, Version::V2026_07_28).filter(|(_, row)| row.is_request);
    let envelope = Envelope::check(request, facts, found.and_then(|(_, row)| row.named_by))?;
    let Some((index, row)) = found else {
        return Err(Refusal::no_method(&request.method, true));
    };
    Ok(Admitted { index, row, version: envelope.version, envelope: Some(envelope) })
}
