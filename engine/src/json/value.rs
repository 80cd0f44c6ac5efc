//! A value on the tape: a cheap handle that reads its content from the text when asked.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::tape::{Kind, Node};
use super::{number, string};

/// One value of a parsed text. Copying it copies no content.
#[derive(Clone, Copy)]
pub struct Value<'p> {
    text: &'p str,
    nodes: &'p [Node],
    index: u32,
}

impl<'p> Value<'p> {
    /// The first value of a tape that was written for `text`.
    pub(crate) fn root(text: &'p str, nodes: &'p [Node]) -> Self {
        Self { text, nodes, index: 0 }
    }

    /// What the value is.
    pub fn kind(self) -> Kind {
        self.node().kind()
    }

    /// The value's bytes exactly as the sender wrote them.
    pub fn raw(self) -> &'p [u8] {
        // By bytes: slicing a `str` would look at both ends for a character's boundary.
        &self.text.as_bytes()[self.span()]
    }

    /// Where those bytes stand in the text.
    pub fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// The whole text that the value is a part of.
    pub fn text(self) -> &'p str {
        self.text
    }

    /// A string's content, piece by piece and without memory of its own; whether it is a string.
    pub fn read_str(self, mut piece: impl FnMut(&str)) -> bool {
        let Some((inside, _)) = self.inside() else { return false };
        string::pieces(inside, &mut piece);
        true
    }

    /// A string's content; borrowed when it has no escapes.
    #[inline]
    pub fn as_str(self) -> Option<Cow<'p, str>> {
        match self.inside()? {
            (inside, false) => Some(Cow::Borrowed(inside)),
            (inside, true) => Some(Cow::Owned(string::unescape(inside))),
        }
    }

    /// Whether this is the string `other`, compared after unescaping by length and bytes.
    #[inline]
    pub fn eq_str(self, other: &str) -> bool {
        let node = self.node();
        if !node.is_plain_string() {
            return self.eq_decoded(other);
        }
        // Mostly the lengths differ, which the tape knows: the text is not looked at then.
        let (start, end) = (node.start as usize + 1, node.end as usize - 1);
        end - start == other.len() && self.text.as_bytes()[start..end] == *other.as_bytes()
    }

    #[cold]
    fn eq_decoded(self, other: &str) -> bool {
        self.inside().is_some_and(|(inside, _)| string::equals(inside, true, other))
    }

    /// The bytes of a string that has no escapes; none of any other value.
    #[inline]
    pub fn plain(self) -> Option<&'p [u8]> {
        let node = self.node();
        let is_plain = node.is_plain_string();
        is_plain.then(|| &self.text.as_bytes()[node.start as usize + 1..node.end as usize - 1])
    }

    /// A member's name: its bytes as they stand, or decoded where escapes hide them.
    pub(crate) fn name(self) -> Cow<'p, [u8]> {
        match self.plain() {
            Some(plain) => Cow::Borrowed(plain),
            None => match self.as_str().unwrap_or_default() {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
        }
    }

    /// The content of `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        let node = self.node();
        (node.kind() == Kind::Bool).then_some(node.flag())
    }

    /// A number written as an integer that fits.
    pub fn as_i64(self) -> Option<i64> {
        self.integer().and_then(number::as_i64)
    }

    /// A number written as an integer, without a sign, that fits.
    pub fn as_u64(self) -> Option<u64> {
        self.integer().and_then(number::as_u64)
    }

    /// The nearest finite float to a number; none beyond the finite ones.
    pub fn as_f64(self) -> Option<f64> {
        (self.kind() == Kind::Number).then(|| number::as_f64(self.lexeme()))?
    }

    /// Whether this is a number with neither a fraction nor an exponent, of any size.
    pub fn is_integer_lexeme(self) -> bool {
        self.integer().is_some()
    }

    /// An array's items; nothing of any other kind.
    pub fn elements(self) -> Elements<'p> {
        Elements { at: self.children(Kind::Array) }
    }

    /// An object's members, name and value; nothing of any other kind.
    #[inline]
    pub fn members(self) -> Members<'p> {
        Members { at: self.children(Kind::Object) }
    }

    /// The value of an object's first member called `key`, compared after unescaping.
    pub fn get(self, key: &str) -> Option<Value<'p>> {
        let node = self.node();
        let members = if node.kind() == Kind::Object { node.count() } else { 0 };
        // By places alone: every message is asked for a dozen members.
        let mut name = self.index + 1;
        for _ in 0..members {
            if self.at(name).eq_str(key) {
                return Some(self.at(name + 1));
            }
            name = self.at(name + 1).node().next;
        }
        None
    }

    /// Items of an array, members of an object, otherwise 0.
    pub fn len(self) -> usize {
        self.node().count()
    }

    /// Whether this has neither items nor members.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The source text of the value.
    pub(crate) fn lexeme(self) -> &'p str {
        &self.text[self.span()]
    }

    /// A place in memory and a number that no other value alive has.
    pub(crate) fn identity(self) -> (usize, u32) {
        (self.nodes.as_ptr().addr(), self.index)
    }

    /// The value's place on the tape: 0 is the root, and what is inside a value follows it.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The value at another place of the same tape.
    pub(crate) fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }

    /// Places on the tape that this value and all inside it take.
    pub fn subtree(self) -> Range<u32> {
        self.index..self.node().next
    }

    /// A string's source between the quotes, and whether it has escapes.
    pub(crate) fn inside(self) -> Option<(&'p str, bool)> {
        let node = self.node();
        if node.kind() != Kind::String {
            return None;
        }
        Some((&self.text[node.start as usize + 1..node.end as usize - 1], node.flag()))
    }

    #[inline]
    fn node(self) -> Node {
        self.nodes[self.index as usize]
    }

    fn integer(self) -> Option<&'p str> {
        let node = self.node();
        (node.kind() == Kind::Number && node.flag()).then(|| self.lexeme())
    }

    #[inline]
    fn children(self, kind: Kind) -> Children<'p> {
        let node = self.node();
        let left = if node.kind() == kind { node.count() } else { 0 };
        Children { next: self.at(self.index + 1), left }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.lexeme())
    }
}

/// The next child of a container and how many items or members are left.
#[derive(Clone, Copy, Debug)]
struct Children<'p> {
    next: Value<'p>,
    left: usize,
}

impl<'p> Children<'p> {
    /// Gives the next child and steps over its subtree.
    #[inline]
    fn take(&mut self) -> Value<'p> {
        let child = self.next;
        self.next.index = child.node().next;
        child
    }
}

/// The items of an array, in order.
#[derive(Clone, Debug)]
pub struct Elements<'p> {
    at: Children<'p>,
}

impl<'p> Iterator for Elements<'p> {
    type Item = Value<'p>;

    fn next(&mut self) -> Option<Value<'p>> {
        self.at.left = self.at.left.checked_sub(1)?;
        Some(self.at.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.at.left, Some(self.at.left))
    }
}

impl ExactSizeIterator for Elements<'_> {}

/// The members of an object, in order: the name (a string) and the value.
#[derive(Clone, Debug)]
pub struct Members<'p> {
    at: Children<'p>,
}

impl<'p> Iterator for Members<'p> {
    type Item = (Value<'p>, Value<'p>);

    #[inline]
    fn next(&mut self) -> Option<(Value<'p>, Value<'p>)> {
        self.at.left = self.at.left.checked_sub(1)?;
        // A name has nothing inside, so its value stands right behind it.
        let name = self.at.next;
        self.at.next.index += 1;
        Some((name, self.at.take()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.at.left, Some(self.at.left))
    }
}

impl ExactSizeIterator for Members<'_> {}
