//! The inbox of a shard: the only thing two threads share.
//!
//! Many senders, one receiver, no lock. A message is pushed, then the owner is woken; the order of
//! one sender's messages is kept, whichever way they were sent. Two ways in, one queue:
//!
//! - [`Sender::send`] is never refused while the owner lives. It is for what must not be lost and
//!   is bounded elsewhere: the end of a call (at most one per call in flight), a stop.
//! - [`Sender::try_send`] is refused when the inbox holds its limit of such messages. It is for
//!   what another thread may produce without end: forwards, notifications.
//!
//! The inbox knows neither rings nor shards: how to wake the owner is a callback, and whether that
//! costs a system call is the callback's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_queue::SegQueue;

/// Opens an inbox that holds at most `limit` messages of the refusable kind; `wake` is called
/// after every message, from the sender's thread.
pub(crate) fn open<T: Send>(
    limit: usize,
    wake: impl Fn() + Send + Sync + 'static,
) -> (Sender<T>, Inbox<T>) {
    let shared = Arc::new(Shared {
        queue: SegQueue::new(),
        refusable: AtomicUsize::new(0),
        limit,
        closed: AtomicBool::new(false),
        wake: Box::new(wake),
    });
    (Sender { shared: Arc::clone(&shared) }, Inbox { shared })
}

/// The receiving end; dropping it turns every later message back to its sender.
pub(crate) struct Inbox<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Inbox<T> {
    /// The oldest message, if there is one.
    pub(crate) fn receive(&mut self) -> Option<T> {
        let entry = self.shared.queue.pop()?;
        if entry.refusable {
            self.shared.refusable.fetch_sub(1, Ordering::Relaxed);
        }
        Some(entry.message)
    }

    /// Whether no message waits at this moment.
    pub(crate) fn is_empty(&self) -> bool {
        self.shared.queue.is_empty()
    }

    /// Messages waiting at this moment.
    pub(crate) fn len(&self) -> usize {
        self.shared.queue.len()
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        // What waited is dropped here, on the owner's thread, not by whichever sender goes last:
        // a message may hold what another shard counts on seeing released.
        while self.shared.queue.pop().is_some() {}
    }
}

/// A sending end; cheap to clone, any thread.
pub(crate) struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Queues `message` whatever the load and wakes the owner. Comes back only when the owner is
    /// gone.
    pub(crate) fn send(&self, message: T) -> Result<(), Refused<T>> {
        self.push(Entry { message, refusable: false })
    }

    /// Queues `message` unless the limit is reached, and wakes the owner.
    pub(crate) fn try_send(&self, message: T) -> Result<(), Refused<T>> {
        let shared = &*self.shared;
        // Counted before it is pushed, so that the limit holds with any number of senders.
        if shared.refusable.fetch_add(1, Ordering::Relaxed) >= shared.limit {
            shared.refusable.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused { message, reason: Reason::Full });
        }
        self.push(Entry { message, refusable: true })
    }

    fn push(&self, entry: Entry<T>) -> Result<(), Refused<T>> {
        let shared = &*self.shared;
        if shared.closed.load(Ordering::Acquire) {
            return Err(Refused { message: entry.message, reason: Reason::Closed });
        }
        shared.queue.push(entry);
        (shared.wake)();
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// A message that was not queued, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused<T> {
    /// The message, unharmed.
    pub(crate) message: T,
    /// Why it was not queued.
    pub(crate) reason: Reason,
}

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The inbox holds its limit of refusable messages.
    Full,
    /// The owner is gone.
    Closed,
}

struct Shared<T> {
    queue: SegQueue<Entry<T>>,
    /// Refusable messages queued or about to be; at most `limit` but for refusals under way.
    refusable: AtomicUsize,
    limit: usize,
    closed: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

struct Entry<T> {
    message: T,
    refusable: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "what is tested is threads")]

    use super::*;
    use std::sync::Barrier;
    use std::thread;

    fn counted(limit: usize) -> (Sender<u64>, Inbox<u64>, Arc<AtomicUsize>) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&wakes);
        let (sender, inbox) = open(limit, move || {
            seen.fetch_add(1, Ordering::Relaxed);
        });
        (sender, inbox, wakes)
    }

    fn drain(inbox: &mut Inbox<u64>) -> Vec<u64> {
        std::iter::from_fn(|| inbox.receive()).collect()
    }

    #[test]
    fn the_limit_holds_for_refusable_messages_only() {
        let (sender, mut inbox, wakes) = counted(2);
        assert_eq!(sender.try_send(1), Ok(()));
        assert_eq!(sender.try_send(2), Ok(()));
        assert_eq!(sender.try_send(3), Err(Refused { message: 3, reason: Reason::Full }));
        assert_eq!(sender.send(4), Ok(()));
        assert_eq!(wakes.load(Ordering::Relaxed), 3, "a refused message wakes nobody");
        assert_eq!(drain(&mut inbox), [1, 2, 4]);
        assert!(inbox.is_empty() && inbox.is_empty());
        assert_eq!(sender.try_send(5), Ok(()), "room again");
        assert_eq!(inbox.len(), 1);
    }

    #[test]
    fn a_closed_inbox_turns_messages_back() {
        let (sender, inbox, wakes) = counted(1);
        assert_eq!(sender.try_send(1), Ok(()));
        drop(inbox);
        assert_eq!(sender.send(2), Err(Refused { message: 2, reason: Reason::Closed }));
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_waits_is_dropped_with_the_inbox() {
        let (sender, inbox) = open(1, || {});
        let held = Arc::new(());
        assert!(sender.send(Arc::clone(&held)).is_ok());
        drop(inbox);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    /// Senders race; nothing is lost or doubled, each sender's order is kept, and at no moment are
    /// more refusable messages queued than the limit.
    #[test]
    fn order_per_sender_and_no_loss() {
        const SENDERS: u64 = 4;
        const EACH: u64 = 10_000;
        const LIMIT: usize = 64;
        let (sender, mut inbox, wakes) = counted(LIMIT);
        let start = Barrier::new(SENDERS as usize + 1);
        let mut last = vec![None; SENDERS as usize];
        thread::scope(|scope| {
            for name in 0..SENDERS {
                let (sender, start) = (sender.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    for number in 0..EACH {
                        push_until_taken(&sender, name << 32 | number, number % 2 == 0);
                    }
                });
            }
            start.wait();
            let mut received = 0;
            while received < SENDERS * EACH {
                let Some(message) = inbox.receive() else {
                    thread::yield_now();
                    continue;
                };
                received += 1;
                let (name, number) = ((message >> 32) as usize, message & 0xffff_ffff);
                let expected = last[name].map_or(0, |before: u64| before + 1);
                assert_eq!(number, expected, "sender {name}");
                last[name] = Some(number);
            }
        });
        assert!(inbox.is_empty());
        assert_eq!(wakes.load(Ordering::Relaxed) as u64, SENDERS * EACH);
        assert_eq!(inbox.shared.refusable.load(Ordering::Relaxed), 0);
    }

    fn push_until_taken(sender: &Sender<u64>, message: u64, refusable: bool) {
        if !refusable {
            assert_eq!(sender.send(message), Ok(()));
            return;
        }
        while let Err(refused) = sender.try_send(message) {
            assert_eq!(refused.reason, Reason::Full);
            thread::yield_now();
        }
    }
}
