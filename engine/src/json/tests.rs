//! Tables for the scan and its values, and `serde_json` as the differential oracle.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::limits::JSON_DEPTH_MAX;

/// Parses with every backend, demands one answer of all, and gives it to `look`.
fn with_all<T>(text: &[u8], look: impl Fn(Result<Value<'_>, JsonError>) -> T) -> T {
    // Slack that continues any text plausibly, so that believing it shows.
    let mut answers = Vec::new();
    for slack in [b'0', b'"', b'}', b']', b' ', b'\\', 0xff, 0] {
        let mut bytes = text.to_vec();
        bytes.resize(text.len() + SLACK, slack);
        for backend in Backend::ALL {
            let mut parser = Parser::new(backend);
            let padded = Padded::new(&bytes, text.len()).expect("slack");
            let parsed = parser.parse(padded);
            answers.push(parsed.map(shape));
        }
    }
    let differs = answers.iter().find(|answer| **answer != answers[0]);
    assert_eq!(differs, None, "{:?}", String::from_utf8_lossy(text));
    let buf = PaddedBuf::copy(text);
    look(Parser::default().parse(buf.padded()))
}

/// The tape in words: kind, span and children of each value.
fn shape(value: Value<'_>) -> String {
    let mut words = format!("{:?}{:?}", value.kind(), value.span());
    let members = value.members().flat_map(|(name, value)| [name, value]);
    for child in value.elements().chain(members) {
        words.extend(["(", &shape(child), ")"]);
    }
    words
}

/// `value` in the form of another parser; members of one name as there, the last counts.
fn tree(value: Value<'_>) -> serde_json::Value {
    use serde_json::Value as Tree;
    match value.kind() {
        Kind::Null => Tree::Null,
        Kind::Bool => Tree::Bool(value.as_bool().expect("bool")),
        Kind::String => Tree::String(value.as_str().expect("string").into_owned()),
        Kind::Array => value.elements().map(tree).collect(),
        Kind::Object => value
            .members()
            .map(|(k, v)| (k.as_str().expect("name").into_owned(), tree(v)))
            .collect(),
        // The sign of an integer zero is all that our integers do not keep.
        Kind::Number if value.raw() == b"-0" => Tree::from(-0.0),
        Kind::Number => value
            .as_u64()
            .map(Tree::from)
            .or_else(|| value.as_i64().map(Tree::from))
            .unwrap_or_else(|| Tree::from(value.as_f64())),
    }
}

fn alike(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Tree;
    match (ours, theirs) {
        // Its default float parser may be one unit off in the last place.
        (Tree::Number(a), Tree::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            (a - b).abs() <= b.abs() * 1e-15
        }
        (Tree::Array(a), Tree::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Tree::Object(a), Tree::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| alike(v, w)))
        }
        _ => ours == theirs,
    }
}

