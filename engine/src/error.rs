//! The crate's one public error: who is at fault, how far it reaches, and what to do.
//!
//! Inside the core, faults are small `Copy` enums next to the code that finds them; they gain
//! words only here or where they leave for a peer. Waiting and closing are not errors.

use std::fmt;

/// Whose fault an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The embedding program: a bad schema, a duplicate tool, an ambiguous template, a bad option.
    Usage,
    /// A named limit was reached.
    Limit,
    /// The kernel or the environment refused.
    System,
    /// A peer spoke nonsense (seen by clients only; a server answers it).
    Peer,
    /// A fault of the engine itself.
    Bug,
}

/// What went wrong, in words that say what to do.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

impl Error {
    /// The embedding program's fault; `text` names the thing and the fault.
    pub fn usage(text: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Usage, text: text.into() }
    }

    /// A limit was reached; `text` names it.
    pub fn limit(text: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Limit, text: text.into() }
    }

    /// The environment refused; `text` names the likely cause and the remedy.
    pub fn system(text: impl Into<String>) -> Self {
        Self { kind: ErrorKind::System, text: text.into() }
    }

    /// A peer broke the protocol.
    pub fn peer(text: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Peer, text: text.into() }
    }

    /// The engine is at fault.
    pub fn bug(text: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Bug, text: text.into() }
    }

    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

impl std::error::Error for Error {}

/// A system call that failed: which one, and the kernel's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// The call or ring operation.
    pub call: &'static str,
    /// The kernel's error number, positive.
    pub errno: i32,
}

impl SystemError {
    /// Names the failed `call` and its `errno` (positive).
    pub const fn new(call: &'static str, errno: i32) -> Self {
        Self { call, errno }
    }

    /// Names the failed `call` with the calling thread's `errno`.
    pub fn last(call: &'static str) -> Self {
        Self { call, errno: std::io::Error::last_os_error().raw_os_error().unwrap_or(0) }
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.call, std::io::Error::from_raw_os_error(self.errno))
    }
}

impl std::error::Error for SystemError {}

impl From<SystemError> for Error {
    fn from(fault: SystemError) -> Self {
        Self::system(fault.to_string())
    }
}

/// A named limit was reached; nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitError(
    /// The limit's name.
    pub &'static str,
);

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit reached: {}", self.0)
    }
}

impl std::error::Error for LimitError {}

impl From<LimitError> for Error {
    fn from(fault: LimitError) -> Self {
        Self::limit(fault.to_string())
    }
}
