//! SIGINT and SIGTERM: what this program has started ends before it does.
//!
//! A terminal sends its Ctrl-C to all of them; whoever sends a signal to this process alone would
//! leave servers and builds behind. The process dies of the signal in the end, so that who waits
//! for it sees the usual: 130 or 143 in a shell.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::fault::Fault;
use crate::measure::process::Process;

/// Held while a process is started, and for ever once a signal has come.
static STARTING: Mutex<()> = Mutex::new(());

/// From here on a thread waits for the signals.
pub(crate) fn obey() -> Result<(), Fault> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).map_err(Fault::harness("install signal handlers"))?;
    let end = move || {
        for signal in signals.forever() {
            let _for_ever = gate();
            let tree = Process(std::process::id()).tree().unwrap_or_default();
            end_all(tree.get(1..).unwrap_or_default());
            // It returns only for signals that end nothing.
            let _ = emulate_default_handler(signal);
        }
    };
    let thread = thread::Builder::new().name("mcpring-bench-signals".into()).spawn(end);
    thread.map(drop).map_err(Fault::harness("start a thread for signals"))
}

/// Waits here for the end, if a signal has come: what fails because of it is not to be reported.
pub(crate) fn gate() -> MutexGuard<'static, ()> {
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts `command`, unless a signal has come.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let _gate = gate();
    command.spawn()
}

/// Ends `processes`, in their order: who would start another one first.
pub(crate) fn end_all(processes: &[Process]) {
    for process in processes {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(process.0.cast_signed()), Signal::SIGKILL);
    }
}
