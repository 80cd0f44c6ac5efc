//! Which cores are used for what: the server on one, the load on another.
//!
//! Sharing a core would charge the server for the load's cache misses and let the scheduler decide
//! the result.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::fault::Fault;

/// The cores of a run.
#[derive(Clone, Debug)]
pub struct Cores {
    all: CpuSet,
    /// The server's.
    pub server: usize,
    /// The load's.
    pub load: usize,
}

impl Cores {
    /// The first two cores this process may use. With a single one there is nothing to compare.
    pub fn find() -> Result<Self, Fault> {
        let all = sched_getaffinity(Pid::from_raw(0)).map_err(invalid)?;
        let mut usable = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false));
        match (usable.next(), usable.next()) {
            (Some(server), Some(load)) => Ok(Self { all, server, load }),
            _ => Err(Fault::Invalid(
                "two cores are needed, one for the server and one for the load".into(),
            )),
        }
    }

    /// Binds this thread, and the children it starts, to `core`.
    pub fn pin(&self, core: usize) -> Result<(), Fault> {
        let mut set = CpuSet::new();
        set.set(core).map_err(invalid)?;
        sched_setaffinity(Pid::from_raw(0), &set).map_err(invalid)
    }

    /// Lets this thread, and the children it starts, use every core again.
    pub fn unpin(&self) -> Result<(), Fault> {
        sched_setaffinity(Pid::from_raw(0), &self.all).map_err(invalid)
    }
}

/// Lets this thread, and those it starts, use every core that the system grants, also where it was
/// started on fewer.
pub fn use_all() -> Result<(), Fault> {
    let mut all = CpuSet::new();
    (0..CpuSet::count()).try_for_each(|core| all.set(core)).map_err(invalid)?;
    sched_setaffinity(Pid::from_raw(0), &all).map_err(invalid)
}

fn invalid(error: nix::Error) -> Fault {
    Fault::Invalid(format!("bind to a core: {error}"))
}
