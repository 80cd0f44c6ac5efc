//! Small words the encoders share: optional members and pieces of foreign JSON.

use crate::json::{self, Writer};

use super::RawJson;

/// Writes `key: text` when there is a text.
pub(super) fn text(w: &mut Writer<'_>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        w.key(key);
        w.string(value);
    }
}

/// Writes `key: true|false` when the flag is set either way.
pub(super) fn flag(w: &mut Writer<'_>, key: &str, value: Option<bool>) {
    if let Some(value) = value {
        w.key(key);
        w.bool(value);
    }
}

/// Writes `key: number` when there is a number.
pub(super) fn float(w: &mut Writer<'_>, key: &str, value: Option<f64>) {
    if let Some(value) = value {
        w.key(key);
        w.float(value);
    }
}

/// Writes `key: json` when there is a piece of JSON.
pub(super) fn raw(w: &mut Writer<'_>, key: &str, value: Option<&RawJson>) {
    if let Some(value) = value {
        w.key(key);
        splice(w, value);
    }
}

/// Splices foreign JSON. A line break in it can only be insignificant space, and would end a
/// message early on a transport framed by lines, so such JSON is compacted first.
pub(super) fn splice(w: &mut Writer<'_>, value: &RawJson) {
    let bytes = value.get().as_bytes();
    if memchr::memchr2(b'\n', b'\r', bytes).is_none() {
        return w.raw(bytes);
    }
    let mut compact = Vec::with_capacity(bytes.len());
    json::compact_into(&mut compact, bytes);
    w.raw(&compact);
}
