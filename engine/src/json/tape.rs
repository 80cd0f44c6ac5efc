//! The span tape: one small node per value, in the order of the text.
//!
//! A node holds offsets, never content. An object's nodes follow it as name, value, name, value;
//! `next` skips a whole subtree, so a member is passed over without looking into it.
//!
//! ```text
//! {"a":[1,2],"b":3}   0 Object 0..17 next 7   1 "a"   2 Array next 5   3 1   4 2   5 "b"   6 3
//! ```

use super::error::JsonErrorKind;
use crate::limits::{JSON_NODES_MAX, JSON_TAPE_NODES_KEPT};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, of any size and precision.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One value's span, kind and skip link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Offset of the first byte (of a string: its opening quote).
    pub(crate) start: u32,
    /// Offset behind the last byte.
    pub(crate) end: u32,
    /// Index behind this subtree; while a container is open, the index of the one around it.
    pub(crate) next: u32,
    tag: u32,
}

const KIND_MASK: u32 = 0b111;
const FLAG: u32 = 0b1000;
const COUNT_SHIFT: u32 = 8;
/// Stands for "no container around" in an open node's `next`.
const NO_PARENT: u32 = u32::MAX;

impl Node {
    pub(crate) fn kind(self) -> Kind {
        match self.tag & KIND_MASK {
            0 => Kind::Null,
            1 => Kind::Bool,
            2 => Kind::Number,
            3 => Kind::String,
            4 => Kind::Array,
            _ => Kind::Object,
        }
    }

    /// Whether this is a string without escapes.
    pub(crate) fn is_plain_string(self) -> bool {
        self.tag & (KIND_MASK | FLAG) == Kind::String as u32
    }

    /// Of a string: has escapes. Of a number: has neither fraction nor exponent. Of a bool: true.
    pub(crate) fn flag(self) -> bool {
        self.tag & FLAG != 0
    }

    /// Items of an array, members of an object.
    pub(crate) fn count(self) -> usize {
        (self.tag >> COUNT_SHIFT) as usize
    }
}

/// Which container encloses the place the scan is at, and how many children it has so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    index: u32,
    pub(crate) count: u32,
    pub(crate) is_object: bool,
}

impl Open {
    pub(crate) const NONE: Self = Self { index: NO_PARENT, count: 0, is_object: false };
}

/// The nodes of one text; the memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
}

impl Tape {
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Forgets the last text. Memory beyond the kept limit is freed once a text did not need it,
    /// so a stream of huge texts does not pay for growing again each time.
    pub(crate) fn reset(&mut self) {
        if self.nodes.capacity() > JSON_TAPE_NODES_KEPT && self.nodes.len() <= JSON_TAPE_NODES_KEPT
        {
            self.nodes = Vec::new();
        }
        self.nodes.clear();
    }

    /// Appends a value without children.
    #[inline]
    pub(crate) fn leaf(
        &mut self,
        kind: Kind,
        flag: bool,
        start: usize,
        end: usize,
    ) -> Result<(), JsonErrorKind> {
        let index = self.nodes.len();
        if index >= JSON_NODES_MAX {
            return Err(JsonErrorKind::TooManyNodes);
        }
        let tag = kind as u32 | if flag { FLAG } else { 0 };
        let next = index as u32 + 1;
        self.nodes.push(Node { start: start as u32, end: end as u32, next, tag });
        Ok(())
    }

    /// Appends an array or object that starts at `start` inside `outer`; its children follow.
    #[inline]
    pub(crate) fn open(
        &mut self,
        outer: Open,
        is_object: bool,
        start: usize,
    ) -> Result<Open, JsonErrorKind> {
        let index = self.nodes.len();
        if index >= JSON_NODES_MAX {
            return Err(JsonErrorKind::TooManyNodes);
        }
        // The outer count waits in the outer node until the inner container is closed.
        if let Some(node) = self.nodes.get_mut(outer.index as usize) {
            node.tag |= outer.count << COUNT_SHIFT;
        }
        let kind = if is_object { Kind::Object } else { Kind::Array };
        self.nodes.push(Node {
            start: start as u32,
            end: start as u32,
            next: outer.index,
            tag: kind as u32,
        });
        Ok(Open { index: index as u32, count: 0, is_object })
    }

    /// Ends the container `open` at `end` and gives the one around it.
    #[inline]
    pub(crate) fn close(&mut self, open: Open, end: usize) -> Open {
        let next = self.nodes.len() as u32;
        let Some(node) = self.nodes.get_mut(open.index as usize) else {
            return Open::NONE;
        };
        let outer = node.next;
        node.end = end as u32;
        node.next = next;
        node.tag |= open.count << COUNT_SHIFT;
        let Some(node) = self.nodes.get_mut(outer as usize) else {
            return Open::NONE;
        };
        let count = node.tag >> COUNT_SHIFT;
        node.tag &= KIND_MASK;
        Open { index: outer, count, is_object: node.kind() == Kind::Object }
    }
}

const _: () = assert!(size_of::<Node>() == 16);
