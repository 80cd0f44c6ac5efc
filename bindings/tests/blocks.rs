//! Schemas, messages, frames and what is encoded, as C has them.

#![allow(clippy::multiple_unsafe_ops_per_block, reason = "calls as a C program strings them")]

mod caller;

use std::mem::MaybeUninit;
use std::ptr;

use caller::*;
use mcpring_c::*;

fn new_schema(json: &str) -> (mcpring_status, *mut mcpring_schema) {
    let mut schema = ptr::null_mut();
    // SAFETY: the place is good.
    (unsafe { mcpring_schema_new(view(json), &raw mut schema) }, schema)
}

fn free_schema(schema: *mut mcpring_schema) -> mcpring_status {
    // SAFETY: a handle is only looked up.
    unsafe { mcpring_schema_free(schema) }
}

#[test]
fn values_are_checked_against_schemas() {
    let json = new_json();
    let (status, schema) =
        new_schema(r#"{"type":"object","properties":{"n":{"type":"integer","minimum":3}}}"#);
    check(status, MCPRING_OK, "");
    let checked = |text: &str| {
        check(parse(json, text), MCPRING_OK, "");
        // SAFETY: handles are only looked up.
        unsafe { mcpring_schema_check(schema, json, 0) }
    };
    check(checked(r#"{"n":3}"#), MCPRING_OK, "");
    check(checked(r#"{"n":2}"#), MCPRING_ERR_INVALID, "/n: ");
    check(checked("[]"), MCPRING_ERR_INVALID, "object");
    check(checked(r#"{"n":3,"n":3}"#), MCPRING_ERR_INVALID, "more than one member");
    // SAFETY: as above.
    let crossed = unsafe { mcpring_schema_check(json.cast(), json, 0) };
    check(crossed, MCPRING_ERR_HANDLE, "this is a mcpring_json, not a mcpring_schema");
    // SAFETY: as above.
    let crossed = unsafe { mcpring_schema_check(schema, schema.cast(), 0) };
    check(crossed, MCPRING_ERR_HANDLE, "this is a mcpring_schema, not a mcpring_json");
    check(free_schema(schema), MCPRING_OK, "");
    check(free_schema(schema), MCPRING_ERR_HANDLE, "over");
    check(checked("1"), MCPRING_ERR_HANDLE, "over");
    check(free_schema(ptr::null_mut()), MCPRING_OK, "");
    check(free_json(json), MCPRING_OK, "");
    let refused = |text, status, words| check(new_schema(text).0, status, words);
    refused("", MCPRING_ERR_ARGUMENT, "json is empty");
    refused("{", MCPRING_ERR_USAGE, "the schema is not JSON");
    refused(r#"{"type":7}"#, MCPRING_ERR_USAGE, "schema at \"/type\"");
    refused(r#"{"$ref":"http://example.com/"}"#, MCPRING_ERR_USAGE, "nothing is fetched");
}

fn read_message(text: &str, struct_size: usize) -> (mcpring_status, String) {
    let json = new_json();
    check(parse(json, text), MCPRING_OK, "");
    let mut message = MaybeUninit::<mcpring_message>::zeroed();
    message.write(mcpring_message { struct_size, code: 77, ..zeroed() });
    // SAFETY: the place is good.
    let status = unsafe { mcpring_message_read(json, 0, message.as_mut_ptr()) };
    // SAFETY: it was written above.
    let message = unsafe { message.assume_init() };
    let place = |node: mcpring_node| match node {
        MCPRING_NO_NODE => "-",
        node => show(answer(mcpring_json_raw, json, node, mcpring_str::ABSENT)),
    };
    let shown = format!(
        "{} {} {} {} {} {} {} {}",
        message.kind,
        show(message.id),
        show(message.method),
        place(message.params),
        place(message.result),
        place(message.error),
        message.code,
        message.answerable
    );
    assert_eq!(message.struct_size, struct_size);
    check(free_json(json), MCPRING_OK, "");
    (status, shown)
}

fn zeroed() -> mcpring_message {
    // SAFETY: zeros are a message.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

#[test]
fn messages_are_read() {
    let size = size_of::<mcpring_message>();
    let check = |text: &str, status: mcpring_status, want: &str| {
        assert_eq!(read_message(text, size), (status, want.to_owned()), "{text}");
    };
    let ok = MCPRING_OK;
    check(
        r#"{"jsonrpc":"2.0","id":"\u0061","method":"m\u0065th","params":[1]}"#,
        ok,
        r#"0 "\u0061" meth [1] - - 0 false"#,
    );
    check(r#"{"jsonrpc":"2.0","method":"n"}"#, ok, "1  n - - - 0 false");
    check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, ok, "2 1  - {} - 0 false");
    check(r#"{"jsonrpc":"2.0","id":1,"error":{}}"#, ok, "3 1  - - {} 0 false");
    let malformed = MCPRING_ERR_MALFORMED;
    check(r#"{"jsonrpc":"2.0","id":1}"#, malformed, "0 1  - - - -32600 true");
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":1}"#,
        malformed,
        "0 1  - - - -32602 true",
    );
    check(r#"{"jsonrpc":"2.0","id":1,"result":1,"error":1}"#, malformed, "0 1  - - - -32600 false");
    check("7", malformed, "0   - - - -32600 true");
}

#[test]
fn an_older_program_s_message_is_filled_as_far_as_it_goes() {
    let size = size_of::<mcpring_message>();
    let text = r#"{"jsonrpc":"2.0","id":1}"#;
    let check = |size: usize, status: mcpring_status, want: &str| {
        let (got, shown) = read_message(text, size);
        assert_eq!(got, status, "{size}");
        assert!(shown.ends_with(want), "{size}: {shown}");
    };
    check(size, MCPRING_ERR_MALFORMED, "-32600 true");
    check(std::mem::offset_of!(mcpring_message, error), MCPRING_ERR_MALFORMED, "77 false");
    check(size - 4, MCPRING_ERR_ARGUMENT, "77 false");
    check(size + 1, MCPRING_ERR_ARGUMENT, "77 false");
    check(0, MCPRING_ERR_ARGUMENT, "77 false");
}

/// Feeds a stream in pieces; gives the frames and the status that ended it.
fn frames_of(
    framing: mcpring_framing,
    max: usize,
    stream: &[u8],
    piece: usize,
) -> (Vec<String>, mcpring_status) {
    let mut frames = ptr::null_mut();
    // SAFETY: the place is good.
    check(unsafe { mcpring_frames_new(framing, max, &raw mut frames) }, MCPRING_OK, "");
    let json = new_json();
    let mut found = Vec::new();
    let mut frame = mcpring_frame { payload: mcpring_str::ABSENT, readable: 0 };
    let mut keep = |frame: mcpring_frame| {
        found.push(show(frame.payload).to_owned());
        assert!(frame.readable >= frame.payload.len);
        // SAFETY: the frame is good until the decoder is called again.
        let parsed = unsafe { mcpring_json_parse(json, frame.payload, frame.readable) };
        assert!(parsed == MCPRING_OK || parsed == MCPRING_ERR_MALFORMED);
    };
    let mut ended = None;
    'stream: for chunk in stream.chunks(piece) {
        let mut at = 0;
        loop {
            // SAFETY: the chunk is good, and so are the places.
            let status =
                unsafe { mcpring_frames_next(frames, view(chunk), 0, &raw mut at, &raw mut frame) };
            match status {
                MCPRING_OK => keep(frame),
                MCPRING_MORE => break,
                status => {
                    ended = Some(status);
                    break 'stream;
                }
            }
        }
        assert_eq!(at, chunk.len());
    }
    while ended.is_none() {
        // SAFETY: the place is good.
        match unsafe { mcpring_frames_finish(frames, &raw mut frame) } {
            MCPRING_OK => keep(frame),
            status => ended = Some(status),
        }
    }
    // SAFETY: handles are only looked up.
    let freed = unsafe { [mcpring_frames_free(frames), mcpring_frames_free(frames)] };
    assert_eq!(freed, [MCPRING_OK, MCPRING_ERR_HANDLE]);
    check(free_json(json), MCPRING_OK, "");
    (found, ended.expect("an end"))
}

#[test]
fn streams_are_cut_the_same_wherever_they_are_split() {
    let check = |framing, stream: &[u8], frames: &[&str], end: mcpring_status| {
        for piece in 1..=stream.len().max(1) {
            let (found, status) = frames_of(framing, 10, stream, piece);
            assert_eq!((&found[..], status), (&frames.map_to_owned()[..], end), "{stream:?}");
        }
    };
    let (length, line) = (MCPRING_FRAMING_LENGTH, MCPRING_FRAMING_LINE);
    check(length, b"", &[], MCPRING_END);
    check(length, b"\0\0\0\x03[1]\0\0\0\x01x", &["[1]", "x"], MCPRING_END);
    check(length, b"\0\0\0\x03[1", &[], MCPRING_ERR_MALFORMED);
    check(length, b"\0\0\0\x01x\0\0\0\0", &["x"], MCPRING_ERR_MALFORMED);
    check(length, b"\0\0\0\x0b", &[], MCPRING_ERR_LIMIT);
    check(line, b"[1]\r\n\n2\n3", &["[1]", "2", "3"], MCPRING_END);
    check(line, b"01234567891\n", &[], MCPRING_ERR_LIMIT);
}

/// For tables of literals.
trait MapToOwned {
    fn map_to_owned(&self) -> Vec<String>;
}

impl MapToOwned for &[&str] {
    fn map_to_owned(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[test]
fn decoders_refuse_what_makes_no_sense() {
    let mut frames = ptr::null_mut();
    let mut new = |framing, max| {
        // SAFETY: the place is good.
        unsafe { mcpring_frames_new(framing, max, &raw mut frames) }
    };
    check(new(2, 0), MCPRING_ERR_ARGUMENT, "framing 2");
    check(new(MCPRING_FRAMING_LINE, usize::MAX), MCPRING_ERR_ARGUMENT, "32 bits");
    check(new(MCPRING_FRAMING_LINE, 0), MCPRING_OK, "");
    let mut frame = mcpring_frame { payload: mcpring_str::ABSENT, readable: 0 };
    let mut next = |chunk: mcpring_str, mut at: usize| {
        // SAFETY: the places are good, and so is the chunk, or it is refused.
        unsafe { mcpring_frames_next(frames, chunk, 0, &raw mut at, &raw mut frame) }
    };
    check(next(view("ab"), 3), MCPRING_ERR_ARGUMENT, "behind the end");
    check(next(view("ab"), usize::MAX), MCPRING_ERR_ARGUMENT, "behind the end");
    check(next(mcpring_str { data: ptr::null(), len: 1 }, 0), MCPRING_ERR_ARGUMENT, "NULL");
    check(next(mcpring_str::ABSENT, 0), MCPRING_MORE, "");
    check(next(view("ab"), 2), MCPRING_MORE, "");
}

#[test]
fn what_is_written_fits_or_says_what_is_needed() {
    type Write<'a> = &'a dyn Fn(*mut std::ffi::c_char, usize, *mut usize) -> mcpring_status;
    let check = |write: Write<'_>, want: &str| {
        for capacity in [want.len(), want.len() + 1] {
            let (status, len, bytes) = written(capacity, write);
            check(status, MCPRING_OK, "");
            assert_eq!((len, str::from_utf8(&bytes)), (want.len(), Ok(want)));
        }
        for capacity in [0, want.len() - 1] {
            let (status, len, _) = written(capacity, write);
            check(status, MCPRING_ERR_SPACE, &format!("{} bytes are needed", want.len()));
            assert_eq!(len, want.len());
        }
    };
    let (line, length) = (MCPRING_FRAMING_LINE, MCPRING_FRAMING_LENGTH);
    // SAFETY: the buffers are `written`'s, and good.
    unsafe {
        check(
            &|b, c, w| mcpring_json_quote(view("a\"\0\u{e9}"), b, c, w),
            "\"a\\\"\\u0000\u{e9}\"",
        );
        check(&|b, c, w| mcpring_json_quote(mcpring_str::ABSENT, b, c, w), "\"\"");
        check(&|b, c, w| mcpring_frame_encode(line, view("[1]"), b, c, w), "[1]\n");
        check(&|b, c, w| mcpring_frame_encode(length, view("[1]"), b, c, w), "\0\0\0\x03[1]");
        check(
            &|b, c, w| mcpring_sse_encode(view("7"), mcpring_str::ABSENT, view("a\nb"), b, c, w),
            "id: 7\r\ndata: a\r\ndata: b\r\n\r\n",
        );
        check(
            &|b, c, w| {
                let absent = mcpring_str::ABSENT;
                mcpring_sse_encode(absent, view("message"), absent, b, c, w)
            },
            "event: message\r\ndata: \r\n\r\n",
        );
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let refused = |write: &dyn Fn(*mut std::ffi::c_char, usize, *mut usize) -> i32, words: &str| {
        let (status, len, _) = written(100, write);
        check(status, MCPRING_ERR_ARGUMENT, words);
        assert_eq!(len, usize::MAX, "written on success only");
    };
    let absent = mcpring_str::ABSENT;
    // SAFETY: the buffers are `written`'s, and good.
    unsafe {
        refused(&|b, c, w| mcpring_json_quote(view(b"\xff"), b, c, w), "not UTF-8 from byte 0");
        refused(&|b, c, w| mcpring_frame_encode(9, view("1"), b, c, w), "framing 9");
        refused(&|b, c, w| mcpring_frame_encode(0, absent, b, c, w), "payload is empty");
        refused(&|b, c, w| mcpring_frame_encode(1, view("1\n2"), b, c, w), "newline");
        refused(&|b, c, w| mcpring_sse_encode(view("1\n"), absent, absent, b, c, w), "id has a");
        refused(&|b, c, w| mcpring_sse_encode(absent, view("\r"), absent, b, c, w), "event has a");
    }
}
