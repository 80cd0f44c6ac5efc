//! An index over the member names of one large object.
//!
//! Names are placed by a hash in a table at most half full. A name that would stand too far from
//! its place (which only names made to collide do) turns the table into a list sorted by hash, then
//! by bytes: collisions cost byte comparisons, never a quadratic search, so the hash needs no secret
//! and no random source.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::value::Value;

/// The members of one object, findable by name. Every use has to pass the same object.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    entries: Vec<Entry>,
    /// Places in `entries`, [`FREE`] where none is; empty when `entries` is sorted instead.
    table: Vec<u32>,
    /// A name that an earlier member has, by its place on the tape.
    duplicate: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// The name's place on the tape; its value stands behind it.
    name: u32,
}

const FREE: u32 = u32::MAX;
/// How far from its place a name may stand.
const PROBES_MAX: usize = 32;

impl KeyIndex {
    /// Indexes the members of `object`.
    pub(crate) fn new(object: Value<'_>) -> Self {
        let entry = |(name, _): (Value<'_>, Value<'_>)| Entry {
            hash: hash(&name.name()),
            name: name.index(),
        };
        let entries: Vec<_> = object.members().map(entry).collect();
        let table = vec![FREE; (2 * entries.len()).next_power_of_two()];
        let mut index = Self { entries, table, duplicate: None };
        for at in 0..index.entries.len() {
            if !index.place(object, at) {
                index.sort(object);
                break;
            }
        }
        index
    }

    /// Places one entry behind those before it; says whether there was room near its place.
    fn place(&mut self, object: Value<'_>, at: usize) -> bool {
        let new = self.entries[at];
        for place in probes(new.hash, self.table.len()) {
            let Some(taken) = self.entries.get(self.table[place] as usize) else {
                self.table[place] = at as u32;
                return true;
            };
            if taken.hash == new.hash && self.duplicate.is_none() {
                let is_same = text(object.at(taken.name)) == text(object.at(new.name));
                self.duplicate = is_same.then_some(new.name);
            }
        }
        false
    }

    fn sort(&mut self, object: Value<'_>) {
        self.table = Vec::new();
        self.entries.sort_unstable_by(|a, b| {
            let order = a.hash.cmp(&b.hash);
            let order = order.then_with(|| text(object.at(a.name)).cmp(&text(object.at(b.name))));
            // Of equal names the first in the text comes first, so it is the one found.
            order.then(a.name.cmp(&b.name))
        });
        let same = |a: u32, b: u32| text(object.at(a)) == text(object.at(b));
        let mut pairs = self.entries.array_windows();
        let pair = pairs.find(|[a, b]| a.hash == b.hash && same(a.name, b.name));
        self.duplicate = pair.map(|[_, again]| again.name);
    }

    /// The value of the member called `name`.
    pub(crate) fn find<'p>(&self, object: Value<'p>, name: &str) -> Option<Value<'p>> {
        self.get(object, name, hash(name.as_bytes()))
    }

    /// The value of the member called `name`, whose [`hash`] is given.
    pub(crate) fn get<'p>(&self, object: Value<'p>, name: &str, hash: u64) -> Option<Value<'p>> {
        let entry = if self.table.is_empty() {
            self.search(object, name, hash)
        } else {
            self.probe(object, name, hash)
        };
        entry.map(|entry| object.at(entry.name + 1))
    }

    fn probe(&self, object: Value<'_>, name: &str, hash: u64) -> Option<Entry> {
        for place in probes(hash, self.table.len()) {
            let entry = *self.entries.get(self.table[place] as usize)?;
            if entry.hash == hash && object.at(entry.name).eq_str(name) {
                return Some(entry);
            }
        }
        None
    }

    fn search(&self, object: Value<'_>, name: &str, hash: u64) -> Option<Entry> {
        let order = |entry: &Entry| match entry.hash.cmp(&hash) {
            Ordering::Equal => text(object.at(entry.name)).as_ref().cmp(name),
            unequal => unequal,
        };
        let at = self.entries.partition_point(|entry| order(entry) == Ordering::Less);
        self.entries.get(at).filter(|entry| order(entry) == Ordering::Equal).copied()
    }

    /// A name that more than one member has.
    pub(crate) fn duplicate<'p>(&self, object: Value<'p>) -> Option<Value<'p>> {
        self.duplicate.map(|name| object.at(name))
    }
}

