//! How badly a simulated kernel behaves: how often each fault happens, in thousandths.

use super::dice::Dice;

/// A temper. All zero is a kernel in which everything works at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// A receive brings one byte.
    pub(super) one_byte_receives: u32,
    /// A receive brings a part of what is there.
    pub(super) short_receives: u32,
    /// A send takes one byte.
    pub(super) one_byte_sends: u32,
    /// A send takes a part of what there is room for.
    pub(super) short_sends: u32,
    /// A completion comes late, by up to so many microseconds.
    pub(super) delays: u32,
    pub(super) delay_us_max: u64,
    /// A send fails, and with it the connection.
    pub(super) failed_sends: u32,
    /// A receive fails, and with it the connection.
    pub(super) failed_receives: u32,
    /// A submission finds no room.
    pub(super) refused_submissions: u32,
    /// An accept finds no descriptor.
    pub(super) refused_accepts: u32,
    /// A wait ends without a reason.
    pub(super) spurious_wakes: u32,
    /// Most of the buffers disappear for a while.
    pub(super) buffer_droughts: u32,
}

impl Faults {
    /// A temper of its own for each world; some worlds are nearly calm, so that long
    /// conversations happen too.
    pub(super) fn any(dice: &mut Dice) -> Self {
        let mut often = |most: u64| if dice.chance(500) { dice.below(most) as u32 } else { 0 };
        Self {
            one_byte_receives: often(300),
            short_receives: often(600),
            one_byte_sends: often(300),
            short_sends: often(600),
            delays: often(800),
            delay_us_max: 20_000,
            failed_sends: often(6),
            failed_receives: often(6),
            refused_submissions: often(30),
            refused_accepts: often(300),
            spurious_wakes: often(100),
            buffer_droughts: often(30),
        }
    }
}
