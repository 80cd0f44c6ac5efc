//! The known pitfalls of `io_uring`, one test each, by their numbers in the project's notes. Where
//! the kernel does not fall into one when asked to, it is made to seem so.

use std::cell::Cell;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use super::{Rig, pattern, read_all, small};
use crate::limits::SLACK_BYTES;
use crate::ring::token::Kind;
use crate::ring::uring::Uring;
use crate::ring::uring::interference::{Act, Plan, Rule};
use crate::ring::{Completion, Driver, Op, RingConfig, SendBuf};
use crate::slot::Slot;

/// Opens the driver; a machine that must have it fails without.
fn open(config: &RingConfig) -> Option<Uring> {
    match Uring::new(config) {
        Ok(driver) => Some(driver),
        Err(fault) if std::env::var_os("MCPRING_URING_REQUIRED").is_none() => {
            eprintln!("skipped: {fault}");
            None
        }
        Err(fault) => panic!("{fault}"),
    }
}

/// Runs `scenario` on a driver whose kernel is interfered with; each rule must have had its way.
fn check(config: &RingConfig, rules: &[Rule], scenario: impl Fn(&mut Rig, &Rc<Cell<u32>>)) {
    let Some(mut driver) = open(config) else { return };
    let (plan, done) = Plan::new(rules);
    driver.interfere(plan);
    let mut rig = Rig::new(Box::new(driver));
    scenario(&mut rig, &done);
    assert_eq!(done.get(), rules.len() as u32, "{rules:?} had their way");
    rig.finish();
}

fn rule(kind: Kind, nth: u32, act: Act) -> Rule {
    Rule { kind, nth, act }
}

/// Sends pieces one after another, each when the one before has arrived.
fn converse(rig: &mut Rig, slot: Slot, peer: &mut UnixStream) {
    let bytes = pattern(900);
    let before = rig.seen[&slot].bytes.len();
    for (number, piece) in bytes.chunks(100).enumerate() {
        peer.write_all(piece).expect("written");
        let want = before + (number + 1) * 100;
        rig.until("a piece", |rig| rig.seen[&slot].bytes.len() >= want);
    }
    assert!(rig.seen[&slot].bytes[before..] == bytes, "in order, whole, once");
}

#[test]
fn pitfall_1_a_standing_receive_ends_without_more() {
    let acts = [
        Act::EndWithThis,
        Act::EndWith(libc::ECANCELED),
        Act::EndWith(libc::EINTR),
        Act::EndWith(libc::EAGAIN),
    ];
    for act in acts {
        let rules = [1, 2, 4].map(|nth| rule(Kind::Receive, nth, act));
        check(&small(), &rules, |rig, _| {
            let (slot, mut peer) = rig.pair();
            converse(rig, slot, &mut peer);
            converse(rig, slot, &mut peer);
            assert!(rig.driver.stats().rearms >= 3, "{act:?}");
            assert_eq!(rig.seen[&slot].ended, None);
        });
    }
}

#[test]
fn pitfall_1_a_standing_receive_fails() {
    let rules = [rule(Kind::Receive, 2, Act::EndWith(libc::ECONNRESET))];
    check(&small(), &rules, |rig, _| {
        let (slot, mut peer) = rig.pair();
        for round in 1..=2 {
            peer.write_all(b"piece").expect("written");
            rig.until("a piece", |rig| rig.seen[&slot].bytes.len() == round * 5);
        }
        rig.until("the end", |rig| rig.seen[&slot].ended.is_some());
        let fault = rig.seen[&slot].ended.flatten().expect("a fault");
        assert_eq!(fault.errno, libc::ECONNRESET);
        assert_eq!(rig.seen[&slot].bytes, b"piecepiece", "what came before it is not lost");
    });
}

