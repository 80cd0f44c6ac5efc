//! What a program says about its features as JSON.

use super::super::{CacheHint, ToolAnnotations};
use super::*;
use crate::error::{Error, ErrorKind};

#[test]
fn what_fits_is_read() {
    let hints = Annotations::from_json(r#"{"audience":["user"],"priority":1,"lastModified":"2"}"#);
    let want = Annotations {
        audience: vec![Role::User],
        priority: Some(1.0),
        last_modified: Some("2".into()),
    };
    assert_eq!(hints, Ok(want));
    let hints = ToolAnnotations::from_json(
        r#"{"title":"T","readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,
            "openWorldHint":false}"#,
    );
    let want = ToolAnnotations {
        title: Some("T".into()),
        read_only: Some(true),
        destructive: Some(false),
        idempotent: Some(true),
        open_world: Some(false),
    };
    assert_eq!(hints, Ok(want));
    let icons = r#"[{"src":"data:,","mimeType":"image/png","sizes":["any"],"theme":"dark"}]"#;
    let want = Icon::new("data:,").mime_type("image/png").size("any").theme(Theme::Dark);
    assert_eq!(Icon::list_from_json(icons), Ok(vec![want]));
    assert_eq!(CacheHint::from_json(r#"{"ttl_ms":5,"scope":"public"}"#), Ok(CacheHint::public(5)));
    assert_eq!(CacheHint::from_json(r#"{"ttl_ms":5}"#), Ok(CacheHint::private(5)));
    let meta = Meta::from_json(r#"{"a":1.50}"#).expect("members");
    assert_eq!(written(|w| meta.encode(w, &[])), r#"{"a":1.50}"#);
}

#[test]
fn what_does_not_fit_is_named() {
    #[track_caller]
    fn refused<T>(read: Result<T, Error>, words: &str) {
        let fault = read.err().expect(words);
        assert_eq!(fault.kind(), ErrorKind::Usage);
        assert!(fault.to_string().contains(words), "{fault}");
    }
    refused(Annotations::from_json(r#"{"priority":2}"#), "outside 0 to 1");
    refused(Annotations::from_json(r#"{"audience":["me"]}"#), "annotations: unknown variant `me`");
    refused(ToolAnnotations::from_json(r#"{"readOnly":true}"#), "unknown field `readOnly`");
    refused(Icon::list_from_json(r#"{"src":"data:,"}"#), "icons: invalid type");
    refused(Icon::list_from_json("[{}]"), "missing field `src`");
    refused(CacheHint::from_json(r#"{"scope":"public"}"#), "missing field `ttl_ms`");
    refused(Meta::from_json("[]"), "meta: ");
}
