//! How a call is answered.

use bytes::Bytes;
use mcpring::Outcome;
use mcpring::model::{Content, ResourceContents};
use mcpring::rpc::RpcError;
use mcpring::server::FeatureKind;

use super::content::add_text;
use super::draft::fits;
use super::{Open, answer, mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::model;
use crate::status::{MCPRING_ERR_UNSUPPORTED, mcpring_status};

/// Answers a call with text: a tool's block, what a prompt's user says, a resource's text or a
/// completion's one value, behind what was added before.
///
/// Ownership: the text is copied. The call is over for the program.
/// Threads: as the call.
/// Errors: MCPRING_ERR_LIMIT when the answer is longer than frame_bytes_max; MCPRING_ERR_STATE when
/// a question or a state was set, which an answer has no room for; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT. The call is still to be answered
/// then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_reply_text(
    call: *mut mcpring_call,
    text: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let text = c.text(text, "text")?;
        answer(call, |open| {
            no_questions(open)?;
            if open.subject.kind() == FeatureKind::Tool && !open.has_draft() {
                fits(open.site, text.len())?;
                return Ok(Outcome::text(text.to_owned()));
            }
            add_text(open, text)?;
            finish(open)
        })
    })
}

/// Answers a call with JSON: a tool's structured content, with its text for clients that know
/// none; a resource's text of application/json.
///
/// Ownership: the JSON is copied. The call is over for the program.
/// Threads: as the call.
/// Errors: MCPRING_ERR_ARGUMENT for malformed JSON, MCPRING_ERR_UNSUPPORTED for prompts and
/// completions; as mcpring_call_reply_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_reply_json(
    call: *mut mcpring_call,
    json: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let json = c.text(json, "json")?;
        answer(call, |open| {
            no_questions(open)?;
            let site = open.site;
            fits(site, json.len())?;
            let json = model::raw("json", json)?;
            match open.subject.kind() {
                FeatureKind::Tool if !open.has_draft() => Ok(Outcome::structured(json)),
                FeatureKind::Tool => {
                    open.draft().reserve(site, json.get().len())?;
                    open.draft().structured = Some(json);
                    finish(open)
                }
                FeatureKind::Resource => {
                    open.draft().reserve(site, json.get().len())?;
                    let part = ResourceContents::text(open.subject.uri().to_owned(), json.get());
                    open.draft().contents.push(part.mime_type("application/json"));
                    finish(open)
                }
                kind @ (FeatureKind::Prompt | FeatureKind::Completion | FeatureKind::Hook) => {
                    let words = format!("a {} is not answered with JSON", kind.as_str());
                    Err(Failure::new(MCPRING_ERR_UNSUPPORTED, words))
                }
            }
        })
    })
}

/// Answers a call with bytes: of a tool a picture (image/...), a sound (audio/...) or else an
/// embedded resource whose URI is blob: and the tool's name; of a resource its content, whose media
/// type may be absent for the registered one.
///
/// Ownership: the bytes are copied. The call is over for the program.
/// Threads: as the call.
/// Errors: MCPRING_ERR_UNSUPPORTED for prompts and completions; as mcpring_call_reply_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_reply_blob(
    call: *mut mcpring_call,
    bytes: mcpring_str,
    mime_type: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (bytes, mime_type) = (c.bytes(bytes, "bytes")?, c.optional(mime_type, "mime_type")?);
        answer(call, |open| {
            let subject = open.subject;
            if matches!(subject.kind(), FeatureKind::Prompt | FeatureKind::Completion) {
                let words = format!("a {} is not answered with bytes", subject.kind().as_str());
                return Err(Failure::new(MCPRING_ERR_UNSUPPORTED, words));
            }
            no_questions(open)?;
            let mime_type = mime_type.or(subject.mime_type()).map(str::to_owned);
            let site = open.site;
            open.draft().reserve(site, bytes.len())?;
            let data = Bytes::copy_from_slice(bytes);
            if subject.kind() == FeatureKind::Tool {
                open.draft().blocks.push(blob(subject.name(), data, mime_type));
            } else {
                let mut part = ResourceContents::blob(subject.uri().to_owned(), data);
                part.mime_type = mime_type.map(Into::into);
                open.draft().contents.push(part);
            }
            finish(open)
        })
    })
}

/// Bytes in the form that readers show best.
fn blob(tool: &str, data: Bytes, mime_type: Option<String>) -> Content {
    let mime_type = mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    if mime_type.starts_with("image/") {
        Content::image(data, mime_type)
    } else if mime_type.starts_with("audio/") {
        Content::audio(data, mime_type)
    } else {
        let part = ResourceContents::blob(format!("blob:{tool}"), data);
        Content::embedded(part.mime_type(mime_type))
    }
}

