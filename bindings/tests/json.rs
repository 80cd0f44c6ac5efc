//! Parsing and looking into what was parsed, as C does.

#![allow(clippy::multiple_unsafe_ops_per_block, reason = "calls as a C program strings them")]
#![allow(clippy::disallowed_methods, reason = "a foreign thread is a part of what is tested")]

mod caller;

use std::fmt::Write as _;
use std::ptr;

use caller::*;
use mcpring_c::*;

/// A parsed value written anew through every function that looks into one.
fn rewrite(json: *mut mcpring_json, node: mcpring_node, out: &mut String) {
    let raw = show(answer(mcpring_json_raw, json, node, mcpring_str::ABSENT));
    let string = |node| {
        let (status, text) = text_of(json, node, raw.len());
        check(status, MCPRING_OK, "");
        serde_json::to_string(&text).expect("a string")
    };
    match answer(mcpring_json_kind, json, node, 7) {
        MCPRING_KIND_NULL => out.push_str("null"),
        MCPRING_KIND_BOOL => {
            write!(out, "{}", answer(mcpring_json_bool, json, node, false)).expect("a string");
        }
        MCPRING_KIND_NUMBER => out.push_str(raw),
        MCPRING_KIND_STRING => out.push_str(&string(node)),
        kind => {
            let is_object = kind == MCPRING_KIND_OBJECT;
            let count = answer(mcpring_json_count, json, node, 7);
            let mut seen = 0;
            out.push(if is_object { '{' } else { '[' });
            for (name, value) in walk(json, node) {
                out.push_str(if seen > 0 { "," } else { "" });
                seen += 1;
                if is_object {
                    write!(out, "{}:", string(name)).expect("a string");
                } else {
                    assert_eq!(name, MCPRING_NO_NODE);
                }
                rewrite(json, value, out);
            }
            out.push(if is_object { '}' } else { ']' });
            assert_eq!(seen, count);
        }
    }
}

