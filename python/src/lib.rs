//! The compiled module `mcpring._core`: sockets, protocol, validation, and the way into Python.
//!
//! ```text
//! shard ──► Deferred ──► lane (pool thread or asyncio loop) ──► decode ─► fn(**kwargs) ─► encode
//! ```
//!
//! What each class means, and which thread may use it, stands in `mcpring/_core.pyi`, the contract
//! with the Python code around this module. Shard threads never run Python and never wait for it.

#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a front end has threads, and waits")]
#![allow(clippy::result_large_err, reason = "a call that is refused goes back to who brought it")]

mod answer;
mod call;
mod decode;
mod encode;
mod end;
mod error;
mod feature;
mod frames;
mod handler;
mod held;
mod input;
mod lanes;
mod looper;
mod pool;
mod prepare;
mod route;
mod schema;
mod seat;
mod server;
mod source;
mod stage;
mod value;
mod work;

/// What `import mcpring._core` gives.
#[pyo3::pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::call::{Call, current_call};
    #[pymodule_export]
    use crate::frames::{Frames, encode_frame};
    #[pymodule_export]
    use crate::handler::Handler;
    #[pymodule_export]
    use crate::looper::LoopLane;
    #[pymodule_export]
    use crate::pool::PoolLane;
    #[pymodule_export]
    use crate::route::{Request, Response};
    #[pymodule_export]
    use crate::schema::Schema;
    #[pymodule_export]
    use crate::server::{Edit, Server};
    #[pymodule_export]
    use crate::value::{Value, scan};

    /// Adds what is neither a class nor a function.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", mcpring::VERSION)?;
        module.add("build", if cfg!(feature = "abi3") { "abi3" } else { "version" })
    }
}
