//! Completions of arguments.

use super::Core;
use super::lifecycle::Carried;
use super::message::Incoming;
use crate::mcp::{Admitted, Refusal};
use crate::rpc::Request;

impl Core {
    pub(super) fn complete(
        &mut self,
        _incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        Err(Refusal::no_method(&request.method, admitted.envelope.is_some()))
    }
}
