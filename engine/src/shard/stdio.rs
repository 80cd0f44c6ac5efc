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
use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// The private descriptors: what the peer writes, and what it reads.
pub(crate) struct Stdio {
    /// Formerly descriptor 0.
    pub(crate) read: OwnedFd,
    /// Formerly descriptor 1.
    pub(crate) write: OwnedFd,
}

/// Where the process's standard input and output are.
enum Place {
    /// At their own numbers.
    Theirs,
    /// Claimed for an engine that is to come.
    Claimed(Stdio),
    /// An engine's.
    Taken,
}

static PLACE: Mutex<Place> = Mutex::new(Place::Theirs);

/// Takes the process's standard input and output; works once in a process's life.
pub(crate) fn take() -> Result<Stdio, Error> {
    change(|place| match std::mem::replace(place, Place::Taken) {
        Place::Theirs => divert(),
        Place::Claimed(stdio) => Ok(stdio),
        Place::Taken => Err(taken()),
    })
}

/// Moves them away already, for the engine that will [`take`] them; again is nothing.
pub(super) fn claim() -> Result<(), Error> {
    change(|place| match place {
        Place::Theirs => {
            *place = Place::Claimed(divert()?);
            Ok(())
        }
        Place::Claimed(_) => Ok(()),
        Place::Taken => Err(taken()),
    })
}

/// What the lock guards is replaced whole, so a panic elsewhere leaves nothing half done.
fn change<T>(step: impl FnOnce(&mut Place) -> Result<T, Error>) -> Result<T, Error> {
    step(&mut PLACE.lock().unwrap_or_else(PoisonError::into_inner))
}

fn taken() -> Error {
    Error::usage("standard input and output can serve one engine in a process")
}

fn divert() -> Result<Stdio, Error> {
    move_away().map_err(|fault| Error::system(format!("standard input and output: {fault}")))
}

fn move_away() -> io::Result<Stdio> {
    let read = io::stdin().as_fd().try_clone_to_owned()?;
    let write = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    if rustix::stdio::dup2_stdout(io::stderr()).is_err() {
        // A process without standard error has nowhere for stray prints but nowhere.
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    }
    Ok(Stdio { read, write })
}