#[test]
fn refused() {
    use JsonErrorKind::*;
    let check = |text: &str, kind: JsonErrorKind, offset: usize| {
        let want = Err(JsonError { kind, offset });
        assert_eq!(with_all(text.as_bytes(), |answer| answer.map(|_| ())), want, "{text:?}");
    };
    check("", UnexpectedEnd, 0);
    check("  ", UnexpectedEnd, 2);
    check("[", UnexpectedEnd, 1);
    check("[1", UnexpectedEnd, 2);
    check("[1,", UnexpectedEnd, 3);
    check("[1,]", ExpectedValue, 3);
    check("[,1]", ExpectedValue, 1);
    check("[1 2]", ExpectedCommaOrEnd, 3);
    check("[1}", ExpectedCommaOrEnd, 2);
    check("]", ExpectedValue, 0);
    check("{", UnexpectedEnd, 1);
    check("{]", ExpectedName, 1);
    check("{1:2}", ExpectedName, 1);
    check(r#"{"a"}"#, ExpectedColon, 4);
    check(r#"{"a":}"#, ExpectedValue, 5);
    check(r#"{"a":1,}"#, ExpectedName, 7);
    check(r#"{"a":1]"#, ExpectedCommaOrEnd, 6);
    check(r#"{"a":1"#, UnexpectedEnd, 6);
    check(r#"{"a""#, UnexpectedEnd, 4);
    check("1 2", TrailingText, 2);
    check("{}{}", TrailingText, 2);
    check("null\0", TrailingText, 4);
    check("\u{feff}1", ExpectedValue, 0);
    check("\u{a0}1", ExpectedValue, 0);
    for (literal, offset) in [("nul", 3), ("t", 1), ("fals", 4)] {
        check(literal, UnexpectedEnd, offset);
    }
    for (literal, offset) in [("nulL", 3), ("True", 0), ("falze", 3), ("NaN", 0), ("+1", 0)] {
        check(literal, ExpectedValue, offset);
    }
    check("truex", TrailingText, 4);
    check("\"", UnexpectedEnd, 1);
    check("\"abc", UnexpectedEnd, 4);
    check(r#""\"#, UnexpectedEnd, 2);
    check(r#""\""#, UnexpectedEnd, 3);
    check(r#""\u12"#, UnexpectedEnd, 5);
    check(r#""\ud800"#, UnexpectedEnd, 7);
    check("\"a\nb\"", ControlCharacter, 2);
    check("\"\0\"", ControlCharacter, 1);
    check("\"\u{1f}\"", ControlCharacter, 1);
    check(r#""\x""#, BadEscape, 2);
    check(r#""\u12g4""#, BadEscape, 5);
    check(r#""\u+123""#, BadEscape, 3);
    check(r#""\ud800""#, LoneSurrogate, 1);
    check(r#""x\udc00""#, LoneSurrogate, 2);
    check(r#""\ud800\n""#, LoneSurrogate, 1);
    check(r#""\ud800\ud800""#, LoneSurrogate, 1);
    check("[1.]", BadNumber, 3);
    check("1.", UnexpectedEnd, 2);
    check("-", UnexpectedEnd, 1);
    check("[-]", BadNumber, 2);
    check("[--1]", BadNumber, 2);
    check("1e", UnexpectedEnd, 2);
    check("[1e+]", BadNumber, 4);
    check("[1.e1]", BadNumber, 3);
    check("01", BadNumber, 1);
    check("-00", BadNumber, 2);
    check(".5", ExpectedValue, 0);
    check("0x1", TrailingText, 1);
    check("1e5.5", TrailingText, 3);
}

#[test]
fn refused_bytes() {
    let check = |text: &[u8], offset: usize| {
        let want = Err(JsonError { kind: JsonErrorKind::BadUtf8, offset });
        assert_eq!(with_all(text, |answer| answer.map(|_| ())), want, "{text:?}");
    };
    check(b"\"\xff\"", 1);
    check(b"\"\xc0\x80\"", 1);
    check(b"\"\xed\xa0\x80\"", 1);
    check(b"\"\xf4\x90\x80\x80\"", 1);
    check(b"\"\xe2\x82\"", 1);
    check(b"[1,\"abcdefghijklmnopqrstuvwxyz0123456789\x80\"]", 40);
}

#[test]
fn accepted() {
    let check = |text: &str, want: &str| {
        let shape = with_all(text.as_bytes(), |answer| answer.map(shape));
        assert_eq!(shape.as_deref(), Ok(want), "{text}");
    };
    check(" null ", "Null1..5");
    check("true", "Bool0..4");
    check("\t\r\n -0.5e+10", "Number4..12");
    check("\"\"", "String0..2");
    check("\"\u{7f}\u{2028}é😀\"", "String0..12");
    check("[]", "Array0..2");
    check("[ ]", "Array0..3");
    check("{ }", "Object0..3");
    check("[1,[],2]", "Array0..8(Number1..2)(Array3..5)(Number6..7)");
    check(
        r#"{"a":[1,{"b":{}}],"c":""}"#,
        "Object0..25(String1..4)(Array5..17(Number6..7)(Object8..16(String9..12)(Object13..15)))\
         (String18..21)(String22..24)",
    );
    check(r#"{"a":1,"a":2}"#, "Object0..13(String1..4)(Number5..6)(String7..10)(Number11..12)");
    // Beyond what the other backends can hold.
    check("123456789012345678901234567890123456789", "Number0..39");
    check("[1e999999999]", "Array0..13(Number1..12)");
}

#[test]
fn depth() {
    for (depth, fits) in [(1, true), (127, true), (JSON_DEPTH_MAX, true), (129, false)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(with_all(text.as_bytes(), |answer| answer.is_ok()), fits, "{depth}");
    }
    let bomb = "{\"a\":[".repeat(100_000);
    let fault = with_all(bomb.as_bytes(), |answer| answer.map(|_| ()));
    assert_eq!(fault.map_err(|fault| fault.kind), Err(JsonErrorKind::TooDeep));
}

#[test]
fn values() {
    let text = PaddedBuf::copy(
        br#"{"s":"plain","e":"a\u0000\"","n":-12,"f":1.5,"b":false,"z":null,"l":[1,"x"],"s":2}"#,
    );
    let mut parser = Parser::default();
    let root = parser.parse(text.padded()).expect("valid");
    let get = |key: &str| root.get(key).expect("member");
    assert_eq!(root.len(), 8);
    assert!(matches!(get("s").as_str(), Some(Cow::Borrowed("plain"))), "the first of two");
    assert_eq!(get("e").as_str().as_deref(), Some("a\0\""));
    assert!(get("e").eq_str("a\0\"") && !get("e").eq_str("a") && !get("n").eq_str("-12"));
    assert_eq!(get("e").raw(), br#""a\u0000\"""#);
    assert_eq!(
        (get("n").as_i64(), get("n").as_u64(), get("n").as_f64()),
        (Some(-12), None, Some(-12.0))
    );
    assert!(get("n").is_integer_lexeme() && !get("f").is_integer_lexeme());
    assert_eq!((get("f").as_i64(), get("f").as_f64()), (None, Some(1.5)));
    assert_eq!((get("b").as_bool(), get("z").as_bool()), (Some(false), None));
    assert_eq!((get("z").kind(), get("z").len()), (Kind::Null, 0));
    let items: Vec<_> = get("l").elements().map(Value::raw).collect();
    assert_eq!(items, [&b"1"[..], b"\"x\""]);
    assert_eq!((get("l").members().count(), root.elements().count()), (0, 0));
    assert!(root.get("missing").is_none() && get("l").get("x").is_none());
    assert_eq!(&text.padded().text()[get("l").span()], get("l").raw());
}

#[test]
fn a_name_with_nul_is_another_name() {
    let text = PaddedBuf::copy(br#"{"method\u0000":1,"meth\u006fd":2}"#);
    let mut parser = Parser::default();
    let root = parser.parse(text.padded()).expect("valid");
    assert_eq!(root.get("method").and_then(Value::as_i64), Some(2));
    assert_eq!(root.get("method\0").and_then(Value::as_i64), Some(1));
    assert!(root.get("metho").is_none());
}

#[test]
fn memory_is_used_again_and_given_back() {
    let huge = PaddedBuf::copy(format!("[{}1]", "1,".repeat(100_000)).as_bytes());
    let small = PaddedBuf::copy(b"[1]");
    for backend in Backend::ALL {
        let mut parser = Parser::new(backend);
        for text in [&huge, &small, &huge, &small, &small] {
            let count = parser.parse(text.padded()).expect("valid").len();
            assert_eq!(count, if std::ptr::eq(text, &raw const huge) { 100_001 } else { 1 });
        }
        assert_eq!(parser.disagreements(), 0, "{backend}");
    }
}

#[test]
fn backends_have_names() {
    for backend in Backend::ALL {
        assert_eq!(backend.to_string().parse(), Ok(backend));
    }
    assert_eq!("sonic".parse::<Backend>(), Err(UnknownBackend));
}

#[test]
fn disagreements_are_counted() {
    let beyond_u64 = PaddedBuf::copy(b"123456789012345678901234567890");
    let mut parser = Parser::new(Backend::SimdJson);
    assert!(parser.parse(beyond_u64.padded()).is_ok());
    assert_eq!(parser.disagreements(), 1);
}

/// Any tree, with the characters and numbers that parsers get wrong.
fn any_tree() -> impl Strategy<Value = serde_json::Value> {
    let string =
        prop_oneof!["[a-z]{0,40}", "[\"\\\\/\u{0}-\u{1f}\u{7f}é漢😀]{0,8}", "[ -~]{0,100}",];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        (-100i64..100).prop_map(serde_json::Value::from),
        string.clone().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(serde_json::Value::from),
            prop::collection::vec((string.clone(), inner), 0..8)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Checks one text against `serde_json`: same verdict, same value.
fn against_serde(text: &[u8]) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_slice::<serde_json::Value>(text);
    let ours = with_all(text, |answer| answer.map(tree));
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => prop_assert!(alike(&ours, &theirs), "{ours} is not {theirs}"),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(fault)) => {
            // Its floats and its stack end earlier than our spans do.
            let words = fault.to_string();
            let known = words.contains("out of range") || words.contains("recursion limit");
            prop_assert!(known, "refused only there: {words}");
        }
        (Err(fault), Ok(_)) => prop_assert!(false, "refused only here: {fault}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_serde_writes_is_read(tree in any_tree(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) };
        against_serde(&text.expect("serializes"))?;
    }

    #[test]
    fn mutations_are_judged_alike(
        tree in any_tree(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..4),
    ) {
        let mut text = serde_json::to_vec(&tree).expect("serializes");
        for (place, edit, byte) in edits {
            let syntax = b"\"\\{}[]:,0-.eE+u \n\xff\x00"[usize::from(byte) % 19];
            let at = place.index(text.len().max(1));
            match edit {
                _ if text.is_empty() => {}
                0 => text[at] = syntax,
                1 => text.insert(at, syntax),
                2 => drop(text.remove(at)),
                _ => text.truncate(at),
            }
        }
        against_serde(&text)?;
    }

    #[test]
    fn tokens_in_any_order_are_judged_alike(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", " ", "\n", "\"", "\"a\"", "\"\\", "\\u", "\\ud83d",
            "\\ude00", "\\n", "0", "12", "-", ".", "e", "1e5", "0.5", "null", "true", "fals", "é",
        ]), 0..24),
    ) {
        against_serde(tokens.concat().as_bytes())?;
    }

    #[test]
    fn what_is_written_is_read(text in any::<String>(), int in any::<i64>(), float in any::<f64>()) {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        writer.begin_object();
        writer.member_string(&text, &text);
        writer.member_int("i", int);
        writer.member_float("f", float);
        writer.end_object();
        let buf = PaddedBuf::copy(&out);
        let mut parser = Parser::default();
        let root = parser.parse(buf.padded()).expect("valid");
        let (name, value) = root.members().next().expect("member");
        prop_assert!(name.eq_str(&text) && value.as_str().as_deref() == Some(&text));
        prop_assert_eq!(root.members().nth(1).and_then(|(_, v)| v.as_i64()), Some(int));
        let read = root.members().nth(2).and_then(|(_, v)| v.as_f64());
        prop_assert_eq!(read, float.is_finite().then_some(float));
    }

    #[test]
    fn compact_changes_only_space(tree in any_tree()) {
        let mut out = Vec::new();
        compact_into(&mut out, &serde_json::to_vec_pretty(&tree).expect("serializes"));
        prop_assert_eq!(out, serde_json::to_vec(&tree).expect("serializes"));
    }
}

#[test]
fn places_are_values_until_the_next_text() {
    let text = r#"{"a":[1,"\u0062\n"],"c":true}"#;
    let padded = PaddedBuf::copy(text.as_bytes());
    let mut parser = Parser::default();
    assert!(parser.value(text, 0).is_none());
    let root = parser.parse(padded.padded()).expect("valid");
    assert_eq!(root.text(), text);
    let place = root.get("a").map(Value::index).expect("a member");
    let array = parser.value(text, place).expect("its place");
    assert_eq!((array.raw(), array.subtree()), (&br#"[1,"\u0062\n"]"#[..], place..place + 3));
    let mut read = String::new();
    let string = parser.value(text, place + 2).expect("its place");
    assert!(string.read_str(|piece| read.push_str(piece)));
    assert_eq!(read, "b\n");
    assert!(!array.read_str(|_| unreachable!("no string")));
    assert!(parser.value(text, 7).is_none() && parser.value(text, u32::MAX).is_none());
    assert!(parser.parse(PaddedBuf::copy(b"[1,2").padded()).is_err());
    assert!(parser.value("[1,2", 0).is_none(), "a refused text has no values");
}
