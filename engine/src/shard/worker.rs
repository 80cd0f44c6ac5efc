//! The pool of threads for handlers that block: bounded queue, threads started when needed.
//!
//! All shards share one pool. A job that finds the queue full is refused at once, so a slow tool
//! costs its own callers a "busy" and nobody a stalled shard. A thread is started only when every
//! started one has work, up to the limit, and then kept: a server whose handlers all answer inline
//! has no worker thread at all, and no queue either. The pool knows nothing of calls; a job says
//! itself how it runs and how it is refused.

#![allow(clippy::disallowed_methods, reason = "the pool is threads")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError};

/// What a worker lane carries; each job ends in exactly one of the two.
pub(crate) trait Task: Send + 'static {
    /// Does the work on the calling thread, which may be blocked meanwhile.
    fn run(self);
    /// Begins the work on a thread of the asynchronous lane; futures go to its `LocalSet`.
    fn run_local(self);
    /// Tells whoever waits that the work will not be done.
    fn refuse(self);
}

/// Threads that run jobs, at most so many, behind one bounded queue.
pub(crate) struct Pool<T: Task> {
    /// Made by the first job: making it writes every slot, 128 KiB of calls.
    queue: OnceLock<Queue<T>>,
    queue_max: usize,
    counts: Arc<Counts>,
    threads_max: usize,
}

struct Queue<T> {
    jobs: Sender<T>,
    /// Handed to each new thread.
    taken: Receiver<T>,
}

/// What the pool and its threads know of each other.
#[derive(Default)]
struct Counts {
    /// Jobs queued or running. A thread is missing exactly when this exceeds `started`: counting
    /// idle threads instead would overlook a job taken but not yet begun.
    unfinished: AtomicUsize,
    started: AtomicUsize,
    closed: AtomicBool,
}

impl<T: Task> Pool<T> {
    /// A pool of at most `threads_max` threads and `queue_max` waiting jobs; starts none yet.
    pub(crate) fn new(threads_max: usize, queue_max: usize) -> Self {
        Self { queue: OnceLock::new(), queue_max, counts: Arc::default(), threads_max }
    }

    /// Queues `job`, or refuses it when the queue is full or no thread can be had.
    pub(crate) fn submit(&self, job: T) {
        let unfinished = self.counts.unfinished.fetch_add(1, Ordering::AcqRel) + 1;
        let refused = if self.has_thread_for(unfinished) {
            self.queue().jobs.try_send(job).err().map(TrySendError::into_inner)
        } else {
            Some(job)
        };
        if let Some(job) = refused {
            self.counts.unfinished.fetch_sub(1, Ordering::AcqRel);
            job.refuse();
        }
    }

    /// Jobs waiting for a thread.
    pub(crate) fn queued(&self) -> usize {
        self.queue.get().map_or(0, |queue| queue.taken.len())
    }

    /// From now on jobs that wait are refused instead of run; one that runs is left to end, and its
    /// thread with it.
    pub(crate) fn close(&self) {
        self.counts.closed.store(true, Ordering::Release);
    }

    fn queue(&self) -> &Queue<T> {
        self.queue.get_or_init(|| {
            let (jobs, taken) = crossbeam_channel::bounded(self.queue_max);
            Queue { jobs, taken }
        })
    }

    /// Starts a thread when `unfinished` jobs outnumber the started ones; false only when there is
    /// none at all to do the work.
    fn has_thread_for(&self, unfinished: usize) -> bool {
        let counts = &*self.counts;
        let mut started = counts.started.load(Ordering::Acquire);
        while unfinished > started && started < self.threads_max {
            let order = Ordering::AcqRel;
            match counts.started.compare_exchange(started, started + 1, order, Ordering::Acquire) {
                Ok(_) if self.spawn(started).is_ok() => return true,
                Ok(_) => return counts.started.fetch_sub(1, order) > 1,
                // Another shard started that thread for its own job; ours still lacks one.
                Err(present) => started = present,
            }
        }
        true
    }

    fn spawn(&self, number: usize) -> std::io::Result<()> {
        let (jobs, counts) = (self.queue().taken.clone(), Arc::clone(&self.counts));
        thread::Builder::new()
            .name(format!("mcpring-worker-{number}"))
            .spawn(move || serve(&jobs, &counts))
            .map(drop)
    }
}

