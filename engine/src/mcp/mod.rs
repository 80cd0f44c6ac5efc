//! The Model Context Protocol's rules: versions and eras, the method table, who may ask what when.
//!
//! Pure decisions over parsed messages and [`Facts`]; nothing here writes bytes, knows HTTP, or
//! holds features. Two files decide by version: `version.rs` (what a version contains) and
//! `method.rs` (which methods it has).

mod ask;
mod client;
mod cursor;
mod envelope;
mod facts;
mod method;
mod refusal;
mod seal;
mod session;
mod version;

pub use ask::{AskMethod, Askable, required_capabilities};
pub use client::Client;
pub use cursor::{Cursor, CursorError};
pub use envelope::{
    Envelope, META_SERVER_INFO, META_SUBSCRIPTION_ID, progress_token,
    unsupported as unsupported_version,
};
pub use facts::{Era, Facts, Mirror, choose_era};
pub use method::{
    CLIENT_METHODS, METHODS, Need, Row, Side, Target, lookup, lookup_in, lookup_outgoing,
};
pub use refusal::{Refusal, Status};
pub use seal::{Binding, KeyRing, STATE_NONCE_BYTES, SealError};
pub use session::{Admitted, Initialize, Phase, Session, admit_exchange, admit_stream};
pub use version::Version;
