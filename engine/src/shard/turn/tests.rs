//! The turn against a scripted driver: order, bounds, and the phases of a shard's life.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;

use super::super::wake::{self, Poster};
use super::*;
use crate::config::Config;
use crate::endpoint::Framing;
use crate::endpoint::{EndpointConfig, KeyRing, LABELS, ListenerKind, Medium};
use crate::error::LimitError;
use crate::metrics::ShardMetrics;
use crate::ring::{DriverKind, DriverStats, Waker};
use crate::server::Server;

/// What the driver is to report, and what it was asked.
#[derive(Default)]
struct Script {
    reports: VecDeque<Vec<Completion>>,
    /// Submissions to refuse before one is taken.
    refusals: usize,
    ops: Vec<String>,
    timeouts: Vec<Option<Duration>>,
    is_listening: bool,
}

struct Scripted {
    script: Rc<RefCell<Script>>,
    waker: Waker,
    stats: DriverStats,
}

impl Driver for Scripted {
    fn kind(&self) -> DriverKind {
        DriverKind::Sim
    }

    fn listen(&mut self, _: OwnedFd, _: u16) -> Result<(), SystemError> {
        Ok(())
    }

    fn unlisten(&mut self) {
        self.script.borrow_mut().is_listening = false;
    }

    fn adopt_socket(&mut self, _: OwnedFd) -> Result<Slot, SystemError> {
        Err(SystemError::new("adopt", 1))
    }

    fn adopt_pipe(&mut self, _: OwnedFd, _: OwnedFd) -> Result<Slot, SystemError> {
        Err(SystemError::new("adopt", 1))
    }

    fn submit(&mut self, op: Op) -> Result<(), LimitError> {
        let mut script = self.script.borrow_mut();
        if script.refusals > 0 {
            script.refusals -= 1;
            return Err(LimitError("submissions"));
        }
        script.ops.push(match op {
            Op::Receive { slot } => format!("receive {}", slot.index),
            Op::Pause { slot } => format!("pause {}", slot.index),
            Op::Send { slot, .. } => format!("send {}", slot.index),
            Op::Close { slot } => format!("close {}", slot.index),
        });
        Ok(())
    }

