//! Scopes: words of RFC 6749, and which of them imply which others.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::limits::SCOPES_MAX;

/// Which scopes come with which.
#[derive(Clone, Debug, Default)]
pub(super) struct Hierarchy(BTreeMap<Box<str>, Vec<Box<str>>>);

impl Hierarchy {
    /// Whoever has `scope` has `implied` too.
    pub(super) fn add(&mut self, scope: &str, implied: impl IntoIterator<Item = Box<str>>) {
        self.0.entry(scope.into()).or_default().extend(implied);
    }

    /// `granted` and all that follows from it, each once. Circles end where they began.
    pub(super) fn expand<'s>(&self, granted: impl Iterator<Item = &'s str>) -> Vec<Box<str>> {
        let mut all: Vec<Box<str>> = Vec::new();
        let mut next: Vec<&str> = granted.collect();
        while let Some(scope) = next.pop() {
            if all.iter().any(|had| **had == *scope) {
                continue;
            }
            all.push(scope.into());
            let implied = self.0.get_key_value(scope).map(|(_, implied)| implied);
            next.extend(implied.into_iter().flatten().map(|scope| &**scope));
        }
        all.sort_unstable();
        all
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|(scope, implied)| [scope].into_iter().chain(implied).map(|scope| &**scope))
    }
}

/// Whether `text` is a scope token: printable, without blanks, quotes and backslashes.
pub(super) fn is_scope(text: &str) -> bool {
    let is_allowed = |byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Refuses what is no scope among those of the feature `name`.
pub(crate) fn check_scopes(scopes: &[Box<str>], kind: &str, name: &str) -> Result<(), Error> {
    check(scopes.iter().map(|scope| &**scope))
        .map_err(|fault| Error::usage(format!("{kind} {name:?}: {fault}")))
}

/// Refuses what is no scope, and too many.
pub(super) fn check<'s>(scopes: impl Iterator<Item = &'s str>) -> Result<(), Error> {
    let mut count = 0;
    for scope in scopes {
        count += 1;
        if !is_scope(scope) {
            return Err(Error::usage(format!("{scope:?} is no scope: it has no blanks or quotes")));
        }
        if scope == "offline_access" {
            // MCP 2025-11-25, authorization: a server does not need it, a client asks for it.
            return Err(Error::usage("offline_access concerns clients only: leave it out"));
        }
    }
    if count > SCOPES_MAX {
        return Err(Error::usage(format!("more than {SCOPES_MAX} scopes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_implied_follows() {
        let mut hierarchy = Hierarchy::default();
        hierarchy.add("admin", ["write".into(), "audit".into()]);
        hierarchy.add("write", ["read".into()]);
        hierarchy.add("read", ["write".into()]);
        let check = |granted: &[&str], want: &[&str]| {
            let found = hierarchy.expand(granted.iter().copied());
            assert_eq!(found.iter().map(|scope| &**scope).collect::<Vec<_>>(), want);
        };
        check(&[], &[]);
        check(&["other"], &["other"]);
        check(&["admin", "admin"], &["admin", "audit", "read", "write"]);
        check(&["read"], &["read", "write"]);
    }

    #[test]
    fn scopes_are_plain_words() {
        for text in ["a", "files:read", "https://x/y.z", "a[b]", "!"] {
            assert!(is_scope(text), "{text}");
        }
        for text in ["", "a b", "a\"", "a\\b", "a\n", "é", "\u{7f}"] {
            assert!(!is_scope(text), "{text}");
        }
        assert!(check(["a", "offline_access"].into_iter()).is_err());
    }
}
