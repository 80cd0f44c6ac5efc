//! What a call was given: its arguments as they came, and each by its name.

use std::borrow::Cow;

use mcpring::json::{Kind, Value};

use super::{Open, mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::status::mcpring_status;

/// The argument of that name.
fn find<'a>(open: &Open<'a>, name: &str) -> Result<Value<'a>, Failure> {
    let missing = || Failure::not_found(format!("the call has no argument {name:?}"));
    open.subject.argument_value(name).ok_or_else(missing)
}

/// A whole number. Clients write it as 2.0 too; up to 2^53 a double has all of them.
fn whole(value: Value<'_>) -> Option<i64> {
    let is_whole = |float: &f64| float.fract() == 0.0 && float.abs() <= (1u64 << 53) as f64;
    let float = || value.as_f64().filter(is_whole);
    value.as_i64().or_else(|| float().map(|float| float as i64))
}

#[cold]
fn other(name: &str, value: Value<'_>, wanted: &str) -> Failure {
    let found = match value.kind() {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "text",
        Kind::Array => "an array",
        Kind::Object => "an object",
    };
    Failure::argument(format!("the argument {name:?} is {found}, not {wanted}"))
}

/// Gives the arguments of a call: a JSON object, {} when there are none, as the sender wrote it. Of
/// a tool they fit its input schema. Of a completion they are what is known already.
///
/// Ownership: *json is borrowed, not copied, until the call is over (inside the callback: until it
/// returns). No NUL is behind it.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_arguments(
    call: *mut mcpring_call,
    json: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let json = c.out(json, "json")?;
        with(call, |open| {
            json.set(mcpring_str::of(open.subject.arguments_json()));
            Ok(())
        })
    })
}

/// Gives one text argument, decoded: without quotes and escapes.
///
/// Ownership: *text is borrowed until the call is over (inside the callback: until it returns).
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
/// kind; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_argument(
    call: *mut mcpring_call,
    name: mcpring_str,
    text: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (name, text) = (c.text(name, "name")?, c.out(text, "text")?);
        with(call, |open| {
            let value = find(open, name)?;
            text.set(match value.as_str().ok_or_else(|| other(name, value, "text"))? {
                Cow::Borrowed(text) => mcpring_str::of(text.as_bytes()),
                Cow::Owned(text) => open.keep_text(name, text),
            });
            Ok(())
        })
    })
}

/// Gives one whole number among the arguments. 2.0 is one, 2.5 is none.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
/// kind or does not fit; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_argument_i64(
    call: *mut mcpring_call,
    name: mcpring_str,
    number: *mut i64,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (name, number) = (c.text(name, "name")?, c.out(number, "number")?);
        with(call, |open| {
            let value = find(open, name)?;
            let integer = whole(value);
            number.set(integer.ok_or_else(|| other(name, value, "a whole number of 64 bits"))?);
            Ok(())
        })
    })
}

/// Gives one number among the arguments, the nearest double to it.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
/// kind or beyond every double; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_argument_f64(
    call: *mut mcpring_call,
    name: mcpring_str,
    number: *mut f64,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (name, number) = (c.text(name, "name")?, c.out(number, "number")?);
        with(call, |open| {
            let value = find(open, name)?;
            let float = value.as_f64();
            number.set(float.ok_or_else(|| other(name, value, "a number that fits a double"))?);
            Ok(())
        })
    })
}

/// Gives one of the arguments that is true or false.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
/// kind; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_argument_bool(
    call: *mut mcpring_call,
    name: mcpring_str,
    value: *mut bool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (name, value) = (c.text(name, "name")?, c.out(value, "value")?);
        with(call, |open| {
            let found = find(open, name)?;
            value.set(found.as_bool().ok_or_else(|| other(name, found, "a boolean"))?);
            Ok(())
        })
    })
}

/// Gives what the URI that is read has in the place of a template's variable, decoded.
///
/// Ownership: *text is borrowed until the call is over (inside the callback: until it returns).
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE,
/// MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_variable(
    call: *mut mcpring_call,
    name: mcpring_str,
    text: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let (name, text) = (c.text(name, "name")?, c.out(text, "text")?);
        with(call, |open| {
            let value = open.subject.variable(name);
            let missing = || Failure::not_found(format!("the URI has no variable {name:?}"));
            text.set(mcpring_str::of(value.ok_or_else(missing)?.as_bytes()));
            Ok(())
        })
    })
}
