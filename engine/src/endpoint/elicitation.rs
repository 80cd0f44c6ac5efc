//! Questions at a URL that a client was told of, until the program says that one is done.
//!
//! The person answers at the URL, not through the client, so only the program knows when; the call
//! that asked may be long over by then. The client that was told hears of it, and no other.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;

use super::Core;
use super::notify::notification;
use super::origin::Peer;
use crate::limits::ELICITATIONS_MAX;
use crate::mcp::Version;
use crate::rpc::code;
use crate::server::Outcome;

/// Who was told of which question. The oldest are forgotten when there are too many.
#[derive(Debug, Default)]
pub(super) struct Elicitations {
    by_id: HashMap<Box<str>, Peer>,
    /// Ids in the order they were told of.
    order: VecDeque<Box<str>>,
}

impl Elicitations {
    /// A client was told of a question.
    pub(super) fn note(&mut self, id: &str, peer: Peer) {
        if self.by_id.insert(id.into(), peer).is_none() {
            self.order.push_back(id.into());
        }
        if self.order.len() > ELICITATIONS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    fn take(&mut self, id: &str) -> Option<Peer> {
        let peer = self.by_id.remove(id)?;
        self.order.retain(|noted| &**noted != id);
        Some(peer)
    }
}

/// What the error −32042 says.
#[derive(Deserialize)]
struct Required {
    elicitations: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    #[serde(rename = "elicitationId")]
    id: String,
}

impl Core {
    /// A call of `peer` is about to be answered; its answer may tell of questions.
    pub(super) fn note_elicitations(&mut self, peer: Peer, version: Version, outcome: &Outcome) {
        let Outcome::Error(error) = outcome else { return };
        if error.code != code::URL_ELICITATION_REQUIRED || !version.fields().elicitation_id {
            return;
        }
        let data = error.data.as_ref().and_then(|data| serde_json::from_str(data.get()).ok());
        let Some(Required { elicitations }) = data else { return };
        for question in elicitations {
            self.elicitations.note(&question.id, peer);
        }
    }

    /// The program says that a question is done.
    pub(super) fn elicitation_done(&mut self, id: &str) {
        let Some(peer) = self.elicitations.take(id) else { return };
        self.notify_peer(peer, |w| {
            notification(w, "notifications/elicitation/complete", |w| {
                w.member_string("elicitationId", id);
            });
        });
    }
}
