//! The descriptors of one connection and how each kind of them is read and written without waiting.
//!
//! Sockets are ours alone and non-blocking. Pipes, terminals and files of stdio may be shared with
//! other processes, so their flags stay as they are: readiness is asked for before each call, and a
//! write is kept to what a ready pipe takes whole.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::error::SystemError;
use crate::ring::sys;

/// What a ready pipe takes without blocking.
const PIPE_WRITE_BYTES: usize = libc::PIPE_BUF;

/// Where one connection's bytes come from and go to.
pub(super) enum Ends {
    /// A stream socket.
    Socket(OwnedFd),
    /// Two descriptors of any kind, boxed for they are rare.
    Pipe(Box<(End, End)>),
}

/// One descriptor of a pair.
pub(super) struct End {
    fd: OwnedFd,
    /// Always ready, and refused by epoll.
    is_file: bool,
    /// Known to the epoll instance.
    pub(super) is_registered: bool,
}

impl End {
    pub(super) fn new(fd: OwnedFd) -> Self {
        let is_file = sys::is_regular_file(fd.as_raw_fd());
        Self { fd, is_file, is_registered: false }
    }

    pub(super) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    pub(super) fn is_file(&self) -> bool {
        self.is_file
    }

    /// Set once epoll has refused it: some devices are like files.
    pub(super) fn treat_as_file(&mut self) {
        self.is_file = true;
    }

    fn is_ready(&self, events: libc::c_short) -> bool {
        self.is_file || sys::is_ready(self.raw(), events)
    }
}

/// What trying found out.
#[derive(Clone, Copy)]
pub(super) enum Tried {
    /// So many bytes; for a read, zero is the end.
    Moved(usize),
    /// Not now.
    NotReady,
    /// Never again.
    Failed(SystemError),
}

impl Tried {
    fn of(result: Result<usize, SystemError>) -> Self {
        match result {
            Ok(count) => Self::Moved(count),
            Err(fault) if matches!(fault.errno, libc::EAGAIN | libc::EINTR) => Self::NotReady,
            Err(fault) => Self::Failed(fault),
        }
    }
}

impl Ends {
    /// Reads once.
    pub(super) fn read(&self, into: &mut [u8]) -> Tried {
        match self {
            Self::Socket(fd) => Tried::of(retry(|| sys::recv(fd.as_raw_fd(), into))),
            Self::Pipe(ends) if ends.0.is_ready(libc::POLLIN) => {
                Tried::of(sys::read(ends.0.raw(), into))
            }
            Self::Pipe(_) => Tried::NotReady,
        }
    }

    /// Writes what is taken now.
    pub(super) fn write(&self, bytes: &[u8]) -> Tried {
        match self {
            Self::Socket(fd) => Tried::of(retry(|| sys::send(fd.as_raw_fd(), bytes))),
            Self::Pipe(ends) => write_pipe(&ends.1, bytes),
        }
    }

    /// Whether a short read means that nothing is left, so that the next try can be spared.
    pub(super) fn is_drained_by_short_read(&self) -> bool {
        matches!(self, Self::Socket(_))
    }
}

/// A signal is no reason to wait for the next edge.
fn retry(mut call: impl FnMut() -> Result<usize, SystemError>) -> Result<usize, SystemError> {
    loop {
        match call() {
            Err(fault) if fault.errno == libc::EINTR => {}
            done => return done,
        }
    }
}

fn write_pipe(end: &End, bytes: &[u8]) -> Tried {
    let mut written = 0;
    while written < bytes.len() && end.is_ready(libc::POLLOUT) {
        let rest = &bytes[written..];
        let most = if end.is_file { rest.len() } else { rest.len().min(PIPE_WRITE_BYTES) };
        match Tried::of(sys::write(end.raw(), &rest[..most])) {
            Tried::Moved(count) => written += count,
            Tried::Failed(fault) if written == 0 => return Tried::Failed(fault),
            // What went is reported first; the fault comes again with the next try.
            _ => break,
        }
    }
    if written == 0 { Tried::NotReady } else { Tried::Moved(written) }
}