impl<T: Task> Drop for Pool<T> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs jobs until the pool is gone and its queue empty.
fn serve<T: Task>(jobs: &Receiver<T>, counts: &Counts) {
    for job in jobs {
        if counts.closed.load(Ordering::Acquire) {
            job.refuse();
        } else {
            // A job catches its handler's panic and answers for it; this catch keeps the thread
            // should the answering itself panic.
            let _ = catch_unwind(AssertUnwindSafe(|| job.run()));
        }
        counts.unfinished.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A job made of two closures' worth of behaviour: what to do, and where to tell the end.
    struct Job {
        work: Box<dyn FnOnce() + Send>,
        ends: mpsc::Sender<&'static str>,
    }

    impl Task for Job {
        fn run(self) {
            (self.work)();
            let _ = self.ends.send("run");
        }
        fn run_local(self) {
            self.run();
        }
        fn refuse(self) {
            let _ = self.ends.send("refused");
        }
    }

    fn job(ends: &mpsc::Sender<&'static str>, work: impl FnOnce() + Send + 'static) -> Job {
        Job { work: Box::new(work), ends: ends.clone() }
    }

    /// A job that reports its start and then waits for the gate to open.
    fn gated(
        ends: &mpsc::Sender<&'static str>,
        begun: &mpsc::Sender<()>,
        gate: &Receiver<()>,
    ) -> Job {
        let (begun, gate) = (begun.clone(), gate.clone());
        job(ends, move || {
            let _ = begun.send(());
            let _ = gate.recv();
        })
    }

    #[test]
    fn one_job_too_many_is_refused_at_once() {
        let check = |threads: usize, queue: usize| {
            let pool = Pool::new(threads, queue);
            let (ends, ended) = mpsc::channel();
            let (begun, begins) = mpsc::channel();
            let (open, gate) = crossbeam_channel::bounded::<()>(0);
            for _ in 0..threads {
                pool.submit(gated(&ends, &begun, &gate));
                begins.recv_timeout(PATIENCE).expect("a thread for each job up to the limit");
            }
            for _ in 0..queue {
                pool.submit(gated(&ends, &begun, &gate));
            }
            assert_eq!(pool.queued(), queue);
            assert_eq!(ended.try_recv(), Err(mpsc::TryRecvError::Empty));
            pool.submit(job(&ends, || {}));
            assert_eq!(ended.try_recv(), Ok("refused"));
            drop(open);
            for _ in 0..threads + queue {
                assert_eq!(ended.recv_timeout(PATIENCE), Ok("run"));
            }
        };
        check(1, 1);
        check(3, 2);
    }

    #[test]
    fn nothing_before_the_first_job_and_no_more_threads_than_needed() {
        let pool = Pool::new(8, 8);
        assert_eq!(pool.counts.started.load(Ordering::Acquire), 0);
        assert!(pool.queue.get().is_none(), "a queue nobody needs yet");
        assert_eq!(pool.queued(), 0);
        let (ends, ended) = mpsc::channel();
        for _ in 0..100 {
            pool.submit(job(&ends, || {}));
            assert_eq!(ended.recv_timeout(PATIENCE), Ok("run"));
            while pool.counts.unfinished.load(Ordering::Acquire) > 0 {
                thread::yield_now();
            }
        }
        assert_eq!(pool.counts.started.load(Ordering::Acquire), 1);
    }

    #[test]
    fn a_panic_costs_one_job_and_no_thread() {
        let pool = Pool::new(1, 4);
        let (ends, ended) = mpsc::channel();
        pool.submit(job(&ends, || std::panic::resume_unwind(Box::new("not printed"))));
        pool.submit(job(&ends, || {}));
        assert_eq!(ended.recv_timeout(PATIENCE), Ok("run"));
    }

    #[test]
    fn a_closed_pool_refuses_what_waits() {
        let pool = Pool::new(1, 4);
        let (ends, ended) = mpsc::channel();
        let (begun, begins) = mpsc::channel();
        let (open, gate) = crossbeam_channel::bounded::<()>(0);
        pool.submit(gated(&ends, &begun, &gate));
        begins.recv_timeout(PATIENCE).expect("the first job begins");
        pool.submit(job(&ends, || {}));
        drop(pool);
        drop(open);
        assert_eq!(ended.recv_timeout(PATIENCE), Ok("run"));
        assert_eq!(ended.recv_timeout(PATIENCE), Ok("refused"));
    }
}
