//! Answers that a program writes as JSON: read, and written again for every version.

use super::*;
use crate::error::{Error, ErrorKind};

/// `text` read as a tool's result and written for each row, as (first row, text).
fn tool(text: &str, expected: &[(usize, &str)]) {
    let result = ToolResult::from_json(text).expect(text);
    check(|w, fields| result.encode(w, fields), expected);
}

#[test]
fn what_no_version_changes_comes_out_as_it_was() {
    for text in [
        r#"{"content":[]}"#,
        r#"{"content":[{"type":"text","text":"a\n\"ü\""}],"isError":true,"_meta":{"k":1.50}}"#,
        r#"{"content":[{"type":"image","data":"AP8=","mimeType":"image/png"}]}"#,
        r#"{"content":[{"type":"resource","resource":{"uri":"d:a","mimeType":"m/t","text":"x"}}]}"#,
        r#"{"content":[{"type":"resource","resource":{"uri":"d:a","blob":"eA=="}}]}"#,
    ] {
        tool(text, &[(0, text)]);
    }
    let text = r#"{"description":"D","messages":[{"role":"user","content":{"type":"text","text":"hi"}},{"role":"assistant","content":{"type":"image","data":"","mimeType":"m/t"}}],"_meta":{"k":[1]}}"#;
    let result = PromptResult::from_json(text).expect(text);
    check(|w, fields| result.encode(w, fields), &[(0, text)]);
    let text =
        r#"{"contents":[{"uri":"d:a","text":"x"},{"uri":"d:b","blob":"eA=="}],"_meta":{"k":[1]}}"#;
    let result = ResourceResult::from_json(text).expect(text);
    let object = |w: &mut Writer<'_>, members: &dyn Fn(&mut Writer<'_>)| {
        w.begin_object();
        members(w);
        w.end_object();
    };
    check(|w, fields| object(w, &|w| result.encode_members(w, fields, &[])), &[(0, text)]);
    for text in [
        r#"{"completion":{"values":["a","b"],"total":7,"hasMore":true}}"#,
        r#"{"completion":{"values":[],"hasMore":false}}"#,
    ] {
        let completion = Completion::from_json(text).expect(text);
        check(|w, _fields| object(w, &|w| completion.encode_members(w, &[])), &[(0, text)]);
    }
}

