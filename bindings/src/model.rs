//! The protocol's data as JSON in arguments: hints, icons, open members.

use mcpring::model::{Annotations, Icon, Meta, RawJson, Role, Theme, ToolAnnotations};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Hints {
    #[serde(default)]
    audience: Vec<Role>,
    priority: Option<f64>,
    last_modified: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names are the protocol's")]
struct ToolHints {
    title: Option<String>,
    read_only_hint: Option<bool>,
    destructive_hint: Option<bool>,
    idempotent_hint: Option<bool>,
    open_world_hint: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Picture {
    src: String,
    mime_type: Option<String>,
    #[serde(default)]
    sizes: Vec<String>,
    theme: Option<Background>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Background {
    Dark,
    Light,
}

fn read<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|fault| Failure::argument(format!("{what}: {fault}")))
}

/// Any JSON value as its text.
pub(crate) fn raw(what: &str, json: &str) -> Result<Box<RawJson>, Failure> {
    let raw = RawJson::from_string(json.to_owned());
    raw.map_err(|fault| Failure::argument(format!("{what}: {fault}")))
}

/// Open members.
pub(crate) fn meta(json: &str) -> Result<Meta, Failure> {
    Meta::parse(json).map_err(|fault| Failure::argument(format!("meta: {fault}")))
}

/// Hints on content and resources.
pub(crate) fn annotations(json: &str) -> Result<Annotations, Failure> {
    let Hints { audience, priority, last_modified } = read("annotations", json)?;
    let hints = Annotations { audience, priority, last_modified: last_modified.map(Into::into) };
    match hints.fault() {
        None => Ok(hints),
        Some(fault) => Err(Failure::argument(fault)),
    }
}

/// Hints on tools.
pub(crate) fn tool_annotations(json: &str) -> Result<ToolAnnotations, Failure> {
    let hints: ToolHints = read("annotations", json)?;
    Ok(ToolAnnotations {
        title: hints.title.map(Into::into),
        read_only: hints.read_only_hint,
        destructive: hints.destructive_hint,
        idempotent: hints.idempotent_hint,
        open_world: hints.open_world_hint,
    })
}

/// An array of pictures.
pub(crate) fn icons(json: &str) -> Result<Vec<Icon>, Failure> {
    let pictures: Vec<Picture> = read("icons", json)?;
    Ok(pictures.into_iter().map(Picture::icon).collect())
}

impl Picture {
    fn icon(self) -> Icon {
        Icon {
            src: self.src.into(),
            mime_type: self.mime_type.map(Into::into),
            sizes: self.sizes.into_iter().map(Into::into).collect(),
            theme: self.theme.map(|theme| match theme {
                Background::Dark => Theme::Dark,
                Background::Light => Theme::Light,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
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
