//! The words of each thread's last failure.

use std::cell::{Cell, RefCell};

use crate::failure::Failure;
use crate::ffi::mcpring_str;
use crate::status::mcpring_status;

thread_local! {
    /// Ends with a NUL that does not count; empty before the first failure.
    static WORDS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes of words kept; longer ones are cut.
const WORDS_BYTES_MAX: usize = 4 << 10;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// How many failures there were on this thread.
pub(crate) fn count() -> u64 {
    COUNT.get()
}

/// Keeps the words of `failure` and gives its status.
#[cold]
pub(crate) fn store(failure: &Failure) -> mcpring_status {
    COUNT.set(COUNT.get().wrapping_add(1));
    // A thread that is ending has no place for words any more; the status says enough then.
    let _ = WORDS.try_with(|words| {
        let mut words = words.borrow_mut();
        words.clear();
        let end = failure.words.floor_char_boundary(WORDS_BYTES_MAX);
        words.extend_from_slice(&failure.words.as_bytes()[..end]);
        words.push(0);
    });
    failure.status
}

/// The same for us.
pub(crate) fn words() -> String {
    let words = WORDS.try_with(|words| match words.borrow().split_last() {
        Some((_, text)) => String::from_utf8_lossy(text).into_owned(),
        None => String::new(),
    });
    words.unwrap_or_default()
}

/// The words of this thread's last failure, for people: what is wrong, and where.
///
/// Ownership: borrowed until the next failure on this thread; ends with a NUL that does not count.
/// Threads: any; each has its own words.
/// Errors: none; before the first failure the text is empty.
#[unsafe(no_mangle)]
pub extern "C" fn mcpring_last_error() -> mcpring_str {
    let words = WORDS.try_with(|words| match words.borrow().split_last() {
        Some((_, text)) => mcpring_str::of(text),
        None => mcpring_str::of(b"\0".split_at(0).0),
    });
    words.unwrap_or(mcpring_str::ABSENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::tests::read;
    use crate::status::{MCPRING_ERR_STATE, MCPRING_OK};

    #[test]
    fn words_are_kept_until_the_next_failure() {
        let check = |words: String, want: &str| {
            assert_eq!(store(&Failure::state(words)), MCPRING_ERR_STATE);
            assert_eq!(read(mcpring_last_error()), want.as_bytes());
        };
        assert_eq!(read(mcpring_last_error()), b"");
        check("first".to_owned(), "first");
        check("a".to_owned(), "a");
        check("\u{e4}".repeat(3000), &"\u{e4}".repeat(2048));
        check(String::new(), "");
        assert_eq!(MCPRING_OK, 0);
    }
}