#[test]
fn pitfall_1_a_standing_accept_ends_without_more() {
    for act in [Act::EndWithThis, Act::EndWith(libc::ECONNABORTED), Act::EndWith(libc::EINTR)] {
        let rules = [1, 3].map(|nth| rule(Kind::Accept, nth, act));
        check(&small(), &rules, |rig, _| {
            let address = rig.listen(0);
            for _ in 0..6 {
                let (slot, mut peer) = rig.connect(address);
                peer.write_all(b"hello").expect("written");
                rig.until_received(slot, b"hello");
                rig.close(slot);
            }
            assert!(rig.driver.stats().rearms >= 2, "{act:?}");
        });
    }
}

/// More completions than the queue holds: the kernel ends standing ops and keeps the rest for later.
#[test]
fn pitfall_1_the_completion_queue_overflows() {
    let config = RingConfig {
        adoptions_max: 200,
        submissions: 8,
        completions: 16,
        buffer_bytes: 256,
        buffer_count: 256,
        leases_low_water: 0,
        ..RingConfig::default()
    };
    check(&config, &[], |rig, _| {
        let mut peers: Vec<_> = (0..150).map(|_| rig.pair()).collect();
        rig.turn(Some(Duration::ZERO));
        let bytes = pattern(1000);
        for _ in 0..3 {
            for (_, peer) in &mut peers {
                peer.write_all(&bytes).expect("the socket's buffer takes it");
            }
            for (slot, _) in &peers {
                rig.until("all bytes", |rig| rig.seen[slot].bytes.len() >= bytes.len());
                assert!(std::mem::take(&mut rig.see(*slot).bytes) == bytes, "in order and whole");
            }
        }
        assert!(rig.driver.stats().overflows > 0, "it did overflow");
    });
}

/// Without buffers receiving stops, and starts again when one comes back; time alone does nothing.
#[test]
fn pitfall_2_no_buffers() {
    // Reported although there are buffers: then it is started again at once.
    check(&small(), &[rule(Kind::Receive, 1, Act::EndWith(libc::ENOBUFS))], |rig, _| {
        let (slot, mut peer) = rig.pair();
        converse(rig, slot, &mut peer);
        assert_eq!(rig.driver.stats().enobufs, 1);
    });
    check(&small(), &[], |rig, _| {
        let (slot, mut peer) = rig.pair();
        rig.holds = true;
        let bytes = pattern(10_000);
        peer.write_all(&bytes).expect("the socket's buffer takes it");
        rig.until("no buffer is left", |rig| rig.driver.stats().enobufs > 0);
        let before = rig.driver.stats().clone();
        for _ in 0..50 {
            rig.turn(Some(Duration::ZERO));
        }
        let stats = rig.driver.stats();
        assert_eq!((stats.enobufs, stats.receives), (before.enobufs, before.receives), "no spin");
        rig.holds = false;
        rig.held.clear();
        rig.until_received(slot, &bytes);
    });
}

/// One connection that always has bytes leaves buffers and turns to the others.
#[test]
fn pitfall_3_a_greedy_socket() {
    let config = RingConfig { buffer_count: 64, receive_credit: 4, ..small() };
    check(&config, &[], |rig, _| {
        let (greedy, mut flood) = rig.pair();
        let (modest, mut asking) = rig.pair();
        flood.set_nonblocking(true).expect("an option");
        for round in 1..=20 {
            fill(&mut flood);
            asking.write_all(b"?").expect("written");
            let mut turns = 0;
            while rig.seen[&modest].bytes.len() < round {
                turns += 1;
                assert!(turns < 50, "served within a few turns, round {round}");
                rig.turn(Some(Duration::ZERO));
            }
            rig.see(greedy).bytes.clear();
        }
        assert!(rig.driver.stats().credits_spent > 0, "the greedy one was held back");
    });
}

/// Writes until the socket's buffer takes no more.
fn fill(peer: &mut UnixStream) {
    while peer.write(&[7; 4096]).is_ok() {}
}

