//! Connections coming and going: accepts, closes, places used again, wake-ups, small rings.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Rig, pattern, read_all, scenarios, small};
use crate::ring::{Op, RingConfig};
use crate::slot::Slot;

scenarios! {
    accepts_many;
    closes_with_a_send_in_flight;
    closes_before_anything_was_submitted;
    closes_what_the_peer_floods;
    never_mistakes_the_next_connection with small();
    adopts_and_accepts_side_by_side with small();
    waits_for_a_place with RingConfig { connections_max: 2, ..small() };
    rests_while_nothing_happens with RingConfig { connections_max: 1, ..small() };
    stops_listening;
    ignores_what_is_gone;
    is_woken_from_another_thread;
    is_woken_before_it_waits;
    works_through_tiny_queues with RingConfig {
        adoptions_max: 100, submissions: 8, completions: 16, ..RingConfig::default()
    };
    forgets_everything_when_dropped;
    serves_the_small_beside_the_greedy with small();
}

fn accepts_many(rig: &mut Rig) {
    const PEERS: usize = 300;
    let address = rig.listen(9);
    let clients = thread::spawn(move || {
        let peers: Vec<TcpStream> =
            (0..PEERS).map(|_| TcpStream::connect(address).expect("connected")).collect();
        for (number, mut peer) in peers.iter().enumerate() {
            peer.write_all(&(number as u32).to_be_bytes()).expect("written");
        }
        for (number, mut peer) in peers.iter().enumerate() {
            let mut back = [0; 4];
            peer.read_exact(&mut back).expect("echoed");
            assert_eq!(back, (number as u32).to_be_bytes(), "no crossed reply");
        }
    });
    let mut started = 0;
    let mut echoed = 0;
    rig.until("all echoes", |rig| {
        for at in started..rig.accepted.len() {
            let slot = rig.accepted[at].1;
            rig.submit(Op::Receive { slot });
        }
        started = rig.accepted.len();
        let full: Vec<Slot> = rig
            .seen
            .iter()
            .filter(|(_, seen)| seen.bytes.len() == 4)
            .map(|(slot, _)| *slot)
            .collect();
        for slot in full {
            let bytes = std::mem::take(&mut rig.see(slot).bytes);
            rig.send(slot, &bytes);
            echoed += 1;
        }
        echoed == PEERS
    });
    rig.until("all sends", |rig| rig.driver.stats().sends == PEERS as u64);
    clients.join().expect("all peers are served");
    assert_eq!(rig.driver.stats().accepts, PEERS as u64);
}

fn closes_with_a_send_in_flight(rig: &mut Rig) {
    let (slot, peer) = rig.pair();
    let bytes = pattern(8 << 20);
    rig.send(slot, &bytes);
    // The peer does not read: at some point a send stays in flight.
    for _ in 0..64 {
        rig.turn(Some(Duration::ZERO));
        if let Some((buf, fault)) = rig.see(slot).sent.pop() {
            assert_eq!(fault, None);
            rig.submit(Op::Send { slot, buf });
        }
    }
    rig.submit(Op::Close { slot });
    rig.submit(Op::Close { slot });
    rig.until("the close", |rig| rig.closed.contains(&slot));
    let (buf, _) = rig.see(slot).sent.pop().expect("the bytes came back before Closed");
    assert!(buf.start < bytes.len() && buf.bytes == bytes);
    assert_eq!(read_all(peer), bytes[..buf.start], "the peer got what was reported");
}

fn closes_before_anything_was_submitted(rig: &mut Rig) {
    let (slot, peer) = rig.pair();
    rig.send(slot, b"goodbye");
    rig.close(slot);
    assert_eq!(read_all(peer), b"goodbye", "a send submitted before the close is tried");
}

fn closes_what_the_peer_floods(rig: &mut Rig) {
    let address = rig.listen(0);
    for _ in 0..20 {
        let (slot, mut peer) = rig.connect(address);
        let flood = thread::spawn(move || while peer.write_all(&[7; 5000]).is_ok() {});
        rig.until("bytes", |rig| rig.seen[&slot].bytes.len() > 20_000);
        rig.close(slot);
        flood.join().expect("the flood ends with the connection");
    }
}

