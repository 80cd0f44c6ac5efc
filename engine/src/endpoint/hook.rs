//! What the engine answers by itself: at once, or with its method's hook having the last word.

use super::Core;
use super::dispatch::{MetaExtra, write_complete};
use super::labels::Ending;
use super::lifecycle::Carried;
use super::message::Incoming;
use super::reply::Head;
use super::task::Manner;
use crate::json::Writer;
use crate::mcp::Admitted;
use crate::rpc::Request;
use crate::server::Call;

impl Core {
    /// Answers with the complete result whose members `members` writes, `_meta` with them.
    pub(super) fn answer_complete(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
        members: impl FnOnce(&mut Writer<'_>, &MetaExtra<'_>),
    ) -> Carried {
        let server = self.server.clone();
        let Admitted { row, version, .. } = *admitted;
        let hint = row.is_cacheable.then_some(server.cache_hint());
        self.answer_own(incoming, request, admitted, Manner::Plain, |w| {
            write_complete(w, &server, hint, version, members);
        })
    }

    /// Answers with the result that `write` writes, unless its method has a hook: that is called
    /// with it, in this `manner`.
    pub(super) fn answer_own(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
        manner: Manner,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> Carried {
        let server = self.server.clone();
        let Some(hook) = server.hook(admitted.row.target) else {
            let head = match manner {
                Manner::Opening(initialize) => {
                    let principal = incoming.principal.cloned();
                    self.shake_hands(incoming.peer, principal, *initialize)
                }
                Manner::Plain | Manner::Offer(_) | Manner::Task(..) => Head::default(),
            };
            self.reply_result(incoming.origin, request.id, &head, write);
            return Ok(Some(Ending::Result));
        };
        let mut json = Vec::new();
        write(&mut Writer::new(&mut json));
        let result = String::from_utf8_lossy(&json);
        self.run(incoming, request, admitted, hook, manner, |source| {
            Call::hook(hook, &result, request.params, source)
        })
    }
}
