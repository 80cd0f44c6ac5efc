//! Stdio: pipes, files, sockets and descriptors that others made non-blocking.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;

use super::{Rig, pattern, read_all, scenarios};
use crate::ring::uring::Uring;
use crate::ring::{Op, RingConfig, sys};
use crate::slot::Slot;

scenarios! {
    echoes_over_pipes;
    echoes_over_non_blocking_pipes;
    moves_much_through_pipes;
    moves_much_through_non_blocking_pipes;
    reads_and_writes_regular_files;
    reads_a_device;
    talks_over_a_socket_as_stdio;
    talks_over_a_terminal;
    pauses_a_pipe;
    closes_a_silent_pipe;
    closes_a_full_pipe;
    writes_to_a_pipe_without_reader;
}

#[test]
fn serves_pipes_without_standing_reads() {
    for scenario in [
        echoes_over_pipes,
        echoes_over_non_blocking_pipes,
        moves_much_through_pipes,
        moves_much_through_non_blocking_pipes,
        pauses_a_pipe,
        closes_a_silent_pipe,
        talks_over_a_terminal,
    ] {
        // Where it is refused, the table above has said so.
        let Ok(driver) = Uring::new(&RingConfig::default()) else {
            return;
        };
        let mut rig = Rig::new(Box::new(driver.without_standing_reads()));
        scenario(&mut rig);
        rig.finish();
    }
}

fn adopt(rig: &mut Rig, read: impl Into<OwnedFd>, write: impl Into<OwnedFd>) -> Slot {
    let slot = rig.driver.adopt_pipe(read.into(), write.into()).expect("adopted");
    rig.own(slot);
    rig.submit(Op::Receive { slot });
    slot
}

/// A connection over pipes, and its peer's ends.
fn pipes(rig: &mut Rig, nonblocking: bool) -> (Slot, PipeReader, PipeWriter) {
    let (their_read, our_write) = std::io::pipe().expect("a pipe");
    let (our_read, their_write) = std::io::pipe().expect("a pipe");
    if nonblocking {
        sys::set_nonblocking(our_read.as_raw_fd(), true).expect("set");
        sys::set_nonblocking(our_write.as_raw_fd(), true).expect("set");
    }
    (adopt(rig, our_read, our_write), their_read, their_write)
}

/// An unnamed file.
fn memory_file(bytes: &[u8]) -> File {
    // SAFETY: a valid C string.
    let fd = unsafe { libc::memfd_create(c"ring-test".as_ptr(), libc::MFD_CLOEXEC) };
    assert!(fd >= 0);
    // SAFETY: just made, nobody else's.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut file = File::from(fd);
    file.write_all(bytes).expect("written");
    file.seek(SeekFrom::Start(0)).expect("sought");
    file
}

fn echo(rig: &mut Rig, nonblocking: bool) {
    let (slot, mut from, mut to) = pipes(rig, nonblocking);
    let mut want = Vec::new();
    for round in 0..20u8 {
        to.write_all(&[round; 9]).expect("written");
        want.extend([round; 9]);
        rig.until_received(slot, &want);
        rig.send_all(slot, &[round; 9]);
        let mut back = [0; 9];
        from.read_exact(&mut back).expect("echoed");
        assert_eq!(back, [round; 9]);
    }
    rig.rests();
    drop(to);
    rig.until("the end", |rig| rig.seen[&slot].ended == Some(None));
    rig.send_all(slot, b"still writes");
    rig.close(slot);
    assert_eq!(read_all(from), b"still writes");
}

fn echoes_over_pipes(rig: &mut Rig) {
    echo(rig, false);
}

fn echoes_over_non_blocking_pipes(rig: &mut Rig) {
    echo(rig, true);
}

fn move_much(rig: &mut Rig, nonblocking: bool) {
    let bytes = pattern(1 << 20);
    let (slot, from, mut to) = pipes(rig, nonblocking);
    let sent = bytes.clone();
    let writer = thread::spawn(move || to.write_all(&sent).expect("written"));
    rig.until_received(slot, &bytes);
    writer.join().expect("done");
    let reader = thread::spawn(move || read_all(from));
    rig.send_all(slot, &bytes);
    rig.close(slot);
    assert!(reader.join().expect("done") == bytes);
}

fn moves_much_through_pipes(rig: &mut Rig) {
    move_much(rig, false);
}

fn moves_much_through_non_blocking_pipes(rig: &mut Rig) {
    move_much(rig, true);
}

