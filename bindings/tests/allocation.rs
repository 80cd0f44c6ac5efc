//! Nothing is allocated for a message once the parser and the decoder are warm.

#![allow(clippy::multiple_unsafe_ops_per_block, reason = "calls as a C program strings them")]

mod caller;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use caller::*;
use mcpring_c::*;

/// Counts what the present thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

// SAFETY: all is the system's; we only count.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's place and layout.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const MESSAGE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",
"arguments":{"text":"a\nb","n":3}}}"#;

struct Stage {
    json: *mut mcpring_json,
    frames: *mut mcpring_frames,
    schema: *mut mcpring_schema,
}

/// One frame, cut out of `stream` in pieces, parsed, read, checked and answered.
fn turn(stage: &Stage, stream: &[u8], piece: usize) {
    let Stage { json, frames, schema } = *stage;
    let mut frame = mcpring_frame { payload: mcpring_str::ABSENT, readable: 0 };
    let mut cut = MCPRING_MORE;
    for chunk in stream.chunks(piece) {
        let mut at = 0;
        assert_eq!(cut, MCPRING_MORE);
        // SAFETY: the chunk is good until the next turn, and so are the places.
        cut = unsafe { mcpring_frames_next(frames, view(chunk), 0, &raw mut at, &raw mut frame) };
    }
    assert_eq!(cut, MCPRING_OK);
    let mut message = mcpring_message {
        struct_size: size_of::<mcpring_message>(),
        kind: 0,
        id: mcpring_str::ABSENT,
        method: mcpring_str::ABSENT,
        params: 0,
        result: 0,
        error: 0,
        code: 0,
        answerable: false,
    };
    let (mut arguments, mut text, mut string) = (0, 0, mcpring_str::ABSENT);
    let mut buffer = [0u8; 1000];
    let (data, mut written) = (buffer.as_mut_ptr().cast(), 0);
    // SAFETY: the frame is good, and so are the places.
    let statuses = unsafe {
        [
            mcpring_json_parse(json, frame.payload, frame.readable),
            mcpring_message_read(json, 0, &raw mut message),
            mcpring_json_get(json, message.params, view("arguments"), &raw mut arguments),
            mcpring_schema_check(schema, json, arguments),
            mcpring_json_get(json, arguments, view("text"), &raw mut text),
            mcpring_json_text(json, text, data, 500, &raw mut string),
            mcpring_json_quote(string, data.add(500), 500, &raw mut written),
            mcpring_frame_encode(0, message.id, data, 500, &raw mut written),
            mcpring_sse_encode(
                message.id,
                view("message"),
                string,
                data.add(500),
                500,
                &raw mut written,
            ),
        ]
    };
    assert_eq!(statuses, [MCPRING_OK; 9], "{}", words());
    assert!(walk(json, 0).count() == 4);
}

#[test]
fn a_message_costs_no_memory_once_warm() {
    let mut schema = ptr::null_mut();
    let text =
        view(r#"{"type":"object","properties":{"text":{"type":"string"}},"required":["n"]}"#);
    // SAFETY: the place is good.
    check(unsafe { mcpring_schema_new(text, &raw mut schema) }, MCPRING_OK, "");
    let mut frames = ptr::null_mut();
    // SAFETY: as above.
    check(unsafe { mcpring_frames_new(0, 0, &raw mut frames) }, MCPRING_OK, "");
    let stage = Stage { json: new_json(), frames, schema };
    let stream = [&(MESSAGE.len() as u32).to_be_bytes()[..], MESSAGE.as_bytes()].concat();
    for piece in [stream.len(), 50, 7] {
        for _ in 0..3 {
            turn(&stage, &stream, piece);
        }
        let before = ALLOCATIONS.get();
        for _ in 0..100 {
            turn(&stage, &stream, piece);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "in pieces of {piece} bytes");
    }
    let before = ALLOCATIONS.get();
    drop(Box::new(before));
    assert_eq!(ALLOCATIONS.get() - before, 1, "the allocations are counted");
    // SAFETY: handles are only looked up.
    let freed = unsafe {
        [free_json(stage.json), mcpring_frames_free(frames), mcpring_schema_free(schema)]
    };
    assert_eq!(freed, [MCPRING_OK; 3]);
}
