//! Which state a running server's lists are in.

use crate::mcp::Need;

/// The lists whose changes clients are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// The tools.
    Tools,
    /// The resources and the resource templates.
    Resources,
    /// The prompts.
    Prompts,
}

impl ListKind {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Tools, Self::Resources, Self::Prompts];

    /// What a server must offer to have the list.
    pub const fn need(self) -> Need {
        match self {
            Self::Tools => Need::Tools,
            Self::Resources => Need::Resources,
            Self::Prompts => Need::Prompts,
        }
    }

    /// The method that tells of a change.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Resources => "notifications/resources/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
        }
    }
}

/// A revision's number, and for each list the number of the revision that last changed it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Revision {
    pub(super) number: u64,
    pub(super) lists: [u64; ListKind::ALL.len()],
}

impl Revision {
    /// The next revision, in which the lists named have changed.
    pub(super) fn next(self, changed: impl IntoIterator<Item = ListKind>) -> Self {
        let mut next = Self { number: self.number + 1, ..self };
        for list in changed {
            next.lists[list as usize] = next.number;
        }
        next
    }
}
