//! Simulated workers: jobs run later, in any order, late, twice as late, or never.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::dice::Dice;
use super::kernel::Clock;
use super::server::Shelf;
use crate::server::{Deferred, Job, Lane, LocalFuture};

const MICROSECOND: u64 = 1000;

/// Something that waits for a worker.
enum Task {
    Job(Job),
    Future(LocalFuture),
    Deferred(Deferred),
}

/// All workers of a world.
pub(super) struct Workers {
    clock: Clock,
    dice: Dice,
    /// Handed over by the shards since the last look.
    pub(super) arrivals: Rc<RefCell<Vec<Job>>>,
    shelf: Shelf,
    waiting: Vec<(u64, Task)>,
    /// Never to be run.
    stuck: Vec<Task>,
    delay_us_max: u64,
    /// Whether every task is run, and soon.
    pub(super) is_calm: bool,
    pub(super) run: u64,
}

impl Workers {
    pub(super) fn new(clock: Clock, mut dice: Dice, shelf: Shelf) -> Self {
        let delay_us_max = dice.pick(&[1, 200, 5_000, 200_000, 2_000_000]);
        Self {
            clock,
            dice,
            arrivals: Rc::default(),
            shelf,
            waiting: Vec::new(),
            stuck: Vec::new(),
            delay_us_max,
            is_calm: false,
            run: 0,
        }
    }

    /// Decides about everything that came since the last look.
    pub(super) fn look(&mut self) {
        let jobs = self.arrivals.take();
        let taken = self.shelf.take();
        let tasks = jobs.into_iter().map(Task::Job).chain(taken.into_iter().map(Task::Deferred));
        for task in tasks {
            self.assign(task);
        }
    }

    fn assign(&mut self, task: Task) {
        let delay_us = self.dice.below(self.delay_us_max) + 1;
        let at = self.clock.get() + delay_us * MICROSECOND;
        match (self.dice.below(100), task) {
            (_, task) if self.is_calm => self.waiting.push((at, task)),
            (0..3, Task::Job(job)) => job.refuse(),
            (3..6, task) => drop(task),
            (6..10, task) => self.stuck.push(task),
            (10..14, task) => self.waiting.push((at + 5_000_000 * MICROSECOND, task)),
            (_, task) => self.waiting.push((at, task)),
        }
    }

    /// From now on every task is run, and soon; those that were stuck too if `frees_stuck`.
    pub(super) fn calm_down(&mut self, frees_stuck: bool) {
        self.is_calm = true;
        if frees_stuck {
            let now = self.clock.get();
            self.waiting.extend(self.stuck.drain(..).map(|task| (now, task)));
        }
    }

    /// When the next task is to run.
    pub(super) fn due(&self) -> Option<u64> {
        self.waiting.iter().map(|(at, _)| *at).min()
    }

    /// Runs one task that is due.
    pub(super) fn work(&mut self) {
        let now = self.clock.get();
        let due: Vec<usize> =
            (0..self.waiting.len()).filter(|at| self.waiting[*at].0 <= now).collect();
        if due.is_empty() {
            return;
        }
        let (_, task) = self.waiting.swap_remove(self.dice.pick(&due));
        self.run += 1;
        match task {
            Task::Job(job) if job.lane() == Lane::Async => {
                let started = RefCell::new(Vec::new());
                job.run_local(&|future| started.borrow_mut().push(future));
                for future in started.into_inner() {
                    self.assign(Task::Future(future));
                }
            }
            Task::Job(job) => job.run(),
            Task::Future(mut future) => {
                let mut context = Context::from_waker(Waker::noop());
                if future.as_mut().poll(&mut context) == Poll::Pending {
                    self.assign(Task::Future(future));
                }
            }
            Task::Deferred(deferred) => self.shelf.finish(deferred),
        }
    }

    /// Ends everything that still waits; what was lent to it goes back.
    pub(super) fn dismiss(&mut self) {
        self.waiting.clear();
        self.stuck.clear();
        self.arrivals.borrow_mut().clear();
        drop(self.shelf.take());
    }
}
