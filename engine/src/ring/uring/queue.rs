//! The two rings themselves: setting them up, filling one, emptying the other, entering the kernel.
//!
//! The `io-uring` crate maps the rings and builds the entries; entering and two registrations are
//! done here, because the crate forgets a registered ring descriptor between calls and cannot
//! reserve a range of direct descriptors. Nothing here knows what an op is for.

use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::time::Duration;
use std::{io, ptr};

use io_uring::{IoUring, Submitter, cqueue, squeue, types};

use crate::error::{LimitError, SystemError};
use crate::ring::RingConfig;
use crate::ring::token::{Kind, Token};

const REGISTER_RING_FDS: u32 = 20;
const UNREGISTER_RING_FDS: u32 = 21;
const REGISTER_FILE_ALLOC_RANGE: u32 = 25;
/// Below this a completion queue is of no use, and the kernel's refusal is final.
const COMPLETIONS_MIN: u32 = 512;
/// How long a closing ring waits for the kernel to let go, and how often it looks.
const SHUT_LOOKS: u32 = 50;
const SHUT_LOOK: Duration = Duration::from_millis(20);

/// One completion as the kernel wrote it, copied out so that handling it may submit.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    pub(super) word: u64,
    pub(super) result: i32,
    pub(super) flags: u32,
}

/// How well the kernel lets completions be batched, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Task work runs only when we enter: 6.1 and later.
    DeferTaskrun,
    /// Task work runs at any system call, but never interrupts.
    CoopTaskrun,
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::DeferTaskrun => "DEFER_TASKRUN",
            Self::CoopTaskrun => "COOP_TASKRUN",
        }
    }
}

/// A submission and a completion ring.
pub(super) struct Queue {
    ring: IoUring,
    mode: Mode,
    /// Index of the registered ring descriptor, or -1.
    registered: i32,
    /// The driver's own entries that found no room; each slot has at most a few.
    backlog: VecDeque<squeue::Entry>,
    /// Ops whose last completion is still to come.
    inflight: usize,
    pub(super) enters: u64,
    pub(super) overflows: u64,
    /// What tests do to the answers.
    #[cfg(test)]
    pub(super) plan: super::interference::Plan,
}

impl Queue {
    /// Sets up rings in the best mode the kernel has, smaller when it lacks the memory.
    pub(super) fn new(config: &RingConfig) -> Result<Self, SystemError> {
        let mut refused = SystemError::new("io_uring_setup", libc::EINVAL);
        for mode in [Mode::DeferTaskrun, Mode::CoopTaskrun] {
            match build_within_memory(config, mode) {
                Ok(ring) => return Ok(Self::over(ring, mode)),
                Err(fault) => refused = fault,
            }
            // Only "no such flag" is worth another mode.
            if refused.errno != libc::EINVAL {
                break;
            }
        }
        Err(refused)
    }

    fn over(ring: IoUring, mode: Mode) -> Self {
        let mut queue = Self {
            ring,
            mode,
            registered: -1,
            backlog: VecDeque::new(),
            inflight: 0,
            enters: 0,
            overflows: 0,
            #[cfg(test)]
            plan: super::interference::Plan::default(),
        };
        queue.registered = queue.register_itself();
        queue
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn submitter(&self) -> Submitter<'_> {
        self.ring.submitter()
    }

    /// Queues an entry; flushes once when there is no room.
    ///
    /// The memory the entry names belongs to the kernel until the last completion of `token`: that
    /// is the caller's part of the ownership rule, and why this module is not public.
    pub(super) fn try_push(
        &mut self,
        token: Token,
        entry: squeue::Entry,
    ) -> Result<(), LimitError> {
        self.flush_backlog();
        if self.backlog.is_empty() && self.place(&entry.user_data(token.pack())) {
            return Ok(());
        }
        Err(LimitError("submissions"))
    }

    /// Queues an entry of the driver's own, now or as soon as there is room.
    pub(super) fn push(&mut self, token: Token, entry: squeue::Entry) {
        let entry = entry.user_data(token.pack());
        self.flush_backlog();
        if !self.backlog.is_empty() || !self.place(&entry) {
            self.backlog.push_back(entry);
        }
    }

    /// Asks the kernel to end the op `token` early; the op's own completion still comes.
    pub(super) fn cancel(&mut self, token: Token) {
        let entry = io_uring::opcode::AsyncCancel::new(token.pack()).build();
        self.push(Token::new(Kind::Cancel, token.slot), entry);
    }

