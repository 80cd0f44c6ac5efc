//! What the calls of one server share: which server it is, and how much they may answer.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::handle::pointer;
use crate::queue::Queue;
use crate::server::mcpring_server;

/// What the calls of one server share.
pub(crate) struct Site {
    server: AtomicU64,
    reply_bytes_max: AtomicUsize,
    /// Calls for the thread that polls.
    pub(crate) queue: Queue,
}

impl Site {
    /// A site without a handle; a reply may have so many bytes.
    pub(crate) fn new(queue: Queue, reply_bytes_max: usize) -> Self {
        let reply_bytes_max = AtomicUsize::new(reply_bytes_max);
        Self { server: AtomicU64::new(0), reply_bytes_max, queue }
    }

    /// The handle of the server.
    pub(crate) fn server(&self) -> *mut mcpring_server {
        pointer(self.server.load(Ordering::Acquire))
    }

    /// Says which handle the server has.
    pub(crate) fn set_server(&self, server: *mut mcpring_server) {
        self.server.store(server.addr() as u64, Ordering::Release);
    }

    /// Most bytes that one answer may hold.
    pub(crate) fn reply_bytes_max(&self) -> usize {
        self.reply_bytes_max.load(Ordering::Relaxed)
    }

    /// Says how much one answer may hold.
    pub(crate) fn set_reply_bytes_max(&self, bytes: usize) {
        self.reply_bytes_max.store(bytes, Ordering::Relaxed);
    }
}
