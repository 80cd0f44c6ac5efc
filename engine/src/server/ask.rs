//! Questions to the client: what a handler returns when it cannot go on without an answer.
//!
//! A handler that asks is *entered again* from its beginning when the answers are there, on
//! whichever thread its feature runs; what it did before, it finds among the answers and in the
//! state it left. That one form serves both eras: the client is asked while the call waits, or
//! asked in the result and sends the call again.

use std::collections::BTreeMap;

use super::{Outcome, RawJson};
use crate::error::Error;
use crate::json::{Backend, Kind, PaddedBuf, Parser, Writer};
use crate::mcp::AskMethod;
use crate::model::{Elicitation, Fields, Sampling};

/// Questions to the client, by keys the handler chose, and what the handler wants to remember.
///
/// ```
/// use mcpring::model::{Elicitation, Property};
/// use mcpring::server::{Ask, Call, Outcome, Tool};
///
/// let greet = Tool::raw("greet", r#"{"type": "object"}"#, |call: &mut Call<'_>| {
///     let question = Elicitation::form("Who are you?").property(Property::text("name").required());
///     let answer = call.elicit("who", &question)?;
///     let Some(name) = answer.text("name").filter(|_| answer.is_accepted()) else {
///         return Ok(String::from("Never mind."));
///     };
///     // Several questions at once, and something to remember until they are answered.
///     if call.state().is_none() {
///         return Err(Ask::new().list_roots("roots").state(*b"asked").into());
///     }
///     let roots = call.list_roots("roots")?;
///     Ok::<_, Outcome>(format!("Hello, {name}, at {} places!", roots.len()))
/// });
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The questions; keys are unique. A key that was answered before is asked anew.
    pub requests: Vec<(String, AskRequest)>,
    /// What the handler gets back, unread, when it is entered again; `None` keeps what there was.
    pub state: Option<Vec<u8>>,
}

impl Ask {
    /// Nothing to ask yet.
    pub const fn new() -> Self {
        Self { requests: Vec::new(), state: None }
    }

    /// Asks the person.
    pub fn elicit(self, key: impl Into<String>, question: Elicitation) -> Self {
        self.with(key, AskRequest::Elicit(question))
    }

    /// Asks the client's model.
    pub fn sample(self, key: impl Into<String>, question: Sampling) -> Self {
        self.with(key, AskRequest::Sample(Box::new(question)))
    }

    /// Asks which places the client works in.
    pub fn list_roots(self, key: impl Into<String>) -> Self {
        self.with(key, AskRequest::Roots)
    }

    /// Adds any question.
    pub fn with(mut self, key: impl Into<String>, request: AskRequest) -> Self {
        self.requests.push((key.into(), request));
        self
    }

    /// Sets what the handler gets back when it is entered again. Clients of 2026-07-28 carry it,
    /// sealed: they can neither read nor change it, but they can send an older one again.
    pub fn state(mut self, state: impl Into<Vec<u8>>) -> Self {
        self.state = Some(state.into());
        self
    }
}

impl From<Ask> for Outcome {
    fn from(ask: Ask) -> Self {
        Self::Ask(ask)
    }
}

/// One question to the client.
#[derive(Clone, Debug)]
pub enum AskRequest {
    /// Ask the person.
    Elicit(Elicitation),
    /// Ask the client's model.
    Sample(Box<Sampling>),
    /// Ask which places the client works in.
    Roots,
    /// Ask with parameters that are JSON already.
    Raw {
        /// What is asked; it has to fit the parameters, as the client's consent hangs on it.
        method: AskMethod,
        /// A JSON object, sent as it is.
        params: Box<RawJson>,
    },
}

impl AskRequest {
    /// A question by its method, with parameters that are a JSON object and sent as they are.
    pub fn from_json(method: &str, params: &str) -> Result<Self, Error> {
        let text = PaddedBuf::copy(params.as_bytes());
        let mut parser = Parser::new(Backend::default());
        let parsed = parser.parse(text.padded());
        let parsed = parsed.map_err(|fault| Error::usage(format!("params: {fault}")))?;
        if parsed.kind() != Kind::Object {
            return Err(Error::usage("params must be a JSON object"));
        }
        let is_url = || parsed.get("mode").is_some_and(|mode| mode.eq_str("url"));
        let has_tools = || parsed.get("tools").is_some_and(|tools| tools.kind() != Kind::Null);
        let method = match method {
            "elicitation/create" if is_url() => AskMethod::UrlElicitation,
            "elicitation/create" => AskMethod::Elicitation,
            "sampling/createMessage" if has_tools() => AskMethod::ToolSampling,
            "sampling/createMessage" => AskMethod::Sampling,
            "roots/list" => AskMethod::Roots,
            other => {
                return Err(Error::usage(format!(
                    "a client can be asked elicitation/create, sampling/createMessage and \
                     roots/list, not {other:?}"
                )));
            }
        };
        let params = RawJson::from_string(params.to_owned());
        let params = params.map_err(|fault| Error::usage(format!("params: {fault}")))?;
        Ok(Self::Raw { method, params })
    }