/// Answers a call with what was added to it, or asks what was to be asked. With nothing added the
/// answer is empty.
///
/// Ownership: the call is over for the program.
/// Threads: as the call.
/// Errors: MCPRING_ERR_STATE when a state was set and nothing is asked; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_finish(call: *mut mcpring_call) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| answer(call, finish))
}

/// Refuses an answer that would be dropped for the questions of the same call.
fn no_questions(open: &Open<'_>) -> Result<(), Failure> {
    let Some(draft) = open.seen_draft() else { return Ok(()) };
    if draft.asks() {
        return Err(Failure::state(
            "the call asks its client: mcpring_call_finish, or MCPRING_OK, sends the questions",
        ));
    }
    if draft.has_lone_state() { Err(lone_state()) } else { Ok(()) }
}

fn lone_state() -> Failure {
    Failure::state("a state goes with a question, and nothing is asked")
}

/// What was put together.
fn finish(open: &mut Open<'_>) -> Result<Outcome, Failure> {
    let draft = open.take_draft();
    if draft.has_lone_state() {
        open.put_draft(draft);
        return Err(lone_state());
    }
    Ok(draft.finish(open.subject.kind()))
}

/// Answers a call with a failure. Of a tool the words are for the model (isError); of others it is
/// an internal error of the protocol.
///
/// Ownership: the words are copied. The call is over for the program; what was added is dropped.
/// Threads: as the call.
/// Errors: as mcpring_call_reply_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_fail(
    call: *mut mcpring_call,
    words: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let words = c.text(words, "words")?;
        answer(call, |open| {
            fits(open.site, words.len())?;
            Ok(open.subject.kind().failed(words.to_owned()))
        })
    })
}

/// Answers a call with an error of the protocol (JSON-RPC).
///
/// Ownership: everything is copied; data is JSON and may be absent. The call is over for the
/// program; what was added is dropped.
/// Threads: as the call.
/// Errors: as mcpring_call_reply_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_error(
    call: *mut mcpring_call,
    code: i32,
    message: mcpring_str,
    data: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let message = c.text(message, "message")?;
        let data = c.optional(data, "data")?;
        answer(call, |open| {
            fits(open.site, message.len() + data.map_or(0, str::len))?;
            let mut error = RpcError::new(code, message.to_owned());
            error.data = data.map(|data| model::raw("data", data)).transpose()?;
            Ok(Outcome::Error(error))
        })
    })
}

/// Sets the structured content of a tool's answer: JSON. Without any block it is written as text
/// too.
///
/// Ownership: the JSON is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_UNSUPPORTED for others than tools; MCPRING_ERR_LIMIT as mcpring_call_add;
/// MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_set_structured(
    call: *mut mcpring_call,
    json: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let json = model::raw("json", c.text(json, "json")?)?;
        with(call, |open| {
            only(open, FeatureKind::Tool)?;
            let site = open.site;
            open.draft().reserve(site, json.get().len())?;
            open.draft().structured = Some(json);
            Ok(())
        })
    })
}

/// Sets the open members of an answer (_meta): a JSON object.
///
/// Ownership: the JSON is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_UNSUPPORTED for completions; as mcpring_call_set_structured.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_set_meta(
    call: *mut mcpring_call,
    json: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let text = c.text(json, "json")?;
        let meta = model::meta(text)?;
        with(call, |open| {
            if open.subject.kind() == FeatureKind::Completion {
                let words = "a completion has no _meta";
                return Err(Failure::new(MCPRING_ERR_UNSUPPORTED, words));
            }
            let site = open.site;
            open.draft().reserve(site, text.len())?;
            open.draft().meta = Some(meta);
            Ok(())
        })
    })
}

/// Says what the answer of a prompt is for.
///
/// Ownership: the text is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_UNSUPPORTED for others than prompts; as mcpring_call_set_structured.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_set_description(
    call: *mut mcpring_call,
    text: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let text = c.text(text, "text")?;
        with(call, |open| {
            only(open, FeatureKind::Prompt)?;
            let site = open.site;
            open.draft().reserve(site, text.len())?;
            open.draft().description = Some(text.to_owned());
            Ok(())
        })
    })
}

/// Says how many values there are in all, and whether there are more than were added. At most the
/// first hundred are sent.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_UNSUPPORTED for others than completions; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_set_total(
    call: *mut mcpring_call,
    total: u64,
    has_more: bool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        with(call, |open| {
            only(open, FeatureKind::Completion)?;
            open.draft().total = Some((total, has_more));
            Ok(())
        })
    })
}

/// Refuses what only calls of one kind have.
fn only(open: &Open<'_>, wanted: FeatureKind) -> Result<(), Failure> {
    let kind = open.subject.kind();
    if kind == wanted {
        return Ok(());
    }
    let words = format!("this is a call of a {}, not of a {}", kind.as_str(), wanted.as_str());
    Err(Failure::new(MCPRING_ERR_UNSUPPORTED, words))
}
