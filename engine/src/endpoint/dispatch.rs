//! From an admitted request to whoever answers it: one match over the method table's targets.

use super::Core;
use super::labels::Ending;
use super::message::Incoming;
use super::reply::Head;
use crate::json::Writer;
use crate::mcp::{Admitted, META_SERVER_INFO, Refusal, Row, Target, Version};
use crate::model::CacheHint;
use crate::rpc::{Id, Request};
use crate::server::Server;

/// Members for a result's `_meta`: key and JSON text.
pub(super) type MetaExtra<'a> = [(&'a str, &'a [u8])];

impl Core {
    pub(super) fn dispatch(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) {
        if !self.server.offers(admitted.row.needs) {
            self.answered.push((admitted.index as u8, Ending::Refused));
            let refusal = Refusal::no_method(&request.method, admitted.envelope.is_some());
            return self.refuse(incoming.origin, Some(request.id), &refusal);
        }
        let done = match admitted.row.target {
            Target::Initialize => self.initialize(incoming, request, admitted),
            Target::Ping => {
                let head = Head::default();
                self.reply_result(incoming.origin, request.id, &head, |w| w.raw(b"{}"));
                Ok(Some(Ending::Result))
            }
            Target::Discover => self.discover(incoming, request, admitted),
            Target::ToolsList
            | Target::ResourcesList
            | Target::TemplatesList
            | Target::PromptsList => self.list(incoming, request, admitted),
            Target::ToolsCall => self.call_tool(incoming, request, admitted),
            Target::ResourcesRead => self.read_resource(incoming, request, admitted),
            Target::PromptsGet => self.get_prompt(incoming, request, admitted),
            Target::Complete => self.complete(incoming, request, admitted),
            Target::SetLevel => self.set_level(incoming, request),
            Target::Subscribe | Target::Unsubscribe => self.subscribe(incoming, request, admitted),
            Target::Listen => self.listen(incoming, request, admitted),
            Target::TasksGet
            | Target::TasksResult
            | Target::TasksList
            | Target::TasksCancel
            | Target::TasksUpdate => self.task_request(incoming, request, admitted),
            Target::Initialized
            | Target::Cancelled
            | Target::Progress
            | Target::RootsChanged
            | Target::TaskStatus
            | Target::Outgoing => Err(Refusal::no_method(&request.method, false)),
        };
        match done {
            Ok(Some(ending)) => self.answered.push((admitted.index as u8, ending)),
            // It waits for its outcome, and is counted then.
            Ok(None) => {}
            Err(refusal) => {
                let ending = if refusal.is_busy() { Ending::Busy } else { Ending::Error };
                self.answered.push((admitted.index as u8, ending));
                self.refuse(incoming.origin, Some(request.id), &refusal);
            }
        }
    }

    /// Answers with a complete result; `members` writes its members, `_meta` with them.
    pub(super) fn reply_complete(
        &mut self,
        origin: super::origin::Origin,
        id: Id<'_>,
        row: &Row,
        version: Version,
        members: impl FnOnce(&mut Writer<'_>, &MetaExtra<'_>),
    ) {
        let hint = self.server.cache_hint();
        self.reply_hinted(origin, id, row, version, hint, members);
    }

    /// As [`Self::reply_complete`], with another cache hint than that of the server's lists.
    pub(super) fn reply_hinted(
        &mut self,
        origin: super::origin::Origin,
        id: Id<'_>,
        row: &Row,
        version: Version,
        hint: CacheHint,
        members: impl FnOnce(&mut Writer<'_>, &MetaExtra<'_>),
    ) {
        let server = self.server.clone();
        let hint = row.is_cacheable.then_some(hint);
        self.reply_result(origin, id, &Head::default(), |w| {
            write_complete(w, &server, hint, version, members);
        });
    }
}

/// Writes a complete result with what its version adds to every result.
pub(super) fn write_complete(
    w: &mut Writer<'_>,
    server: &Server,
    hint: Option<CacheHint>,
    version: Version,
    members: impl FnOnce(&mut Writer<'_>, &MetaExtra<'_>),
) {
    w.begin_object();
    if version.has_result_type() {
        w.raw(br#""resultType":"complete""#);
        if let Some(hint) = hint {
            hint.encode_members(w);
        }
        members(w, &[(META_SERVER_INFO, server.info_json(version.fields()))]);
    } else {
        members(w, &[]);
    }
    w.end_object();
}

/// Writes `_meta` with these members, if there are any.
pub(super) fn write_meta(w: &mut Writer<'_>, extra: &MetaExtra<'_>) {
    if extra.is_empty() {
        return;
    }
    w.key("_meta");
    w.begin_object();
    for (key, value) in extra {
        w.member_raw(key, value);
    }
    w.end_object();
}
