//! What the model writes, version by version, against golden text.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::{
    Annotations, Body, Capabilities, Completion, Content, Fields, Icon, Implementation, LogLevel,
    Meta, PromptArgument, PromptInfo, PromptMessage, PromptResult, RawJson, ResourceContents,
    ResourceInfo, ResourceLink, ResourceResult, Role, TaskSupport, TemplateInfo, Theme, ToolInfo,
    ToolResult, base64,
};
use crate::json::Writer;

mod answers;
mod questions;
mod told;

fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out));
    let text = String::from_utf8(out).expect("a writer writes UTF-8");
    serde_json::from_str::<serde_json::Value>(&text).expect("a writer writes JSON");
    text
}

/// `encode` for each row; consecutive equal texts are given once, as (first row, text).
fn check(encode: impl Fn(&mut Writer<'_>, &Fields), expected: &[(usize, &str)]) {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (row, fields) in Fields::TABLE.iter().enumerate() {
        let text = written(|w| encode(w, fields));
        if found.last().is_none_or(|(_, last)| *last != text) {
            found.push((row, text));
        }
    }
    let found: Vec<_> = found.iter().map(|(row, text)| (*row, text.as_str())).collect();
    assert_eq!(found, expected);
}

fn raw(json: &str) -> Box<RawJson> {
    RawJson::from_string(json.into()).expect("the test's JSON is JSON")
}

fn meta() -> Meta {
    Meta::new().with("k", &json!([1]))
}

fn hints() -> Annotations {
    Annotations {
        audience: vec![Role::User, Role::Assistant],
        priority: Some(0.5),
        last_modified: Some("2026-01-01T00:00:00Z".into()),
    }
}

#[test]
fn rows_are_their_own_places_and_only_gain() {
    let columns = |fields: &Fields| {
        let Fields { audio, titles, structured, icons, any_structured, .. } = *fields;
        [audio, titles, structured, icons, any_structured].map(usize::from).iter().sum::<usize>()
    };
    for (place, fields) in Fields::TABLE.iter().enumerate() {
        assert_eq!(fields.row(), place);
    }
    let gained: Vec<_> = Fields::TABLE.iter().map(columns).collect();
    assert_eq!(gained, [0, 1, 3, 4, 5]);
    // Tasks left the core and questions at URLs lost their id.
    let lost = Fields::TABLE.map(|fields| (fields.core_tasks, fields.elicitation_id));
    assert_eq!(lost, [false, false, false, true, false].map(|has| (has, has)));
}

