//! What a parsed value is, and the way to the values inside it.

use mcpring::json;

use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::json::{MCPRING_NO_NODE, mcpring_json, mcpring_node, with};
use crate::status::{MCPRING_END, MCPRING_OK, mcpring_status};

/// What a value is: one of MCPRING_KIND_.
pub type mcpring_kind = u32;

/// null
pub const MCPRING_KIND_NULL: mcpring_kind = 0;
/// true or false
pub const MCPRING_KIND_BOOL: mcpring_kind = 1;
/// A number, of any size and precision.
pub const MCPRING_KIND_NUMBER: mcpring_kind = 2;
/// A string.
pub const MCPRING_KIND_STRING: mcpring_kind = 3;
/// An array.
pub const MCPRING_KIND_ARRAY: mcpring_kind = 4;
/// An object.
pub const MCPRING_KIND_OBJECT: mcpring_kind = 5;

/// A walk through the items of an array or the members of an object: begun by mcpring_json_walk,
/// moved on by mcpring_json_step. Over when the parser parses another text.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct mcpring_walk {
    /// The next item, or the next member's name.
    pub next: mcpring_node,
    /// Items or members to come.
    pub left: u32,
    /// Not 0 when they are members.
    pub members: u32,
}

/// Gives what a value is.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_ARGUMENT when there is no such value, MCPRING_ERR_STATE when no text was
/// parsed, MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_kind(
    json: *mut mcpring_json,
    node: mcpring_node,
    kind: *mut mcpring_kind,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(kind, "kind")?;
        with(json, |json| {
            out.set(match json.node(node)?.kind() {
                json::Kind::Null => MCPRING_KIND_NULL,
                json::Kind::Bool => MCPRING_KIND_BOOL,
                json::Kind::Number => MCPRING_KIND_NUMBER,
                json::Kind::String => MCPRING_KIND_STRING,
                json::Kind::Array => MCPRING_KIND_ARRAY,
                json::Kind::Object => MCPRING_KIND_OBJECT,
            });
            Ok(())
        })
    })
}

/// Gives a value's bytes exactly as they stand in the text, quotes included.
///
/// Ownership: *raw is borrowed until the next parse or until the parser is freed; of a text that is
/// used where it lies it is a part of that text.
/// Threads: the one that made the parser.
/// Errors: as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_raw(
    json: *mut mcpring_json,
    node: mcpring_node,
    raw: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(raw, "raw")?;
        with(json, |json| {
            out.set(mcpring_str::of(json.node(node)?.raw()));
            Ok(())
        })
    })
}

/// Counts the items of an array or the members of an object; of anything else there are 0.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_count(
    json: *mut mcpring_json,
    node: mcpring_node,
    count: *mut usize,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(count, "count")?;
        with(json, |json| {
            out.set(json.node(node)?.len());
            Ok(())
        })
    })
}

/// Gives the value of an object's first member of this name, escapes in the text considered.
///
/// Ownership: key is read during the call.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_NOT_FOUND when there is none or the value is no object,
/// MCPRING_ERR_ARGUMENT when key is not UTF-8, otherwise as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_get(
    json: *mut mcpring_json,
    object: mcpring_node,
    key: mcpring_str,
    value: *mut mcpring_node,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(value, "value")?;
        let key = c.text(key, "key")?;
        with(json, |json| {
            let found = json.node(object)?.get(key);
            out.set(found.ok_or_else(|| Failure::not_found("no member of this name"))?.index());
            Ok(())
        })
    })
}

/// Begins a walk through the items of an array or the members of an object; of anything else it
/// ends at once.
///
/// Ownership: *walk is the caller's, and needs no end.
/// Threads: the one that made the parser.
/// Errors: as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_walk(
    json: *mut mcpring_json,
    container: mcpring_node,
    walk: *mut mcpring_walk,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(walk, "walk")?;
        with(json, |json| {
            let value = json.node(container)?;
            let members = u32::from(value.kind() == json::Kind::Object);
            out.set(mcpring_walk { next: container + 1, left: value.len() as u32, members });
            Ok(())
        })
    })
}

/// Gives the next item, or the next member's name (a string) and value. name may be NULL; in an
/// array it becomes MCPRING_NO_NODE.
///
/// Returns MCPRING_END, and writes nothing, when there are no more.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_ARGUMENT when the walk leads nowhere, otherwise as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_step(
    json: *mut mcpring_json,
    walk: *mut mcpring_walk,
    name: *mut mcpring_node,
    value: *mut mcpring_node,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let place = c.inout(walk, "walk")?;
        let name = c.out_if_wanted(name, "name")?;
        let out = c.out(value, "value")?;
        with(json, |json| {
            let mut walk = place.value;
            if walk.left == 0 {
                json.node(0)?;
                return Ok(MCPRING_END);
            }
            let mut named = MCPRING_NO_NODE;
            if walk.members != 0 {
                named = walk.next;
                walk.next = json.node(named)?.subtree().end;
            }
            let value = json.node(walk.next)?;
            walk.next = value.subtree().end;
            walk.left -= 1;
            place.set(walk);
            out.set(value.index());
            if let Some(name) = name {
                name.set(named);
            }
            Ok(MCPRING_OK)
        })
    })
}
