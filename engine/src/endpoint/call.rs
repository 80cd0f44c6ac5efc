//! Calls of tools, resources and prompts: found, checked, run where their feature says.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Core;
use super::calls::{PendingCall, TaskLink};
use super::labels::Ending;
use super::lifecycle::Carried;
use super::message::Incoming;
use super::origin::{Origin, Peer};
use super::task::{BeginTask, Manner, TaskSeed};
use super::{ListenerKind, Now, Output, Timer};
use crate::json::{Kind, Value};
use crate::limits::URI_BYTES_MAX;
use crate::mcp::{Admitted, Client, Initialize, Refusal, Session, Version, progress_token};
use crate::rpc::{Request, RpcError};
use crate::server::{
    Call, CallContext, CallSource, Execution, Feature, Lifeline, Outcome, Post, RequestFacts,
    TaskName, Ticket,
};
use crate::slot::Slot;

/// What carries exchanges, in the word for handlers.
const HTTP: &str = "http";

/// What a call can get from the message it came with.
pub(super) struct Source<'a> {
    incoming: &'a Incoming<'a>,
    admitted: &'a Admitted<'a>,
    request: &'a Request<'a>,
    client: Option<Arc<Client>>,
    ticket: Ticket,
    post: Rc<Arc<dyn Post>>,
    /// Until when the answer is wanted, unless the call becomes a task.
    deadline: Now,
    /// For features that keep it.
    facts: Option<Arc<RequestFacts>>,
    lifeline: OnceCell<Arc<Lifeline>>,
    task: Option<TaskName>,
}

impl Source<'_> {
    fn lifeline(&self) -> &Arc<Lifeline> {
        self.lifeline.get_or_init(|| Arc::new(Lifeline::until(self.deadline.0)))
    }
}

impl CallSource for Source<'_> {
    fn share(&self, part: &[u8]) -> Bytes {
        self.incoming.share(part)
    }

    fn context(&self) -> Arc<CallContext> {
        let client = self.client.clone().or_else(|| {
            let envelope = self.admitted.envelope?;
            Some(Arc::new(envelope.client()))
        });
        let token = progress_token(self.request.params).map(Bytes::copy_from_slice);
        let lifeline = Arc::clone(self.lifeline());
        let context = CallContext::new(self.admitted.version, self.ticket, Arc::clone(&self.post));
        let context = context.with_principal(self.incoming.principal.cloned());
        let context = context.with_task(self.task.clone()).with_request(self.facts.clone());
        Arc::new(context.with_client(client).with_progress_token(token).with_lifeline(lifeline))
    }
}

impl Core {
    pub(super) fn call_tool(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let server = self.server.clone();
        let name = text_param(request, "name")?;
        let Some(tool) = server.features().tools().find(&name) else {
            return Err(invalid(format!("unknown tool: {}", shown(&name))));
        };
        let arguments = object_param(request, "arguments")?;
        if let Some(params) = incoming.params.filter(|_| admitted.envelope.is_some()) {
            super::param_header::check(tool.headers(), arguments, params)?;
        }
        let mut manner = self.manner(tool, request, admitted)?;
        let mut misfit = None;
        if let Err(words) = tool.check_in_words(arguments) {
            match &mut manner {
                _ if tool.feature().is_lenient() => misfit = Some(words.into()),
                // Who asked for a task gets one; it fails.
                Manner::Task(_, failure) if admitted.version.fields().core_tasks => {
                    *failure = Some(words);
                }
                _ => return self.bad_arguments(incoming, request, admitted, words),
            }
        }
        self.run(incoming, request, admitted, tool.feature(), manner, |source| {
            Call::tool(tool, arguments, source).with_misfit(misfit)
        })
    }

    pub(super) fn get_prompt(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let server = self.server.clone();
        let name = text_param(request, "name")?;
        let Some(prompt) = server.features().prompts().find(&name) else {
            return Err(invalid(format!("unknown prompt: {}", shown(&name))));
        };
        let arguments = object_param(request, "arguments")?;
        prompt.check(arguments).map_err(Refusal::quiet)?;
        self.run(incoming, request, admitted, prompt.feature(), Manner::Plain, |source| {
            Call::prompt(prompt, arguments, source)
        })
    }

