//! Leases: running out of them, holding them, sharing them with other threads, copying.

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Rig, pattern, scenarios, small};
use crate::ring::{Op, RingConfig};

scenarios! {
    goes_on_when_held_leases_return with small();
    goes_on_when_shared_leases_return_from_a_thread with small();
    runs_out_with_many_connections with RingConfig { adoptions_max: 40, ..small() };
    shares_one_buffer with small();
    copies_below_the_low_water_mark with RingConfig { leases_low_water: 8, ..small() };
    lends_longer_than_it_lives;
    pauses_while_starved with small();
    closes_while_starved with small();
}

/// Holds every buffer; returns once none is left.
fn exhaust(rig: &mut Rig, bytes: &[u8]) -> crate::slot::Slot {
    let (slot, mut peer) = rig.pair();
    rig.holds = true;
    peer.write_all(bytes).expect("the socket's buffer takes it");
    let start = Instant::now();
    while rig.driver.stats().enobufs == 0 {
        assert!(start.elapsed() < super::PATIENCE, "waited in vain for exhaustion");
        rig.turn(Some(Duration::ZERO));
    }
    assert_eq!(rig.driver.stats().leases_free, 0);
    slot
}

fn goes_on_when_held_leases_return(rig: &mut Rig) {
    let bytes = pattern(30_000);
    let slot = exhaust(rig, &bytes);
    let (other, mut peer) = rig.pair();
    peer.write_all(b"me too").expect("written");
    for _ in 0..5 {
        rig.turn(Some(Duration::ZERO));
    }
    assert!(rig.seen[&slot].bytes.len() < bytes.len(), "held leases stop it");
    rig.holds = false;
    rig.held.clear();
    rig.until_received(slot, &bytes);
    rig.until_received(other, b"me too");
}

fn goes_on_when_shared_leases_return_from_a_thread(rig: &mut Rig) {
    let bytes = pattern(30_000);
    let slot = exhaust(rig, &bytes);
    let (give, take) = mpsc::channel::<bytes::Bytes>();
    let holder = thread::spawn(move || take.into_iter().for_each(drop));
    while rig.seen[&slot].bytes.len() < bytes.len() {
        // Each turn but the last ends with all buffers elsewhere: only a return can go on.
        for lease in rig.held.drain(..) {
            give.send(lease.share(0..lease.len())).expect("the holder listens");
        }
        rig.turn(Some(super::PATIENCE));
    }
    rig.until_received(slot, &bytes);
    rig.held.clear();
    drop(give);
    holder.join().expect("all dropped");
    assert_eq!(rig.driver.stats().copies, 0);
}

fn runs_out_with_many_connections(rig: &mut Rig) {
    let mut peers: Vec<_> = (0..32).map(|_| rig.pair()).collect();
    let bytes = pattern(2000);
    for (_, peer) in &mut peers {
        peer.write_all(&bytes).expect("written");
    }
    for (slot, _) in &peers {
        rig.until_received(*slot, &bytes);
    }
}

fn shares_one_buffer(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    rig.holds = true;
    peer.write_all(b"one two three").expect("written");
    rig.until_received(slot, b"one two three");
    let lease = rig.held.pop().expect("held");
    let (one, three) = (lease.share(0..3), lease.share(8..13));
    assert_eq!((&one[..], &three[..]), (&b"one"[..], &b"three"[..]));
    assert_eq!(one.as_ptr(), lease.bytes().as_ptr(), "not copied");
    drop(lease);
    rig.settle();
    rig.held.clear();
    rig.turn(Some(Duration::ZERO));
    assert_eq!(rig.driver.stats().leases_lent, 1, "both hold the one buffer");
    drop(one);
    thread::spawn(move || assert_eq!(&three[..], b"three")).join().expect("read elsewhere");
    rig.settle();
    rig.held.clear();
    rig.turn(Some(Duration::ZERO));
    assert_eq!(rig.driver.stats().leases_lent, 0);
    assert_eq!(rig.driver.stats().copies, 0);
}

fn copies_below_the_low_water_mark(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    rig.holds = true;
    peer.write_all(b"copied").expect("written");
    rig.until_received(slot, b"copied");
    let lease = rig.held.pop().expect("held");
    let copy = lease.share(1..4);
    assert_ne!(copy.as_ptr(), lease.bytes()[1..].as_ptr());
    drop(lease);
    rig.turn(Some(Duration::ZERO));
    let stats = rig.driver.stats();
    assert_eq!((stats.copies, stats.bytes_copied, stats.leases_lent), (1, 3, 0));
    assert_eq!(&copy[..], b"opi");
}

fn lends_longer_than_it_lives(rig: &mut Rig) {
    let choice = match rig.driver.kind() {
        crate::ring::DriverKind::Epoll => crate::ring::Choice::Epoll,
        _ => crate::ring::Choice::Uring,
    };
    let (driver, _) = crate::ring::open(choice, &RingConfig::default()).expect("opened before");
    let mut other = Rig::new(driver);
    other.holds = true;
    let (slot, mut peer) = other.pair();
    let bytes = pattern(3000);
    peer.write_all(&bytes).expect("written");
    other.until_received(slot, &bytes);
    let held = std::mem::take(&mut other.held);
    let shared = held[0].share(0..held[0].len());
    drop(other);
    assert_eq!(held[0].bytes(), &bytes[..held[0].len()], "a lease outlives its driver");
    drop(held);
    let len = shared.len();
    thread::spawn(move || assert!(shared[..] == bytes[..len])).join().expect("readable anywhere");
}

fn pauses_while_starved(rig: &mut Rig) {
    let bytes = pattern(20_000);
    let slot = exhaust(rig, &bytes);
    rig.submit(Op::Pause { slot });
    rig.holds = false;
    rig.held.clear();
    rig.settle();
    let so_far = rig.seen[&slot].bytes.len();
    rig.settle();
    assert_eq!(rig.seen[&slot].bytes.len(), so_far, "paused");
    rig.submit(Op::Receive { slot });
    rig.until_received(slot, &bytes);
}

fn closes_while_starved(rig: &mut Rig) {
    let slot = exhaust(rig, &pattern(20_000));
    rig.close(slot);
    rig.holds = false;
    rig.held.clear();
    rig.settle();
}
