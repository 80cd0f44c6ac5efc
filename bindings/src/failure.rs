//! Why a call failed: a status, and the words that `mcpring_last_error` gives.

use std::any::Any;
use std::borrow::Cow;

use mcpring::json::JsonError;
use mcpring::{Error, ErrorKind};

use crate::status::{
    MCPRING_ERR_ARGUMENT, MCPRING_ERR_HANDLE, MCPRING_ERR_INTERNAL, MCPRING_ERR_LIMIT,
    MCPRING_ERR_MALFORMED, MCPRING_ERR_NOT_FOUND, MCPRING_ERR_SPACE, MCPRING_ERR_STATE,
    MCPRING_ERR_SYSTEM, MCPRING_ERR_THREAD, MCPRING_ERR_USAGE, mcpring_status,
};

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: mcpring_status,
    pub(crate) words: Cow<'static, str>,
}

impl Failure {
    /// Fails with `status`, which is negative; `words` say what is wrong and what would be right.
    #[cold]
    pub(crate) fn new(status: mcpring_status, words: impl Into<Cow<'static, str>>) -> Self {
        debug_assert!(status < 0);
        Self { status, words: words.into() }
    }

    /// The caller's argument is unusable.
    #[cold]
    pub(crate) fn argument(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(MCPRING_ERR_ARGUMENT, words)
    }

    /// `what` is NULL where something must be.
    #[cold]
    pub(crate) fn null(what: &str) -> Self {
        Self::argument(format!("{what} is NULL"))
    }

    /// A handle that is none of the wanted.
    #[cold]
    pub(crate) fn handle(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(MCPRING_ERR_HANDLE, words)
    }

    /// Not on this thread, or not inside a callback.
    #[cold]
    pub(crate) fn thread(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(MCPRING_ERR_THREAD, words)
    }

    /// Not in this state.
    #[cold]
    pub(crate) fn state(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(MCPRING_ERR_STATE, words)
    }

    /// There is none of this name.
    #[cold]
    pub(crate) fn not_found(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(MCPRING_ERR_NOT_FOUND, words)
    }

    /// The caller's buffer is too small for `needed` bytes.
    #[cold]
    pub(crate) fn space(needed: usize) -> Self {
        Self::new(MCPRING_ERR_SPACE, format!("the buffer is too small: {needed} bytes are needed"))
    }

    /// A named limit is full.
    #[cold]
    pub(crate) fn limit(words: impl Into<Cow<'static, str>>) -> Self {
        Self::new(MCPRING_ERR_LIMIT, words)
    }

    /// Something in the library panicked.
    #[cold]
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        Self::new(MCPRING_ERR_INTERNAL, format!("a fault of the library: {}", words(panic)))
    }
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}

impl From<Error> for Failure {
    #[cold]
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Usage => MCPRING_ERR_USAGE,
            ErrorKind::Limit => MCPRING_ERR_LIMIT,
            ErrorKind::System => MCPRING_ERR_SYSTEM,
            ErrorKind::Peer => MCPRING_ERR_MALFORMED,
            // What is added to the engine without a line here is a fault of ours.
            _ => MCPRING_ERR_INTERNAL,
        };
        Self::new(status, error.to_string())
    }
}

impl From<JsonError> for Failure {
    #[cold]
    fn from(error: JsonError) -> Self {
        Self::new(MCPRING_ERR_MALFORMED, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_engine_keep_their_words() {
        let check = |error: Error, status| {
            let want = Failure::new(status, error.to_string());
            assert_eq!(Failure::from(error), want);
        };
        check(Error::usage("two tools are called echo"), MCPRING_ERR_USAGE);
        check(Error::limit("tools"), MCPRING_ERR_LIMIT);
        check(Error::system("address in use"), MCPRING_ERR_SYSTEM);
        check(Error::peer("nonsense"), MCPRING_ERR_MALFORMED);
        check(Error::bug("ours"), MCPRING_ERR_INTERNAL);
    }

    #[test]
    fn panics_are_told_in_their_words() {
        assert_eq!(words(&"fixed"), "fixed");
        assert_eq!(words(&"made".to_owned()), "made");
        assert_eq!(words(&7), "a panic without words");
    }
}