    pub(super) fn read_resource(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let server = self.server.clone();
        let uri = uri_param(request)?;
        let Some(found) = server.features().resource(&uri) else {
            return Err(no_resource(&uri, admitted.version));
        };
        self.run(incoming, request, admitted, found.feature(), Manner::Plain, |source| {
            Call::resource(&found, &uri, source)
        })
    }

    /// Arguments that do not fit are a failure the model can mend, or a protocol error before the
    /// versions that say so (SEP-1303).
    fn bad_arguments(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
        words: String,
    ) -> Carried {
        if !admitted.version.has_argument_failures() {
            return Err(invalid(words));
        }
        let outcome = Outcome::failure(words);
        let Admitted { row, version, .. } = *admitted;
        Ok(Some(self.write_outcome(incoming.origin, request.id, row, version, outcome)))
    }

    pub(super) fn run<'a>(
        &mut self,
        incoming: &'a Incoming<'a>,
        request: &'a Request<'a>,
        admitted: &'a Admitted<'a>,
        feature: &Feature,
        manner: Manner,
        call: impl for<'s> FnOnce(&'s Source<'a>) -> Call<'s>,
    ) -> Carried {
        if let Some(done) = self.forbid(incoming, feature) {
            return done;
        }
        let known = self.check_peer(incoming.peer, request, admitted.version)?;
        let client = manner.client().or(known);
        let facts = feature.keeps_request();
        let facts = facts.then(|| self.request_facts(incoming, request, admitted.version));
        let source = Source {
            incoming,
            admitted,
            request,
            client,
            ticket: self.calls.reserve(),
            post: Rc::clone(&self.post),
            deadline: self.now.after_ms(self.call_ms(feature)),
            facts,
            lifeline: OnceCell::new(),
            task: manner.task_name(),
        };
        let call = call(&source);
        let asked = match self.brought(incoming.principal.map(|p| &**p), request, admitted, &call) {
            Ok(asked) => asked,
            Err(refusal) => {
                self.calls.release(source.ticket);
                return Err(refusal);
            }
        };
        let call = call.with_asked(asked.as_ref());
        let (offer, opens) = match manner {
            Manner::Plain => (TaskLink::Nothing, None),
            Manner::Offer(seed) => (TaskLink::Offered(seed), None),
            Manner::Opening(initialize) => (TaskLink::Nothing, Some(initialize)),
            Manner::Task(seed, failure) => {
                return self.run_task(&source, feature, call, &seed, failure);
            }
        };
        if feature.execution() == Execution::Inline {
            return Ok(self.run_here(&source, feature, call, offer, opens));
        }
        let job = call.into_job();
        self.wait_for(&source, feature, offer, opens);
        self.outbox.outputs.push_back(Output::Work(job));
        Ok(None)
    }

    /// Copies what came with a request, for as long as its call takes.
    fn request_facts(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        version: Version,
    ) -> Arc<RequestFacts> {
        let transport = match incoming.peer {
            Peer::Stream(slot) => self.transport(slot),
            Peer::Session(_) | Peer::Newcomer | Peer::Exchange => HTTP,
        };
        let session_id = match incoming.peer {
            Peer::Session(key) => Some(self.sessions.id(key)),
            // A connection that has shaken hands is a session; without, each request is alone.
            Peer::Stream(slot) if version.has_handshake() => {
                let Slot { index, generation } = slot;
                Some(format!("{transport}-{}-{index}-{generation}", self.shard))
            }
            Peer::Stream(_) | Peer::Newcomer | Peer::Exchange => None,
        };
        let facts = RequestFacts::new(transport, request).with_session_id(session_id);
        Arc::new(facts.with_head(incoming.head))
    }

    /// What carries a connection, in the word for handlers.
    fn transport(&mut self, slot: Slot) -> &'static str {
        let listener = self.slots.get_mut(slot).map(|connection| connection.listener);
        match listener.and_then(|listener| self.listeners.get(listener as usize)) {
            Some(ListenerKind::Pipe(_, medium)) => medium.as_str(),
            Some(ListenerKind::Http(_)) | None => HTTP,
        }
    }

    /// Runs a call whose handler is brief.
    fn run_here(
        &mut self,
        source: &Source<'_>,
        feature: &Feature,
        mut call: Call<'_>,
        offer: TaskLink,
        opens: Option<Box<Initialize>>,
    ) -> Option<Ending> {
        match call.invoke() {
            Outcome::Deferred => {
                drop(call);
                self.wait_for(source, feature, offer, opens);
                None
            }
            Outcome::Ask(ask) => {
                let parked = call.park();
                drop(call);
                self.wait_for(source, feature, offer, opens);
                self.asked(source.ticket, &ask, parked);
                None
            }
            outcome => {
                drop(call);
                self.calls.release(source.ticket);
                if let Some(initialize) = opens {
                    let call = self.pending_call(source, feature);
                    return Some(self.write_opening(&call, *initialize, outcome));
                }
                let Source { incoming, admitted, request, .. } = source;
                let Admitted { row, version, .. } = **admitted;
                self.note_elicitations(incoming.peer, version, &outcome);
                Some(self.write_outcome(incoming.origin, request.id, row, version, outcome))
            }
        }
    }

    /// Runs a call as a task: its request is answered before anything else happens.
    fn run_task(
        &mut self,
        source: &Source<'_>,
        feature: &Feature,
        mut call: Call<'_>,
        seed: &TaskSeed,
        failure: Option<String>,
    ) -> Carried {
        let Source { incoming, admitted, request, ticket, .. } = source;
        let (ticket, peer, version) = (*ticket, incoming.peer, admitted.version);
        let principal = incoming.principal.cloned();
        if let Err(refusal) = self.check_task_room(principal.as_deref(), peer, version) {
            self.calls.release(ticket);
            return Err(refusal);
        }
        let over = self.task_expiry(seed);
        let own = feature.timeout().map(|time| self.now.after_ms(time.as_millis() as u64));
        let entry = PendingCall {
            origin: Origin::Task(seed.key),
            task: TaskLink::Is(seed.key),
            deadline: own.map_or(over, |own| own.min(over)),
            ..self.pending_call(source, feature)
        };
        self.enter_call(ticket, entry);
        let (origin, id) = (incoming.origin, request.id);
        self.begin_task(seed, BeginTask { ticket, origin, id, peer, version, principal });
        if let Some(words) = failure {
            self.done(ticket, Outcome::failure(words));
        } else if feature.execution() == Execution::Inline {
            match call.invoke() {
                Outcome::Deferred => {}
                Outcome::Ask(ask) => {
                    let parked = call.park();
                    self.asked(ticket, &ask, parked);
                }
                outcome => self.done(ticket, outcome),
            }
        } else {
            self.outbox.outputs.push_back(Output::Work(call.into_job()));
        }
        Ok(Some(Ending::Result))
    }

    /// Refuses an id in flight and a call too many; gives who is asking if a session knows it.
    pub(super) fn check_peer(
        &mut self,
        peer: Peer,
        request: &Request<'_>,
        version: Version,
    ) -> Result<Option<Arc<Client>>, Refusal> {
        let inflight_max = self.config.inflight_calls_max;
        let Some(session) = self.session_of(peer) else { return Ok(None) };
        if session.pending.contains(request.id) {
            return Err(Refusal::bad_request(RpcError::invalid_request(
                "a request with this id is in flight: use another id",
            )));
        }
        if session.pending.len() >= inflight_max {
            return Err(Refusal::busy(version, "too many unanswered calls: wait for some answers"));
        }
        Ok(session.client().cloned())
    }

    pub(super) fn session_of(&mut self, peer: Peer) -> Option<&mut Session> {
        match peer {
            Peer::Stream(slot) => self.slots.get_mut(slot)?.session.as_deref_mut(),
            Peer::Session(key) => self.session(key),
            Peer::Newcomer | Peer::Exchange => None,
        }
    }

    /// Enters a call that is answered later.
    fn wait_for(
        &mut self,
        source: &Source<'_>,
        feature: &Feature,
        task: TaskLink,
        opens: Option<Box<Initialize>>,
    ) {
        let call = PendingCall { task, opens, ..self.pending_call(source, feature) };
        self.enter_call(source.ticket, call);
    }

    fn pending_call(&self, source: &Source<'_>, feature: &Feature) -> PendingCall {
        let Source { incoming, admitted, request, .. } = source;
        PendingCall {
            origin: incoming.origin,
            peer: incoming.peer,
            principal: incoming.principal.cloned(),
            id: request.id.to_owned(),
            label: admitted.index,
            row: admitted.row,
            version: admitted.version,
            name: feature.name().into(),
            progress_token: progress_token(request.params).map(Into::into),
            progress: None,
            log_level: admitted.envelope.and_then(|envelope| envelope.log_level()),
            lifeline: Arc::clone(source.lifeline()),
            started: self.now,
            entered: self.now,
            deadline: source.deadline,
            listens_as: None,
            asking: None,
            task: TaskLink::Nothing,
            opens: None,
        }
    }

    /// Puts a call on every list it belongs on.
    pub(super) fn enter_call(&mut self, ticket: Ticket, call: PendingCall) {
        // A task's request is answered already.
        if call.task().is_none()
            && let Some(session) = self.session_of(call.peer)
        {
            session.pending.register(call.id.borrow(), ticket.0);
        }
        // Over HTTP closing the connection cancels in the stateless era only.
        if let (Origin::Exchange(slot), Peer::Exchange) = (call.origin, call.peer)
            && let Some(connection) = self.slots.get_mut(slot)
            && let Some(exchange) = &mut connection.exchange
        {
            exchange.call = Some(ticket);
        }
        if let Some((place, due)) = self.calls.insert(ticket, call) {
            self.timers.set(due, Timer::Call(place));
        }
    }

    pub(super) fn call_ms(&self, feature: &Feature) -> u64 {
        let own = feature.timeout().or(self.server.call_timeout());
        own.map_or(self.config.call_ms, |time: Duration| time.as_millis() as u64)
    }
}