#[test]
fn content() {
    let check =
        |content: &Content, expected| check(|w, fields| content.encode(w, fields), expected);
    check(&Content::text("a\n\"b\""), &[(0, r#"{"type":"text","text":"a\n\"b\""}"#)]);
    check(
        &Content::text("a").annotations(hints()).meta(meta()),
        &[
            (
                0,
                r#"{"type":"text","text":"a","annotations":{"audience":["user","assistant"],"priority":0.5}}"#,
            ),
            (
                2,
                r#"{"type":"text","text":"a","annotations":{"audience":["user","assistant"],"priority":0.5,"lastModified":"2026-01-01T00:00:00Z"},"_meta":{"k":[1]}}"#,
            ),
        ],
    );
    let dated = Annotations { last_modified: Some("now".into()), ..Annotations::default() };
    check(
        &Content::text("a").annotations(dated),
        &[
            (0, r#"{"type":"text","text":"a"}"#),
            (2, r#"{"type":"text","text":"a","annotations":{"lastModified":"now"}}"#),
        ],
    );
    check(
        &Content::image(&b"\x00\xff"[..], "image/png"),
        &[(0, r#"{"type":"image","data":"AP8=","mimeType":"image/png"}"#)],
    );
    check(
        &Content::audio(&b"abc"[..], "audio/wav"),
        &[
            (0, r#"{"type":"text","text":"[audio, audio/wav, 3 bytes]"}"#),
            (1, r#"{"type":"audio","data":"YWJj","mimeType":"audio/wav"}"#),
        ],
    );
    check(
        &Content::embedded(ResourceContents::text("d:a", "x").mime_type("m/t").meta(meta())),
        &[
            (0, r#"{"type":"resource","resource":{"uri":"d:a","mimeType":"m/t","text":"x"}}"#),
            (
                2,
                r#"{"type":"resource","resource":{"uri":"d:a","mimeType":"m/t","text":"x","_meta":{"k":[1]}}}"#,
            ),
        ],
    );
}

#[test]
fn links_become_text_where_there_are_none() {
    let mut link = ResourceLink::new("d:a", "a");
    let short = Content::from(link.clone());
    check(
        |w, fields| short.encode(w, fields),
        &[
            (0, r#"{"type":"text","text":"a: d:a"}"#),
            (2, r#"{"type":"resource_link","uri":"d:a","name":"a"}"#),
        ],
    );
    link.title = Some("A".into());
    link.description = Some("D".into());
    link.mime_type = Some("m/t".into());
    link.size = Some(3);
    link.icons = vec![Icon::new("data:,")];
    let full = Content::from(link).annotations(hints()).meta(meta());
    let head = r#"{"type":"resource_link","uri":"d:a","name":"a","title":"A","description":"D","mimeType":"m/t","size":3"#;
    let tail = r#","annotations":{"audience":["user","assistant"],"priority":0.5,"lastModified":"2026-01-01T00:00:00Z"},"_meta":{"k":[1]}}"#;
    check(
        |w, fields| full.encode(w, fields),
        &[
            (
                0,
                r#"{"type":"text","text":"a: d:a","annotations":{"audience":["user","assistant"],"priority":0.5}}"#,
            ),
            (2, &format!("{head}{tail}")),
            (3, &format!(r#"{head},"icons":[{{"src":"data:,"}}]{tail}"#)),
        ],
    );
}

#[test]
fn tool_results() {
    let check =
        |result: &ToolResult, expected| check(|w, fields| result.encode(w, fields), expected);
    check(&ToolResult::default(), &[(0, r#"{"content":[]}"#)]);
    check(
        &ToolResult::failure("no").meta(meta()),
        &[(0, r#"{"content":[{"type":"text","text":"no"}],"isError":true,"_meta":{"k":[1]}}"#)],
    );
    check(
        &ToolResult::structured(raw(r#"{"a":"b"}"#)),
        &[
            (0, r#"{"content":[{"type":"text","text":"{\"a\":\"b\"}"}]}"#),
            (
                2,
                r#"{"content":[{"type":"text","text":"{\"a\":\"b\"}"}],"structuredContent":{"a":"b"}}"#,
            ),
        ],
    );
    check(
        &ToolResult::structured(raw("[1]")),
        &[
            (0, r#"{"content":[{"type":"text","text":"[1]"}]}"#),
            (2, r#"{"content":[{"type":"text","text":"[1]"}],"structuredContent":{"result":[1]}}"#),
            (4, r#"{"content":[{"type":"text","text":"[1]"}],"structuredContent":[1]}"#),
        ],
    );
    // Words of the handler's own take the place of the JSON text.
    check(
        &ToolResult::structured(raw("{}")).with("empty"),
        &[
            (0, r#"{"content":[{"type":"text","text":"empty"}]}"#),
            (2, r#"{"content":[{"type":"text","text":"empty"}],"structuredContent":{}}"#),
        ],
    );
    // A line break would end the message early.
    check(
        &ToolResult::structured(raw("{\r\n \"a\": \"b c\"\n}")).with("x"),
        &[
            (0, r#"{"content":[{"type":"text","text":"x"}]}"#),
            (2, r#"{"content":[{"type":"text","text":"x"}],"structuredContent":{"a":"b c"}}"#),
        ],
    );
}

#[test]
fn results_gain_members_from_the_protocol() {
    let fields = &Fields::V2026_07_28;
    let extra: &[(&str, &[u8])] = &[("s/info", br#"{"name":"x"}"#), ("k", b"2")];
    let check = |members: &dyn Fn(&mut Writer<'_>), expected: &str| {
        let text = written(|w| {
            w.begin_object();
            w.key("resultType");
            w.string("complete");
            members(w);
            w.end_object();
        });
        assert_eq!(text, expected);
    };
    let own = ToolResult::default().meta(Meta::new().with("o", &json!(1)).with("k", &json!(1)));
    check(
        &|w| own.encode_members(w, fields, extra),
        r#"{"resultType":"complete","content":[],"_meta":{"o":1,"s/info":{"name":"x"},"k":2}}"#,
    );
    check(
        &|w| PromptResult::default().encode_members(w, fields, &extra[..1]),
        r#"{"resultType":"complete","messages":[],"_meta":{"s/info":{"name":"x"}}}"#,
    );
    check(
        &|w| ResourceResult::default().encode_members(w, fields, &[]),
        r#"{"resultType":"complete","contents":[]}"#,
    );
}

#[test]
fn tools() {
    let mut tool = ToolInfo::new("t", raw(r#"{"type":"object"}"#));
    tool.output_schema = Some(raw(r#"{"type":"object"}"#));
    tool.output_is_object = true;
    tool.annotations.title = Some("T".into());
    tool.annotations.destructive = Some(false);
    tool.annotations.idempotent = Some(true);
    tool.annotations.open_world = Some(false);
    let head = r#"{"name":"t","inputSchema":{"type":"object"}"#;
    let output = r#","outputSchema":{"type":"object"}"#;
    let hints = r#","annotations":{"title":"T","destructiveHint":false,"idempotentHint":true,"openWorldHint":false}}"#;
    check(
        |w, fields| tool.encode(w, fields),
        &[
            (0, &format!("{head}}}")),
            (1, &format!("{head}{hints}")),
            (2, &format!("{head}{output}{hints}")),
        ],
    );
    // A schema of something else than an object is listed where any value may be structured.
    let mut list = ToolInfo::new("t", raw(r#"{"type":"object"}"#));
    list.output_schema = Some(raw(r#"{"type":"array"}"#));
    check(
        |w, fields| list.encode(w, fields),
        &[
            (0, &format!("{head}}}")),
            (4, &format!(r#"{head},"outputSchema":{{"type":"array"}}}}"#)),
        ],
    );
    let mut slow = ToolInfo::new("t", raw(r#"{"type":"object"}"#));
    slow.task_support = TaskSupport::Required;
    let execution = r#","execution":{"taskSupport":"required"}"#;
    check(
        |w, fields| slow.encode(w, fields),
        &[
            (0, &format!("{head}}}")),
            (3, &format!("{head}{execution}}}")),
            (4, &format!("{head}}}")),
        ],
    );
}

#[test]
fn resources_and_templates() {
    let mut info = ResourceInfo::new("d:a", "a");
    info.title = Some("A".into());
    info.description = Some("D".into());
    info.mime_type = Some("m/t".into());
    info.annotations = Some(Annotations { priority: Some(1.0), ..Annotations::default() });
    info.icons = vec![Icon::new("data:,").mime_type("m/t").size("any").theme(Theme::Dark)];
    info.meta = Some(meta());
    let template = TemplateInfo(info.clone());
    info.size = Some(9);
    let icons = r#","icons":[{"src":"data:,","mimeType":"m/t","sizes":["any"],"theme":"dark"}]"#;
    let texts = |address: &str, size: &str| {
        let (head, title) = (format!(r#"{{"{address}":"d:a","name":"a""#), r#","title":"A""#);
        let middle = format!(
            r#","description":"D","mimeType":"m/t"{size},"annotations":{{"priority":1.0}}"#
        );
        let meta = r#","_meta":{"k":[1]}}"#;
        [
            format!("{head}{middle}}}"),
            format!("{head}{title}{middle}{meta}"),
            format!("{head}{title}{middle}{icons}{meta}"),
        ]
    };
    let [first, titled, full] = texts("uri", r#","size":9"#);
    check(|w, fields| info.encode(w, fields), &[(0, &first), (2, &titled), (3, &full)]);
    let [first, titled, full] = texts("uriTemplate", "");
    check(|w, fields| template.encode(w, fields), &[(0, &first), (2, &titled), (3, &full)]);
}

#[test]
fn resource_bodies() {
    let check = |body: Body, expected: &str| {
        let contents = ResourceContents::new("d:a", body);
        check(|w, fields| contents.encode(w, fields), &[(0, expected)]);
    };
    check(Body::Text("x".into()), r#"{"uri":"d:a","text":"x"}"#);
    check(Body::Shared("x".into()), r#"{"uri":"d:a","text":"x"}"#);
    check(Body::Blob(Bytes::from_static(b"x")), r#"{"uri":"d:a","blob":"eA=="}"#);
}

#[test]
fn prompts() {
    let mut info = PromptInfo::new("p");
    check(|w, fields| info.encode(w, fields), &[(0, r#"{"name":"p"}"#)]);
    info.title = Some("P".into());
    info.arguments = vec![
        PromptArgument::required("a").title("A").description("D"),
        PromptArgument::optional("b"),
    ];
    check(
        |w, fields| info.encode(w, fields),
        &[
            (
                0,
                r#"{"name":"p","arguments":[{"name":"a","description":"D","required":true},{"name":"b","required":false}]}"#,
            ),
            (
                2,
                r#"{"name":"p","title":"P","arguments":[{"name":"a","title":"A","description":"D","required":true},{"name":"b","required":false}]}"#,
            ),
        ],
    );
    let result = PromptResult::new(vec![
        PromptMessage::user("hi"),
        PromptMessage::assistant(Content::image(&b""[..], "m/t")),
    ]);
    check(
        |w, fields| result.clone().description("D").encode(w, fields),
        &[(
            0,
            r#"{"description":"D","messages":[{"role":"user","content":{"type":"text","text":"hi"}},{"role":"assistant","content":{"type":"image","data":"","mimeType":"m/t"}}]}"#,
        )],
    );
}

#[test]
fn introductions() {
    let mut own = Implementation::new("n", "1");
    own.title = Some("N".into());
    own.description = Some("D".into());
    own.website_url = Some("https://example.com".into());
    check(
        |w, fields| own.encode(w, fields),
        &[
            (0, r#"{"name":"n","version":"1"}"#),
            (2, r#"{"name":"n","version":"1","title":"N"}"#),
            (
                3,
                r#"{"name":"n","version":"1","title":"N","description":"D","websiteUrl":"https://example.com"}"#,
            ),
        ],
    );
    let all = Capabilities {
        tools: true,
        resources: true,
        prompts: true,
        logging: true,
        completions: true,
        ..Capabilities::default()
    };
    check(
        |w, fields| all.encode(w, fields),
        &[
            (0, r#"{"logging":{},"prompts":{},"resources":{},"tools":{}}"#),
            (1, r#"{"logging":{},"completions":{},"prompts":{},"resources":{},"tools":{}}"#),
        ],
    );
    let changing = Capabilities {
        tools: true,
        resources: true,
        prompts: true,
        list_changes: true,
        resource_subscriptions: true,
        ..Capabilities::default()
    };
    check(
        |w, fields| changing.encode(w, fields),
        &[(
            0,
            r#"{"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}}"#,
        )],
    );
    let mut extended = Capabilities {
        tasks: true,
        extensions: vec![("a.b/c".into(), raw(r#"{"d":1}"#))],
        experimental: vec![("x".into(), raw("{}"))],
        ..Capabilities::default()
    };
    let base = r#"{"experimental":{"x":{}}}"#;
    let new = r#"{"experimental":{"x":{}},"extensions":{"io.modelcontextprotocol/tasks":{},"a.b/c":{"d":1}}}"#;
    check(
        |w, fields| extended.encode(w, fields),
        &[
            (0, base),
            (
                3,
                r#"{"experimental":{"x":{}},"tasks":{"cancel":{},"requests":{"tools":{"call":{}}}}}"#,
            ),
            (4, new),
        ],
    );
    // The list is a member of the core alone.
    extended.task_list = true;
    check(
        |w, fields| extended.encode(w, fields),
        &[
            (0, base),
            (
                3,
                r#"{"experimental":{"x":{}},"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}"#,
            ),
            (4, new),
        ],
    );
}

#[test]
fn completions_are_cut_at_a_hundred() {
    let check = |count: usize, total: Option<u64>, sent: usize, more: bool| {
        let values = (0..count).map(|n| n.to_string());
        let completion = Completion { total, ..values.collect() };
        let text = written(|w| {
            w.begin_object();
            completion.encode_members(w, &[]);
            w.end_object();
        });
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let value = &value["completion"];
        assert_eq!(value["values"].as_array().map(Vec::len), Some(sent));
        let total = total.or(more.then_some(count as u64));
        assert_eq!((&value["total"], &value["hasMore"]), (&json!(total), &json!(more)));
    };
    for total in [None, Some(500)] {
        check(0, total, 0, false);
        check(100, total, 100, false);
        // What was cut says at least how many there were.
        check(101, total, 100, true);
    }
}

#[test]
fn meta_keeps_order_bytes_and_one_of_each() {
    let text = r#"{"z":1e400,"a":123456789012345678901234567890,"z":2}"#;
    let meta = Meta::parse(text).expect("an object");
    let expected = r#"{"a":123456789012345678901234567890,"z":2}"#;
    assert_eq!(written(|w| meta.encode(w, &[])), expected);
    for bad in ["", "[]", "1", "{", "null"] {
        Meta::parse(bad).expect_err(bad);
    }
}

#[test]
fn log_levels_are_ordered_words() {
    let words = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
    let levels = words.map(|word| LogLevel::parse(word).expect(word));
    assert!(levels.is_sorted());
    assert_eq!(levels.map(LogLevel::as_str), words);
    for junk in ["", "Debug", "warn"] {
        assert_eq!(LogLevel::parse(junk), None);
    }
}

proptest! {
    #[test]
    fn base64_is_what_another_library_writes(bytes: Vec<u8>) {
        use ::base64::Engine as _;
        let other = ::base64::engine::general_purpose::STANDARD.encode(&bytes);
        prop_assert_eq!(written(|w| base64::encode(w, &bytes)), format!("\"{other}\""));
        prop_assert_eq!(base64::decode(&other), Some(bytes));
    }

    #[test]
    fn base64_is_read_as_another_library_reads_it(text in "[A-C+/=]{0,9}") {
        use ::base64::Engine as _;
        let other = ::base64::engine::general_purpose::STANDARD.decode(&text).ok();
        prop_assert_eq!(base64::decode(&text), other);
    }
}
