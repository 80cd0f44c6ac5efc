//! Server-sent events, written. Which events a stream carries is the endpoint's business.

use memchr::memchr2;

/// Appends one event. `data` may be empty (a priming event carries an id alone) and may span
/// lines, each of which becomes a `data` line of its own.
///
/// `id` and `event` must be single lines; a line break in one would begin a field of its own, so
/// from there on the text is left out.
pub fn event_into(out: &mut Vec<u8>, id: Option<&str>, event: Option<&str>, data: &[u8]) {
    if let Some(id) = id {
        field_into(out, b"id: ", id.as_bytes());
    }
    if let Some(event) = event {
        field_into(out, b"event: ", event.as_bytes());
    }
    data_into(out, data);
    out.extend_from_slice(b"\r\n");
}

/// Appends an event whose one `data` line is written in place by `write_data`, which must write no
/// line break: compact JSON has none.
pub fn event_with(out: &mut Vec<u8>, id: Option<&str>, write_data: impl FnOnce(&mut Vec<u8>)) {
    if let Some(id) = id {
        field_into(out, b"id: ", id.as_bytes());
    }
    out.extend_from_slice(b"event: message\r\ndata: ");
    let start = out.len();
    write_data(out);
    debug_assert!(memchr2(b'\r', b'\n', &out[start..]).is_none());
    out.extend_from_slice(b"\r\n\r\n");
}

/// Appends the wait a client should keep before it connects again, as a field of the next event.
pub fn retry_into(out: &mut Vec<u8>, retry_ms: u32) {
    field_into(out, b"retry: ", retry_ms.to_string().as_bytes());
}

/// Appends a comment, which keeps a silent stream alive.
pub fn comment_into(out: &mut Vec<u8>) {
    out.extend_from_slice(b":\r\n\r\n");
}

fn field_into(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let end = memchr2(b'\r', b'\n', value).unwrap_or(value.len());
    debug_assert_eq!(end, value.len(), "a line break in an event's field");
    out.extend_from_slice(name);
    out.extend_from_slice(&value[..end]);
    out.extend_from_slice(b"\r\n");
}

/// CR, LF and CR LF all end a line for the reader.
fn data_into(out: &mut Vec<u8>, data: &[u8]) {
    let mut rest = data;
    loop {
        let end = memchr2(b'\r', b'\n', rest);
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
        out.extend_from_slice(b"\r\n");
        let Some(end) = end else { return };
        let width = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + width..];
    }
}
