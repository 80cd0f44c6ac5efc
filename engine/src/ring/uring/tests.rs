//! Completions that this kernel does not send, or not on demand: handed in as it would write them.
//!
//! What any kernel does on demand is tested with real sockets, on both drivers, in `ring::tests`.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::queue::Answer;
use super::record::{Phase, Receiving, Sending};
use super::{Kind, Token, Uring};
use crate::ring::{Completion, Driver, Op, RingConfig, SendBuf};
use crate::slot::Slot;

/// The flag of a completion that took a buffer, with the buffer's number above it.
const HAS_BUFFER: u32 = 1;

/// A driver, or none where it is refused; the scenarios of `ring::tests` say so.
fn driver() -> Option<Uring> {
    Uring::new(&RingConfig::default()).ok()
}

/// A connection over pipes, and the peer's ends of them.
fn pipes(driver: &mut Uring) -> (Slot, std::io::PipeReader, std::io::PipeWriter) {
    let (their_read, our_write) = std::io::pipe().expect("a pipe");
    let (our_read, their_write) = std::io::pipe().expect("a pipe");
    let slot = driver.adopt_pipe(our_read.into(), our_write.into()).expect("adopted");
    (slot, their_read, their_write)
}

fn hand_in(driver: &mut Uring, kind: Kind, slot: Slot, result: i32, flags: u32) {
    let word = Token::new(kind, slot).pack();
    driver.handle(Answer { word, result, flags });
}

fn wait_for(driver: &mut Uring, what: impl Fn(&Completion) -> bool) -> Completion {
    let mut completions = Vec::new();
    loop {
        driver.wait(Some(Duration::from_secs(20)), &mut completions).expect("a wait");
        assert!(!completions.is_empty(), "waited in vain");
        if let Some(at) = completions.iter().position(&what) {
            return completions.swap_remove(at);
        }
    }
}

#[test]
fn a_read_that_refused_to_wait_is_tried_when_there_are_bytes() {
    let Some(mut driver) = driver() else { return };
    let (slot, _from, mut to) = pipes(&mut driver);
    let record = driver.records.get(slot).expect("open");
    record.is_wanted = true;
    record.receiving = Receiving::Armed;
    hand_in(&mut driver, Kind::Receive, slot, -libc::EAGAIN, 0);
    let record = driver.records.get(slot).expect("open");
    assert_eq!(record.receiving, Receiving::Polling);
    to.write_all(b"now").expect("written");
    // The end of the wait for bytes is no completion of its own.
    let mut completions = Vec::new();
    while completions.is_empty() {
        driver.wait(Some(Duration::from_secs(20)), &mut completions).expect("a wait");
    }
    assert!(
        matches!(&completions[0], Completion::Received { lease, .. } if lease.bytes() == b"now")
    );
}

#[test]
fn a_write_that_refused_to_wait_comes_back_when_there_is_room() {
    let Some(mut driver) = driver() else { return };
    let (slot, mut from, _to) = pipes(&mut driver);
    let record = driver.records.get(slot).expect("open");
    record.sending = Sending::Armed;
    record.send = Some(SendBuf { bytes: b"unsent".to_vec(), start: 0 });
    hand_in(&mut driver, Kind::Send, slot, -libc::EAGAIN, 0);
    assert!(driver.pending.is_empty(), "the owner hears when there is room");
    let sent = wait_for(&mut driver, |it| matches!(it, Completion::Sent { .. }));
    let Completion::Sent { buf, fault: None, .. } = sent else { panic!("{sent:?}") };
    assert_eq!(buf.start, 0);
    driver.submit(Op::Send { slot, buf }).expect("room");
    wait_for(&mut driver, |it| matches!(it, Completion::Sent { .. }));
    let mut got = [0; 6];
    from.read_exact(&mut got).expect("sent");
    assert_eq!(&got, b"unsent");
}

#[test]
fn a_buffer_comes_home_whatever_its_completion_says() {
    for (name, result, is_stale) in [
        ("of an earlier user", 10, true),
        ("of an earlier user, cancelled", -libc::ECANCELED, true),
        ("cancelled", -libc::ECANCELED, false),
        ("the end", 0, false),
    ] {
        let Some(mut driver) = driver() else { return };
        let (ours, _peer) = UnixStream::pair().expect("a socket pair");
        let slot = driver.adopt_socket(ours.into()).expect("adopted");
        let named =
            if is_stale { Slot::new(slot.index, slot.generation.wrapping_sub(1)) } else { slot };
        assert!(driver.pool.is_dry(), "all are the kernel's at the beginning");
        let flags = HAS_BUFFER | 5 << 16;
        hand_in(&mut driver, Kind::Receive, named, result, flags);
        assert!(!driver.pool.is_dry(), "{name}: the buffer is back");
        assert_eq!(driver.pool.lent(), 0, "{name}");
        assert_eq!(driver.stats.stale, u64::from(is_stale), "{name}");
        let delivered = driver.pending.iter();
        let is_delivered = |it: &Completion| matches!(it, Completion::Received { .. });
        assert_eq!(delivered.filter(|it| is_delivered(it)).count(), 0, "{name}");
    }
}

#[test]
fn the_old_user_of_a_place_leaves_before_the_new_one_enters() {
    let Some(mut driver) = driver() else { return };
    let index = 1000;
    driver.accepted = 1;
    driver.stats.open = 1;
    let record = super::Record { phase: Phase::Vacating, ..super::Record::new(None) };
    let old = driver.records.open(index, record);
    let listener = Slot::new(0, 0);
    hand_in(&mut driver, Kind::Accept, listener, index as i32, 0);
    // The close of the old one answers late, and must not close the new one.
    hand_in(&mut driver, Kind::Close, old, 0, 0);
    let names: Vec<_> = driver
        .pending
        .iter()
        .map(|completion| match completion {
            Completion::Closed { slot } => ("closed", *slot),
            Completion::Accepted { slot, .. } => ("accepted", *slot),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, [("closed", old), ("accepted", old.next())]);
    assert!(driver.records.get(old.next()).is_some());
    assert_eq!((driver.accepted, driver.stats.open), (1, 1));
}

#[test]
fn a_receive_that_ends_for_no_reason_is_started_again() {
    for result in [-libc::ECANCELED, -libc::EINTR, -libc::ENOBUFS] {
        let Some(mut driver) = driver() else { return };
        let (ours, mut peer) = UnixStream::pair().expect("a socket pair");
        let slot = driver.adopt_socket(ours.into()).expect("adopted");
        let record = driver.records.get(slot).expect("open");
        record.is_wanted = true;
        record.receiving = Receiving::Armed;
        hand_in(&mut driver, Kind::Receive, slot, result, 0);
        peer.write_all(b"still heard").expect("written");
        wait_for(&mut driver, |it| matches!(it, Completion::Received { .. }));
    }
}

#[test]
fn a_word_of_nobody_is_counted_and_dropped() {
    let Some(mut driver) = driver() else { return };
    driver.handle(Answer { word: u64::MAX, result: 1, flags: 0 });
    assert_eq!(driver.stats.stale, 1);
}
