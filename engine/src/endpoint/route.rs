//! Requests for routes of the program's own: handed over, waited for, answered in their turn.
//!
//! Such a request is an exchange like any other: the connection reads no further one before it is
//! answered, a drain waits for it, and its time is limited. Nobody is asked for a token: who may
//! use a route is the program's to say.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Core, ListenerKind, Now};
use crate::server::{Lifeline, RouteCall, RouteRequest, RouteResponse, RouteWaiter};
use crate::slot::Slot;
use crate::transport::{Chunk, Exchange, respond, respond_page};

/// The route's part of an open exchange.
#[derive(Debug)]
pub(super) struct OpenRoute {
    serial: u64,
    /// Until when an answer is waited for.
    pub(super) deadline: Now,
    /// The answer's body is left out.
    is_head: bool,
    lifeline: Arc<Lifeline>,
    is_answered: bool,
}

/// However it ends without an answer, whoever works on it is told.
impl Drop for OpenRoute {
    fn drop(&mut self) {
        if !self.is_answered {
            self.lifeline.cancel();
        }
    }
}

impl Core {
    pub(super) fn run_route(
        &mut self,
        slot: Slot,
        number: u16,
        exchange: &Exchange<'_>,
        chunk: &dyn Chunk,
    ) {
        let handler = self.routes.get(usize::from(number)).map(Arc::clone);
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let listener = self.listeners.get(usize::from(connection.listener));
        let Some(ListenerKind::Http(rules)) = listener else { return };
        let asked = exchange.own_request(rules);
        let (Some(handler), Some(asked), Some(open)) = (handler, asked, &mut connection.exchange)
        else {
            return;
        };
        self.metrics.route_requests.add(1);
        self.route_serial += 1;
        let deadline = self.now.after_ms(self.config.call_ms);
        let route = OpenRoute {
            serial: self.route_serial,
            deadline,
            is_head: &*asked.method == "HEAD",
            lifeline: Arc::new(Lifeline::until(deadline.0)),
            is_answered: false,
        };
        let waiter = RouteWaiter { slot, serial: route.serial };
        let lifeline = Arc::clone(&route.lifeline);
        open.route = Some(Box::new(route));
        let request = RouteRequest {
            method: asked.method,
            path: asked.path,
            query: asked.query,
            headers: asked.headers,
            variables: asked.variables,
            body: exchange.body.share(chunk, 0..exchange.body.len()),
        };
        let call = RouteCall::new(request, waiter, Arc::clone(&self.post), lifeline);
        // The call that is dropped with a panic has the peer answered.
        let _ = catch_unwind(AssertUnwindSafe(|| handler.answer(call)));
    }

    /// A route's answer has come.
    pub(super) fn routed(&mut self, waiter: RouteWaiter, response: &RouteResponse) {
        let RouteWaiter { slot, serial } = waiter;
        let open = self.slots.get_mut(slot).and_then(|connection| connection.exchange.as_mut());
        let route = open.and_then(|open| open.route.as_mut()).filter(|it| it.serial == serial);
        let Some(route) = route else { return self.metrics.answers_late.add(1) };
        route.is_answered = true;
        let is_head = route.is_head;
        let Some((connection, keep_alive)) = self.take_exchange(slot) else { return };
        let out = &mut connection.out;
        let (status, headers) = (response.status(), response.headers());
        respond_page(out, status, headers, response.bytes(), !is_head, keep_alive);
        self.touch(slot);
    }

    /// A route's time may be over: its connection's timer has fired.
    pub(super) fn route_due(&mut self, slot: Slot) {
        let now = self.now;
        let open = self.slots.get_mut(slot).and_then(|connection| connection.exchange.as_ref());
        let is_over =
            open.and_then(|open| open.route.as_ref()).is_some_and(|it| it.deadline <= now);
        if !is_over {
            return;
        }
        self.metrics.timeouts.add(1);
        let Some((connection, keep_alive)) = self.take_exchange(slot) else { return };
        let text = Some("text/plain; charset=utf-8");
        respond(&mut connection.out, 504, &[], text, keep_alive, |out| {
            out.extend_from_slice(b"Gateway timeout: the server took too long to answer.\n");
        });
        self.touch(slot);
    }
}