#[test]
fn values_are_what_serde_reads() {
    let json = new_json();
    let check = |text: &str| {
        let want: serde_json::Value = serde_json::from_str(text).expect("test text is JSON");
        let mut padded = text.as_bytes().to_vec();
        padded.resize(text.len() + MCPRING_PADDING, b'"');
        for readable in [text.len(), padded.len() - 1, padded.len()] {
            let lent = mcpring_str { data: padded.as_ptr().cast(), len: text.len() };
            // SAFETY: the text stays until the next round.
            let parsed = unsafe { mcpring_json_parse(json, lent, readable) };
            check(parsed, MCPRING_OK, "");
            let mut again = String::new();
            rewrite(json, 0, &mut again);
            assert_eq!(again, want.to_string(), "{text} with {readable} readable");
            let raw = answer(mcpring_json_raw, json, 0, mcpring_str::ABSENT);
            let is_in_place = padded.as_ptr_range().contains(&raw.data.cast());
            assert_eq!(is_in_place, readable == padded.len(), "{text} with {readable} readable");
        }
    };
    check("null");
    check(" true ");
    check("-12.5");
    check(r#""""#);
    check(r#"{"a":[1,{"b\u0000\n\"":[]},"\ud83d\ude00x"],"":{},"é":false}"#);
    check(r#"[[[[]]],"a\/b"]"#);
    caller::check(free_json(json), MCPRING_OK, "");
}

#[test]
fn malformed_text_leaves_nothing() {
    let json = new_json();
    let refused = |text: &[u8], words: &str| {
        check(parse(json, b"[1]"), MCPRING_OK, "");
        check(parse(json, text), MCPRING_ERR_MALFORMED, words);
        check(ask(mcpring_json_kind, json, 0, 7).0, MCPRING_ERR_STATE, "no text was parsed");
    };
    refused(b"", "unexpected end of the text at byte 0");
    refused(b"[1,]", "at byte 3");
    refused(b"\"\xff\"", "invalid UTF-8 at byte 1");
    refused(b"1 2", "text after the end of the value at byte 2");
    refused(&[b'['; 1000], "nested too deeply");
    let absent = |len, readable| {
        let text = mcpring_str { data: ptr::null(), len };
        // SAFETY: NULL is allowed and refused.
        unsafe { mcpring_json_parse(json, text, readable) }
    };
    check(absent(0, 0), MCPRING_ERR_ARGUMENT, "text is NULL");
    check(absent(3, 3), MCPRING_ERR_ARGUMENT, "text is NULL");
    check(absent(0, 100), MCPRING_ERR_ARGUMENT, "text is NULL");
    check(absent(usize::MAX, usize::MAX), MCPRING_ERR_ARGUMENT, "text is NULL");
    check(free_json(json), MCPRING_OK, "");
}

#[test]
fn scalars_are_exact_or_refused() {
    let json = new_json();
    let asked = |text: &str| {
        check(parse(json, text), MCPRING_OK, "");
        let ok = |status| status == MCPRING_OK || status == MCPRING_ERR_ARGUMENT;
        let (i64, u64) = (ask(mcpring_json_i64, json, 0, 7), ask(mcpring_json_u64, json, 0, 7));
        let (f64, bool) =
            (ask(mcpring_json_f64, json, 0, 7.0), ask(mcpring_json_bool, json, 0, true));
        let string = text_of(json, 0, 100);
        assert!([i64.0, u64.0, f64.0, bool.0, string.0].into_iter().all(ok), "{text}");
        let some = |status: mcpring_status| status == MCPRING_OK;
        (
            some(i64.0).then_some(i64.1),
            some(u64.0).then_some(u64.1),
            some(f64.0).then_some(f64.1),
            some(bool.0).then_some(bool.1),
            some(string.0).then_some(string.1),
        )
    };
    let check = |text, i64, u64, f64| assert_eq!(asked(text), (i64, u64, f64, None, None));
    check("7", Some(7), Some(7), Some(7.0));
    check("-7", Some(-7), None, Some(-7.0));
    check("18446744073709551615", None, Some(u64::MAX), Some(2_f64.powi(64)));
    check("1.5", None, None, Some(1.5));
    check("1e999", None, None, None);
    check("[1]", None, None, None);
    check("null", None, None, None);
    assert_eq!(asked("false"), (None, None, None, Some(false), None));
    assert_eq!(asked(r#""\u00e9""#).4, Some("é".to_owned()));
    caller::check(free_json(json), MCPRING_OK, "");
}

#[test]
fn a_string_with_escapes_wants_room() {
    let json = new_json();
    let check = |text: &str, capacity: usize, status: mcpring_status, want: &str| {
        check(parse(json, text), MCPRING_OK, "");
        let got = text_of(json, 0, capacity);
        check(got.0, status, "bytes are needed");
        assert_eq!(got.1, want, "{text}");
    };
    check(r#""plain""#, 0, MCPRING_OK, "plain");
    check(r#""a\nb""#, 0, MCPRING_ERR_SPACE, "");
    check(r#""a\nb""#, 2, MCPRING_ERR_SPACE, "");
    check(r#""a\nb""#, 3, MCPRING_OK, "a\nb");
    caller::check(free_json(json), MCPRING_OK, "");
}

#[test]
fn members_are_found_by_name() {
    let json = new_json();
    check(parse(json, r#"{"a":1,"\u0062":[2],"a":3,"c\u0000":4}"#), MCPRING_OK, "");
    let get = |object: mcpring_node, key: &[u8]| {
        let mut value = 77;
        // SAFETY: the place is good.
        let status = unsafe { mcpring_json_get(json, object, view(key), &raw mut value) };
        (status, value)
    };
    let found = |key: &str, raw: &str| {
        let (status, value) = get(0, key.as_bytes());
        check(status, MCPRING_OK, "");
        assert_eq!(show(answer(mcpring_json_raw, json, value, mcpring_str::ABSENT)), raw, "{key}");
    };
    found("a", "1");
    found("b", "[2]");
    found("c\0", "4");
    let refused = |object, key: &[u8], status| assert_eq!(get(object, key), (status, 77));
    refused(0, b"c", MCPRING_ERR_NOT_FOUND);
    refused(1, b"a", MCPRING_ERR_NOT_FOUND);
    refused(0, b"\xff", MCPRING_ERR_ARGUMENT);
    refused(99, b"a", MCPRING_ERR_ARGUMENT);
    check(free_json(json), MCPRING_OK, "");
}

#[test]
fn a_forged_walk_is_a_status() {
    let json = new_json();
    check(parse(json, r#"{"a":[1,2]}"#), MCPRING_OK, "");
    let (mut ends, mut refusals) = (0, 0);
    for next in [0, 1, 2, 4, 5, 99, u32::MAX - 1, u32::MAX] {
        for left in [0, 1, u32::MAX] {
            for members in [0, 1, 2, u32::MAX] {
                let mut walk = mcpring_walk { next, left, members };
                let (mut steps, mut value) = (0, 0);
                let last = loop {
                    // SAFETY: the places are good; the walk holds whatever it holds.
                    let status = unsafe {
                        mcpring_json_step(json, &raw mut walk, ptr::null_mut(), &raw mut value)
                    };
                    steps += 1;
                    assert!(steps <= 10, "{next} {left} {members} does not end");
                    if status != MCPRING_OK {
                        break status;
                    }
                };
                match last {
                    MCPRING_END => ends += 1,
                    MCPRING_ERR_ARGUMENT => refusals += 1,
                    status => panic!("{status}"),
                }
            }
        }
    }
    assert!(ends > 0 && refusals > 0);
    check(free_json(json), MCPRING_OK, "");
}

#[test]
fn places_and_handles_that_are_none_are_statuses() {
    let json = new_json();
    check(ask(mcpring_json_kind, json, 0, 7).0, MCPRING_ERR_STATE, "no text was parsed");
    check(parse(json, "[1]"), MCPRING_OK, "");
    check(ask(mcpring_json_kind, json, 2, 7).0, MCPRING_ERR_ARGUMENT, "the text has no value 2");
    check(ask(mcpring_json_kind, json, MCPRING_NO_NODE, 7).0, MCPRING_ERR_ARGUMENT, "no value");
    // SAFETY: NULL is allowed and refused.
    let status = unsafe { mcpring_json_kind(json, 0, ptr::null_mut()) };
    check(status, MCPRING_ERR_ARGUMENT, "kind is NULL");
    // SAFETY: as above.
    check(unsafe { mcpring_json_new(ptr::null_mut()) }, MCPRING_ERR_ARGUMENT, "json is NULL");
    check(parse(ptr::null_mut(), "1"), MCPRING_ERR_HANDLE, "NULL where a mcpring_json must be");
    let number = json.addr();
    let foreign = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let json = ptr::without_provenance_mut(number);
            check(parse(json, "1"), MCPRING_ERR_THREAD, "another");
            check(free_json(json), MCPRING_ERR_THREAD, "another");
            new_json().addr()
        });
        other.join().expect("the other thread")
    });
    assert_eq!(free_json(ptr::without_provenance_mut(foreign)), MCPRING_ERR_THREAD);
    check(free_json(json), MCPRING_OK, "");
    check(free_json(json), MCPRING_ERR_HANDLE, "this mcpring_json is over");
    check(parse(json, "1"), MCPRING_ERR_HANDLE, "over");
    check(free_json(ptr::null_mut()), MCPRING_OK, "");
}