pub(super) fn text_param<'p>(request: &Request<'p>, name: &str) -> Result<Cow<'p, str>, Refusal> {
    let value = request.params.and_then(|params| params.get(name));
    value
        .and_then(Value::as_str)
        .ok_or_else(|| invalid(format!("params.{name} is missing or no string")))
}

pub(super) fn object_param<'p>(
    request: &Request<'p>,
    name: &str,
) -> Result<Option<Value<'p>>, Refusal> {
    let value = request.params.and_then(|params| params.get(name));
    match value.map(Value::kind) {
        None => Ok(None),
        Some(Kind::Object) => Ok(value),
        Some(_) => Err(invalid(format!("params.{name} must be an object"))),
    }
}

pub(super) fn uri_param<'p>(request: &Request<'p>) -> Result<Cow<'p, str>, Refusal> {
    let uri = text_param(request, "uri")?;
    if uri.len() > URI_BYTES_MAX {
        return Err(invalid(format!("params.uri is longer than {URI_BYTES_MAX} bytes")));
    }
    Ok(uri)
}

/// There is no such resource, in the words of the version.
pub(super) fn no_resource(uri: &str, version: Version) -> Refusal {
    let error = RpcError::new(version.resource_not_found(), "resource not found");
    Refusal::quiet(error.with_data(&serde_json::json!({ "uri": uri })))
}

pub(super) fn invalid(words: String) -> Refusal {
    Refusal::quiet(RpcError::invalid_params(words))
}

/// Enough of a peer's text to recognise it.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

/// For the metrics of calls that are answered on the spot.
pub(super) fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Tool(result) if result.is_error => Ending::Failure,
        Outcome::Tool(_)
        | Outcome::Resource(_)
        | Outcome::Prompt(_)
        | Outcome::Completion(_)
        | Outcome::Raw(_) => Ending::Result,
        Outcome::Error(_) | Outcome::Ask(_) | Outcome::Deferred => Ending::Error,
    }
}
