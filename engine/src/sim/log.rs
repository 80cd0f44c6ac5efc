//! The transcript of a world: every completion, op and message, one line each, with its time.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};

use super::kernel::Clock;

/// Lines shown with a failure.
const LAST_LINES: usize = 60;

/// What happened so far: its digest always, its last lines, and all of it if asked.
pub(super) struct Log {
    clock: Clock,
    digest: u64,
    lines: u64,
    last: VecDeque<String>,
    whole: Option<String>,
}

impl Log {
    pub(super) fn new(clock: Clock, keeps_all: bool) -> Self {
        let whole = keeps_all.then(String::new);
        Self { clock, digest: digest(&[]), lines: 0, last: VecDeque::new(), whole }
    }

    pub(super) fn line(&mut self, words: fmt::Arguments<'_>) {
        let mut line = if self.last.len() == LAST_LINES {
            self.last.pop_front().unwrap_or_default()
        } else {
            String::new()
        };
        line.clear();
        let _ = write!(line, "{:>12} {words}", self.clock.get() / 1000);
        self.digest = fold(self.digest, line.as_bytes());
        self.lines += 1;
        if let Some(whole) = &mut self.whole {
            whole.push_str(&line);
            whole.push('\n');
        }
        self.last.push_back(line);
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines, oldest first.
    pub(super) fn tail(&self) -> String {
        self.last.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    pub(super) fn take_whole(&mut self) -> String {
        self.whole.take().unwrap_or_default()
    }
}

/// FNV-1a: enough to tell transcripts apart.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    fold(0xcbf2_9ce4_8422_2325, bytes)
}

fn fold(digest: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(digest, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
