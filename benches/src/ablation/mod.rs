//! What each optimisation is worth: the plan's experiments, with it and without it in turn.
//!
//! ```text
//! experiments  the table: loads, arguments of both servers, what the plan expects
//! measure      one row: both sides in turn;   lookup  the one that needs no server
//! figures      what an experiment asks for beside time and memory
//! report       the plan's columns, measured
//! ```
//!
//! Both sides are the same program; a switch of the engine
//! ([`Ablation`](mcpring::config::Ablation)) or a setting is the only difference. An optimisation
//! that is worth nothing, or costs something, is printed as just that.

pub mod experiments;
pub mod figures;
mod lookup;
pub mod measure;
pub mod report;
#[cfg(test)]
mod tests;