/// What slow handlers hold is copied before it starves the ring.
#[test]
fn pitfall_4_buffers_held_by_handlers() {
    let config = RingConfig { leases_low_water: 4, ..small() };
    check(&config, &[], |rig, _| {
        let (slot, mut peer) = rig.pair();
        rig.holds = true;
        let mut held = Vec::new();
        for round in 1..=50 {
            peer.write_all(&[round as u8; 10]).expect("written");
            rig.until("bytes", |rig| rig.seen[&slot].bytes.len() >= round * 10);
            held.extend(rig.held.drain(..).map(|lease| lease.share(0..lease.len())));
        }
        let stats = rig.driver.stats();
        assert!(stats.leases_lent <= 4 + 1, "{} lent", stats.leases_lent);
        assert!(stats.copies > 0);
        let all: Vec<u8> = held.iter().flatten().copied().collect();
        assert!(all == rig.seen[&slot].bytes, "copied or lent, the bytes are the same");
    });
}

/// A second send would slip between the parts of a short one.
#[test]
fn pitfall_5_one_send_in_flight() {
    let config = RingConfig { send_bytes_max: 1000, ..small() };
    check(&config, &[], |rig, _| {
        let (slot, peer) = rig.pair();
        let reader = thread::spawn(move || read_all(peer));
        let bytes = pattern(100_000);
        let mut buf = SendBuf { bytes: bytes.clone(), start: 0 };
        while !buf.unsent().is_empty() {
            rig.submit(Op::Send { slot, buf });
            let second = SendBuf { bytes: b"between".to_vec(), start: 0 };
            let refused = rig.driver.submit(Op::Send { slot, buf: second });
            assert!(refused.is_err(), "one is in flight");
            rig.until("a send", |rig| !rig.seen[&slot].sent.is_empty());
            buf = rig.see(slot).sent.remove(0).0;
        }
        rig.close(slot);
        assert!(reader.join().expect("read") == bytes, "nothing slipped between");
    });
}

/// The bytes of a send are the kernel's until its completion, closed or not.
#[test]
fn pitfall_6_cancel_never_frees() {
    check(&small(), &[], |rig, _| {
        for _ in 0..20 {
            let (slot, peer) = rig.pair();
            let buf = SendBuf { bytes: pattern(4 << 20), start: 0 };
            let place = buf.bytes.as_ptr();
            rig.submit(Op::Send { slot, buf });
            rig.submit(Op::Close { slot });
            rig.until("the close", |rig| rig.closed.contains(&slot));
            let (back, _) = rig.see(slot).sent.pop().expect("back before the close");
            assert_eq!(back.bytes.as_ptr(), place, "the very bytes");
            assert!(read_all(peer) == back.bytes[..back.start], "as many as reported");
        }
    });
}

/// Answers for whoever had the place before are dropped, and disturb nobody.
#[test]
fn pitfall_7_a_place_is_used_again_at_once() {
    let rules = [
        rule(Kind::Receive, 2, Act::EchoStale),
        rule(Kind::Receive, 3, Act::EchoStale),
        rule(Kind::Send, 2, Act::EchoStale),
        rule(Kind::Close, 2, Act::EchoStale),
    ];
    check(&small(), &rules, |rig, done| {
        let mut places = Vec::new();
        for round in 0..4 {
            let (slot, mut peer) = rig.pair();
            places.push(slot.index);
            peer.write_all(b"question").expect("written");
            rig.until_received(slot, b"question");
            rig.send_all(slot, b"answer");
            rig.close(slot);
            assert_eq!(read_all(&mut peer), b"answer", "round {round}");
        }
        assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "one place, used again");
        assert!(rig.driver.stats().stale + 1 >= u64::from(done.get()), "dropped and counted");
    });
}

