//! The statuses: numbers in ranges, never used again for something else.

use std::ffi::{CStr, c_char};

/// What a function answers: 0 fine, positive for news that is no failure, negative for a failure.
pub type mcpring_status = i32;

/// Fine.
pub const MCPRING_OK: mcpring_status = 0;
/// Give more bytes.
pub const MCPRING_MORE: mcpring_status = 1;
/// Nothing follows; of mcpring_server_poll: the server has ended.
pub const MCPRING_END: mcpring_status = 2;

/// NULL where something must be, text that is not UTF-8, an unknown constant, a bad struct_size,
/// malformed JSON in an argument.
pub const MCPRING_ERR_ARGUMENT: mcpring_status = -1;
/// A handle that is NULL, freed, stale or of another type.
pub const MCPRING_ERR_HANDLE: mcpring_status = -2;
/// The handle belongs to another thread, or the function may not be called inside a callback.
pub const MCPRING_ERR_THREAD: mcpring_status = -3;
/// The call was answered already.
pub const MCPRING_ERR_DONE: mcpring_status = -4;
/// Not in this state: running already, not running, inside a destroy function.
pub const MCPRING_ERR_STATE: mcpring_status = -5;
/// There is none of this name.
pub const MCPRING_ERR_NOT_FOUND: mcpring_status = -6;
/// The caller's buffer is too small.
pub const MCPRING_ERR_SPACE: mcpring_status = -7;
/// This client, or this version of the protocol, has no such thing.
pub const MCPRING_ERR_UNSUPPORTED: mcpring_status = -8;
/// The other side refused: a client a question, a handler an invocation.
pub const MCPRING_ERR_REFUSED: mcpring_status = -9;

/// The program's mistake: a bad schema, a tool that exists already, an unknown setting.
pub const MCPRING_ERR_USAGE: mcpring_status = -20;
/// A named limit is full.
pub const MCPRING_ERR_LIMIT: mcpring_status = -21;
/// The kernel or the environment refused: an address in use, for example.
pub const MCPRING_ERR_SYSTEM: mcpring_status = -22;
/// A fault of the library.
pub const MCPRING_ERR_INTERNAL: mcpring_status = -23;

/// Bytes that are no JSON, no frame or no message.
pub const MCPRING_ERR_MALFORMED: mcpring_status = -30;
/// JSON that breaks a schema.
pub const MCPRING_ERR_INVALID: mcpring_status = -31;

/// A plugin that cannot be loaded: the words say which and why.
pub const MCPRING_ERR_PLUGIN: mcpring_status = -40;

/// Never returned by the library: for callbacks to return when they fail.
pub const MCPRING_ERR_CALLBACK: mcpring_status = -100;

/// Every status and its name.
const NAMES: &[(mcpring_status, &CStr)] = &[
    (MCPRING_OK, c"MCPRING_OK"),
    (MCPRING_MORE, c"MCPRING_MORE"),
    (MCPRING_END, c"MCPRING_END"),
    (MCPRING_ERR_ARGUMENT, c"MCPRING_ERR_ARGUMENT"),
    (MCPRING_ERR_HANDLE, c"MCPRING_ERR_HANDLE"),
    (MCPRING_ERR_THREAD, c"MCPRING_ERR_THREAD"),
    (MCPRING_ERR_DONE, c"MCPRING_ERR_DONE"),
    (MCPRING_ERR_STATE, c"MCPRING_ERR_STATE"),
    (MCPRING_ERR_NOT_FOUND, c"MCPRING_ERR_NOT_FOUND"),
    (MCPRING_ERR_SPACE, c"MCPRING_ERR_SPACE"),
    (MCPRING_ERR_UNSUPPORTED, c"MCPRING_ERR_UNSUPPORTED"),
    (MCPRING_ERR_REFUSED, c"MCPRING_ERR_REFUSED"),
    (MCPRING_ERR_USAGE, c"MCPRING_ERR_USAGE"),
    (MCPRING_ERR_LIMIT, c"MCPRING_ERR_LIMIT"),
    (MCPRING_ERR_SYSTEM, c"MCPRING_ERR_SYSTEM"),
    (MCPRING_ERR_INTERNAL, c"MCPRING_ERR_INTERNAL"),
    (MCPRING_ERR_MALFORMED, c"MCPRING_ERR_MALFORMED"),
    (MCPRING_ERR_INVALID, c"MCPRING_ERR_INVALID"),
    (MCPRING_ERR_PLUGIN, c"MCPRING_ERR_PLUGIN"),
    (MCPRING_ERR_CALLBACK, c"MCPRING_ERR_CALLBACK"),
];

/// The name of a status, "MCPRING_ERR_HANDLE" for example, or "unknown status".
///
/// Ownership: the text is constant and ends with a NUL.
/// Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn mcpring_status_name(status: mcpring_status) -> *const c_char {
    name(status).as_ptr()
}

/// The name of a status.
pub(crate) fn name(status: mcpring_status) -> &'static CStr {
    let named = NAMES.iter().find(|(number, _)| *number == status);
    named.map_or(c"unknown status", |(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_and_no_name_occurs_twice() {
        for (at, (number, name)) in NAMES.iter().enumerate() {
            let again = NAMES[at + 1..].iter().find(|other| other.0 == *number || other.1 == *name);
            assert_eq!(again, None);
        }
    }

    #[test]
    fn unknown_numbers_have_words_too() {
        let check = |status, want: &CStr| {
            let found = NAMES.iter().find(|(_, name)| name.as_ptr() == mcpring_status_name(status));
            assert_eq!(found.map_or(c"unknown status", |(_, name)| name), want, "{status}");
        };
        check(0, c"MCPRING_OK");
        check(-2, c"MCPRING_ERR_HANDLE");
        check(-100, c"MCPRING_ERR_CALLBACK");
        check(3, c"unknown status");
        check(i32::MIN, c"unknown status");
    }
}
