//! The exported functions as a C program has them: handles, views and statuses, nothing safer.

#![allow(dead_code, reason = "each test uses some of it")]

use std::ptr;

use mcpring_c::*;

/// A view of these bytes.
pub(crate) fn view(bytes: impl AsRef<[u8]>) -> mcpring_str {
    let bytes = bytes.as_ref();
    mcpring_str { data: bytes.as_ptr().cast(), len: bytes.len() }
}

/// The bytes of a view that is still good.
pub(crate) fn read<'a>(view: mcpring_str) -> &'a [u8] {
    if view.data.is_null() {
        return &[];
    }
    // SAFETY: the tests read views while what lent them is as it was.
    unsafe { std::slice::from_raw_parts(view.data.cast(), view.len) }
}

/// The same as text.
pub(crate) fn show<'a>(view: mcpring_str) -> &'a str {
    str::from_utf8(read(view)).expect("the library's text is UTF-8")
}

/// The words of this thread's last failure.
pub(crate) fn words<'a>() -> &'a str {
    show(mcpring_last_error())
}

/// Fails unless a call gave this status and, when it failed, these words among others.
#[track_caller]
pub(crate) fn check(got: mcpring_status, want: mcpring_status, among: &str) {
    assert_eq!(got, want, "{}", words());
    assert!(got >= 0 || words().contains(among), "{:?} has no {among:?}", words());
}

/// A parser.
pub(crate) fn new_json() -> *mut mcpring_json {
    let mut json = ptr::null_mut();
    // SAFETY: the place is good.
    check(unsafe { mcpring_json_new(&raw mut json) }, MCPRING_OK, "");
    json
}

/// Parses a text that is copied.
pub(crate) fn parse(json: *mut mcpring_json, text: impl AsRef<[u8]>) -> mcpring_status {
    let text = view(text);
    // SAFETY: the text is good during the call, and it is copied.
    unsafe { mcpring_json_parse(json, text, text.len) }
}

/// Frees a parser.
pub(crate) fn free_json(json: *mut mcpring_json) -> mcpring_status {
    // SAFETY: a handle is only looked up.
    unsafe { mcpring_json_free(json) }
}

/// What one of the functions that answer about a value answers.
pub(crate) type Ask<T> =
    unsafe extern "C" fn(*mut mcpring_json, mcpring_node, *mut T) -> mcpring_status;

/// Asks about a value; the answer is what was there before when the call fails.
pub(crate) fn ask<T>(
    ask: Ask<T>,
    json: *mut mcpring_json,
    node: mcpring_node,
    before: T,
) -> (mcpring_status, T) {
    let mut answer = before;
    // SAFETY: the place is good.
    let status = unsafe { ask(json, node, &raw mut answer) };
    (status, answer)
}

/// A value that must have an answer.
#[track_caller]
pub(crate) fn answer<T>(with: Ask<T>, json: *mut mcpring_json, node: mcpring_node, at: T) -> T {
    let (status, answer) = ask(with, json, node, at);
    check(status, MCPRING_OK, "");
    answer
}

/// A string's content by way of a buffer of `capacity` bytes.
pub(crate) fn text_of(
    json: *mut mcpring_json,
    node: mcpring_node,
    capacity: usize,
) -> (mcpring_status, String) {
    let mut buffer = vec![b'#'; capacity];
    let mut text = mcpring_str::ABSENT;
    // SAFETY: the places are good.
    let status = unsafe {
        mcpring_json_text(json, node, buffer.as_mut_ptr().cast(), capacity, &raw mut text)
    };
    (status, show(text).to_owned())
}

/// A walk through the values inside `node`.
pub(crate) fn walk(
    json: *mut mcpring_json,
    node: mcpring_node,
) -> impl Iterator<Item = (mcpring_node, mcpring_node)> {
    let begun = mcpring_walk { next: 0, left: 0, members: 0 };
    let mut place = answer(mcpring_json_walk, json, node, begun);
    std::iter::from_fn(move || {
        let (mut name, mut value) = (7, 7);
        // SAFETY: the places are good.
        let status =
            unsafe { mcpring_json_step(json, &raw mut place, &raw mut name, &raw mut value) };
        match status {
            MCPRING_END => None,
            MCPRING_OK => Some((name, value)),
            status => panic!("{status}: {}", words()),
        }
    })
}

/// The library's answer where it writes into a buffer of `capacity` bytes.
pub(crate) fn written(
    capacity: usize,
    write: impl FnOnce(*mut std::ffi::c_char, usize, *mut usize) -> mcpring_status,
) -> (mcpring_status, usize, Vec<u8>) {
    let mut buffer = vec![0; capacity];
    let mut len = usize::MAX;
    let data = if capacity == 0 { ptr::null_mut() } else { buffer.as_mut_ptr().cast() };
    let status = write(data, capacity, &raw mut len);
    buffer.truncate(if status == MCPRING_OK { len } else { 0 });
    (status, len, buffer)
}
