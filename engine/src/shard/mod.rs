//! Threads, clock and wake-ups: what turns the protocol into a server.
//!
//! One shard is one thread with one driver and one endpoint, and shares nothing with the others but
//! inboxes. [`Engine`] starts them, one per core; [`Running`] ends them. This is the only module
//! that starts threads, reads the clock, or handles signals; what is served, and how, is decided
//! below it.
//!
//! ```text
//!             ┌──────────────── shard thread ────────────────┐
//!   kernel ◄──┤ driver ─ completions ─► endpoint ─ outputs ──┼──► lanes (worker threads)
//!             │    ▲ wake                   ▲                │        │
//!             └────┼───────────────────── inbox ◄────────────┘        │
//!                  └── other shards' forwards, ends of calls ◄────────┘
//! ```

mod async_worker;
mod clock;
mod connect;
mod jwks;
mod lanes;
mod listener;
mod place;
mod pool;
mod received;
#[cfg(any(test, feature = "sim"))]
mod rig;
mod running;
mod signal;
mod start;
mod stats;
mod stdio;
mod thread;
mod together;
mod turn;
mod wake;
mod worker;

pub use pool::Engine;
#[cfg(any(test, feature = "sim"))]
pub(crate) use rig::{Rig, RigSetup};
pub use running::Running;
pub use together::together;
#[cfg(any(test, feature = "sim"))]
pub(crate) use turn::Phase;
