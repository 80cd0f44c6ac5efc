//! Which driver works here, found out by using it.
//!
//! A kernel's version proves nothing (distributions backport, sandboxes forbid), and a set-up that
//! succeeds proves little (a filter may allow it and deny the rest). So the `io_uring` driver counts
//! as usable only after bytes went through a socket and a lent buffer. The refusal is explained:
//! who forbids, and what would help.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use super::epoll::Epoll;
use super::uring::Uring;
use super::{Choice, Completion, Driver, Op, RingConfig, SendBuf, sys};
use crate::error::{Error, SystemError};

/// Longest the round trip may take; a working kernel needs microseconds.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(2);
const PROBE_TEXT: &[u8] = b"round trip";

/// Opens the driver `choice` names, on the thread that will use it, and tells in one line which
/// one it is and why another was refused.
pub fn open(choice: Choice, config: &RingConfig) -> Result<(Box<dyn Driver>, String), Error> {
    match choice {
        Choice::Epoll => open_epoll(config, "asked for"),
        Choice::Uring => open_uring(config).map_err(|fault| {
            Error::system(format!("io_uring is not usable: {}", explain(fault, &Clues::read())))
        }),
        Choice::Auto => open_uring(config).or_else(|fault| {
            let reason = explain(fault, &Clues::read());
            open_epoll(config, &format!("io_uring refused: {reason}"))
        }),
    }
}

/// Raises the soft limit on descriptors to the hard one and returns what it is then. Both drivers
/// are bounded by it: epoll by a descriptor each connection, `io_uring` by its table's size.
pub fn raise_descriptor_limit() -> Result<u64, SystemError> {
    let mut limit = sys::descriptor_limit()?;
    if limit.rlim_cur < limit.rlim_max {
        limit.rlim_cur = limit.rlim_max;
        sys::set_descriptor_limit(&limit)?;
    }
    Ok(limit.rlim_cur)
}

fn open_epoll(config: &RingConfig, why: &str) -> Result<(Box<dyn Driver>, String), Error> {
    let driver = Epoll::new(config)?;
    Ok((Box::new(driver), format!("driver: epoll ({why})")))
}

fn open_uring(config: &RingConfig) -> Result<(Box<dyn Driver>, String), SystemError> {
    let mut driver = Uring::new(config)?;
    round_trip(&mut driver)?;
    driver.reset_stats();
    let (mode, count) = (driver.mode_name(), config.buffer_count);
    let size = size_words(config.buffer_bytes);
    let line = format!("driver: io_uring ({mode}, {count} × {size} buffers)");
    Ok((Box::new(driver), line))
}

fn size_words(bytes: usize) -> String {
    if bytes.is_multiple_of(1024) { format!("{} KiB", bytes / 1024) } else { format!("{bytes} B") }
}

/// Sends bytes through one end of a socket pair and receives them at the other, by every kind of
/// op a connection uses.
fn round_trip(driver: &mut dyn Driver) -> Result<(), SystemError> {
    let (ours, theirs) = sys::socket_pair()?;
    let slot = driver.adopt_socket(ours)?;
    let full = |_| SystemError::new("io_uring round trip", libc::EBUSY);
    let buf = SendBuf { bytes: PROBE_TEXT.to_vec(), start: 0 };
    driver.submit(Op::Receive { slot }).map_err(full)?;
    driver.submit(Op::Send { slot, buf }).map_err(full)?;
    sys::send(theirs.as_raw_fd(), PROBE_TEXT)?;
    let mut heard = Vec::new();
    let mut sent = 0;
    let mut is_closed = false;
    let mut completions = Vec::new();
    let start = Instant::now();
    while !is_closed {
        if start.elapsed() > ROUND_TRIP_MAX {
            return Err(SystemError::new("io_uring round trip", libc::ETIMEDOUT));
        }
        driver.wait(Some(ROUND_TRIP_MAX), &mut completions)?;
        for completion in completions.drain(..) {
            match completion {
                Completion::Received { lease, .. } => heard.extend_from_slice(lease.bytes()),
                Completion::Sent { fault: Some(fault), .. }
                | Completion::Ended { fault: Some(fault), .. } => return Err(fault),
                Completion::Sent { buf, .. } => sent = buf.start,
                Completion::Closed { .. } => is_closed = true,
                _ => {}
            }
        }
        if heard.len() == PROBE_TEXT.len() && sent == PROBE_TEXT.len() {
            driver.submit(Op::Close { slot }).map_err(full)?;
        }
    }
    let mut echoed = [0; PROBE_TEXT.len()];
    sys::recv(theirs.as_raw_fd(), &mut echoed)?;
    if heard == PROBE_TEXT && echoed == PROBE_TEXT {
        Ok(())
    } else {
        Err(SystemError::new("io_uring round trip", libc::EIO))
    }
}

