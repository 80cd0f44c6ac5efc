//! What calls come to: answers on the spot, later ones, and the ones nobody waits for any more.

use super::call::ending;
use super::calls::{Due, PendingCall};
use super::labels::Ending;
use super::origin::Origin;
use super::reply::Head;
use super::{Core, Timer};
use crate::mcp::{Refusal, Row, Status, Version};
use crate::rpc::{Id, RpcError, code};
use crate::server::{CallEvent, Outcome, Ticket};

impl Core {
    /// Answers a request with what its handler came to.
    pub(super) fn write_outcome(
        &mut self,
        origin: Origin,
        id: Id<'_>,
        row: &Row,
        version: Version,
        outcome: Outcome,
    ) -> Ending {
        let ending = ending(&outcome);
        match outcome {
            Outcome::Error(error) => {
                let error = localized(error, version);
                self.reply_error(origin, Some(id), &error, Status::Ok);
            }
            Outcome::Ask(_) | Outcome::Deferred => {
                let error = RpcError::internal("the handler asked what cannot be asked here");
                self.reply_error(origin, Some(id), &error, Status::Ok);
            }
            Outcome::Raw(result) => {
                let result = result.get().as_bytes();
                self.reply_result(origin, id, &Head::default(), |w| w.raw(result));
            }
            Outcome::Resource(result) => {
                let hint = result.cache.unwrap_or_default();
                self.reply_hinted(origin, id, row, version, hint, |w, extra| {
                    result.encode_members(w, version.fields(), extra);
                });
            }
            answer => self.reply_complete(origin, id, row, version, |w, extra| {
                answer.encode_members(w, version.fields(), extra);
            }),
        }
        ending
    }

    /// Something happened to a call on another thread.
    pub(super) fn call_event(&mut self, event: CallEvent) {
        match event {
            CallEvent::Done { ticket, outcome } => self.done(ticket, outcome),
            CallEvent::Refused { ticket } => self.refused(ticket),
            CallEvent::Asked { ticket, ask, call } => self.asked(ticket, &ask, call),
            CallEvent::Progress { ticket, progress, total, message } => {
                self.progress(ticket, progress, total, message.as_deref());
            }
            CallEvent::Elicited { ticket, id } => self.elicited(ticket, &id),
            CallEvent::CloseStream { ticket } => self.close_stream(ticket),
            CallEvent::Log { ticket, level, logger, data } => {
                self.log(ticket, level, logger.as_deref(), &data);
            }
            CallEvent::BecameTask { ticket } => self.became_task(ticket),
            CallEvent::TaskStatus { ticket, message } => self.task_says(ticket, &message),
            CallEvent::Routed { waiter, response } => self.routed(waiter, &response),
            CallEvent::OutputBroken { .. } => self.metrics.outputs_broken.add(1),
        }
    }

    pub(super) fn done(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(mut call) = self.take_call(ticket) else {
            return self.metrics.answers_late.add(1);
        };
        if let Some(initialize) = call.opens.take() {
            let ending = self.write_opening(&call, *initialize, outcome);
            return self.count_call(&call, ending);
        }
        let PendingCall { origin, peer, row, version, .. } = *call;
        self.note_elicitations(peer, version, &outcome);
        if let Some(key) = call.task() {
            return self.task_done(key, version, outcome);
        }
        let ending = self.write_outcome(origin, call.id.borrow(), row, version, outcome);
        self.count_call(&call, ending);
    }

    fn refused(&mut self, ticket: Ticket) {
        let Some(call) = self.take_call(ticket) else { return };
        self.metrics.busy_refusals.add(1);
        let refusal = Refusal::busy(call.version, "all workers are busy: try again shortly");
        if let Some(key) = call.task() {
            return self.task_done(key, call.version, Outcome::Error(refusal.error));
        }
        self.refuse(call.origin, Some(call.id.borrow()), &refusal);
        self.count_call(&call, Ending::Busy);
    }

    /// Takes a call off every list; whoever still works on it is told to stop.
    pub(super) fn take_call(&mut self, ticket: Ticket) -> Option<Box<PendingCall>> {
        let call = self.calls.take(ticket)?;
        let is_task = call.task().is_some();
        if let Some(session) = self.session_of(call.peer) {
            if !is_task {
                session.pending.remove(call.id.borrow());
            }
            for id in call.asking.iter().flat_map(|asking| asking.open()) {
                session.questions.remove(id);
            }
        }
        if let Some(key) = call.listens_as {
            self.stop_listening(key);
        }
        self.stop_asking(ticket, &call.task);
        Some(call)
    }

    /// The timer of a call's place fired.
    pub(super) fn call_due(&mut self, place: u32) {
        match self.calls.due(place, self.now) {
            Due::Nothing => {}
            Due::Later(deadline) => self.timers.set(deadline, Timer::Call(place)),
            Due::Over(ticket) => self.call_timed_out(ticket),
        }
    }

    pub(super) fn call_timed_out(&mut self, ticket: Ticket) {
        self.withdraw(ticket, "the time to answer is over");
        let Some(call) = self.take_call(ticket) else { return };
        call.lifeline.cancel();
        self.metrics.timeouts.add(1);
        let time_ms = call.deadline.since(call.entered).as_millis();
        let words = match &call.asking {
            None => format!("{} did not answer within {time_ms} ms", call.name),
            Some(asking) => asking.overdue(time_ms),
        };
        let outcome = match call.row.target {
            crate::mcp::Target::ToolsCall => Outcome::failure(words),
            _ => Outcome::internal(words),
        };
        if let Some(key) = call.task() {
            return self.task_done(key, call.version, outcome);
        }
        self.write_outcome(call.origin, call.id.borrow(), call.row, call.version, outcome);
        self.count_call(&call, Ending::Timeout);
    }

    /// Its connection is gone: nobody is left to answer.
    pub(super) fn cancel_call(&mut self, ticket: Ticket) {
        let Some(call) = self.take_call(ticket) else { return };
        call.lifeline.cancel();
        self.count_call(&call, Ending::Cancelled);
        if let Origin::Batch(batch) = call.origin {
            self.nothing_in_batch(batch);
        }
    }

    /// Its client gave it up. A stream gets no answer; an HTTP exchange must end with one.
    pub(super) fn cancel_by_id(&mut self, ticket: Ticket) {
        self.withdraw(ticket, "the call that asked was cancelled");
        let Some(call) = self.take_call(ticket) else { return };
        call.lifeline.cancel();
        self.count_call(&call, Ending::Cancelled);
        match call.origin {
            Origin::Stream(_) | Origin::Task(_) => {}
            Origin::Batch(batch) => self.nothing_in_batch(batch),
            Origin::Events { session, stream } if self.is_legacy(session, stream) => {
                self.drain_legacy(session);
            }
            Origin::Exchange(_) | Origin::Remote { .. } | Origin::Events { .. } => {
                let error = RpcError::new(code::CANCELLED, "the request was cancelled");
                self.reply_error(call.origin, Some(call.id.borrow()), &error, Status::Ok);
            }
        }
    }

    pub(super) fn count_call(&self, call: &PendingCall, ending: Ending) {
        let time = self.now.since(call.started).as_nanos() as u64;
        self.metrics.count_request(call.label, ending as usize, time);
    }
}

/// A handler's error as `version` knows it.
pub(super) fn localized(mut error: RpcError, version: Version) -> RpcError {
    match error.code {
        code::RESOURCE_NOT_FOUND => error.code = version.resource_not_found(),
        code::URL_ELICITATION_REQUIRED if !version.fields().elicitation_id => {
            error = RpcError::internal(error.message);
        }
        _ => {}
    }
    error
}