/// The places of a table of `len` where a name of this hash may stand, nearest first.
fn probes(hash: u64, len: usize) -> impl Iterator<Item = usize> {
    let first = (hash >> 32) as usize;
    (first..first + PROBES_MAX.min(len)).map(move |place| place & (len - 1))
}

/// A name that more than one of the few members of `object` has.
pub(crate) fn duplicate_of_few(object: Value<'_>) -> Option<Value<'_>> {
    let mut seen = 0u64;
    for (at, (name, _)) in object.members().enumerate() {
        let (inside, escaped) = name.inside()?;
        // Names with escapes may equal a name of any length, so they are always compared.
        let bit = 1u64 << (hash(inside.as_bytes()) & 63);
        if escaped || seen & bit != 0 || seen == u64::MAX {
            let name_text = text(name);
            if object.members().take(at).any(|(earlier, _)| earlier.eq_str(&name_text)) {
                return Some(name);
            }
        }
        seen = if escaped { u64::MAX } else { seen | bit };
    }
    None
}

/// Mixes a name eight bytes at a time; only its spread matters, not its secrecy.
pub(crate) fn hash(name: &[u8]) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = name.len() as u64;
    for chunk in name.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let product = u128::from(state ^ u64::from_le_bytes(word)) * u128::from(MIX);
        state = (product >> 64) as u64 ^ product as u64;
    }
    state
}

fn text(name: Value<'_>) -> Cow<'_, str> {
    name.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{PaddedBuf, Parser};
    use std::fmt::Write as _;

    #[test]
    fn finds_what_a_walk_finds() {
        let mut json = String::from("{");
        for i in 0..500 {
            // Every tenth name repeats an earlier one, some are spelt with an escape.
            let i = if i % 10 == 9 { i / 2 } else { i };
            let escape = if i % 3 == 0 { "\\u006e" } else { "n" };
            write!(json, "\"a_long_prefix_{escape}_{i}\":{i},").expect("string");
        }
        json.push_str("\"\":0}");
        let text = PaddedBuf::copy(json.as_bytes());
        let mut parser = Parser::default();
        let object = parser.parse(text.padded()).expect("valid");
        let mut index = KeyIndex::new(object);
        for is_sorted in [false, true] {
            assert_eq!(index.table.is_empty(), is_sorted);
            for (name, _) in object.members() {
                let name = name.as_str().expect("name");
                let found = index.get(object, &name, hash(name.as_bytes())).map(Value::span);
                assert_eq!(found, object.get(&name).map(Value::span), "{name}");
                assert_eq!(index.find(object, &name).map(Value::span), found, "{name}");
            }
            let absent = "a_long_prefix_n_";
            assert!(index.get(object, absent, hash(absent.as_bytes())).is_none());
            assert!(index.duplicate(object).is_some());
            index.sort(object);
        }
    }

    /// Equal names all want one place; more of them than may stand near it end in a sorted list.
    #[test]
    fn names_that_collide_are_sorted() {
        let members: Vec<_> = (0..100).map(|i| format!("\"same\":{i}")).collect();
        let text = PaddedBuf::copy(format!("{{{}}}", members.join(",")).as_bytes());
        let mut parser = Parser::default();
        let object = parser.parse(text.padded()).expect("valid");
        let index = KeyIndex::new(object);
        assert!(index.table.is_empty());
        let found = index.get(object, "same", hash(b"same")).and_then(Value::as_u64);
        assert_eq!(found, Some(0));
        assert!(index.duplicate(object).is_some());
    }

    #[test]
    fn duplicates() {
        let check = |json: &str, duplicate: bool| {
            let text = PaddedBuf::copy(json.as_bytes());
            let mut parser = Parser::default();
            let object = parser.parse(text.padded()).expect("valid");
            assert_eq!(duplicate_of_few(object).is_some(), duplicate, "{json}");
            let mut index = KeyIndex::new(object);
            assert_eq!(index.duplicate(object).is_some(), duplicate, "{json}");
            index.sort(object);
            assert_eq!(index.duplicate(object).is_some(), duplicate, "sorted {json}");
        };
        check("{}", false);
        check(r#"{"a":1,"b":2,"c":{"a":3}}"#, false);
        check(r#"{"a":1,"b":2,"a":3}"#, true);
        check(r#"{"a":1,"\u0061":3}"#, true);
        check(r#"{"\u0061":1,"a":3}"#, true);
        check(r#"{"\u0061":1,"b":3,"\u0061":3}"#, true);
        check(r#"{"a\u0000":1,"a":3}"#, false);
        check(r#"{"":1,"a":3,"":2}"#, true);
    }
}
