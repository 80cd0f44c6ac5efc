//! Small words the encoders share: optional members and pieces of foreign JSON.

use crate::json::Writer;

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

/// Splices foreign JSON, see [`Writer::splice`].
pub(super) fn splice(w: &mut Writer<'_>, value: &RawJson) {
    w.splice(value.get().as_bytes());
}