#[test]
fn what_a_version_does_not_know_is_written_as_it_would_be() {
    let audio = r#"{"content":[{"type":"audio","data":"YWJj","mimeType":"audio/wav"}]}"#;
    let words = r#"{"content":[{"type":"text","text":"[audio, audio/wav, 3 bytes]"}]}"#;
    tool(audio, &[(0, words), (1, audio)]);
    let hints = r#""annotations":{"audience":["user","assistant"],"priority":0.5,"lastModified":"2026-01-01T00:00:00Z"},"_meta":{"k":[1]}}"#;
    let link = r#"{"content":[{"type":"resource_link","uri":"d:a","name":"a","title":"A","description":"D","mimeType":"m/t","size":3"#;
    let icons = r#""icons":[{"src":"data:,","mimeType":"m/t","sizes":["any"],"theme":"dark"}]"#;
    let whole = format!("{link},{icons},{hints}]}}");
    tool(
        &whole,
        &[
            (
                0,
                r#"{"content":[{"type":"text","text":"a: d:a","annotations":{"audience":["user","assistant"],"priority":0.5}}]}"#,
            ),
            (2, &format!("{link},{hints}]}}")),
            (3, &whole),
        ],
    );
    // Kept as it is written, numbers too.
    let data = r#"{"content":[{"type":"text","text":"x"}],"structuredContent":{"n":1.0e2,"n":1}}"#;
    tool(data, &[(0, r#"{"content":[{"type":"text","text":"x"}]}"#), (2, data)]);
    tool(
        r#"{"structuredContent":[ 1 ]}"#,
        &[
            (0, r#"{"content":[{"type":"text","text":"[ 1 ]"}]}"#),
            (
                2,
                r#"{"content":[{"type":"text","text":"[ 1 ]"}],"structuredContent":{"result":[ 1 ]}}"#,
            ),
            (4, r#"{"content":[{"type":"text","text":"[ 1 ]"}],"structuredContent":[ 1 ]}"#),
        ],
    );
}

#[test]
fn what_is_unknown_or_null_counts_as_absent() {
    tool(
        r#"{"resultType":"complete","content":[{"type":"text","text":"a","annotations":null,"_meta":null,"more":1}],"structuredContent":null,"isError":false,"_meta":null}"#,
        &[(0, r#"{"content":[{"type":"text","text":"a"}]}"#)],
    );
    tool(
        r#"{"content":[{"type":"resource","resource":{"uri":"d:a","mimeType":null,"text":"x","blob":null},"annotations":{"priority":1,"audience":null,"other":2}}]}"#,
        &[(
            0,
            r#"{"content":[{"type":"resource","resource":{"uri":"d:a","text":"x"},"annotations":{"priority":1.0}}]}"#,
        )],
    );
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    #[track_caller]
    fn refused<T>(read: fn(&str) -> Result<T, Error>, faults: &[(&str, &str)]) {
        for (text, words) in faults {
            let fault = read(text).err().expect(text);
            assert_eq!(fault.kind(), ErrorKind::Usage);
            assert!(fault.to_string().contains(words), "{text}: {fault}");
        }
    }
    let block = |members: &str| format!(r#"{{"content":[{{"type":"text","text":""}},{members}]}}"#);
    refused(
        ToolResult::from_json,
        &[
            ("", "result: "),
            ("{} x", "result: "),
            ("[]", "result is no object"),
            ("{}", "result.content is missing"),
            (r#"{"content":{}}"#, "result.content is no array"),
            (r#"{"content":[],"isError":"no"}"#, "result.isError does not fit"),
            (r#"{"content":[],"_meta":[]}"#, "result._meta does not fit"),
            (&block("1"), "result.content[1] is no object"),
            (&block("{}"), "result.content[1].type is missing"),
            (&block(r#"{"type":"x"}"#), "result.content[1].type is none of text, image"),
            (&block(r#"{"type":"text","text":1}"#), "result.content[1].text is no string"),
            (&block(r#"{"type":"image","data":"AP8"}"#), "content[1].data is no padded base64"),
            (&block(r#"{"type":"audio","data":""}"#), "content[1].mimeType is missing"),
            (&block(r#"{"type":"resource_link","uri":""}"#), "content[1].name is missing"),
            (
                &block(r#"{"type":"resource_link","uri":"","name":"","size":-1}"#),
                "content[1].size does not fit",
            ),
            (
                &block(r#"{"type":"resource_link","uri":"","name":"","icons":[{"src":"file:"}]}"#),
                "content[1].icons[0].src is no http, https or data URI",
            ),
            (
                &block(r#"{"type":"resource","resource":{"uri":"d:a"}}"#),
                "content[1].resource has neither text nor blob",
            ),
            (
                &block(r#"{"type":"text","text":"","annotations":{"priority":2}}"#),
                "content[1].annotations has a priority outside 0 to 1",
            ),
            (
                &block(r#"{"type":"text","text":"","annotations":{"audience":["me"]}}"#),
                "content[1].annotations.audience does not fit",
            ),
        ],
    );
    refused(
        PromptResult::from_json,
        &[
            ("{}", "result.messages is missing"),
            (r#"{"messages":[{"role":"me"}]}"#, "result.messages[0].role does not fit"),
            (r#"{"messages":[{"role":"user","content":[]}]}"#, "messages[0].content is no object"),
        ],
    );
    refused(
        ResourceResult::from_json,
        &[
            ("{}", "result.contents is missing"),
            (r#"{"contents":[{"text":""}]}"#, "result.contents[0].uri is missing"),
            (
                r#"{"contents":[{"uri":"","text":"","blob":""}]}"#,
                "result.contents[0] has both text and blob",
            ),
        ],
    );
    refused(
        Completion::from_json,
        &[
            ("{}", "result.completion is missing"),
            (r#"{"completion":{"values":["",1]}}"#, "completion.values[1] is no string"),
            (r#"{"completion":{"values":[],"total":1.5}}"#, "completion.total does not fit"),
        ],
    );
}
