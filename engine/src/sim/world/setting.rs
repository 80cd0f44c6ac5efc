//! What a world is made with: settings and kernels, thrown from its dice.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::dice::Dice;
use super::super::faults::Faults;
use super::super::kernel::{Clock, Kernel};
use super::LONG_IDLE_MS;
use crate::config::Config;
use crate::limits;
use crate::ring::{Pool, RingConfig, Waker};

/// Limits of any size; `is_tight` makes those narrow that clients share.
pub(super) fn config(dice: &mut Dice, is_tight: bool) -> Config {
    let tight = |dice: &mut Dice, least: u64, most: u64, roomy: usize| {
        if is_tight { dice.between(least, most) as usize } else { roomy }
    };
    Config {
        connections_max: tight(dice, 2, 8, 128),
        sessions_max: tight(dice, 1, 4, 1000),
        inflight_calls_max: dice.pick(&[1, 3, 20, 1000]),
        unsent_bytes_pause: dice.pick(&[1 << 10, 8 << 10, 1 << 20]),
        receive_buffers: dice.pick(&[8, 16, 64]),
        receive_buffer_bytes: dice.pick(&[64, 512, 4 << 10]),
        page_items: dice.pick(&[1, 3, 1000]),
        call_ms: dice.between(300, 4_000),
        ask_ms: dice.between(300, 1_000),
        session_idle_ms: dice.pick(&[1_000, LONG_IDLE_MS, LONG_IDLE_MS, LONG_IDLE_MS]),
        inbox_max: dice.pick(&[2, 50, 1 << 16, 1 << 16]),
        drain_ms: dice.between(100, 3_000),
        task_ttl_ms: dice.between(limits::TASK_TTL_MS_MIN, 8_000),
        ..Config::default()
    }
}

/// The kernel of one shard.
pub(super) fn kernel(
    clock: &Clock,
    dice: &mut Dice,
    config: &Config,
    waker: &Waker,
    faults: Faults,
) -> Rc<RefCell<Kernel>> {
    let ring = RingConfig {
        connections_max: config.connections_max + dice.below(3) as usize,
        receive_credit: dice.pick(&[1, 4, limits::RECEIVE_CREDIT_PER_TURN]),
        // Without a low-water mark workers can hold every buffer.
        leases_low_water: config.receive_buffers / dice.pick(&[4, 4, 4, 1 << 20]),
        ..config.ring()
    };
    let pool = Pool::new(&ring, waker.clone()).expect("memory for a few buffers");
    let mut kernel = Kernel::new(Rc::clone(clock), dice.fork(), pool, waker.clone(), ring);
    kernel.faults = faults;
    Rc::new(RefCell::new(kernel))
}
