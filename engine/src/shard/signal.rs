//! SIGTERM and SIGINT as values that somebody waits for.
//!
//! The handlers write a byte into a socket pair; the thread that runs the engine reads it. The end
//! of the engine is a byte through the same pair, so that one blocking read covers both. The
//! handlers stay installed after the engine has ended (putting the old ones back cannot be done
//! without a race), which is why only `Engine::run` installs them, and `Engine::start` does so only
//! when it is asked to. There a thread does wait: nobody else is left to.

#![allow(clippy::disallowed_methods, reason = "a signal handler can only write to a descriptor")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGPIPE, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

use crate::error::Error;

/// The byte that tells the end of the engine; the handlers write another.
const ENDED: u8 = b'E';

/// What the thread that runs the engine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// SIGTERM or SIGINT arrived.
    Signal,
    /// The engine has ended by itself.
    Ended,
}

/// The reading end, and the handlers' registrations.
pub(crate) struct Signals {
    read: UnixStream,
    write: UnixStream,
    registered: Vec<SigId>,
}

/// Tells the reading end that the engine has ended.
pub(crate) struct Bell(UnixStream);

impl Signals {
    /// Installs the handlers.
    pub(crate) fn install() -> Result<Self, Error> {
        let install = || -> std::io::Result<Self> {
            let (read, write) = UnixStream::pair()?;
            let registered = [SIGTERM, SIGINT]
                .into_iter()
                .map(|signal| pipe::register(signal, write.try_clone()?))
                .collect::<Result<_, _>>()?;
            Ok(Self { read, write, registered })
        };
        install().map_err(|fault| Error::system(format!("signal handlers: {fault}")))
    }

    /// A bell for the end of the engine.
    pub(crate) fn bell(&self) -> Result<Bell, Error> {
        let write = self.write.try_clone();
        write.map(Bell).map_err(|fault| Error::system(format!("signal handlers: {fault}")))
    }

    /// Blocks until something happens.
    pub(crate) fn wait(&mut self) -> Event {
        let mut byte = [0];
        loop {
            match self.read.read(&mut byte) {
                Ok(1) if byte[0] == ENDED => return Event::Ended,
                Ok(1) => return Event::Signal,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                // Both ends are ours, so this cannot happen; if it does, waiting is over.
                Ok(_) | Err(_) => return Event::Ended,
            }
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            unregister(id);
        }
    }
}

impl Bell {
    /// Wakes [`Signals::wait`] with [`Event::Ended`].
    pub(crate) fn ring(mut self) {
        // Fails only when nobody reads any more.
        let _ = self.0.write_all(&[ENDED]);
    }
}

/// Makes writing to a closed pipe an error instead of the end of the process, for embedding
/// programs whose language has not done so. A handler that does nothing is used rather than
/// "ignore", because it is not inherited by child processes.
pub(crate) fn survive_broken_pipes() -> Result<(), Error> {
    static DONE: std::sync::Once = std::sync::Once::new();
    let mut outcome = Ok(());
    DONE.call_once(|| {
        outcome = signal_hook::flag::register(SIGPIPE, Arc::new(AtomicBool::new(false))).map(drop);
    });
    outcome.map_err(|fault| Error::system(format!("SIGPIPE handler: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_and_the_end_arrive_in_order() {
        let mut signals = Signals::install().expect("handlers can be installed");
        signal_hook::low_level::raise(SIGTERM).expect("a handled signal");
        assert_eq!(signals.wait(), Event::Signal);
        signal_hook::low_level::raise(SIGINT).expect("a handled signal");
        signals.bell().expect("a bell").ring();
        assert_eq!(signals.wait(), Event::Signal);
        assert_eq!(signals.wait(), Event::Ended);
    }

    #[test]
    fn a_broken_pipe_is_an_error() {
        survive_broken_pipes().expect("a handler");
        survive_broken_pipes().expect("again is nothing");
        let (mut left, right) = UnixStream::pair().expect("a socket pair");
        drop(right);
        let fault = left.write_all(b"x").expect_err("nobody reads");
        assert_eq!(fault.kind(), ErrorKind::BrokenPipe);
    }
}
