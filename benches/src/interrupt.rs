//! SIGINT and SIGTERM: what this program has started ends before it does.
//!
//! A terminal sends its Ctrl-C to all of them; whoever sends a signal to this process alone would
//! leave servers and builds behind. The process dies of the signal in the end, so that who waits
//! for it sees the usual: 130 or 143 in a shell.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::fault::Fault;
use crate::measure::process::Process;

/// Held while a process is started, and for ever once a signal has come.
static STARTING: Mutex<()> = Mutex::new(());

/// Rounds in which what this process has started is ended: it may start others meanwhile.
const ROUNDS_MAX: usize = 1_000;

/// From here on a thread waits for the signals.
pub(crate) fn obey() -> Result<(), Fault> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).map_err(Fault::harness("install signal handlers"))?;
    let end = move || {
        for signal in signals.forever() {
            let _for_ever = gate();
            end_what_was_started();
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

/// Starts `command`, unless a signal has come. What it leaves behind when it ends becomes a child of
/// this process.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let _gate = gate();
    set_child_subreaper(true)?;
    command.spawn()
}

/// Ends all that this process has started or was given.
fn end_what_was_started() {
    for _ in 0..ROUNDS_MAX {
        let tree = Process(std::process::id()).tree().unwrap_or_default();
        match tree.get(1..) {
            None | Some([]) => return,
            Some(started) => end(started),
        }
    }
}

/// Ends `processes`, in their order: who would start another one first. When this returns, what they
/// have started after the last look has been given to this process.
pub(crate) fn end(processes: &[Process]) {
    for process in processes {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(process.0.cast_signed()), Signal::SIGKILL);
    }
    for process in processes {
        // Of those that have never been this process's nobody is told here.
        let _ = waitpid(Pid::from_raw(process.0.cast_signed()), None);
    }
}