    /// Keeps the order of what was pushed: nothing overtakes the backlog.
    pub(super) fn flush_backlog(&mut self) {
        while let Some(entry) = self.backlog.pop_front() {
            if !self.place(&entry) {
                self.backlog.push_front(entry);
                return;
            }
        }
    }

    fn place(&mut self, entry: &squeue::Entry) -> bool {
        let placed =
            self.place_once(entry) || (self.enter(0, None).is_ok() && self.place_once(entry));
        self.inflight += usize::from(placed);
        placed
    }

    fn place_once(&mut self, entry: &squeue::Entry) -> bool {
        let mut submission = self.ring.submission();
        // SAFETY: what the entry points to is owned by the driver's tables until the completion
        // arrives, and leaked if the driver ends before that.
        unsafe { submission.push(entry) }.is_ok()
    }

    /// Hands over everything queued and waits for `want` completions, at most for `timeout`.
    ///
    /// Always with GETEVENTS: under `DEFER_TASKRUN` nothing completes without it, and it brings home
    /// what overflowed into the kernel's memory.
    pub(super) fn enter(
        &mut self,
        want: u32,
        timeout: Option<Duration>,
    ) -> Result<(), SystemError> {
        let (submit, overflow) = {
            let submission = self.ring.submission();
            (submission.len() as u32, submission.cq_overflow())
        };
        self.enters += 1;
        self.overflows += u64::from(overflow);
        match self.enter_raw(submit, want, timeout) {
            // A signal; the time is up; or the kernel wants its completions taken first, which the
            // caller does next. What it did not take stays queued.
            Err(fault) if is_passing(fault.errno) => Ok(()),
            done => done,
        }
    }

    fn enter_raw(
        &self,
        submit: u32,
        want: u32,
        timeout: Option<Duration>,
    ) -> Result<(), SystemError> {
        let mut flags = enter_flag::GETEVENTS | enter_flag::EXT_ARG;
        let fd = if self.registered < 0 {
            self.ring.as_raw_fd()
        } else {
            flags |= enter_flag::REGISTERED_RING;
            self.registered
        };
        let time = timeout.map(KernelTime::from);
        let arguments = WaitArguments {
            sigmask: 0,
            sigmask_bytes: 0,
            min_wait_us: 0,
            time: time.as_ref().map_or(0, |time| ptr::from_ref(time) as u64),
        };
        // SAFETY: the argument and the time it names live on this frame until the call returns; the
        // ring was set up by this thread.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                fd,
                submit,
                want,
                flags,
                &raw const arguments,
                size_of::<WaitArguments>(),
            )
        };
        if result < 0 { Err(SystemError::last("io_uring_enter")) } else { Ok(()) }
    }

    /// Copies out at most `most` completions.
    pub(super) fn reap(&mut self, most: usize, into: &mut Vec<Answer>) {
        let before = into.len();
        into.extend(self.ring.completion().take(most).map(|entry| Answer {
            word: entry.user_data(),
            result: entry.result(),
            flags: entry.flags(),
        }));
        let last = |answer: &&Answer| !cqueue::more(answer.flags);
        self.inflight -= into[before..].iter().filter(last).count();
        #[cfg(test)]
        self.interfere(before, into);
    }

    /// Reserves the direct descriptors from `first` on for the kernel to give out.
    pub(super) fn reserve_files(&self, first: u32, count: u32) -> Result<(), SystemError> {
        let range = FileRange { first, count, reserved: 0 };
        // SAFETY: the one structure lives until the call returns.
        unsafe { self.register(REGISTER_FILE_ALLOC_RANGE, ptr::from_ref(&range).cast(), 0) }
    }

    /// Saves the kernel a descriptor look-up at each enter; -1 where it cannot.
    fn register_itself(&self) -> i32 {
        let mut update = RingUpdate { index: u32::MAX, reserved: 0, fd: self.raw_fd() };
        // SAFETY: the one structure lives until the call returns, which writes its index.
        let done =
            unsafe { self.register(REGISTER_RING_FDS, ptr::from_mut(&mut update).cast(), 1) };
        done.map_or(-1, |()| update.index as i32)
    }

    /// A registered descriptor keeps the ring alive: without this, dropping would not close it.
    fn unregister_itself(&mut self) {
        if self.registered < 0 {
            return;
        }
        let update = RingUpdate { index: self.registered as u32, reserved: 0, fd: 0 };
        // SAFETY: the one structure lives until the call returns.
        let _ = unsafe { self.register(UNREGISTER_RING_FDS, ptr::from_ref(&update).cast(), 1) };
        self.registered = -1;
    }

    /// # Safety
    ///
    /// `argument` is what `operation` takes, and lives until the call returns.
    unsafe fn register(
        &self,
        operation: u32,
        argument: *const libc::c_void,
        count: u32,
    ) -> Result<(), SystemError> {
        let fd = self.ring.as_raw_fd();
        // SAFETY: as this function's caller promises.
        let result =
            unsafe { libc::syscall(libc::SYS_io_uring_register, fd, operation, argument, count) };
        if result < 0 { Err(SystemError::last("io_uring_register")) } else { Ok(()) }
    }

    fn raw_fd(&self) -> u64 {
        self.ring.as_raw_fd() as u64
    }

    /// Cancels everything and waits for the kernel to let go of all memory; false when it did not
    /// in time, and whatever ops point to must then never be freed.
    pub(super) fn shut(&mut self) -> bool {
        self.backlog.clear();
        let everything = types::CancelBuilder::any().all();
        let entry = io_uring::opcode::AsyncCancel2::new(everything).build();
        self.push(Token::own(Kind::Cancel, 0), entry);
        let mut answers = Vec::new();
        for _ in 0..SHUT_LOOKS {
            if self.inflight == 0 {
                break;
            }
            if self.enter(1, Some(SHUT_LOOK)).is_err() {
                break;
            }
            self.reap(usize::MAX, &mut answers);
            answers.clear();
        }
        self.inflight == 0 && self.backlog.is_empty()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.unregister_itself();
    }
}

