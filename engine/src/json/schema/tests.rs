//! The keywords a tool's schema uses, the policy, and jsonschema on a tree as the oracle.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::*;
use crate::json::{PaddedBuf, Parser};

fn check_text(schema: &Tree, instance: &str) -> Result<(), Violation> {
    let schema = Schema::compile(schema).expect("schema compiles");
    let text = PaddedBuf::copy(instance.as_bytes());
    let mut parser = Parser::default();
    schema.check(parser.parse(text.padded()).expect("valid JSON"))
}

#[test]
fn keywords() {
    let check = |schema: Tree, good: &[&str], bad: &[(&str, &str, &str)]| {
        for instance in good {
            assert_eq!(check_text(&schema, instance), Ok(()), "{schema} {instance}");
        }
        for (instance, path, part) in bad {
            let violation = check_text(&schema, instance).expect_err("violation");
            assert_eq!(violation.path, *path, "{schema} {instance}");
            assert!(violation.message.contains(part), "{violation} has no {part}");
        }
    };
    check(
        json!({"type": "object", "required": ["a"], "additionalProperties": false,
               "properties": {"a": {"type": "integer", "minimum": 0}, "b/~": {"type": "string"}}}),
        &[r#"{"a":1}"#, r#"{"a":1.0,"b/~":""}"#, r#"{"\u0061":0}"#, r#"{"a":1e2}"#],
        &[
            ("[]", "", "\"object\""),
            ("{}", "", "\"a\" is a required property"),
            (r#"{"a":"x"}"#, "/a", "\"integer\""),
            (r#"{"a":1.5}"#, "/a", "\"integer\""),
            (r#"{"a":-1}"#, "/a", "minimum of 0"),
            (r#"{"a":1,"c":2}"#, "", "'c'"),
            (r#"{"a":1,"b/~":2}"#, "/b~1~0", "\"string\""),
            (r#"{"a\u0000":1}"#, "", "a"),
        ],
    );
    check(
        json!({"type": "array", "items": {"enum": ["x", 2, null, {"k": [1]}]}, "uniqueItems": true}),
        &["[]", r#"["x",2,null,{"k":[1.0]}]"#, r#"["\u0078"]"#, "[2.0]"],
        &[(r#"["x","y"]"#, "/1", "\"x\""), (r#"["x","\u0078"]"#, "", "non-unique")],
    );
    check(
        json!({"properties": {"s": {"pattern": "^a+$", "maxLength": 3}}, "maxProperties": 2}),
        &[r#"{"s":"aa"}"#, r#"{"s":1}"#],
        &[(r#"{"s":"b"}"#, "/s", "^a+$"), (r#"{"s":"aaaa"}"#, "/s", "3 characters")],
    );
    check(
        json!({"properties": {
            "n": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "m": {"anyOf": [{"type": "integer"}, {"type": ["null", "string"]}, {"type": "string"}]},
            "o": {"anyOf": [{"type": "object", "additionalProperties": {"type": "integer"}},
                            {"type": "null"}]},
            "u": {"oneOf": [{"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]},
                            {"type": "null"}]},
            "e": {"anyOf": [{"enum": ["a"]}, {"const": 7}]}}}),
        &[r#"{"n":1,"m":"","o":{"a":1},"u":null}"#, r#"{"n":null,"o":null,"u":5}"#],
        &[
            (r#"{"n":"x"}"#, "/n", "not of type \"integer\" or \"null\""),
            (r#"{"m":[]}"#, "/m", "not of type \"integer\", \"null\" or \"string\""),
            (r#"{"o":{"a":"x"}}"#, "/o/a", "not of type \"integer\""),
            (r#"{"u":4}"#, "/u", "minimum of 5"),
            (r#"{"e":8}"#, "/e", "anyOf"),
        ],
    );
    check(
        json!({"oneOf": [{"type": "string"}, {"const": 5}], "not": {"const": "no"}}),
        &["5", "\"yes\""],
        &[("6", "", "5 was expected"), ("\"no\"", "", "not allowed")],
    );
    check(
        json!({"propertyNames": {"maxLength": 3}, "patternProperties": {"^n": {"type": "number"}}}),
        &[r#"{"abc":1,"n":2}"#],
        &[(r#"{"abcd":1}"#, "", "3"), (r#"{"n":"x"}"#, "/n", "number")],
    );
    check(json!(false), &[], &[("1", "", "False schema")]);
    check(json!(true), &["1", "{}"], &[]);
}

#[test]
fn numbers_beyond_floats_keep_to_bounds() {
    let schema = json!({"type": "integer", "minimum": -10, "maximum": 10});
    for instance in ["1e400", "-1e400", "99999999999999999999999999"] {
        assert!(check_text(&schema, instance).is_err(), "{instance}");
    }
    for instance in ["1e400", "123456789012345678901234567890"] {
        assert_eq!(check_text(&json!({"type": "integer", "minimum": 0}), instance), Ok(()));
    }
}

#[test]
fn schemas_that_are_refused() {
    let check = |schema: Tree, part: &str| {
        let fault = Schema::compile(&schema).expect_err("refused").to_string();
        assert!(fault.contains(part), "{fault}");
        assert!(fault.len() < 2 * VIOLATION_BYTES_MAX, "{} bytes", fault.len());
    };
    check(json!({"$ref": "http://127.0.0.1:9/schema.json"}), "nothing is fetched");
    check(json!({"$ref": "file:///etc/passwd"}), "nothing is fetched");
    check(json!({"properties": {"a": {"$ref": "other.json"}}}), "nothing is fetched");
    check(json!({"$ref": "#/$defs/missing"}), "$ref");
    check(json!({"type": "strin"}), "/type");
    check(json!({"pattern": "(?=a)"}), "pattern");
    check(json!({"pattern": "(?:a{1,1000}){1,1000}"}), "pattern");
    check(json!({"type": "x".repeat(100_000)}), "/type");
}

#[test]
fn references_inside_the_schema() {
    let schema = json!({
        "$defs": {"node": {"type": "object", "properties": {
            "next": {"$ref": "#/$defs/node"}, "value": {"type": "integer"}}}},
        "$ref": "#/$defs/node"
    });
    let nest = |value: &str| {
        (0..100).fold(format!("{{\"value\":{value}}}"), |inner, _| format!("{{\"next\":{inner}}}"))
    };
    assert_eq!(check_text(&schema, &nest("1")), Ok(()));
    let violation = check_text(&schema, &nest("\"x\"")).expect_err("violation");
    assert_eq!(violation.path, "/next".repeat(100) + "/value");
}

#[test]
fn hostile_pattern_and_text_take_linear_time() {
    let schema = json!({"pattern": "^(a+)+$"});
    assert!(check_text(&schema, &format!("\"{}!\"", "a".repeat(100_000))).is_err());
}

#[test]
fn duplicate_names_are_refused() {
    let check = |instance: &str, path: &str| {
        let violation = check_text(&json!(true), instance).expect_err("violation");
        assert_eq!(violation.path, path, "{instance}");
        assert!(violation.message.contains("more than one member"), "{violation}");
    };
    check(r#"{"a":1,"a":2}"#, "");
    check(r#"{"x":[0,{"y/z":{"a":1,"b":2,"\u0061":3}}]}"#, "/x/1/y~1z");
    let mut many = String::from("{");
    for i in 0..100 {
        write!(many, "\"k{}\":0,", i % 99).expect("string");
    }
    check(&format!("[{many}\"z\":1}}]"), "/0");
}

#[test]
fn messages_stay_short() {
    let long = format!("{{\"{}\":1}}", "n".repeat(100_000));
    let schemas = [
        json!({"additionalProperties": false}),
        json!({"type": "string"}),
        json!({"propertyNames": {"maxLength": 3}}),
        json!({"const": "x".repeat(100_000)}),
    ];
    for schema in schemas {
        let violation = check_text(&schema, &long).expect_err("violation");
        assert!(violation.message.len() <= VIOLATION_BYTES_MAX + 3, "{}", violation.message.len());
    }
    assert!(check_text(&json!({"type": "string"}), &long).expect_err("x").message.len() < 60);
}

#[test]
fn large_objects_are_indexed() {
    let members = |n: usize| -> String {
        let members: Vec<_> = (0..n).map(|i| format!("\"key_{i}\":{i}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let names: Vec<_> = (0..200).map(|i| format!("key_{i}")).collect();
    let schema = json!({"required": names, "properties": {"key_7": {"const": 7}}});
    assert_eq!(check_text(&schema, &members(200)), Ok(()));
    let violation = check_text(&schema, &members(199)).expect_err("violation");
    assert!(violation.message.contains("key_199"), "{violation}");
}

fn any_instance() -> impl Strategy<Value = Tree> {
    let name = prop::sample::select(vec!["a", "b", "c", "d e", "é"]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        (-5i64..15).prop_map(Tree::from),
        prop::sample::select(vec![0.5, 1.0, 2.5, 1e30]).prop_map(Tree::from),
        name.clone().prop_map(Tree::from),
    ];
    leaf.prop_recursive(3, 30, 20, move |inner| {
        let members = prop::collection::btree_map(name.clone(), inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Tree::from),
            members.prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn any_schema() -> impl Strategy<Value = Tree> {
    let types = vec!["null", "boolean", "integer", "number", "string", "array", "object"];
    let leaf = prop_oneof![
        prop::sample::select(types).prop_map(|kind| json!({"type": kind})),
        (0u8..10).prop_map(|n| json!({"minimum": n, "maxLength": n, "maxItems": n})),
        (1u8..4).prop_map(|n| json!({"multipleOf": n, "minProperties": n})),
        any_instance().prop_map(|value| json!({"const": value})),
        prop::collection::vec(any_instance(), 1..4).prop_map(|values| json!({"enum": values})),
        Just(json!({"uniqueItems": true, "required": ["a", "b"]})),
    ];
    leaf.prop_recursive(3, 20, 3, |inner| {
        let pair = (inner.clone(), inner);
        pair.prop_flat_map(|(a, b)| {
            prop::sample::select(vec![
                json!({"anyOf": [a, b]}),
                json!({"oneOf": [a, b]}),
                json!({"allOf": [a, b]}),
                json!({"not": a}),
                json!({"if": a, "then": b}),
                json!({"items": a, "contains": b}),
                json!({"properties": {"a": a, "é": b}, "additionalProperties": a}),
                json!({"properties": {"a": a}, "unevaluatedProperties": b}),
                json!({"prefixItems": [a], "unevaluatedItems": b}),
                json!({"propertyNames": a, "dependentSchemas": {"a": b}}),
            ])
        })
    })
}

proptest! {
    #[test]
    fn the_tape_is_judged_like_a_tree(schema in any_schema(), instance in any_instance()) {
        let ours = check_text(&schema, &instance.to_string());
        let theirs = jsonschema::options().offline().build(&schema).expect("compiles");
        match (ours, theirs.validate(&instance)) {
            (Ok(()), Ok(())) => {}
            (Err(ours), Err(theirs)) => {
                prop_assert_eq!(ours, Violation::new(&theirs));
            }
            (ours, theirs) => prop_assert!(false, "{schema} {instance}: {ours:?}, {theirs:?}"),
        }
    }
}
