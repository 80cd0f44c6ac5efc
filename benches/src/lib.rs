//! Measures MCP servers: starts them pinned to one core, loads them from another, checks every
//! answer, and sets what it measured beside a floor and beside peers.
//!
//! ```text
//! target    where a server listens and what it speaks
//! question  what is asked, and how a right answer looks
//! workload  what is measured, as files;   record  what it came to
//! subject   a server under measurement;   trial  workloads on subjects, in turn
//! generator the load, on the engine's own ring;   audience  streams held open, on it too
//! incoming  one HTTP answer or event stream, as it arrives;   dial  connections
//! histogram latencies
//! child     a server as a child process;   binaries  how it is built;   interrupt  its end by signals
//! c_programs, pythons  what C and Python need
//! ablation  what each optimisation is worth
//! measure   what the kernel and the server say about a process
//! statistics  whether two measurements differ;   budget  what they may come to
//! commands  what the command line offers, one file each
//! rounds    sides in turn, medians;   report  rows, verdicts, JSON
//! peers     our servers and others of the field, in one run
//! table     the rows of `cargo bench`;   bare, tools   our own servers under test
//! ```
//!
//! The figure that carries is the server's CPU time per request, as a ratio within one run: the
//! machine's speed cancels out. Nothing here decides whether a test passes.

#![forbid(unsafe_code)]

pub mod ablation;
pub mod audience;
pub mod bare;
pub mod binaries;
pub mod budget;
pub mod c_programs;
pub mod child;
pub mod cli;
pub mod client;
pub mod commands;
pub mod dial;
pub mod fault;
pub mod generator;
pub mod histogram;
pub mod incoming;
pub mod inside;
mod interrupt;
pub mod measure;
pub mod peers;
pub mod pythons;
pub mod question;
pub mod record;
pub mod report;
pub mod rounds;
pub mod statistics;
pub mod subject;
pub mod table;
pub mod target;
pub mod tools;
pub mod trial;
pub mod workload;
