//! Bytes in and out of sockets: echo, large and short sends, pauses, ends and resets.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::thread;

use super::{Rig, pattern, read_all, scenarios};
use crate::error::LimitError;
use crate::ring::{Op, RingConfig, SendBuf};

scenarios! {
    echoes_over_a_socket_pair;
    echoes_over_tcp;
    sends_large_to_a_slow_reader;
    sends_in_parts_of_the_limit with RingConfig { send_bytes_max: 1000, ..RingConfig::default() };
    receives_large;
    pauses_and_receives;
    pauses_twice_and_receives_twice;
    hears_the_end_and_still_sends;
    hears_that_the_peer_has_left;
    hears_the_end_behind_the_bytes;
    hears_a_reset;
    sends_to_a_peer_that_is_gone;
    sends_nothing_at_once;
    refuses_a_second_send;
}

fn echoes_over_a_socket_pair(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    for round in 0..20u8 {
        peer.write_all(&[round; 7]).expect("written");
        let so_far = rig.seen[&slot].bytes.len();
        rig.until("bytes", |rig| rig.seen[&slot].bytes.len() == so_far + 7);
        rig.send_all(slot, &[round; 7]);
        let mut back = [0; 7];
        peer.read_exact(&mut back).expect("echoed");
        assert_eq!(back, [round; 7]);
    }
    assert!(rig.driver.stats().receives >= 20 && rig.driver.stats().sends >= 20);
}

fn echoes_over_tcp(rig: &mut Rig) {
    let first = rig.listen(3);
    let second = rig.listen(4);
    for (address, number) in [(first, 3), (second, 4), (first, 3)] {
        let (slot, mut peer) = rig.connect(address);
        assert_eq!(rig.accepted.last(), Some(&(number, slot)));
        peer.write_all(b"over tcp").expect("written");
        rig.until_received(slot, b"over tcp");
        rig.send_all(slot, b"and back");
        rig.close(slot);
        assert_eq!(read_all(peer), b"and back");
    }
}

fn sends_large_to_a_slow_reader(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    let bytes = pattern(6 << 20);
    let want = bytes.clone();
    let reader = thread::spawn(move || {
        let mut got = Vec::new();
        let mut piece = [0; 3000];
        while got.len() < want.len() {
            let count = peer.read(&mut piece).expect("read");
            got.extend_from_slice(&piece[..count]);
        }
        assert!(got == want, "all bytes in order");
    });
    rig.send_all(slot, &bytes);
    assert!(rig.driver.stats().sends > 1, "it took several");
    reader.join().expect("the reader got all");
}

fn sends_in_parts_of_the_limit(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    let bytes = pattern(10_500);
    rig.send_all(slot, &bytes);
    assert_eq!(rig.driver.stats().sends, 11);
    let mut got = vec![0; bytes.len()];
    peer.read_exact(&mut got).expect("all there");
    assert!(got == bytes);
}

fn receives_large(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    let bytes = pattern(5 << 20);
    let sent = bytes.clone();
    let writer = thread::spawn(move || peer.write_all(&sent).expect("written"));
    rig.until_received(slot, &bytes);
    rig.until("the end", |rig| rig.seen[&slot].ended == Some(None));
    writer.join().expect("the writer is done");
}

fn pauses_and_receives(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    peer.write_all(b"a").expect("written");
    rig.until_received(slot, b"a");
    rig.submit(Op::Pause { slot });
    rig.settle();
    peer.write_all(b"b").expect("written");
    rig.settle();
    rig.settle();
    assert_eq!(rig.seen[&slot].bytes, b"a", "paused");
    rig.submit(Op::Receive { slot });
    rig.until_received(slot, b"ab");
}

fn pauses_twice_and_receives_twice(rig: &mut Rig) {
    let (slot, mut peer) = rig.pair();
    for _ in 0..3 {
        rig.submit(Op::Pause { slot });
        rig.submit(Op::Pause { slot });
        rig.submit(Op::Receive { slot });
        rig.submit(Op::Receive { slot });
        peer.write_all(b"x").expect("written");
        rig.settle();
    }
    rig.until_received(slot, b"xxx");
    rig.submit(Op::Pause { slot });
    rig.settle();
    rig.submit(Op::Pause { slot });
    rig.submit(Op::Receive { slot });
    peer.write_all(b"y").expect("written");
    rig.until_received(slot, b"xxxy");
}

