//! Asking in the stateless era: a result that asks, and the same request again with the answers.
//!
//! Nothing is kept here in between. What the handler has to remember travels with the client as
//! `requestState`, sealed, and accepted only with the request it was made for.

use std::sync::Arc;

use rand::RngExt;

use super::Core;
use super::dispatch::write_meta;
use super::labels::Ending;
use super::reply::Head;
use super::request_state;
use crate::auth::Principal;
use crate::error::LimitError;
use crate::json::{Kind, Value};
use crate::limits::STATE_TTL_S;
use crate::mcp::{
    Admitted, AskMethod, Binding, META_SERVER_INFO, Refusal, Row, SealError, required_capabilities,
};
use crate::rpc::{RawJson, Request, RpcError, code};
use crate::server::{Answer, Ask, Asked, Call, Outcome, Parked, Ticket};

impl Core {
    /// Answers a call with what its handler asks.
    pub(super) fn ask_in_result(&mut self, ticket: Ticket, ask: &Ask, parked: &Parked) {
        let Some(row) = self.calls.get(ticket).map(|call| call.row) else { return };
        let asked = parked.asked().after(ask);
        let name = if parked.uri().is_empty() { parked.feature().name() } else { parked.uri() };
        let binding = binding(parked.context().principal(), row, name, parked.arguments_json());
        let state = match self.seal_state(&asked, binding) {
            Ok(state) => state,
            Err(limit) => {
                let words = format!("there is too much to remember for the next round: {limit}");
                return self.done(ticket, Outcome::internal(words));
            }
        };
        let Some(call) = self.take_call(ticket) else { return };
        let fields = call.version.fields();
        let server = self.server.clone();
        self.reply_result(call.origin, call.id.borrow(), &Head::default(), |w| {
            w.begin_object();
            w.member_string("resultType", "input_required");
            if !ask.requests.is_empty() {
                w.key("inputRequests");
                w.begin_object();
                for (key, request) in &ask.requests {
                    w.key(key);
                    w.begin_object();
                    request.encode_members(w, fields);
                    w.end_object();
                }
                w.end_object();
            }
            if let Some(state) = &state {
                w.member_string("requestState", state);
            }
            write_meta(w, &[(META_SERVER_INFO, server.info_json(fields))]);
            w.end_object();
        });
        self.count_call(&call, Ending::Result);
    }

    /// Refuses a call whose client did not declare, on this request, what has to be asked.
    pub(super) fn refuse_undeclared(&mut self, ticket: Ticket, missing: &[AskMethod]) {
        let Some(call) = self.take_call(ticket) else { return };
        let refusal = Refusal::bad_request(undeclared(missing));
        self.refuse(call.origin, Some(call.id.borrow()), &refusal);
        self.count_call(&call, Ending::Error);
    }

    /// What a request brings along from earlier ones like it. In the handshake era: nothing.
    pub(super) fn brought(
        &self,
        principal: Option<&Principal>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
        call: &Call<'_>,
    ) -> Result<Option<Arc<Asked>>, Refusal> {
        let may_ask = admitted.envelope.is_some() && call.kind().may_ask();
        let Some(params) = request.params.filter(|_| may_ask) else {
            return Ok(None);
        };
        let (responses, state) = (params.get("inputResponses"), params.get("requestState"));
        if responses.is_none() && state.is_none() {
            return Ok(None);
        }
        let name = if call.uri().is_empty() { call.name() } else { call.uri() };
        let mut asked = match state {
            None => Asked::default(),
            Some(state) => {
                let binding = binding(principal, admitted.row, name, call.arguments_json());
                self.open_state(state, binding)?
            }
        };
        if let Some(responses) = responses {
            read_responses(responses, &mut asked)?;
        }
        Ok(Some(Arc::new(asked)))
    }

    fn seal_state(
        &mut self,
        asked: &Asked,
        binding: [u8; 32],
    ) -> Result<Option<String>, LimitError> {
        let Some(plain) = request_state::encode(asked) else { return Ok(None) };
        let (nonce, expires) = (self.rng.random(), self.unix_s() + STATE_TTL_S);
        self.state_ring.seal(nonce, expires, &binding, &plain).map(Some)
    }

    fn open_state(&self, state: Value<'_>, binding: [u8; 32]) -> Result<Asked, Refusal> {
        let text = state.as_str().ok_or_else(|| invalid("params.requestState must be a string"))?;
        let plain = self.state_ring.open(&text, self.unix_s(), &binding);
        let plain = plain.map_err(|fault| invalid(fault.text()))?;
        // Another release of the engine, which shares the keys, may write another form.
        request_state::decode(&plain).ok_or_else(|| invalid(SealError::Malformed.text()))
    }
}

/// The request has to declare that its client can be asked these.
pub(super) fn undeclared(missing: &[AskMethod]) -> RpcError {
    let required = required_capabilities(missing.iter().copied());
    let message = "the request has to declare the client capabilities in data.requiredCapabilities";
    RpcError::new(code::MISSING_CAPABILITY, message)
        .with_data(&serde_json::json!({ "requiredCapabilities": required }))
}

/// What state belongs to: only the same request of the same principal gets it back.
fn binding(principal: Option<&Principal>, row: &Row, name: &str, arguments: &[u8]) -> [u8; 32] {
    Binding::new(principal.map(Principal::key), row.name, name).part(arguments).digest()
}

fn read_responses(responses: Value<'_>, asked: &mut Asked) -> Result<(), Refusal> {
    if responses.kind() != Kind::Object {
        return Err(invalid("params.inputResponses must be an object"));
    }
    for (key, response) in responses.members() {
        let text = str::from_utf8(response.raw()).ok().filter(|_| response.kind() == Kind::Object);
        let json = text.and_then(|text| RawJson::from_string(text.to_owned()).ok());
        let Some(json) = json else {
            return Err(invalid("a member of params.inputResponses is no object"));
        };
        let key = key.as_str().unwrap_or_default();
        if !asked.answers.put(&key, Answer::Result(json)) {
            return Err(invalid("params.inputResponses has more members than can be asked for"));
        }
    }
    Ok(())
}

fn invalid(words: &'static str) -> Refusal {
    Refusal::quiet(RpcError::invalid_params(words))
}