fn is_passing(errno: i32) -> bool {
    matches!(errno, libc::EINTR | libc::ETIME | libc::EBUSY | libc::EAGAIN)
}

/// Builds rings of the sizes asked for, or halves of them while the kernel lacks memory for them.
fn build_within_memory(config: &RingConfig, mode: Mode) -> Result<IoUring, SystemError> {
    let (mut submissions, mut completions) = (config.submissions, config.completions);
    loop {
        match build(submissions, completions, mode) {
            Err(fault) if fault.errno == libc::ENOMEM && completions > COMPLETIONS_MIN => {
                completions /= 2;
                submissions = submissions.min(completions / 2);
            }
            built => return built,
        }
    }
}

fn build(submissions: u32, completions: u32, mode: Mode) -> Result<IoUring, SystemError> {
    let mut builder = IoUring::builder();
    builder.setup_cqsize(completions).setup_clamp().setup_submit_all().setup_coop_taskrun();
    // A forked child must not share the rings.
    builder.dontfork();
    if mode == Mode::DeferTaskrun {
        builder.setup_single_issuer().setup_defer_taskrun();
    }
    builder.build(submissions).map_err(|fault| system("io_uring_setup", &fault))
}

/// The kernel's number out of an `io::Error`.
pub(super) fn system(call: &'static str, fault: &io::Error) -> SystemError {
    SystemError::new(call, fault.raw_os_error().unwrap_or(libc::EIO))
}

mod enter_flag {
    pub(super) const GETEVENTS: u32 = 1;
    pub(super) const EXT_ARG: u32 = 1 << 3;
    pub(super) const REGISTERED_RING: u32 = 1 << 4;
}

/// `struct io_uring_getevents_arg`.
#[repr(C)]
struct WaitArguments {
    sigmask: u64,
    sigmask_bytes: u32,
    min_wait_us: u32,
    time: u64,
}

/// `struct __kernel_timespec`.
#[repr(C)]
struct KernelTime {
    seconds: i64,
    nanoseconds: i64,
}

impl From<Duration> for KernelTime {
    fn from(time: Duration) -> Self {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Self { seconds, nanoseconds: i64::from(time.subsec_nanos()) }
    }
}

/// `struct io_uring_rsrc_update`.
#[repr(C)]
struct RingUpdate {
    index: u32,
    reserved: u32,
    fd: u64,
}

/// `struct io_uring_file_index_range`.
#[repr(C)]
struct FileRange {
    first: u32,
    count: u32,
    reserved: u64,
}
