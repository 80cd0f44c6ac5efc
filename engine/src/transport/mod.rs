//! What carries messages: pipes of frames, and exchanges of HTTP.
//!
//! A transport turns received chunks into frames with facts about them, and wraps what is written.
//! It knows no JSON, no session and no clock; what a frame means is decided in `endpoint`.

mod accept;
pub mod exchange;
mod facts;
mod host;
pub mod http1;
mod own;
mod paths;
mod pipe;
mod refusal;
mod replay;
pub mod respond;
mod value;

pub use crate::codec::{Assembled, Chunk, Frame, FrameError, sse};
pub use exchange::{Exchange, HttpRules, Route, Verb};
pub use facts::Facts;
pub use http1::{Http1, Step};
pub use own::OwnRequest;
pub use paths::OwnPaths;
pub use pipe::{Framing, Mark, Pipe};
pub use refusal::Refusal;
pub use replay::Replay;
pub use respond::{Stream, respond, respond_empty, respond_page};

#[cfg(test)]
mod tests;
