//! The engine's log: lines on standard error, at most a few a second for each reason.
//!
//! Only the shard, the worker lanes and the program call it; everything below is silent and counts
//! instead. What is printed can hold a peer's bytes, so control characters are escaped: a peer
//! cannot forge a line. A flood of one reason costs a counter, and the next line tells how many
//! were left out.

#![allow(clippy::disallowed_methods, reason = "the log has a clock and standard error")]

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Lines printed for one reason in one [`WINDOW`].
const LINES_PER_WINDOW: u32 = 5;
/// The time over which lines of one reason are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// Prints `text` unless its `reason` (a short fixed word) was printed too often of late.
pub(crate) fn line(reason: &'static str, text: fmt::Arguments<'_>) {
    static RATES: Mutex<BTreeMap<&'static str, Rate>> = Mutex::new(BTreeMap::new());
    let left_out = {
        // A panic while the lock was held leaves counters that are at worst stale.
        let mut rates = RATES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rates.entry(reason).or_default().admit(Instant::now())
    };
    if let Some(left_out) = left_out {
        // A log that cannot be written is no reason to stop serving.
        let _ = std::io::stderr().write_all(render(reason, text, left_out).as_bytes());
    }
}

/// How often one reason was heard in its present window.
#[derive(Default)]
struct Rate {
    since: Option<Instant>,
    printed: u32,
    left_out: u64,
}

impl Rate {
    /// Whether a line may be printed now, and how many were left out before it.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= WINDOW) {
            self.since = Some(now);
            self.printed = 0;
        }
        if self.printed == LINES_PER_WINDOW {
            self.left_out += 1;
            return None;
        }
        self.printed += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

fn render(reason: &str, text: fmt::Arguments<'_>, left_out: u64) -> String {
    let mut line = format!("mcpring: {reason}: ");
    for character in text.to_string().chars() {
        if character.is_control() {
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
    if left_out > 0 {
        let _ = write!(line, " ({left_out} more left out)");
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_prints_a_few_lines_a_window() {
        let start = Instant::now();
        let mut rate = Rate::default();
        let printed = (0..1_000_000).filter(|_| rate.admit(start).is_some()).count();
        assert_eq!(printed, LINES_PER_WINDOW as usize);
        assert_eq!(rate.admit(start + WINDOW), Some(1_000_000 - u64::from(LINES_PER_WINDOW)));
        assert_eq!(rate.admit(start + WINDOW), Some(0));
    }

    #[test]
    fn lines_cannot_be_forged() {
        let check = |text: &str, left_out: u64, want: &str| {
            assert_eq!(render("peer", format_args!("{text}"), left_out), want);
        };
        check("plain", 0, "mcpring: peer: plain\n");
        check("a\nb\r\u{1b}[2J", 0, "mcpring: peer: a\\nb\\r\\u{1b}[2J\n");
        check("gr\u{fc}n", 3, "mcpring: peer: gr\u{fc}n (3 more left out)\n");
    }
}
