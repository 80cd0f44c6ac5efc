//! Standard input and output as a connection, kept clean of everything but the protocol.
//!
//! A stray print in a handler would corrupt the stream, so the two descriptors move to private
//! numbers that child processes do not inherit; descriptor 1 then leads to standard error, and
//! descriptor 0 reads an empty file. The process keeps them so: the old numbers are not restored,
//! or a second copy would keep the peer's pipe open after the connection has ended.

#![allow(clippy::disallowed_methods, reason = "the standard descriptors are taken here")]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// The private descriptors: what the peer writes, and what it reads.
pub(crate) struct Stdio {
    /// Formerly descriptor 0.
    pub(crate) read: OwnedFd,
    /// Formerly descriptor 1.
    pub(crate) write: OwnedFd,
}

/// Takes the process's standard input and output; works once in a process's life.
pub(crate) fn take() -> Result<Stdio, Error> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::AcqRel) {
        return Err(Error::usage("standard input and output can serve one engine in a process"));
    }
    divert().map_err(|fault| Error::system(format!("standard input and output: {fault}")))
}

fn divert() -> io::Result<Stdio> {
    let read = io::stdin().as_fd().try_clone_to_owned()?;
    let write = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    if rustix::stdio::dup2_stdout(io::stderr()).is_err() {
        // A process without standard error has nowhere for stray prints but nowhere.
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    }
    Ok(Stdio { read, write })
}
