//! The engine's log: lines on standard error, at most a few a second for each reason.
//!
//! Only the shard, the worker lanes and programs call it; everything below is silent and counts
//! instead. What is printed can hold a peer's bytes, so control characters are escaped: a peer
//! cannot forge a line. A flood of one reason costs a counter, and the next line tells how many
//! were left out. A program with a log of its own takes the lines with [`set_sink`].

#![allow(clippy::disallowed_methods, reason = "the log has a clock and standard error")]

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Lines printed for one reason in one [`WINDOW`].
const LINES_PER_WINDOW: u32 = 5;
/// The time over which lines of one reason are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Ordinary news.
    Info,
    /// Something may be wrong.
    Warning,
    /// Something is wrong.
    Error,
    /// The process ends because of it.
    Critical,
}

/// Takes lines of the log: how grave, a short fixed word for the reason, and the words, without
/// control characters.
pub type Sink = dyn Fn(Level, &str, &str) + Send + Sync;

static SINK: RwLock<Option<Arc<Sink>>> = RwLock::new(None);

/// Sends the lines of the whole process to `sink`, or to standard error again. As many are left
/// out as there. It is called from every thread of every engine, so it must be brief, and its panic
/// is dropped. Returns what was there before.
///
/// ```
/// use mcpring::trace;
///
/// trace::set_sink(Some(std::sync::Arc::new(|level, reason: &str, words: &str| {
///     println!("{level:?} {reason}: {words}");
/// })));
/// trace::line(trace::Level::Info, "example", format_args!("{} is told", 1));
/// trace::set_sink(None);
/// ```
pub fn set_sink(sink: Option<Arc<Sink>>) -> Option<Arc<Sink>> {
    let mut place = SINK.write().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *place, sink)
}

/// Prints `text` unless its `reason` (a short fixed word) was printed too often of late.
pub fn line(level: Level, reason: &'static str, text: fmt::Arguments<'_>) {
    static RATES: Mutex<BTreeMap<&'static str, Rate>> = Mutex::new(BTreeMap::new());
    let left_out = {
        // A panic while the lock was held leaves counters that are at worst stale.
        let mut rates = RATES.lock().unwrap_or_else(PoisonError::into_inner);
        rates.entry(reason).or_default().admit(Instant::now())
    };
    if let Some(left_out) = left_out {
        write(level, reason, &words(text, left_out));
    }
}

/// Takes the words where they belong. A log that cannot be written is no reason to stop serving.
fn write(level: Level, reason: &str, words: &str) {
    // Not held while it is called: it may take its time, or set another.
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(sink) = sink {
        let _ = catch_unwind(AssertUnwindSafe(|| sink(level, reason, words)));
    } else {
        let _ = std::io::stderr().write_all(format!("mcpring: {reason}: {words}\n").as_bytes());
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

fn words(text: fmt::Arguments<'_>, left_out: u64) -> String {
    let mut line = String::new();
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
            assert_eq!(words(format_args!("{text}"), left_out), want);
        };
        check("plain", 0, "plain");
        check("a\nb\r\u{1b}[2J", 0, "a\\nb\\r\\u{1b}[2J");
        check("gr\u{fc}n", 3, "gr\u{fc}n (3 more left out)");
    }

    /// One test, as the sink is the process's: other tests' lines come here meanwhile.
    #[test]
    fn a_sink_takes_the_lines_and_its_panic_is_dropped() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let place = Arc::clone(&taken);
        let sink: Arc<Sink> = Arc::new(move |level, reason: &str, words: &str| {
            if reason == "sink test" {
                place.lock().unwrap().push((level, words.to_owned()));
                std::panic::resume_unwind(Box::new("not printed"));
            }
        });
        assert!(set_sink(Some(sink)).is_none());
        for at in 0..LINES_PER_WINDOW * 3 {
            line(Level::Warning, "sink test", format_args!("{at}\n"));
        }
        assert!(set_sink(None).is_some());
        line(Level::Info, "sink test", format_args!("on standard error, or left out"));
        let taken = std::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner));
        assert_eq!(taken[0], (Level::Warning, "0\\n".to_owned()));
        assert!(taken.len() >= LINES_PER_WINDOW as usize, "{taken:?}");
    }
}
