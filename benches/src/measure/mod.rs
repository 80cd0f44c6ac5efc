//! What the kernel and the server itself say about a server: CPU, memory, descriptors, counters.

pub mod cores;
pub mod counters;
pub mod kernel;
pub mod process;