fn reads_and_writes_regular_files(rig: &mut Rig) {
    let bytes = pattern(100_000);
    let output = memory_file(b"");
    let mut reader = output.try_clone().expect("cloned");
    let slot = adopt(rig, memory_file(&bytes), output);
    rig.until_received(slot, &bytes);
    rig.until("the end", |rig| rig.seen[&slot].ended == Some(None));
    rig.send_all(slot, b"first ");
    rig.send_all(slot, b"second");
    rig.close(slot);
    reader.seek(SeekFrom::Start(0)).expect("sought");
    assert_eq!(read_all(reader), b"first second");
}

fn reads_a_device(rig: &mut Rig) {
    let null = || File::options().read(true).write(true).open("/dev/null").expect("opened");
    let slot = adopt(rig, null(), null());
    rig.until("the end", |rig| rig.seen[&slot].ended == Some(None));
    rig.send_all(slot, b"into the void");
}

fn talks_over_a_socket_as_stdio(rig: &mut Rig) {
    let (ours, mut peer) = UnixStream::pair().expect("a socket pair");
    let slot = adopt(rig, ours.try_clone().expect("cloned"), ours);
    peer.write_all(b"hello").expect("written");
    rig.until_received(slot, b"hello");
    rig.send_all(slot, b"back");
    rig.close(slot);
    assert_eq!(read_all(peer), b"back");
}

fn talks_over_a_terminal(rig: &mut Rig) {
    for nonblocking in [false, true] {
        let (mut user, terminal) = terminal();
        sys::set_nonblocking(terminal.as_raw_fd(), nonblocking).expect("set");
        let slot = adopt(rig, terminal.try_clone().expect("cloned"), terminal);
        rig.settle();
        rig.rests();
        let mut want = Vec::new();
        for _ in 0..3 {
            user.write_all(b"line\n").expect("typed");
            want.extend_from_slice(b"line\n");
            rig.until_received(slot, &want);
        }
        rig.send_all(slot, b"shown");
        let mut shown = vec![0; 3 * b"line\r\n".len() + b"shown".len()];
        user.read_exact(&mut shown).expect("echoed and shown");
        assert!(shown.ends_with(b"shown"), "{}", shown.escape_ascii());
        rig.rests();
        rig.close(slot);
    }
}

/// What the user sits at, and what a program run there gets for its standard input and output.
fn terminal() -> (File, File) {
    let (mut user, mut program) = (-1, -1);
    let (name, settings, size) = (std::ptr::null_mut(), std::ptr::null(), std::ptr::null());
    // SAFETY: fills the two places given; null asks for nothing else.
    let made = unsafe { libc::openpty(&raw mut user, &raw mut program, name, settings, size) };
    assert_eq!(made, 0);
    // SAFETY: just made, nobody else's.
    let user = unsafe { OwnedFd::from_raw_fd(user) };
    // SAFETY: as above.
    let program = unsafe { OwnedFd::from_raw_fd(program) };
    (File::from(user), File::from(program))
}

fn pauses_a_pipe(rig: &mut Rig) {
    let (slot, _from, mut to) = pipes(rig, false);
    to.write_all(b"a").expect("written");
    rig.until_received(slot, b"a");
    rig.submit(Op::Pause { slot });
    rig.settle();
    to.write_all(b"b").expect("written");
    rig.settle();
    assert_eq!(rig.seen[&slot].bytes, b"a", "paused");
    rig.submit(Op::Receive { slot });
    rig.until_received(slot, b"ab");
}

fn closes_a_silent_pipe(rig: &mut Rig) {
    for nonblocking in [false, true] {
        let (slot, from, _to) = pipes(rig, nonblocking);
        rig.settle();
        rig.close(slot);
        assert_eq!(read_all(from), b"");
    }
}

fn closes_a_full_pipe(rig: &mut Rig) {
    for nonblocking in [false, true] {
        let (slot, from, _to) = pipes(rig, nonblocking);
        let bytes = pattern(1 << 20);
        rig.send(slot, &bytes);
        rig.settle();
        // A short send has come back by now: fill the pipe up.
        while let Some((buf, fault)) = rig.see(slot).sent.pop() {
            assert_eq!(fault, None);
            rig.submit(Op::Send { slot, buf });
            rig.settle();
        }
        rig.rests();
        rig.close(slot);
        let came_back: usize = rig.seen[&slot].sent.iter().map(|(buf, _)| buf.start).sum();
        assert_eq!(read_all(from).len(), came_back, "the peer got what was reported");
    }
}

fn writes_to_a_pipe_without_reader(rig: &mut Rig) {
    let (slot, from, _to) = pipes(rig, false);
    drop(from);
    rig.send(slot, b"too late");
    rig.until("the send back", |rig| !rig.seen[&slot].sent.is_empty());
    let fault = rig.seen[&slot].sent[0].1.expect("a fault");
    assert_eq!(fault.errno, libc::EPIPE);
}