    /// What kind of question.
    pub fn method(&self) -> AskMethod {
        match self {
            Self::Elicit(question) if question.is_url() => AskMethod::UrlElicitation,
            Self::Elicit(_) => AskMethod::Elicitation,
            Self::Sample(question) if question.uses_tools() => AskMethod::ToolSampling,
            Self::Sample(_) => AskMethod::Sampling,
            Self::Roots => AskMethod::Roots,
            Self::Raw { method, .. } => *method,
        }
    }

    /// Whether the question has a form where `fields` is the row.
    pub fn is_supported(&self, fields: &Fields) -> bool {
        match self {
            Self::Elicit(question) => question.is_supported(fields),
            Self::Sample(question) => question.is_supported(fields),
            Self::Roots | Self::Raw { .. } => true,
        }
    }

    /// Writes its members `method` and `params` into an object the caller opened.
    pub fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.member_string("method", self.method().as_str());
        w.key("params");
        match self {
            Self::Elicit(question) => question.encode_params(w, fields),
            Self::Sample(question) => question.encode_params(w, fields),
            Self::Roots => w.raw(b"{}"),
            Self::Raw { params, .. } => w.splice(params.get().as_bytes()),
        }
    }

    /// As [`Self::encode_members`], with one more member, JSON text, in the parameters' `_meta`.
    pub fn encode_members_with(&self, w: &mut Writer<'_>, fields: &Fields, meta: (&str, &[u8])) {
        let mut json = Vec::new();
        let mut plain = Writer::new(&mut json);
        plain.begin_object();
        self.encode_members(&mut plain, fields);
        plain.end_object();
        // What was just written is JSON of this shape.
        let Ok(mut members) = serde_json::from_slice::<Members>(&json) else { return };
        members.params.add_meta(meta);
        w.member_string("method", &members.method);
        w.key("params");
        members.params.encode(w);
    }
}

/// A request's members, the parameters as they were written.
#[derive(serde::Deserialize)]
struct Members {
    method: String,
    params: Params,
}

#[derive(serde::Deserialize)]
struct Params(BTreeMap<String, Box<RawJson>>);

impl Params {
    fn add_meta(&mut self, (name, json): (&str, &[u8])) {
        let own = self.0.get("_meta").and_then(|own| serde_json::from_str(own.get()).ok());
        let mut meta: BTreeMap<String, Box<RawJson>> = own.unwrap_or_default();
        let text = String::from_utf8(json.to_vec()).ok();
        if let Some(value) = text.and_then(|text| RawJson::from_string(text).ok()) {
            meta.insert(name.to_owned(), value);
        }
        if let Ok(meta) = serde_json::value::to_raw_value(&meta) {
            self.0.insert("_meta".to_owned(), meta);
        }
    }

    fn encode(&self, w: &mut Writer<'_>) {
        w.begin_object();
        for (name, value) in &self.0 {
            w.key(name);
            w.splice(value.get().as_bytes());
        }
        w.end_object();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_take_one_more_member_in_their_meta() {
        let raw = |params: &str| AskRequest::Raw {
            method: AskMethod::Sampling,
            params: RawJson::from_string(params.to_owned()).expect("the test's JSON is JSON"),
        };
        for (request, want) in [
            (AskRequest::Roots, r#""roots/list","params":{"_meta":{"k":{"a":1}}}"#),
            (
                raw(r#"{"n": 1.50e400}"#),
                r#""sampling/createMessage","params":{"_meta":{"k":{"a":1}},"n":1.50e400}"#,
            ),
            (
                raw(r#"{"_meta":{"own":true,"k":0}}"#),
                r#""sampling/createMessage","params":{"_meta":{"k":{"a":1},"own":true}}"#,
            ),
        ] {
            let mut json = Vec::new();
            let mut w = Writer::new(&mut json);
            w.begin_object();
            request.encode_members_with(&mut w, &Fields::V2025_11_25, ("k", br#"{"a":1}"#));
            w.end_object();
            let json = String::from_utf8(json).expect("JSON is UTF-8");
            assert_eq!(json, format!("{{\"method\":{want}}}"));
        }
    }
}