/// What else the system tells about `io_uring`.
struct Clues {
    /// `kernel.io_uring_disabled`: 0 allowed, 1 privileged only, 2 nobody; none on kernels before
    /// 6.6.
    disabled: Option<u8>,
}

impl Clues {
    fn read() -> Self {
        let text = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled").ok();
        Self { disabled: text.and_then(|text| text.trim().parse().ok()) }
    }
}

/// The refusal, its likely cause, and the remedy, as one clause.
fn explain(fault: SystemError, clues: &Clues) -> String {
    let words = std::io::Error::from_raw_os_error(fault.errno).to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    format!("{}: {words}; {}", fault.call, likely_cause(fault.errno, clues))
}

fn likely_cause(errno: i32, clues: &Clues) -> &'static str {
    match (errno, clues.disabled) {
        (libc::EPERM, Some(2)) => {
            "kernel.io_uring_disabled is 2, set it to 0 with sysctl to allow io_uring"
        }
        (libc::EPERM, Some(1)) => {
            "kernel.io_uring_disabled is 1, join the group in kernel.io_uring_group or set it to 0"
        }
        (libc::EPERM | libc::EACCES | libc::ENOSYS, Some(_)) => {
            "likely seccomp (container default profile), allow io_uring_setup, io_uring_enter and \
             io_uring_register in it"
        }
        (libc::ENOSYS, None) => {
            "no io_uring here: a kernel older than 5.1, or a sandbox such as gVisor"
        }
        (libc::EPERM | libc::EACCES, None) => {
            "likely seccomp (container default profile) or a security module, allow io_uring_setup, \
             io_uring_enter and io_uring_register"
        }
        (libc::ENOMEM, _) => "likely RLIMIT_MEMLOCK, raise it (ulimit -l) or run fewer shards",
        (libc::EMFILE | libc::ENFILE, _) => "out of descriptors, raise the limit (ulimit -n)",
        (libc::EINVAL | libc::EOPNOTSUPP | libc::EBADF, _) => {
            "likely a kernel older than 6.1, which lacks what this driver needs"
        }
        (libc::ETIMEDOUT, _) => {
            "set up, but nothing completes: likely a sandbox's partial io_uring"
        }
        _ => "cause unknown, use the epoll driver",
    }
}

#[cfg(test)]
mod tests {
    use super::{Clues, explain, open, size_words};
    use crate::error::SystemError;
    use crate::ring::{Choice, DriverKind, RingConfig};

    #[test]
    fn a_refusal_names_cause_and_remedy() {
        for (errno, disabled, want) in [
            (libc::EPERM, Some(0), "likely seccomp"),
            (libc::EPERM, Some(1), "io_uring_group"),
            (libc::EPERM, Some(2), "io_uring_disabled is 2"),
            (libc::EPERM, None, "likely seccomp"),
            (libc::ENOSYS, None, "gVisor"),
            (libc::ENOSYS, Some(0), "likely seccomp"),
            (libc::ENOMEM, Some(0), "RLIMIT_MEMLOCK"),
            (libc::EINVAL, None, "older than 6.1"),
            (libc::ETIMEDOUT, Some(0), "nothing completes"),
        ] {
            let text = explain(SystemError::new("io_uring_setup", errno), &Clues { disabled });
            assert!(text.contains(want), "errno {errno}, sysctl {disabled:?}: {text}");
            assert!(text.starts_with("io_uring_setup: "), "{text}");
            assert!(!text.contains("os error"), "{text}");
        }
    }

    #[test]
    fn the_line_says_who_won() {
        let (driver, line) = open(Choice::Epoll, &RingConfig::default()).expect("epoll is there");
        assert_eq!(driver.kind(), DriverKind::Epoll);
        assert_eq!(line, "driver: epoll (asked for)");
        let (driver, line) = open(Choice::Auto, &RingConfig::default()).expect("one of them is");
        assert!(line.starts_with(&format!("driver: {} (", driver.kind())), "{line}");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size_words(4096), "4 KiB");
        assert_eq!(size_words(1000), "1000 B");
    }
}
