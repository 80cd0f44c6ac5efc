//! What a server holds before it is called: memory comes with the need for it, not at the start.
//!
//! Counted is what is allocated, which is the same on every run, where resident pages are not.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use mcpring::ring::Choice;
use mcpring::{Engine, Server, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

use support::{Client, drivers};

/// Most that a server of one tool and two shards holds with one client greeted, in bytes: 171 KiB
/// when this was written. What used to be there too early was 128 KiB at least.
const HELD_BYTES_MAX: usize = 256 << 10;

/// Counts what all threads hold.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is the system's; we only count.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's place and layout.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

fn check(choice: Choice) {
    let before = HELD.load(Ordering::Relaxed);
    let server = Server::builder("rest", "1.0")
        .tool(Tool::new("echo", |Echo { message }| message))
        .build()
        .expect("a valid server");
    let engine = Engine::new(server).driver(choice).shards(2).http("127.0.0.1:0");
    let running = engine.start().expect("the engine starts");
    let mut client = Client::open(&running.addresses()[0]);
    client.initialize();
    let held = HELD.load(Ordering::Relaxed) - before;
    assert!(held <= HELD_BYTES_MAX, "{choice}: a server at rest holds {held} bytes");
    running.stop();
    assert_eq!(running.join(), Ok(()));
}

#[test]
fn a_server_at_rest_holds_little() {
    for choice in drivers() {
        check(choice);
    }
}