fn hears_the_end_and_still_sends(rig: &mut Rig) {
    let (slot, peer) = rig.pair();
    peer.shutdown(Shutdown::Write).expect("half closed");
    rig.until("the end", |rig| rig.seen[&slot].ended.is_some());
    assert_eq!(rig.seen[&slot].ended, Some(None), "in good order");
    rig.send_all(slot, b"last words");
    // Further wishes to receive change nothing.
    rig.submit(Op::Receive { slot });
    rig.settle();
    rig.close(slot);
    assert_eq!(read_all(peer), b"last words");
}

fn hears_that_the_peer_has_left(rig: &mut Rig) {
    let (left, mut peer) = rig.pair();
    let (half, listening) = rig.pair();
    peer.write_all(b"bytes and end").expect("written");
    drop(peer);
    listening.shutdown(Shutdown::Write).expect("half closed");
    rig.until("the ends", |rig| [left, half].iter().all(|it| rig.seen[it].ended.is_some()));
    rig.until("nobody there", |rig| rig.seen[&left].is_left);
    assert_eq!(rig.seen[&left].bytes, b"bytes and end");
    rig.send_all(half, b"last words");
    assert!(!rig.seen[&half].is_left, "it listens");
    rig.close(left);
    rig.close(half);
    assert_eq!(read_all(listening), b"last words");
}

fn hears_the_end_behind_the_bytes(rig: &mut Rig) {
    let address = rig.listen(0);
    for round in 0..50 {
        let (slot, mut peer) = rig.connect(address);
        peer.write_all(b"bytes and end").expect("written");
        if round % 2 == 0 {
            peer.shutdown(Shutdown::Write).expect("half closed");
        }
        drop(peer);
        rig.until("the end", |rig| rig.seen[&slot].ended.is_some());
        assert_eq!(rig.seen[&slot].bytes, b"bytes and end");
        assert_eq!(rig.seen[&slot].ended, Some(None));
        rig.close(slot);
    }
}

fn hears_a_reset(rig: &mut Rig) {
    let address = rig.listen(0);
    let (slot, peer) = rig.connect(address);
    let hard = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: reads the one structure given.
    let set = unsafe {
        libc::setsockopt(
            peer.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const hard).cast(),
            size_of::<libc::linger>() as u32,
        )
    };
    assert_eq!(set, 0);
    drop(peer);
    rig.until("the end", |rig| rig.seen[&slot].ended.is_some());
    let fault = rig.seen[&slot].ended.flatten().expect("not in good order");
    assert_eq!(fault.errno, libc::ECONNRESET);
}

fn sends_to_a_peer_that_is_gone(rig: &mut Rig) {
    let (slot, peer) = rig.pair();
    drop(peer);
    rig.send(slot, b"too late");
    rig.until("the send back", |rig| !rig.seen[&slot].sent.is_empty());
    let (buf, fault) = rig.see(slot).sent.remove(0);
    assert_eq!((buf.start, buf.bytes.as_slice()), (0, &b"too late"[..]));
    assert!(matches!(fault.expect("a fault").errno, libc::EPIPE | libc::ECONNRESET));
}

fn sends_nothing_at_once(rig: &mut Rig) {
    let (slot, _peer) = rig.pair();
    rig.send(slot, b"");
    rig.until("the send back", |rig| !rig.seen[&slot].sent.is_empty());
    assert_eq!(rig.seen[&slot].sent[0].1, None);
}

fn refuses_a_second_send(rig: &mut Rig) {
    let (slot, peer) = rig.pair();
    rig.send(slot, b"first");
    let second = SendBuf { bytes: b"second".to_vec(), start: 0 };
    let refused = rig.driver.submit(Op::Send { slot, buf: second });
    assert_eq!(refused, Err(LimitError("sends in flight per slot")));
    rig.until("the send back", |rig| !rig.seen[&slot].sent.is_empty());
    rig.close(slot);
    assert_eq!(read_all(peer), b"first");
}
