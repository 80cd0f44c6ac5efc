//! The lane of asynchronous handlers: threads that run tokio-uring, or plain tokio where `io_uring`
//! is refused.
//!
//! A job on this lane is short: the handler starts a future, which goes to the thread's `LocalSet`
//! (both runtimes have one) and answers the call later. The jobs arrive through a bounded channel,
//! a full one refuses. A handler that blocks here stalls its neighbours on the lane: that is what
//! the pool is for.
//!
//! tokio-uring panics or hangs where `io_uring` is blocked, in whole or in part, so the thread
//! first builds its runtime by hand and completes one real operation on it.

#![allow(clippy::disallowed_methods, reason = "the lane is threads")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::worker::Task;

/// How long the first operation on a new ring may take before plain tokio is used instead.
const PROBE: Duration = Duration::from_secs(1);

/// Threads that run asynchronous handlers, each with its own runtime and queue.
pub(crate) struct AsyncLane<T: Task> {
    /// A thread is started by its first job; `None` when it could not be.
    threads: Vec<OnceLock<Option<mpsc::Sender<T>>>>,
    next: AtomicUsize,
    queue_max: usize,
    wants_uring: bool,
}

impl<T: Task> AsyncLane<T> {
    /// A lane of `threads` threads with `queue_max` waiting jobs each; starts none yet.
    /// `wants_uring` false uses plain tokio without trying.
    pub(crate) fn new(threads: usize, queue_max: usize, wants_uring: bool) -> Self {
        let threads = (0..threads).map(|_| OnceLock::new()).collect();
        Self { threads, next: AtomicUsize::new(0), queue_max, wants_uring }
    }

    /// Queues `job` on the next thread in turn, or refuses it.
    pub(crate) fn submit(&self, job: T) {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len().max(1);
        let queue = self
            .threads
            .get(number)
            .and_then(|thread| thread.get_or_init(|| self.spawn(number)).as_ref());
        let refused = match queue {
            Some(queue) => queue.try_send(job).err().map(TrySendError::into_inner),
            None => Some(job),
        };
        if let Some(job) = refused {
            job.refuse();
        }
    }

    fn spawn(&self, number: usize) -> Option<mpsc::Sender<T>> {
        let (queue, jobs) = mpsc::channel(self.queue_max);
        let wants_uring = self.wants_uring;
        thread::Builder::new()
            .name(format!("mcpring-async-{number}"))
            .spawn(move || serve(jobs, wants_uring))
            .ok()
            .map(|_| queue)
    }
}

/// The thread: runs jobs and the futures they spawn until the lane is gone; futures that are still
/// unfinished then are dropped, which answers their calls.
fn serve<T: Task>(jobs: mpsc::Receiver<T>, wants_uring: bool) {
    if let Some(runtime) = wants_uring.then(uring_runtime).flatten() {
        return runtime.block_on(pump(jobs));
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => tokio::task::LocalSet::new().block_on(&runtime, pump(jobs)),
        Err(_) => refuse_all(jobs),
    }
}

async fn pump<T: Task>(mut jobs: mpsc::Receiver<T>) {
    while let Some(job) = jobs.recv().await {
        let _ = catch_unwind(AssertUnwindSafe(|| job.run_local()));
    }
}

fn refuse_all<T: Task>(mut jobs: mpsc::Receiver<T>) {
    while let Some(job) = jobs.blocking_recv() {
        job.refuse();
    }
}

/// A tokio-uring runtime that has completed one operation, or nothing.
fn uring_runtime() -> Option<tokio_uring::Runtime> {
    let runtime = tokio_uring::Runtime::new(&tokio_uring::builder()).ok()?;
    let probe = async { tokio::time::timeout(PROBE, tokio_uring::no_op()).await };
    if matches!(runtime.block_on(probe), Ok(Ok(()))) {
        return Some(runtime);
    }
    // Setting up was allowed and entering was not. Dropping the runtime would wait for the
    // operation that cannot complete; one small ring is the price.
    std::mem::forget(runtime);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc as std_mpsc;

    const PATIENCE: Duration = Duration::from_secs(10);

    struct Job {
        start: Box<dyn FnOnce() + Send>,
        refused: std_mpsc::Sender<&'static str>,
    }

    impl Task for Job {
        fn run(self) {
            self.refuse();
        }
        fn run_local(self) {
            (self.start)();
        }
        fn refuse(self) {
            let _ = self.refused.send("refused");
        }
    }

    /// Futures of two jobs must run side by side on one thread: each waits for the other.
    fn futures_interleave(wants_uring: bool) {
        let lane = AsyncLane::new(1, 8, wants_uring);
        let (ends, ended) = std_mpsc::channel();
        let (to_first, mut from_second) = mpsc::channel::<()>(1);
        let (to_second, mut from_first) = mpsc::channel::<()>(1);
        let told = ends.clone();
        let first = move || {
            tokio::task::spawn_local(async move {
                from_second.recv().await;
                let _ = to_second.send(()).await;
                let _ = told.send("first");
            });
        };
        let told = ends.clone();
        let second = move || {
            tokio::task::spawn_local(async move {
                let _ = to_first.send(()).await;
                from_first.recv().await;
                let _ = told.send("second");
            });
        };
        lane.submit(Job { start: Box::new(first), refused: ends.clone() });
        lane.submit(Job { start: Box::new(second), refused: ends.clone() });
        let mut names = [(); 2].map(|()| ended.recv_timeout(PATIENCE).expect("both end"));
        names.sort_unstable();
        assert_eq!(names, ["first", "second"], "io_uring wanted: {wants_uring}");
    }

    #[test]
    fn futures_interleave_on_either_runtime() {
        futures_interleave(true);
        futures_interleave(false);
    }

    #[test]
    fn a_panic_leaves_the_lane_alive() {
        let lane = AsyncLane::new(1, 8, false);
        let (ends, ended) = std_mpsc::channel();
        let panic = || std::panic::resume_unwind(Box::new("not printed"));
        lane.submit(Job { start: Box::new(panic), refused: ends.clone() });
        let told = ends.clone();
        let start = move || told.send("alive").expect("the test listens");
        lane.submit(Job { start: Box::new(start), refused: ends });
        assert_eq!(ended.recv_timeout(PATIENCE), Ok("alive"));
    }

    #[test]
    fn a_full_queue_refuses() {
        let lane = AsyncLane::new(1, 1, false);
        let (ends, ended) = std_mpsc::channel();
        let (begun, begins) = std_mpsc::channel();
        let (open, gate) = std_mpsc::channel::<()>();
        let block = move || {
            let _ = begun.send(());
            let _ = gate.recv();
        };
        lane.submit(Job { start: Box::new(block), refused: ends.clone() });
        begins.recv_timeout(PATIENCE).expect("the first job begins");
        lane.submit(Job { start: Box::new(|| {}), refused: ends.clone() });
        assert_eq!(ended.try_recv(), Err(std_mpsc::TryRecvError::Empty));
        lane.submit(Job { start: Box::new(|| {}), refused: ends });
        assert_eq!(ended.try_recv(), Ok("refused"));
        drop(open);
    }
}