fn never_mistakes_the_next_connection(rig: &mut Rig) {
    let address = rig.listen(0);
    let mut slots = Vec::new();
    for round in 0..300u32 {
        let word = round.to_be_bytes();
        let (slot, mut peer) = rig.connect(address);
        assert!(!slots.contains(&slot), "each connection has a name of its own");
        slots.push(slot);
        peer.write_all(&word).expect("written");
        if round % 3 == 0 {
            // Closed while its bytes arrive: they must not turn up under the next one.
            rig.submit(Op::Close { slot });
            continue;
        }
        rig.until_received(slot, &word);
        rig.submit(Op::Close { slot });
        if round % 3 == 1 {
            drop(peer);
        }
    }
    rig.until("all closes", |rig| rig.closed.len() == slots.len());
    let highest = slots.iter().map(|slot| slot.index).max();
    assert!(highest < Some(16), "places are used again: {highest:?}");
}

fn adopts_and_accepts_side_by_side(rig: &mut Rig) {
    let address = rig.listen(0);
    let mut last = None;
    for round in 0..100 {
        let (adopted, mut near) = rig.pair();
        let (accepted, mut far) = rig.connect(address);
        assert_ne!(adopted.index, accepted.index, "round {round}");
        near.write_all(b"near").expect("written");
        far.write_all(b"far").expect("written");
        rig.until_received(adopted, b"near");
        rig.until_received(accepted, b"far");
        // Freed in changing order, so that the place freed last is of either kind.
        let pair = if round % 2 == 0 { [adopted, accepted] } else { [accepted, adopted] };
        for slot in pair {
            rig.close(slot);
        }
        let kept = rig.connect(address);
        if let Some((slot, _peer)) = last.replace(kept) {
            rig.close(slot);
        }
        // Every place for adopted ones is free, whatever the kernel gave to those accepted.
        let all: Vec<_> = (0..8).map(|_| rig.pair()).collect();
        for (slot, _peer) in all {
            rig.close(slot);
        }
    }
}

fn waits_for_a_place(rig: &mut Rig) {
    let address = rig.listen(0);
    let (first, _first_peer) = rig.connect(address);
    let (_second, _second_peer) = rig.connect(address);
    rig.settle();
    let mut third = TcpStream::connect(address).expect("the backlog takes it");
    third.write_all(b"waiting").expect("written");
    rig.settle();
    rig.settle();
    assert_eq!(rig.accepted.len(), 2, "full");
    assert!(rig.driver.stats().accept_pauses > 0);
    rig.submit(Op::Close { slot: first });
    rig.until("the third", |rig| rig.accepted.len() == 3);
    let slot = rig.accepted[2].1;
    rig.submit(Op::Receive { slot });
    rig.until_received(slot, b"waiting");
}

fn rests_while_nothing_happens(rig: &mut Rig) {
    // Idle, full with another at the door, paused with bytes waiting, ended, and starved.
    let address = rig.listen(0);
    let (_idle, _peer) = rig.connect(address);
    let _waiting = TcpStream::connect(address).expect("the backlog takes it");
    let (paused, mut paused_peer) = rig.pair();
    rig.submit(Op::Pause { slot: paused });
    rig.settle();
    paused_peer.write_all(b"unheard").expect("written");
    let (ended, ended_peer) = rig.pair();
    drop(ended_peer);
    rig.until("the end", |rig| rig.seen[&ended].ended.is_some());
    rig.rests();
    rig.holds = true;
    let (_starved, mut starved_peer) = rig.pair();
    starved_peer.write_all(&pattern(20_000)).expect("written");
    while rig.driver.stats().enobufs == 0 {
        rig.turn(Some(Duration::ZERO));
    }
    rig.rests();
}

fn stops_listening(rig: &mut Rig) {
    let address = rig.listen(0);
    let (slot, mut peer) = rig.connect(address);
    rig.driver.unlisten();
    rig.settle();
    rig.settle();
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    peer.write_all(b"still here").expect("written");
    rig.until_received(slot, b"still here");
}

