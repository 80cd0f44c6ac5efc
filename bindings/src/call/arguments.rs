//! What a call was given: its arguments as they came, and each by its name.

use mcpring::json::{Backend, Kind, PaddedBuf, Parser, Value};

use super::{Open, mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::status::mcpring_status;

/// One argument.
enum Argument {
    Text(mcpring_str),
    Number(Number),
    Bool(bool),
    Other(&'static str),
}

/// A number as far as it has these forms.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number {
    integer: Option<i64>,
    float: Option<f64>,
}

impl Number {
    fn read(value: Value<'_>) -> Self {
        let float = value.as_f64();
        // Clients write whole numbers as 2.0 too; up to 2^53 a float has all of them.
        let whole = |float: &f64| float.fract() == 0.0 && float.abs() <= (1u64 << 53) as f64;
        let integer = value.as_i64().or_else(|| float.filter(whole).map(|float| float as i64));
        Self { integer, float }
    }
}

/// The arguments of a call that has left its message, taken out of their text once.
pub(crate) struct Members(Vec<(Box<str>, Member)>);

enum Member {
    Text(Box<str>),
    Number(Number),
    Bool(bool),
    Other(&'static str),
}

impl Members {
    /// The members of a JSON object, by their first name each.
    pub(super) fn read(json: &[u8]) -> Self {
        let text = PaddedBuf::copy(json);
        let mut parser = Parser::new(Backend::default());
        // They were parsed before, so they can be parsed.
        let Ok(object) = parser.parse(text.padded()) else { return Self(Vec::new()) };
        let members = object.members();
        Self(members.map(|(name, value)| (owned(name), Member::read(value))).collect())
    }

    fn find(&self, name: &str) -> Option<&Member> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, member)| member)
    }
}

fn owned(text: Value<'_>) -> Box<str> {
    text.as_str().unwrap_or_default().into()
}

impl Member {
    fn read(value: Value<'_>) -> Self {
        match value.kind() {
            Kind::String => Self::Text(owned(value)),
            Kind::Number => Self::Number(Number::read(value)),
            Kind::Bool => Self::Bool(value.as_bool().unwrap_or_default()),
            kind => Self::Other(kind_name(kind)),
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "text",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}

/// The argument of that name.
fn find(open: &mut Open<'_>, name: &str) -> Result<Argument, Failure> {
    let missing = || Failure::not_found(format!("the call has no argument {name:?}"));
    let Some(arguments) = open.subject.arguments_value() else {
        // Of a call without arguments as of one whose message is gone.
        return match open.members().find(name).ok_or_else(missing)? {
            Member::Text(text) => Ok(Argument::Text(mcpring_str::of(text.as_bytes()))),
            Member::Number(number) => Ok(Argument::Number(*number)),
            Member::Bool(value) => Ok(Argument::Bool(*value)),
            Member::Other(kind) => Ok(Argument::Other(kind)),
        };
    };
    let value = arguments.get(name).ok_or_else(missing)?;
    Ok(match value.kind() {
        Kind::String => Argument::Text(text(open, name, value)),
        Kind::Number => Argument::Number(Number::read(value)),
        Kind::Bool => Argument::Bool(value.as_bool().unwrap_or_default()),
        kind => Argument::Other(kind_name(kind)),
    })
}

/// A text argument: where it lies, or decoded once.
fn text(open: &mut Open<'_>, name: &str, value: Value<'_>) -> mcpring_str {
    use std::borrow::Cow;
    match value.as_str().unwrap_or_default() {
        Cow::Borrowed(text) => mcpring_str::of(text.as_bytes()),
        Cow::Owned(text) => match open.text(name) {
            Some(known) => known,
            None => open.keep_text(name, text),
        },
    }
}

fn other(name: &str, argument: &Argument, wanted: &str) -> Failure {
    let found = match argument {
        Argument::Text(_) => "text",
        Argument::Number(_) => "a number",
        Argument::Bool(_) => "a boolean",
        Argument::Other(kind) => kind,
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
        with(call, |open| match find(open, name)? {
            Argument::Text(view) => {
                text.set(view);
                Ok(())
            }
            argument => Err(other(name, &argument, "text")),
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
        with(call, |open| match find(open, name)? {
            Argument::Number(Number { integer: Some(integer), .. }) => {
                number.set(integer);
                Ok(())
            }
            argument => Err(other(name, &argument, "a whole number of 64 bits")),
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
        with(call, |open| match find(open, name)? {
            Argument::Number(Number { float: Some(float), .. }) => {
                number.set(float);
                Ok(())
            }
            argument => Err(other(name, &argument, "a number that fits a double")),
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
        with(call, |open| match find(open, name)? {
            Argument::Bool(flag) => {
                value.set(flag);
                Ok(())
            }
            argument => Err(other(name, &argument, "a boolean")),
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
