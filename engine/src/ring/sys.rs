//! The system calls both drivers use, each behind a safe function that names the call that failed.
//!
//! Nothing here decides anything: no retry, no policy. `io_uring`'s own calls are in `uring::queue`.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use crate::error::SystemError;

type Outcome<T> = Result<T, SystemError>;

fn checked(call: &'static str, result: libc::c_int) -> Outcome<libc::c_int> {
    if result < 0 { Err(SystemError::last(call)) } else { Ok(result) }
}

fn counted(call: &'static str, result: libc::ssize_t) -> Outcome<usize> {
    usize::try_from(result).map_err(|_| SystemError::last(call))
}

/// Takes ownership of the descriptor a call has just returned.
fn owned(call: &'static str, result: libc::c_int) -> Outcome<OwnedFd> {
    let fd = checked(call, result)?;
    // SAFETY: the call has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A blocking eventfd: a ring read on a non-blocking one fails instead of waiting.
pub(super) fn eventfd() -> Outcome<OwnedFd> {
    // SAFETY: takes no pointers.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    owned("eventfd", fd)
}

/// Adds one to an eventfd. Cannot block before 2^64 wake-ups went unread; failing means that the
/// reader is gone, which is no concern of the writer.
pub(super) fn eventfd_signal(event: &OwnedFd) {
    let one = 1u64.to_ne_bytes();
    let _ = write(event.as_raw_fd(), &one);
}

/// Reads into `into`, which must not be shared with the kernel at the moment.
pub(super) fn read(fd: RawFd, into: &mut [u8]) -> Outcome<usize> {
    // SAFETY: `into` is exclusively borrowed and has the length given.
    let result = unsafe { libc::read(fd, into.as_mut_ptr().cast(), into.len()) };
    counted("read", result)
}

/// Writes what `fd` takes of `bytes`.
pub(super) fn write(fd: RawFd, bytes: &[u8]) -> Outcome<usize> {
    // SAFETY: `bytes` is borrowed and has the length given.
    let result = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    counted("write", result)
}

/// Receives without waiting.
pub(super) fn recv(fd: RawFd, into: &mut [u8]) -> Outcome<usize> {
    // SAFETY: `into` is exclusively borrowed and has the length given.
    let result =
        unsafe { libc::recv(fd, into.as_mut_ptr().cast(), into.len(), libc::MSG_DONTWAIT) };
    counted("recv", result)
}

/// Sends without waiting, and without a signal when the peer is gone.
pub(super) fn send(fd: RawFd, bytes: &[u8]) -> Outcome<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: `bytes` is borrowed and has the length given.
    let result = unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) };
    counted("send", result)
}

/// Whether one of `events` holds for `fd` now; errors and hang-ups count, for then a call on it
/// does not wait either.
pub(super) fn is_ready(fd: RawFd, events: libc::c_short) -> bool {
    let mut query = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one exclusively borrowed entry.
    let result = unsafe { libc::poll(&raw mut query, 1, 0) };
    result == 1
}

/// The next connection of a non-blocking listener, itself non-blocking.
pub(super) fn accept(fd: RawFd) -> Outcome<OwnedFd> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: null asks for no address.
    let fd = unsafe { libc::accept4(fd, ptr::null_mut(), ptr::null_mut(), flags) };
    owned("accept", fd)
}

/// Sets or clears `O_NONBLOCK`.
pub(super) fn set_nonblocking(fd: RawFd, nonblocking: bool) -> Outcome<()> {
    // SAFETY: takes no pointers.
    let flags = checked("fcntl", unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
    let wanted = if nonblocking { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    if wanted != flags {
        // SAFETY: takes no pointers.
        checked("fcntl", unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) })?;
    }
    Ok(())
}

/// Whether `fd` is a regular file, which is always ready and cannot be waited for.
pub(super) fn is_regular_file(fd: RawFd) -> bool {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the kernel fills the one structure given.
    let result = unsafe { libc::fstat(fd, stat.as_mut_ptr()) };
    // SAFETY: every bit pattern is a `stat`, and it was zeroed.
    let stat = unsafe { stat.assume_init() };
    result == 0 && stat.st_mode & libc::S_IFMT == libc::S_IFREG
}

/// The soft and hard limit on descriptors.
pub(super) fn descriptor_limit() -> Outcome<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills the one structure given.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    checked("getrlimit", result).map(|_| limit)
}

/// Sets the limit on descriptors.
pub(super) fn set_descriptor_limit(limit: &libc::rlimit) -> Outcome<()> {
    // SAFETY: reads the one structure given.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const *limit) };
    checked("setrlimit", result).map(drop)
}

/// Two connected stream sockets.
pub(super) fn socket_pair() -> Outcome<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: the kernel fills the two places given.
    let result = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) };
    checked("socketpair", result)?;
    Ok((owned("socketpair", ends[0])?, owned("socketpair", ends[1])?))
}

/// A new epoll instance.
pub(super) fn epoll_create() -> Outcome<OwnedFd> {
    // SAFETY: takes no pointers.
    let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    owned("epoll_create1", fd)
}

/// Adds, changes or removes what an epoll instance watches of `fd`.
pub(super) fn epoll_control(
    epoll: &OwnedFd,
    operation: libc::c_int,
    fd: RawFd,
    events: libc::c_int,
    token: u64,
) -> Outcome<()> {
    let mut event = libc::epoll_event { events: events as u32, u64: token };
    // SAFETY: reads the one structure given.
    let result = unsafe { libc::epoll_ctl(epoll.as_raw_fd(), operation, fd, &raw mut event) };
    checked("epoll_ctl", result).map(drop)
}

/// Waits for at most `timeout_ms` (-1: for ever); how many of `events` were filled.
pub(super) fn epoll_wait(
    epoll: &OwnedFd,
    events: &mut [libc::epoll_event],
    timeout_ms: libc::c_int,
) -> Outcome<usize> {
    let room = events.len() as libc::c_int;
    // SAFETY: the kernel fills at most `room` entries of the exclusively borrowed slice.
    let result =
        unsafe { libc::epoll_wait(epoll.as_raw_fd(), events.as_mut_ptr(), room, timeout_ms) };
    checked("epoll_wait", result).map(|count| count as usize)
}

/// Blocks `SIGPIPE` on this thread: unlike a socket, a pipe whose reader is gone raises it, and no
/// flag forbids that. The write then fails with `EPIPE`.
pub(super) fn block_broken_pipe_signal() {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: fills the one structure given.
    let _ = unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set was made empty just now.
    let _ = unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE) };
    // SAFETY: reads the set, and null asks for no old one.
    let _ = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut()) };
}
