//! Lists: a page of ready bytes, spliced.

use super::Core;
use super::dispatch::write_meta;
use super::lifecycle::Carried;
use super::message::Incoming;
use crate::json::Value;
use crate::mcp::{Admitted, Cursor, Refusal, Target};
use crate::rpc::{Request, RpcError};

impl Core {
    pub(super) fn list(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let list = admitted.index as u8;
        let position = position(request.params, list)?;
        let server = self.server.clone();
        let (features, fields) = (server.features(), admitted.version.fields());
        let limit = self.config.page_items;
        let (name, page) = match admitted.row.target {
            Target::ToolsList => ("tools", features.tools().page(position, limit, fields)),
            Target::ResourcesList => {
                ("resources", features.resources().page(position, limit, fields))
            }
            Target::TemplatesList => {
                ("resourceTemplates", features.templates().page(position, limit, fields))
            }
            _ => ("prompts", features.prompts().page(position, limit, fields)),
        };
        self.answer_complete(incoming, request, admitted, |w, extra| {
            w.key(name);
            w.begin_array();
            w.raw(page.items);
            w.end_array();
            if let Some(next) = page.next {
                let cursor = Cursor { list, position: next as u32 };
                w.member_string("nextCursor", &cursor.encode());
            }
            write_meta(w, extra);
        })
    }
}

/// Where the asked page begins.
pub(super) fn position(params: Option<Value<'_>>, list: u8) -> Result<usize, Refusal> {
    let Some(cursor) = params.and_then(|params| params.get("cursor")) else { return Ok(0) };
    cursor
        .as_str()
        .and_then(|text| Cursor::decode(&text, list).ok())
        .map(|cursor| cursor.position as usize)
        .ok_or_else(|| {
            Refusal::quiet(RpcError::invalid_params(
                "invalid cursor: pass a nextCursor of this list unchanged, or none",
            ))
        })
}
