//! One JSON-RPC message out of a parsed text.

use std::borrow::Cow;

use mcpring::json::Value;
use mcpring::rpc::{Fault, Id, Message};

use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str, options};
use crate::json::{Json, MCPRING_NO_NODE, mcpring_json, mcpring_node, with};
use crate::status::{MCPRING_ERR_MALFORMED, mcpring_status};

/// Wants an answer.
pub const MCPRING_MESSAGE_REQUEST: u32 = 0;
/// Wants none.
pub const MCPRING_MESSAGE_NOTIFICATION: u32 = 1;
/// Answers a request with a result.
pub const MCPRING_MESSAGE_RESPONSE: u32 = 2;
/// Answers a request with an error.
pub const MCPRING_MESSAGE_ERROR: u32 = 3;

/// What a message says. Of one that is malformed only id, code and answerable mean something.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcpring_message {
    /// sizeof(mcpring_message), set by MCPRING_MESSAGE_INIT.
    pub struct_size: usize,
    /// One of MCPRING_MESSAGE_.
    pub kind: u32,
    /// As it stands in the text and has to be echoed, quotes included; absent if there is none.
    pub id: mcpring_str,
    /// The method's name, decoded; of a request or notification.
    pub method: mcpring_str,
    /// An object or array, or MCPRING_NO_NODE.
    pub params: mcpring_node,
    /// Of a response, or MCPRING_NO_NODE.
    pub result: mcpring_node,
    /// Of an error, or MCPRING_NO_NODE.
    pub error: mcpring_node,
    /// Of a malformed message: the JSON-RPC error code to answer with; otherwise 0.
    pub code: i32,
    /// Of a malformed message: whether to answer at all; otherwise false.
    pub answerable: bool,
}
options!(mcpring_message);

const EMPTY: mcpring_message = mcpring_message {
    struct_size: size_of::<mcpring_message>(),
    kind: MCPRING_MESSAGE_REQUEST,
    id: mcpring_str::ABSENT,
    method: mcpring_str::ABSENT,
    params: MCPRING_NO_NODE,
    result: MCPRING_NO_NODE,
    error: MCPRING_NO_NODE,
    code: 0,
    answerable: false,
};

/// Reads the envelope of a message strictly: "jsonrpc" must be "2.0", and none of its members may
/// occur twice. An array (a batch) is the caller's to walk through.
///
/// Ownership: the views in *message are borrowed until the next parse or message_read of this
/// parser, or until it is freed.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_MALFORMED, which does write id, code and answerable; MCPRING_ERR_ARGUMENT
/// when message is NULL or has a bad struct_size; otherwise as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_message_read(
    json: *mut mcpring_json,
    node: mcpring_node,
    message: *mut mcpring_message,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out_options(message, "message")?;
        with(json, |json| {
            let mut method = std::mem::take(&mut json.method);
            let read = read(json, node, &mut method);
            json.method = method;
            let (message, failed) = read?;
            out.set(&message);
            failed.map_or(Ok(()), Err)
        })
    })
}

/// The message, and the failure of one that is malformed. A decoded name is left in `decoded`.
fn read(
    json: &Json,
    node: mcpring_node,
    decoded: &mut String,
) -> Result<(mcpring_message, Option<Failure>), Failure> {
    let mut name = |method: Cow<'_, str>| match method {
        Cow::Borrowed(plain) => mcpring_str::of(plain.as_bytes()),
        Cow::Owned(name) => {
            *decoded = name;
            mcpring_str::of(decoded.as_bytes())
        }
    };
    Ok(match Message::parse(json.node(node)?) {
        Ok(Message::Request(request)) => {
            let (id, params) = (id(Some(request.id)), place(request.params));
            (mcpring_message { id, method: name(request.method), params, ..EMPTY }, None)
        }
        Ok(Message::Notification(notice)) => {
            let (kind, params) = (MCPRING_MESSAGE_NOTIFICATION, place(notice.params));
            (mcpring_message { kind, method: name(notice.method), params, ..EMPTY }, None)
        }
        Ok(Message::Response(response)) => {
            let message = mcpring_message { id: id(response.id), ..EMPTY };
            let message = match response.outcome {
                Ok(result) => mcpring_message {
                    kind: MCPRING_MESSAGE_RESPONSE,
                    result: result.index(),
                    ..message
                },
                Err(error) => {
                    mcpring_message { kind: MCPRING_MESSAGE_ERROR, error: error.index(), ..message }
                }
            };
            (message, None)
        }
        Err(fault) => malformed(fault),
    })
}

#[cold]
fn malformed(fault: Fault<'_>) -> (mcpring_message, Option<Failure>) {
    let Fault { error, id: found, answerable } = fault;
    let message = mcpring_message { id: id(found), code: error.code, answerable, ..EMPTY };
    (message, Some(Failure::new(MCPRING_ERR_MALFORMED, error.message)))
}

fn id(id: Option<Id<'_>>) -> mcpring_str {
    id.map_or(mcpring_str::ABSENT, |id| mcpring_str::of(id.raw()))
}

fn place(value: Option<Value<'_>>) -> mcpring_node {
    value.map_or(MCPRING_NO_NODE, Value::index)
}
