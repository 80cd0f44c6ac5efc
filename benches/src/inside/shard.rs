//! The protocol of one shard without a kernel: bytes in, bytes out.
//!
//! It is the endpoint that every server runs on, driven by its two verbs. Only calls that are
//! answered at once work here: there are no workers, and time stands still.

use std::sync::Arc;

use mcpring::Config;
use mcpring::endpoint::{
    Endpoint, EndpointConfig, Input, KeyRing, LABELS, ListenerKind, Medium, Now, Output,
};
use mcpring::metrics::ShardMetrics;
use mcpring::server::{CallEvent, Post, Publisher, Server};
use mcpring::slot::Slot;
use mcpring::transport::{Assembled, Framing, HttpRules};

use crate::target::Wire;

/// Nothing is posted by a call that is answered at once.
pub(super) struct Nowhere(pub(super) Publisher);

impl Post for Nowhere {
    fn post(&self, _event: CallEvent) {}

    fn publisher(&self) -> Publisher {
        self.0.clone()
    }

    fn now_ns(&self) -> u64 {
        0
    }
}

/// One endpoint with one connection.
pub struct Shard {
    endpoint: Endpoint,
    slot: Slot,
    reply: Vec<u8>,
}

impl Shard {
    /// An endpoint that serves `server`, and a connection to it on `wire`.
    pub fn new(server: Server, wire: Wire) -> Self {
        let server = Arc::new(server);
        let publisher = Publisher::new(Arc::clone(&server), |_| Ok(()));
        let listener = match wire {
            Wire::Length => ListenerKind::Pipe(Framing::Length, Medium::Tcp),
            Wire::Line => ListenerKind::Pipe(Framing::Line, Medium::Tcp),
            Wire::Http => ListenerKind::Http(Arc::new(HttpRules::default())),
        };
        let setup = EndpointConfig {
            server,
            listeners: vec![listener],
            shard: 0,
            config: Arc::new(Config::default()),
            seed: [7; 32],
            unix_s_at_zero: 0,
            state_ring: Arc::new(KeyRing::ephemeral(&[7; 32])),
            post: Arc::new(Nowhere(publisher)),
            metrics: [Arc::new(ShardMetrics::new(LABELS))].into(),
            driver: "none",
            authorization: None,
            routes: Arc::new([]),
        };
        let mut endpoint = Endpoint::new(Now(0), setup);
        let slot = Slot::new(0, 1);
        endpoint.handle(Now(0), Input::Accepted { slot, listener: 0 });
        let mut shard = Self { endpoint, slot, reply: Vec::new() };
        shard.drain();
        shard
    }

    /// Lets `request` arrive, whole and in one piece, and gives what was sent for it.
    pub fn ask(&mut self, request: &Assembled) -> &[u8] {
        self.reply.clear();
        self.endpoint.handle(Now(0), Input::Received { slot: self.slot, chunk: request });
        self.drain();
        self.endpoint.turn_ended(Now(0));
        &self.reply
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            if let Output::Send { slot, bytes, start } = output {
                self.reply.extend_from_slice(&bytes[start..]);
                let start = bytes.len();
                let sent = Input::Sent { slot, bytes, start, is_failed: false };
                self.endpoint.handle(Now(0), sent);
            }
        }
    }
}
