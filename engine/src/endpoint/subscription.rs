//! Subscriptions: who wants to hear of what.

use super::Core;
use super::lifecycle::Carried;
use super::message::Incoming;
use crate::mcp::{Admitted, Refusal};
use crate::rpc::Request;

impl Core {
    pub(super) fn subscribe(
        &mut self,
        _incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        Err(Refusal::no_method(&request.method, admitted.envelope.is_some()))
    }

    pub(super) fn listen(
        &mut self,
        _incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        Err(Refusal::no_method(&request.method, admitted.envelope.is_some()))
    }
}