fn ignores_what_is_gone(rig: &mut Rig) {
    let (slot, _peer) = rig.pair();
    rig.close(slot);
    let before = rig.driver.stats().stale;
    rig.submit(Op::Receive { slot });
    rig.submit(Op::Pause { slot });
    rig.send(slot, b"nobody");
    rig.submit(Op::Close { slot });
    rig.settle();
    assert!(rig.driver.stats().stale >= before + 4);
    let (next, mut peer) = rig.pair();
    assert_eq!(next.index, slot.index, "the same place");
    rig.submit(Op::Close { slot });
    peer.write_all(b"unharmed").expect("written");
    rig.until_received(next, b"unharmed");
}

fn is_woken_from_another_thread(rig: &mut Rig) {
    let waker = rig.driver.waker();
    let (go, gone) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        for () in gone {
            waker.wake();
        }
    });
    for round in 1..=200 {
        go.send(()).expect("the thread listens");
        rig.until("a wake-up", |rig| rig.woken >= round);
        assert_eq!(rig.woken, round, "each is reported once");
    }
    drop(go);
    thread.join().expect("done");
}

fn is_woken_before_it_waits(rig: &mut Rig) {
    let waker = rig.driver.waker();
    waker.wake();
    waker.wake();
    rig.turn(None);
    assert_eq!(rig.woken, 1, "at once, and once");
    rig.turn(Some(Duration::from_millis(1)));
    assert_eq!(rig.woken, 1);
    let enters = rig.driver.stats().enters;
    assert!(enters < 50, "waking an awake shard costs nothing: {enters}");
}

fn works_through_tiny_queues(rig: &mut Rig) {
    let mut peers: Vec<_> = (0..90).map(|_| rig.pair()).collect();
    for round in 0..10u8 {
        for (_, peer) in &mut peers {
            peer.write_all(&[round; 10]).expect("written");
        }
        rig.until("all bytes", |rig| {
            peers.iter().all(|(slot, _)| rig.seen[slot].bytes.len() == 10)
        });
        for (slot, _) in &peers {
            assert_eq!(std::mem::take(&mut rig.see(*slot).bytes), [round; 10]);
            rig.send(*slot, &[round; 20]);
        }
        rig.until("all sends", |rig| peers.iter().all(|(slot, _)| !rig.seen[slot].sent.is_empty()));
        for (slot, peer) in &mut peers {
            rig.see(*slot).sent.clear();
            let mut back = [0; 20];
            peer.read_exact(&mut back).expect("sent");
        }
    }
}

fn forgets_everything_when_dropped(rig: &mut Rig) {
    // A second driver of the same kind on this thread, dropped with everything in flight.
    let choice = match rig.driver.kind() {
        crate::ring::DriverKind::Epoll => crate::ring::Choice::Epoll,
        _ => crate::ring::Choice::Uring,
    };
    let (driver, _) = crate::ring::open(choice, &RingConfig::default()).expect("opened before");
    let mut other = Rig::new(driver);
    let address = other.listen(0);
    let (accepted, peer) = other.connect(address);
    let (adopted, stuck) = other.pair();
    for slot in [accepted, adopted] {
        other.send(slot, &pattern(4 << 20));
    }
    other.turn(Some(Duration::ZERO));
    drop(other);
    read_all(stuck);
    read_all(peer);
}

fn serves_the_small_beside_the_greedy(rig: &mut Rig) {
    let (greedy, mut flooding) = rig.pair();
    let (modest, mut asking) = rig.pair();
    let (stop, stopped) = mpsc::channel::<()>();
    let flood = thread::spawn(move || {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            flooding.write_all(&[1; 10_000]).expect("written");
        }
    });
    rig.until("a flood", |rig| rig.seen[&greedy].bytes.len() > 50_000);
    for round in 0..50 {
        asking.write_all(b"?").expect("written");
        rig.until_received(modest, &vec![b'?'; round + 1]);
        rig.send_all(modest, b"!");
        asking.read_exact(&mut [0]).expect("answered");
    }
    let spent = rig.driver.stats().credits_spent;
    assert!(spent > 0, "the greedy one was held back");
    stop.send(()).expect("the flood listens");
    rig.until("the end", |rig| rig.seen[&greedy].ended.is_some());
    flood.join().expect("done");
}
