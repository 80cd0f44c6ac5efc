//! Questions to the client: the callback is entered again from its beginning with the answers.

use mcpring::server::{Answer, AskRequest};

use super::{mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::status::{MCPRING_ERR_REFUSED, MCPRING_ERR_UNSUPPORTED, mcpring_status};

/// A question as C asks it.
fn question(c: &Contract, method: mcpring_str, params: mcpring_str) -> Result<AskRequest, Failure> {
    let (method, params) = (c.text(method, "method")?, c.optional(params, "params")?);
    AskRequest::from_json(method, params.unwrap_or("{}"))
        .map_err(|fault| Failure::argument(fault.to_string()))
}

/// Asks the client something: "elicitation/create" (the person), "sampling/createMessage" (its
/// model) or "roots/list" (where it works). params are the JSON of the request's parameters; absent
/// they are {}. Several questions are asked together, with mcpring_call_finish or when the callback
/// returns MCPRING_OK. Then the callback is entered again from its beginning, as another call, and
/// finds what came with mcpring_call_answer under the same key.
///
/// Whether the client can be asked is not looked at here: an unsupported question makes the call
/// fail. mcpring_call_can_ask tells beforehand.
///
/// Ownership: everything is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_ARGUMENT for an unknown method, params that are no JSON object, and a key
/// that was asked already; MCPRING_ERR_UNSUPPORTED inside a completion; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_ask(
    call: *mut mcpring_call,
    key: mcpring_str,
    method: mcpring_str,
    params: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let key = c.text(key, "key")?;
        let request = question(c, method, params)?;
        with(call, |open| {
            if !open.subject.kind().may_ask() {
                let words = "a completion cannot ask the client";
                return Err(Failure::new(MCPRING_ERR_UNSUPPORTED, words));
            }
            open.draft().ask(key, request)
        })
    })
}

/// Says whether the client of a call can be asked a question of this form: whether its version has
/// it and the client declared it.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_ARGUMENT as mcpring_call_ask; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
/// MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_can_ask(
    call: *mut mcpring_call,
    method: mcpring_str,
    params: mcpring_str,
    can: *mut bool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let can = c.out(can, "can")?;
        let method = question(c, method, params)?.method();
        with(call, |open| {
            let context = open.subject.context();
            let declares = context.client().is_some_and(|client| client.supports(method));
            can.set(open.subject.kind().may_ask() && method.is_in(context.version()) && declares);
            Ok(())
        })
    })
}

/// Gives the client's answer to the question of that key: the JSON of the result, as the client
/// wrote it. It was made elsewhere and is unchecked.
///
/// Ownership: *json is borrowed until the call is over (inside the callback: until it returns).
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when it was not asked yet, MCPRING_ERR_REFUSED when the client
/// answered with an error, which the words have; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
/// MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_answer(
    call: *mut mcpring_call,
    key: mcpring_str,
    json: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (key, json) = (c.text(key, "key")?, c.out(json, "json")?);
        with(call, |open| match open.subject.answers().get(key) {
            Some(Answer::Result(result)) => {
                json.set(mcpring_str::of(result.get().as_bytes()));
                Ok(())
            }
            Some(Answer::Error(error)) => Err(Failure::new(
                MCPRING_ERR_REFUSED,
                format!("the client did not answer {key:?}: {} ({})", error.message, error.code),
            )),
            None => Err(Failure::not_found(format!("nothing was answered to {key:?}"))),
        })
    })
}

/// Keeps bytes for the callback until it is entered again. They travel with a question, and some
/// versions have the client carry them, sealed: it can neither read nor change them, but send older
/// ones again.
///
/// Ownership: the bytes are copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_set_state(
    call: *mut mcpring_call,
    bytes: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let bytes = c.bytes(bytes, "bytes")?;
        with(call, |open| {
            open.draft().set_state(bytes);
            Ok(())
        })
    })
}

/// Gives the bytes that the callback kept with mcpring_call_set_state when it last asked.
///
/// Ownership: *bytes is borrowed until the call is over (inside the callback: until it returns).
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when there are none; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
/// MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_state(
    call: *mut mcpring_call,
    bytes: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let bytes = c.out(bytes, "bytes")?;
        with(call, |open| {
            let state = open.subject.state();
            let missing = || Failure::not_found("the callback kept no state");
            bytes.set(mcpring_str::of(state.ok_or_else(missing)?));
            Ok(())
        })
    })
}

/// Tells the client that the person is done at the URL of the question of that id. Only protocol
/// version 2025-11-25 has such a message; elsewhere nothing happens.
///
/// Ownership: the id is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_elicited(
    call: *mut mcpring_call,
    id: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let id = c.text(id, "id")?;
        with(call, |open| {
            open.subject.context().elicited(id);
            Ok(())
        })
    })
}
