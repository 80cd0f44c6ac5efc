//! Log messages and progress of calls, as far as the client wants them.

use super::Core;
use super::labels::Ending;
use super::lifecycle::Carried;
use super::message::Incoming;
use super::notify::notification;
use super::reply::Head;
use super::task::write_related;
use crate::json::Value;
use crate::mcp::Refusal;
use crate::model::{LogLevel, RawJson};
use crate::rpc::{Request, RpcError};
use crate::server::Ticket;

impl Core {
    /// `logging/setLevel`: from now on this peer wants messages of that level and graver ones.
    pub(super) fn set_level(&mut self, incoming: &Incoming<'_>, request: &Request<'_>) -> Carried {
        let level = request
            .params
            .and_then(|params| params.get("level"))
            .and_then(Value::as_str)
            .and_then(|word| LogLevel::parse(&word))
            .ok_or_else(|| Refusal::quiet(RpcError::invalid_params(LEVELS)))?;
        if let Some(session) = self.session_of(incoming.peer) {
            session.log_level = Some(level);
        }
        self.reply_result(incoming.origin, request.id, &Head::default(), |w| w.raw(b"{}"));
        Ok(Some(Ending::Result))
    }

    /// A call has something to say.
    pub(super) fn log(
        &mut self,
        ticket: Ticket,
        level: LogLevel,
        logger: Option<&str>,
        data: &RawJson,
    ) {
        let Some(call) = self.calls.get(ticket) else { return };
        let (peer, own) = (call.peer, call.log_level);
        // In the handshake era the level is the session's, and what the client did not say is
        // ours to choose; in the stateless era who names no level wants no messages.
        let wanted =
            match self.session_of(peer).map(|session| (session.version(), session.log_level)) {
                Some((Some(_), level)) => Some(level.unwrap_or(LogLevel::Info)),
                _ => own,
            };
        if !self.server.capabilities().logging || wanted.is_none_or(|wanted| level < wanted) {
            return;
        }
        if !self.takes_news(peer) {
            return self.metrics.notifications_dropped.add(1);
        }
        let task = self.related_task(ticket);
        self.notify_call(ticket, |w| {
            notification(w, "notifications/message", |w| {
                write_related(w, task.as_deref());
                w.member_string("level", level.as_str());
                if let Some(logger) = logger {
                    w.member_string("logger", logger);
                }
                w.key("data");
                w.splice(data.get().as_bytes());
            });
        });
    }

    /// Tells the client how far its call is. Reports that do not grow are dropped: the protocol
    /// demands that they do.
    pub(super) fn progress(
        &mut self,
        ticket: Ticket,
        progress: f64,
        total: Option<f64>,
        message: Option<&str>,
    ) {
        let Some(call) = self.calls.get_mut(ticket) else { return };
        let Some(token) = call.progress_token.clone() else { return };
        if !progress.is_finite() || call.progress.is_some_and(|before| progress <= before) {
            return;
        }
        let (peer, fields) = (call.peer, call.version.fields());
        if !self.takes_news(peer) {
            return self.metrics.notifications_dropped.add(1);
        }
        if let Some(call) = self.calls.get_mut(ticket) {
            call.progress = Some(progress);
        }
        let task = self.related_task(ticket);
        self.notify_call(ticket, |w| {
            notification(w, "notifications/progress", |w| {
                write_related(w, task.as_deref());
                w.raw_parts(&[br#""progressToken":"#, &token]);
                w.spelled(r#""progress":"#);
                w.float(progress);
                if let Some(total) = total {
                    w.spelled(r#""total":"#);
                    w.float(total);
                }
                if let Some(message) = message.filter(|_| fields.progress_message) {
                    w.member_string("message", message);
                }
            });
        });
    }
}

const LEVELS: &str = "params.level must be one of debug, info, notice, warning, error, critical, \
                      alert, emergency";