/// Accepted sockets get the listener's options without a system call each.
#[test]
fn pitfall_8_options_are_inherited_and_the_kernel_picks_the_place() {
    for is_set in [true, false] {
        let Some(mut driver) = open(&small()) else { return };
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        socket2::SockRef::from(&listener).set_tcp_nodelay(is_set).expect("an option");
        let address = listener.local_addr().expect("an address");
        driver.listen(listener.into(), 0).expect("listening");
        let _peer = TcpStream::connect(address).expect("connected");
        let slot = accepted(&mut driver);
        assert!(slot.index >= small().adoptions_max as u32, "of the kernel's part of the table");
        match driver.install(slot) {
            Some(socket) => {
                let inherited = socket2::SockRef::from(&socket).tcp_nodelay().expect("an option");
                assert_eq!(inherited, is_set);
            }
            None => eprintln!("skipped: this kernel shows no direct descriptor"),
        }
    }
}

fn accepted(driver: &mut Uring) -> Slot {
    let mut completions = Vec::new();
    loop {
        driver.wait(Some(super::PATIENCE), &mut completions).expect("a wait");
        if let Some(Completion::Accepted { slot, .. }) = completions.pop() {
            return slot;
        }
    }
}

/// Nothing completes unless the owner enters, and a look is enough; others only wake it.
#[test]
fn pitfall_9_only_the_owner_enters() {
    check(&small(), &[], |rig, _| {
        let (slot, mut peer) = rig.pair();
        rig.turn(Some(Duration::ZERO));
        peer.write_all(b"there").expect("written");
        rig.turn(Some(Duration::ZERO));
        rig.turn(Some(Duration::ZERO));
        assert_eq!(rig.seen[&slot].bytes, b"there", "a look brings it home");
        let waker = rig.driver.waker();
        let other = thread::spawn(move || waker.wake());
        while rig.woken == 0 {
            // Without an end: only the waker ends it.
            rig.turn(None);
        }
        other.join().expect("woken");
    });
}

/// Without descriptors accepting pauses; it is neither given up nor spun on.
#[test]
fn pitfall_10_no_descriptors() {
    for errno in [libc::EMFILE, libc::ENFILE, libc::ENOMEM] {
        check(&small(), &[rule(Kind::Accept, 1, Act::EndWith(errno))], |rig, done| {
            let address = rig.listen(0);
            let (first, _peer) = rig.connect(address);
            rig.until("the refusal", |_| done.get() == 1);
            assert_eq!(rig.driver.stats().accept_faults, 1);
            let waiting = TcpStream::connect(address).expect("the backlog takes it");
            for _ in 0..50 {
                rig.turn(Some(Duration::ZERO));
            }
            assert_eq!(rig.driver.stats().accept_faults, 1, "not tried again and again");
            // A close gives a descriptor back: tried again at once.
            rig.close(first);
            rig.until("the second", |rig| rig.accepted.len() == 2);
            drop(waiting);
        });
        check(&small(), &[rule(Kind::Accept, 1, Act::EndWith(errno))], |rig, _| {
            let address = rig.listen(0);
            let _first = rig.connect(address);
            // Nothing closes: tried again after a while, though the owner would wait for ever.
            let (slot, mut peer) = rig.connect(address);
            peer.write_all(b"late").expect("written");
            rig.until_received(slot, b"late");
        });
    }
}

/// Buffers do not all begin at the same place of a page, where copies between them crawl.
#[test]
fn pitfall_11_buffers_are_offset() {
    let config = RingConfig { leases_low_water: 0, ..RingConfig::default() };
    check(&config, &[], |rig, _| {
        rig.holds = true;
        let (slot, mut peer) = rig.pair();
        for round in 1..=8 {
            peer.write_all(b"x").expect("written");
            rig.until("a buffer", |rig| rig.seen[&slot].bytes.len() >= round);
        }
        let mut places: Vec<usize> =
            rig.held.iter().map(|lease| lease.bytes().as_ptr().addr() % 4096).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 8, "all different: {places:?}");
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= SLACK_BYTES));
        rig.held.clear();
    });
}
