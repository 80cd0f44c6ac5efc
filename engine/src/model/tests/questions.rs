//! What is asked of a client, version by version, and what is read from its answers.

use serde_json::json;

use super::super::{
    CacheHint, CacheScope, Content, ElicitAction, ElicitAnswer, Elicitation, Fields, Icon,
    IncludeContext, ModelPreferences, Property, ResourceContents, Root, Sampling, SamplingAnswer,
    SamplingContent, SamplingMessage, Task, TaskStatus, TextFormat, Timestamp, ToolChoice,
    ToolInfo, ToolResult,
};
use super::{check, raw, written};

/// The schema of one property, as old forms and as rich ones have it.
fn property(property: impl Into<Property>, old: &str, rich: &str) {
    let form = Elicitation::form("m").property(property);
    let params = |mode: &str, property: &str| {
        format!(
            r#"{{{mode}"message":"m","requestedSchema":{{"type":"object","properties":{{"p":{property}}}}}}}"#
        )
    };
    check(
        |w, fields| form.encode_params(w, fields),
        &[(0, &params("", old)), (3, &params(r#""mode":"form","#, rich))],
    );
}

#[test]
fn forms() {
    property(Property::text("p"), r#"{"type":"string"}"#, r#"{"type":"string"}"#);
    let text = Property::text("p").title("T").description("D").min_length(1).max_length(9);
    let head = r#"{"type":"string","title":"T","description":"D","minLength":1,"maxLength":9"#;
    property(
        text.format(TextFormat::DateTime).default("x"),
        &format!(r#"{head},"format":"date-time"}}"#),
        &format!(r#"{head},"format":"date-time","default":"x"}}"#),
    );
    property(
        Property::integer("p").minimum(-1).maximum(99).default(30),
        r#"{"type":"integer","minimum":-1,"maximum":99}"#,
        r#"{"type":"integer","minimum":-1,"maximum":99,"default":30}"#,
    );
    property(
        Property::number("p").maximum(1e300).default(95.5),
        r#"{"type":"number","maximum":1e+300}"#,
        r#"{"type":"number","maximum":1e+300,"default":95.5}"#,
    );
    let flag = r#"{"type":"boolean","default":true}"#;
    property(Property::flag("p").default(true), flag, flag);
    property(
        Property::choice("p").option("a").option("b").default("b"),
        r#"{"type":"string","enum":["a","b"]}"#,
        r#"{"type":"string","enum":["a","b"],"default":"b"}"#,
    );
    let named = r#"{"type":"string","enum":["a","b"],"enumNames":["A","b"]}"#;
    property(
        Property::choice("p").titled("a", "A").option("b"),
        named,
        r#"{"type":"string","oneOf":[{"const":"a","title":"A"},{"const":"b","title":"b"}]}"#,
    );
    property(Property::choice("p").titled("a", "A").option("b").enum_names(), named, named);
    property(
        Property::many("p").option("a").option("b").min_items(1).max_items(2).default(["a"]),
        r#"{"type":"string","enum":["a","b"]}"#,
        r#"{"type":"array","minItems":1,"maxItems":2,"items":{"type":"string","enum":["a","b"]},"default":["a"]}"#,
    );
    property(
        Property::many("p").titled("a", "A").option("b"),
        named,
        r#"{"type":"array","items":{"anyOf":[{"const":"a","title":"A"},{"const":"b","title":"b"}]}}"#,
    );
}

#[test]
fn a_form_has_each_name_once_and_says_what_is_required() {
    let form = Elicitation::form("m")
        .property(Property::flag("a"))
        .property(Property::text("b").required())
        .property(Property::text("a").required());
    let text = written(|w| form.encode_params(w, &Fields::V2025_06_18));
    let schema = r#"{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"string"}},"required":["b","a"]}"#;
    assert_eq!(text, format!(r#"{{"message":"m","requestedSchema":{schema}}}"#));
    let raw = Elicitation::raw("m", raw(schema)).property(Property::flag("c"));
    assert_eq!(written(|w| raw.encode_params(w, &Fields::V2025_06_18)), text);
}

#[test]
fn urls_have_an_id_at_one_version() {
    let question = Elicitation::url("m", "https://a.example/", "7");
    assert_eq!((question.is_url(), question.id()), (true, Some("7")));
    let with_id = r#"{"mode":"url","message":"m","elicitationId":"7","url":"https://a.example/"}"#;
    let rows: Vec<_> = Fields::TABLE.iter().filter(|row| question.is_supported(row)).collect();
    assert_eq!(rows, [&Fields::V2025_11_25, &Fields::V2026_07_28]);
    assert_eq!(written(|w| question.encode_params(w, rows[0])), with_id);
    let without = r#"{"mode":"url","message":"m","url":"https://a.example/"}"#;
    assert_eq!(written(|w| question.encode_params(w, rows[1])), without);
    let data = Elicitation::required_data(&[question, Elicitation::form("no place here")]);
    assert_eq!(data.get(), format!(r#"{{"elicitations":[{with_id}]}}"#));
}

#[test]
fn what_can_be_asked_where() {
    let check = |question: &Elicitation, first_row: usize| {
        let rows = Fields::TABLE.map(|fields| question.is_supported(&fields));
        assert_eq!(rows, std::array::from_fn(|row| row >= first_row));
    };
    check(&Elicitation::form("m"), 2);
    check(&Elicitation::raw("m", raw("{}")), 2);
    check(&Elicitation::form("m").property(Property::many("p").option("a").min_items(1)), 2);
    check(&Elicitation::form("m").property(Property::many("p").option("a").min_items(2)), 3);
    check(&Elicitation::url("m", "https://a.example/", "7"), 3);
}

#[test]
fn answers_of_persons() {
    let text =
        r#"{"action":"accept","content":{"a":"x","n":95.5,"f":true,"m":["p","q"]},"_meta":{}}"#;
    let answer = ElicitAnswer::parse(text).expect("an answer");
    assert!(answer.is_accepted());
    assert_eq!(answer.text("a").as_deref(), Some("x"));
    assert_eq!(answer.text("n").as_deref(), Some("95.5"));
    assert_eq!((answer.text("m"), answer.text("z")), (None, None));
    assert_eq!((answer.number("n"), answer.number("a")), (Some(95.5), None));
    assert_eq!((answer.flag("f"), answer.flag("a")), (Some(true), None));
    assert_eq!(
        (answer.texts("m"), answer.texts("a")),
        (vec!["p".into(), "q".into()], vec!["x".into()])
    );
    assert!(answer.texts("n").is_empty());
    assert_eq!(answer.get::<serde_json::Value>().expect("an object")["f"], true);
    for (text, action) in [
        (r#"{"action":"decline"}"#, ElicitAction::Decline),
        (r#"{"action":"cancel","content":null}"#, ElicitAction::Cancel),
    ] {
        let answer = ElicitAnswer::parse(text).expect("an answer");
        assert_eq!((answer.action, answer.text("a")), (action, None));
        assert!(!answer.is_accepted() && answer.get::<serde_json::Value>().is_ok());
    }
    for bad in ["null", "1", "{}", r#"{"action":"Accept"}"#, r#"{"action":null}"#, "[]"] {
        ElicitAnswer::parse(bad).expect_err(bad);
    }
}

#[test]
fn questions_to_models() {
    let plain = Sampling::text("hi", 100);
    let message = r#"{"role":"user","content":{"type":"text","text":"hi"}}"#;
    check(
        |w, fields| plain.encode_params(w, fields),
        &[(0, &format!(r#"{{"messages":[{message}],"maxTokens":100}}"#))],
    );
    assert!(!plain.uses_tools() && !plain.wants_context());
    assert!(!plain.clone().include_context(IncludeContext::None).wants_context());
    let full = plain
        .message(SamplingMessage::assistant(Content::audio(&b"abc"[..], "audio/wav")))
        .system_prompt("S")
        .preferences(ModelPreferences {
            hints: vec!["small".into()],
            cost_priority: Some(0.5),
            speed_priority: Some(1.0),
            intelligence_priority: Some(0.0),
        })
        .include_context(IncludeContext::ThisServer)
        .temperature(0.25)
        .stop_sequence("end")
        .metadata(raw(r#"{"k":1}"#));
    assert!(full.wants_context() && full.is_supported(&Fields::V2024_11_05));
    let preferences = r#"{"hints":[{"name":"small"}],"costPriority":0.5,"speedPriority":1.0,"intelligencePriority":0.0}"#;
    let rest = format!(
        r#""modelPreferences":{preferences},"systemPrompt":"S","includeContext":"thisServer","temperature":0.25,"maxTokens":100,"stopSequences":["end"],"metadata":{{"k":1}}"#
    );
    let with = |content: &str| {
        format!(r#"{{"messages":[{message},{{"role":"assistant","content":{content}}}],{rest}}}"#)
    };
    check(
        |w, fields| full.encode_params(w, fields),
        &[
            (0, &with(r#"{"type":"text","text":"[audio, audio/wav, 3 bytes]"}"#)),
            (1, &with(r#"{"type":"audio","data":"YWJj","mimeType":"audio/wav"}"#)),
        ],
    );
}

#[test]
fn messages_of_several_blocks_are_several_messages_where_there_are_none() {
    let sampling = Sampling::new(1).message(
        SamplingMessage::user(Content::link("d:a", "a"))
            .with(Content::embedded(ResourceContents::text("d:b", "b")))
            .with(Content::embedded(ResourceContents::blob("d:c", &b"c"[..]))),
    );
    let blocks = ["a: d:a", "b", "[d:c, 1 bytes]"]
        .map(|text| format!(r#"{{"type":"text","text":"{text}"}}"#));
    let single = blocks.each_ref().map(|block| format!(r#"{{"role":"user","content":{block}}}"#));
    check(
        |w, fields| sampling.encode_params(w, fields),
        &[
            (0, &format!(r#"{{"messages":[{}],"maxTokens":1}}"#, single.join(","))),
            (
                3,
                &format!(
                    r#"{{"messages":[{{"role":"user","content":[{}]}}],"maxTokens":1}}"#,
                    blocks.join(",")
                ),
            ),
        ],
    );
}

#[test]
fn models_use_tools() {
    let answer = SamplingAnswer::parse(
        r#"{"role":"assistant","model":"m","stopReason":"toolUse","content":[
            {"type":"text","text":"a"},
            {"type":"tool_use","id":"1","name":"t","input":{"x": 1},"_meta":{"k":2}},
            {"type":"image","data":"AP8=","mimeType":"image/png"},
            {"type":"image","data":"AP8","mimeType":"image/png"},
            {"type":"new","x":1}]}"#,
    )
    .expect("an answer");
    assert_eq!((answer.text().as_str(), answer.stop_reason.as_deref()), ("a", Some("toolUse")));
    let uses: Vec<_> =
        answer.tool_uses().map(|(id, name, input)| (id, name, input.get())).collect();
    assert_eq!(uses, [("1", "t", r#"{"x": 1}"#)]);
    let sampling = Sampling::new(1)
        .message(answer.into_message())
        .message(SamplingMessage::user(SamplingContent::tool_result("1", ToolResult::text("r"))))
        .tool(ToolInfo::new("t", raw(r#"{"type":"object"}"#)))
        .tool_choice(ToolChoice::Auto);
    let rows = Fields::TABLE.map(|fields| sampling.is_supported(&fields));
    assert_eq!(rows, [false, false, false, true, true]);
    let text = written(|w| sampling.encode_params(w, &Fields::V2025_11_25));
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let expected = json!({
        "messages": [
            {"role": "assistant", "content": [
                {"type": "text", "text": "a"},
                {"type": "tool_use", "id": "1", "name": "t", "input": {"x": 1}, "_meta": {"k": 2}},
                {"type": "image", "data": "AP8=", "mimeType": "image/png"},
                {"type": "image", "data": "AP8", "mimeType": "image/png"},
                {"type": "new", "x": 1},
            ]},
            {"role": "user", "content":
                {"type": "tool_result", "toolUseId": "1", "content": [{"type": "text", "text": "r"}]}},
        ],
        "maxTokens": 1,
        "tools": [{"name": "t", "inputSchema": {"type": "object"}}],
        "toolChoice": {"mode": "auto"},
    });
    assert_eq!(value, expected);
}

#[test]
fn answers_of_models() {
    let single = r#"{"role":"assistant","model":"m","content":{"type":"text","text":"a"}}"#;
    let answer = SamplingAnswer::parse(single).expect("an answer");
    assert_eq!((answer.text().as_str(), answer.stop_reason), ("a", None));
    for bad in [
        "null",
        "{}",
        r#"{"role":"assistant","model":"m"}"#,
        r#"{"role":"other","model":"m","content":[]}"#,
        r#"{"role":"user","model":1,"content":[]}"#,
    ] {
        SamplingAnswer::parse(bad).expect_err(bad);
    }
}

#[test]
fn roots() {
    let roots =
        Root::parse_list(r#"{"roots":[{"uri":"file:///a","name":"A"},{"uri":"file:///b"}]}"#);
    let roots = roots.expect("a list");
    let found: Vec<_> = roots.iter().map(|root| (&*root.uri, root.name.as_deref())).collect();
    assert_eq!(found, [("file:///a", Some("A")), ("file:///b", None)]);
    for bad in ["null", "{}", r#"{"roots":null}"#, r#"{"roots":[{}]}"#, r#"{"roots":[{"uri":1}]}"#]
    {
        Root::parse_list(bad).expect_err(bad);
    }
}

#[test]
fn tasks_have_two_forms() {
    let mut task = Task::new("t", Timestamp(0));
    let head = r#"{"taskId":"t","status":"working","createdAt":"1970-01-01T00:00:00.000Z","lastUpdatedAt":"1970-01-01T00:00:00.000Z""#;
    let forms = |task: &Task| {
        let rows = [&Fields::V2025_11_25, &Fields::V2026_07_28];
        rows.map(|fields| written(|w| task.encode(w, fields)))
    };
    assert_eq!(forms(&task), ["ttl", "ttlMs"].map(|ttl| format!(r#"{head},"{ttl}":null}}"#)));
    task.status = TaskStatus::InputRequired;
    task.status_message = Some("S".into());
    task.updated = Timestamp(1);
    (task.ttl_ms, task.poll_interval_ms) = (Some(60_000), Some(500));
    let head = r#"{"taskId":"t","status":"input_required","statusMessage":"S","createdAt":"1970-01-01T00:00:00.000Z","lastUpdatedAt":"1970-01-01T00:00:00.001Z""#;
    let tails = [r#","ttl":60000,"pollInterval":500}"#, r#","ttlMs":60000,"pollIntervalMs":500}"#];
    assert_eq!(forms(&task), tails.map(|tail| format!("{head}{tail}")));
}

#[test]
fn final_statuses_are_final() {
    use TaskStatus::{Cancelled, Completed, Failed, InputRequired, Working};
    for from in [Working, InputRequired, Completed, Failed, Cancelled] {
        for to in [Working, InputRequired, Completed, Failed, Cancelled] {
            assert_eq!(from.may_become(to), !from.is_terminal() && from != to, "{from:?} {to:?}");
        }
    }
}

#[test]
fn cache_hints() {
    let check = |hint: CacheHint, expected: &str| {
        let text = written(|w| {
            w.begin_object();
            hint.encode_members(w);
            w.end_object();
        });
        assert_eq!(text, expected);
    };
    check(CacheHint::default(), r#"{"ttlMs":0,"cacheScope":"private"}"#);
    check(CacheHint::public(5), r#"{"ttlMs":5,"cacheScope":"public"}"#);
    assert_eq!(CacheHint::private(0), CacheHint { ttl_ms: 0, scope: CacheScope::Private });
}

#[test]
fn icons_are_fetched_from_three_schemes_only() {
    for (src, is_fine) in [
        ("https://a.example/i.png", true),
        ("HTTP://a.example/i.png", true),
        ("data:image/png;base64,AA==", true),
        ("javascript:alert(1)", false),
        ("file:///etc/passwd", false),
        ("/i.png", false),
        ("é", false),
        ("", false),
    ] {
        assert_eq!(Icon::new(src).fault().is_none(), is_fine, "{src}");
    }
}
