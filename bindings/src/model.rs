//! The protocol's data as JSON in arguments: hints, icons, open members.

use mcpring::Error;
use mcpring::model::{Annotations, Icon, Meta, RawJson, ToolAnnotations};

use crate::failure::Failure;

/// An argument that is not what the protocol has there.
#[cold]
fn unfit(fault: &Error) -> Failure {
    Failure::argument(fault.to_string())
}

/// Any JSON value as its text.
pub(crate) fn raw(what: &str, json: &str) -> Result<Box<RawJson>, Failure> {
    let raw = RawJson::from_string(json.to_owned());
    raw.map_err(|fault| Failure::argument(format!("{what}: {fault}")))
}

/// Open members.
pub(crate) fn meta(json: &str) -> Result<Meta, Failure> {
    Meta::from_json(json).map_err(|fault| unfit(&fault))
}

/// Hints on content and resources.
pub(crate) fn annotations(json: &str) -> Result<Annotations, Failure> {
    Annotations::from_json(json).map_err(|fault| unfit(&fault))
}

/// Hints on tools.
pub(crate) fn tool_annotations(json: &str) -> Result<ToolAnnotations, Failure> {
    ToolAnnotations::from_json(json).map_err(|fault| unfit(&fault))
}

/// An array of pictures.
pub(crate) fn icons(json: &str) -> Result<Vec<Icon>, Failure> {
    Icon::list_from_json(json).map_err(|fault| unfit(&fault))
}

#[cfg(test)]
mod tests {
    use mcpring::model::{Role, Theme};

    use super::*;
    use crate::status::MCPRING_ERR_ARGUMENT;

    #[track_caller]
    fn refused<T>(read: Result<T, Failure>, words: &str) {
        let failure = read.err().expect(words);
        assert_eq!(failure.status, MCPRING_ERR_ARGUMENT);
        assert!(failure.words.contains(words), "{}", failure.words);
    }

    #[test]
    fn what_fits_is_read() {
        let hints = annotations(r#"{"audience":["user"],"priority":1,"lastModified":"2026"}"#);
        let hints = hints.expect("hints");
        assert_eq!((hints.audience, hints.priority), (vec![Role::User], Some(1.0)));
        let hints = tool_annotations(r#"{"readOnlyHint":true}"#).expect("hints");
        assert_eq!((hints.read_only, hints.destructive), (Some(true), None));
        let icons = icons(r#"[{"src":"data:,","sizes":["any"],"theme":"dark"}]"#).expect("icons");
        assert_eq!(icons, [Icon::new("data:,").size("any").theme(Theme::Dark)]);
        assert_eq!(raw("json", " [1.50] ").expect("JSON").get(), "[1.50]");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        refused(annotations(r#"{"audience":["me"]}"#), "unknown variant `me`");
        refused(annotations(r#"{"priority":2}"#), "priority");
        refused(annotations("[1"), "annotations");
        refused(tool_annotations(r#"{"readOnly":true}"#), "unknown field `readOnly`");
        refused(icons(r#"{"src":"data:,"}"#), "expected a sequence");
        refused(icons(r"[{}]"), "missing field `src`");
        refused(meta("[]"), "a JSON object");
        refused(raw("data", "{"), "data: EOF");
    }
}
