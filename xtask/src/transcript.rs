//! Where the output of a long run goes: all of it into one file, and onto the screen only what
//! bears on a failure.
//!
//! Twenty thousand lines of what passed hide the ten that say what did not.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// What a short program printed is shown whole when it fails.
const LINES_WHOLE_MAX: usize = 120;
/// How much is shown around a line that speaks of a failure.
const LINES_BEFORE: usize = 2;
const LINES_AFTER: usize = 40;
/// How much of the end is shown: most programs sum up there.
const LINES_LAST: usize = 20;
/// How much of one program is shown in all.
const LINES_SHOWN_MAX: usize = 400;

/// How the lines begin, or what they contain, with which test programs, compilers and interpreters
/// speak of a failure.
const BEGINNINGS: &[&str] = &["FAIL", "error", "Error", "---- ", "Traceback", "E   ", "==ERROR"];
const PARTS: &[&str] = &[" panicked at ", "Sanitizer: ", ": error: ", ": fatal error: "];

static TRANSCRIPT: OnceLock<Transcript> = OnceLock::new();

/// The file of the run under way.
pub(crate) struct Transcript {
    path: PathBuf,
    file: Mutex<File>,
    began: Instant,
}

impl Transcript {
    /// Sends the output of all programs that this process runs from now on into `path`.
    pub(crate) fn begin(path: &Path) -> Result<(), String> {
        let folder = path.parent().unwrap_or(path);
        let file = std::fs::create_dir_all(folder).and_then(|()| File::create(path));
        let file =
            file.map_err(|fault| format!("{} cannot be written: {fault}", path.display()))?;
        println!("the output of everything goes to {}", path.display());
        let transcript =
            Self { path: path.to_owned(), file: Mutex::new(file), began: Instant::now() };
        let _ = TRANSCRIPT.set(transcript);
        Ok(())
    }

    /// The one that was begun.
    pub(crate) fn kept() -> Option<&'static Self> {
        TRANSCRIPT.get()
    }

    /// Adds a line.
    pub(crate) fn line(&self, line: &str) {
        // A line that is lost because the disk is full must not end the run, whose own words remain.
        let _ = writeln!(self.file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
    }

    /// Seconds since the run began.
    pub(crate) fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }

    /// Shows what bears on the failure of a program that printed `lines`.
    pub(crate) fn show_failure(&self, lines: &[String]) {
        let shown = excerpt(lines);
        let mut next = 0;
        for index in shown {
            if index > next {
                println!("  ... {} lines ...", index - next);
            }
            println!("  {}", lines[index]);
            next = index + 1;
        }
        println!("  all of it: {}", self.path.display());
    }
}

/// The indices of the lines to show, in order.
fn excerpt(lines: &[String]) -> BTreeSet<usize> {
    if lines.len() <= LINES_WHOLE_MAX {
        return (0..lines.len()).collect();
    }
    let end = lines.len().saturating_sub(LINES_LAST)..lines.len();
    let failures = lines.iter().enumerate().filter(|(_, line)| speaks_of_failure(line));
    let around = failures.flat_map(|(index, _)| {
        index.saturating_sub(LINES_BEFORE)..(index + LINES_AFTER).min(lines.len())
    });
    let mut shown: BTreeSet<usize> = end.collect();
    for index in around {
        if shown.len() == LINES_SHOWN_MAX {
            break;
        }
        shown.insert(index);
    }
    shown
}

fn speaks_of_failure(line: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        || PARTS.iter().any(|part| line.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program of `count` lines of which some, by their index, are special.
    fn lines(count: usize, special: &[(usize, &str)]) -> Vec<String> {
        let mut lines: Vec<String> = (0..count).map(|line| format!("test {line} ... ok")).collect();
        for (index, line) in special {
            lines[*index] = (*line).to_owned();
        }
        lines
    }

    #[test]
    fn excerpts_hold_what_failed_and_the_end() {
        let far = 10_000;
        // What was printed, and which lines must and must not be shown.
        let rows: [(Vec<String>, &[usize], &[usize]); 6] = [
            (lines(100, &[]), &[0, 99], &[]),
            (lines(far, &[]), &[far - 1, far - LINES_LAST], &[0, far - LINES_LAST - 1]),
            (lines(far, &[(500, "---- a::b stdout ----")]), &[498, 500, 539], &[497, 540]),
            (lines(far, &[(7, "thread 'x' (9) panicked at a.rs:1:2:")]), &[5, 7, 46], &[47]),
            (lines(far, &[(7, "a.c:1:2: error: no")]), &[7], &[47]),
            (lines(far, &[(7, "0 failed, as asked")]), &[], &[7]),
        ];
        for (lines, within, without) in rows {
            let shown = excerpt(&lines);
            assert!(within.iter().all(|index| shown.contains(index)), "{within:?}: {shown:?}");
            assert!(!without.iter().any(|index| shown.contains(index)), "{without:?}: {shown:?}");
        }
    }

    #[test]
    fn excerpts_are_bounded() {
        let special: Vec<(usize, &str)> = (0..9_000).map(|index| (index, "FAIL x")).collect();
        let shown = excerpt(&lines(10_000, &special));
        assert_eq!(shown.len(), LINES_SHOWN_MAX);
        assert!(shown.contains(&9_999), "the end is always shown");
    }
}