    fn wait(
        &mut self,
        timeout: Option<Duration>,
        completions: &mut Vec<Completion>,
    ) -> Result<(), SystemError> {
        let mut script = self.script.borrow_mut();
        script.timeouts.push(timeout);
        completions.extend(script.reports.pop_front().unwrap_or_default());
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn stats(&self) -> &DriverStats {
        &self.stats
    }
}

const START: Now = Now(1_000_000_000);

/// A shard of one listener under a script, and the way into its inbox.
fn shard() -> (Shard, Rc<RefCell<Script>>, Sender<Message>) {
    let script = Rc::new(RefCell::new(Script { is_listening: true, ..Script::default() }));
    let waker = Waker::detached();
    let (sender, inbox) = wake::inbox(16, waker.clone());
    let config = Arc::new(Config::default());
    let metrics = Arc::new(ShardMetrics::new(LABELS));
    let server = Arc::new(Server::builder("test", "1").build().expect("an empty server"));
    let publisher = wake::publisher(Arc::clone(&server), vec![sender.clone()]);
    let endpoint = EndpointConfig {
        server,
        listeners: vec![ListenerKind::Pipe(Framing::Line, Medium::Tcp)],
        shard: 0,
        config: Arc::clone(&config),
        seed: [7; 32],
        unix_s_at_zero: 0,
        state_ring: Arc::new(KeyRing::ephemeral(&[7; 32])),
        post: Arc::new(Poster { inbox: sender.clone(), publisher, now: Box::new(|| Now(0)) }),
        metrics: Arc::from([Arc::clone(&metrics)]),
        driver: "sim",
        authorization: None,
        routes: Arc::new([]),
    };
    let driver = Scripted { script: Rc::clone(&script), waker, stats: DriverStats::default() };
    let parts = Parts {
        driver: Box::new(driver),
        endpoint: Endpoint::new(START, endpoint),
        inbox,
        peers: vec![sender.clone()],
        work: Box::new(Job::refuse),
        stats: Stats::new(metrics, None),
        drain_ms: config.drain_ms,
        lends: true,
        inside: 0,
    };
    (Shard::new(START, parts), script, sender)
}

fn accepted(index: u32) -> Completion {
    Completion::Accepted { listener: 0, slot: Slot::new(index, 0) }
}

fn turn_at(shard: &mut Shard, now: Now) -> Phase {
    shard.turn(|| now).expect("the script never fails to wait")
}

fn turn(shard: &mut Shard) -> Phase {
    turn_at(shard, START)
}

#[test]
fn ops_without_room_are_repeated_in_order() {
    for refusals in 0..6 {
        let (mut shard, script, _) = shard();
        script.borrow_mut().reports.push_back((0..4).map(accepted).collect());
        script.borrow_mut().refusals = refusals;
        for _ in 0..=refusals {
            turn(&mut shard);
        }
        let script = script.borrow();
        assert_eq!(script.ops, ["receive 0", "receive 1", "receive 2", "receive 3"]);
        // Each turn asks once at least, so none of them slept.
        assert!(script.timeouts[..=refusals].iter().all(|wait| *wait == Some(Duration::ZERO)));
    }
}

#[test]
fn a_turn_is_bounded_and_what_is_left_makes_the_next_one_hurry() {
    let (mut shard, script, _) = shard();
    let count = limits::COMPLETIONS_PER_TURN as u32 + 1;
    script.borrow_mut().reports.push_back((0..count).map(accepted).collect());
    turn(&mut shard);
    assert_eq!(script.borrow().ops.len(), limits::COMPLETIONS_PER_TURN);
    turn(&mut shard);
    assert_eq!(script.borrow().ops.len(), count as usize);
    turn(&mut shard);
    let script = script.borrow();
    assert_eq!(script.timeouts[1], Some(Duration::ZERO));
    let sleep = script.timeouts[2].expect("an endpoint always has a deadline");
    assert!(sleep > Duration::ZERO, "nothing was left");
}

#[test]
fn a_drain_ends_with_the_last_connection() {
    let (mut shard, script, sender) = shard();
    let slot = Slot::new(3, 0);
    script.borrow_mut().reports.push_back(vec![accepted(3)]);
    assert_eq!(turn(&mut shard), Phase::Serving);
    assert!(sender.send(Message::Drain).is_ok());
    assert!(matches!(turn(&mut shard), Phase::Draining(_)));
    assert!(!script.borrow().is_listening);
    assert_eq!(script.borrow().ops.last().map(String::as_str), Some("close 3"));
    script.borrow_mut().reports.push_back(vec![Completion::Closed { slot }]);
    assert_eq!(turn(&mut shard), Phase::Drained);
    assert!(sender.send(Message::Drain).is_ok());
    assert_eq!(turn(&mut shard), Phase::Drained, "draining twice is draining once");
    assert!(sender.send(Message::Stop).is_ok());
    assert_eq!(turn(&mut shard), Phase::Stopped);
}

#[test]
fn a_drain_does_not_wait_for_ever() {
    let (mut shard, script, sender) = shard();
    script.borrow_mut().reports.push_back(vec![accepted(0)]);
    turn(&mut shard);
    assert!(sender.send(Message::Drain).is_ok());
    let Phase::Draining(until) = turn(&mut shard) else { panic!("it drains") };
    assert!(matches!(turn_at(&mut shard, Now(until.0 - 1)), Phase::Draining(_)));
    assert_eq!(turn_at(&mut shard, until), Phase::Drained);
}

#[test]
fn the_end_of_stdio_is_noticed() {
    let (mut shard, script, _) = shard();
    let (stdio, other) = (Slot::new(0, 0), Slot::new(1, 0));
    shard.adopt_stdio(stdio, 0);
    let reports = [vec![accepted(1)], vec![Completion::Closed { slot: other }]];
    script.borrow_mut().reports.extend(reports);
    turn(&mut shard);
    turn(&mut shard);
    assert!(!shard.stdio_has_closed());
    script.borrow_mut().reports.push_back(vec![Completion::Closed { slot: stdio }]);
    turn(&mut shard);
    assert!(shard.stdio_has_closed());
}
