//! What templates bind, what they refuse, and that expansion and matching undo each other.

use proptest::prelude::*;

use super::super::{Screen, Template, TemplateErrorKind, Variables};
use crate::limits;

/// The bindings as `a=1 b=2`, or `-` for no match.
fn read(template: &Template, uri: &str) -> String {
    let Some(bindings) = template.matches(uri) else {
        return "-".to_owned();
    };
    bindings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(template: &str, rows: &[(&str, &str)]) {
    let template = Template::parse(template).unwrap();
    template.matcher().unwrap();
    for (uri, want) in rows {
        assert_eq!(read(&template, uri), *want, "{template} on {uri}");
    }
}

#[test]
fn simple_variables() {
    check("a://x", &[("a://x", ""), ("a://xy", "-"), ("a://", "-"), ("A://x", "-")]);
    check(
        "note://{id}",
        &[
            ("note://7", "id=7"),
            ("note://", "-"),
            ("note://a/b", "-"),
            ("note://a?b", "-"),
            ("note://a#b", "-"),
            ("note://a b", "-"),
            ("note://a%20b", "id=a b"),
            ("note://a%C3%A9", "id=aé"),
            ("note://é", "id=é"),
            ("note://a%C3", "-"),
            ("note://a%zz", "-"),
            ("note://a@b:c", "id=a@b:c"),
        ],
    );
    check("f://{name}.json", &[("f://a.json", "name=a"), ("f://a.b.json", "name=a.b")]);
    check("f://{name}.json", &[("f://.json", "-"), ("f://json", "-"), ("f://a.jsonx", "-")]);
    check(
        "{kind}://pre{a}post/{b}!",
        &[
            ("k://preXpost/Y!", "kind=k a=X b=Y"),
            ("k://prepostpost/Y!", "kind=k a=post b=Y"),
            ("k://prepost/Y!", "-"),
            ("k://preXpost/Y!!", "-"),
            ("k://preXpost/!", "-"),
        ],
    );
    check("é/{a}é", &[("%C3%A9/1%C3%A9", "a=1"), ("é/1é", "-")]);
}

#[test]
fn operators_become_literals() {
    check("p{/a,b}", &[("p/1/2", "a=1 b=2"), ("p/1", "-"), ("p/1/2/3", "-")]);
    check("{a,b}", &[("1,2", "a=1 b=2"), ("1", "-"), ("1,2,3", "-"), ("1%2C2,3", "a=1,2 b=3")]);
    check("f{.ext}", &[("f.json", "ext=json"), ("f.tar.gz", "ext=tar.gz"), ("f", "-")]);
    check("f{;a,b}", &[("f;a=1;b=2", "a=1 b=2"), ("f;b=2;a=1", "-")]);
}

#[test]
fn wide_variables() {
    check("f:///{+path}", &[("f:///a/b.c", "path=a/b.c"), ("f:///", "-"), ("f:///a?b", "-")]);
    check(
        "x/{a}/{+p}/y{b}.z",
        &[
            ("x/1/2/y3.z", "a=1 p=2 b=3"),
            ("x/1/2/y/q/y3.z", "a=1 p=2/y/q b=3"),
            ("x/1/y3.z", "-"),
            ("x/1//y3.z", "-"),
            ("x/1/2/3.z", "-"),
            ("x/1/2/y.z", "-"),
        ],
    );
    check("{+p}/{b}", &[("a/b/c", "b=c p=a/b")].map(|(uri, _)| (uri, "p=a/b b=c")));
    check("a{#f}", &[("a#x/y?z", "f=x/y?z"), ("a#", "-"), ("a#x#y", "-"), ("a", "-")]);
}

#[test]
fn queries_are_unordered_and_optional() {
    check(
        "s{?q,lang}",
        &[
            ("s", ""),
            ("s?", ""),
            ("s?q=a", "q=a"),
            ("s?lang=en&q=a%26b", "q=a&b lang=en"),
            ("s?q=&lang", "q= lang="),
            ("s?other=1&q=2", "q=2"),
            ("s?q=1&q=2", "-"),
            ("s?q=a=b", "q=a=b"),
            ("s?q=a+b", "q=a+b"),
            ("s?q=../..", "q=../.."),
            ("s?q=%00", "-"),
            ("s?q=a#b", "-"),
            ("s?q=a b", "-"),
            ("s/x?q=a", "-"),
        ],
    );
    check("s/{id}{?q}{&r}", &[("s/1?r=2&q=3", "id=1 q=3 r=2"), ("s/1", "id=1")]);
    check("s/{+p}{?q}", &[("s/a/b?q=3", "p=a/b q=3")]);
}

#[test]
fn traversal_is_screened() {
    let hostile = [".", "..", "..%2F..", "a%2fb", "a%5Cb", "%2e%2e", "a%00", "%2E"];
    let template = Template::parse("f://{x}").unwrap();
    let off = template.clone().screen(Screen::Off);
    for value in hostile {
        let uri = format!("f://{value}");
        assert_eq!(read(&template, &uri), "-", "{uri}");
        assert_ne!(read(&off, &uri), "-", "{uri}");
    }
    let wide = Template::parse("f://{+x}").unwrap();
    for value in
        ["..", "a/..", "../a", "a/%2e%2e/b", "..%5Ca", "a%00", "/etc", "%2Fetc", "%5Ca", "C:/a"]
    {
        assert_eq!(read(&wide, &format!("f://{value}")), "-", "{value}");
    }
    check("f://{x}", &[("f://..a", "x=..a"), ("f://%252e%252e", "x=%2e%2e")]);
    check("f://{+x}", &[("f://a/..b/c...", "x=a/..b/c..."), ("f://a/./b", "x=a/./b")]);
    assert_eq!(read(&wide.screen(Screen::Off), "f:///etc/../a"), "x=/etc/../a");
}

#[test]
fn ambiguous_templates_are_refused() {
    use TemplateErrorKind as K;
    let rows = [
        ("{a}{b}", K::Adjacent, 4),
        ("{a}-{b}", K::Adjacent, 5),
        ("{name}{.ext}", K::Adjacent, 8),
        ("{.a,b}", K::Adjacent, 4),
        ("{+a}{b}", K::Adjacent, 5),
        ("{a}x{+b}", K::Adjacent, 6),
        ("{+a}/{+b}", K::SecondWide, 7),
        ("{+a,b}", K::SecondWide, 4),
        ("{+a}{#b}", K::SecondWide, 6),
        ("{a*}", K::ModifierInMatch, 1),
        ("{/a*}", K::ModifierInMatch, 2),
        ("{?a*}", K::ModifierInMatch, 2),
        ("{a:3}", K::ModifierInMatch, 1),
        ("{a}/{a}", K::Repeated, 5),
        ("{a}{?a}", K::Repeated, 5),
        ("{?a}b", K::Query, 4),
        ("{?a}{b}", K::Query, 5),
        ("{?a}{?b}", K::Query, 6),
        ("{?a}{#b}", K::Query, 6),
        ("x{&a}", K::Query, 3),
        ("x?y=1{?a}", K::Query, 0),
    ];
    for (text, kind, offset) in rows {
        let template = Template::parse(text).unwrap();
        let fault = template.matcher().map(|_| ()).unwrap_err();
        assert_eq!((fault.kind, fault.offset), (kind, offset), "{text}");
        assert!(template.matches("x").is_none(), "{text}");
    }
}

#[test]
fn long_uris_are_refused() {
    let template = Template::parse("x:{+p}").unwrap();
    let most = format!("x:{}", "a".repeat(limits::URI_BYTES_MAX - 2));
    assert!(template.matches(&most).is_some());
    assert!(template.matches(&format!("{most}a")).is_none());
}

/// Templates from small building blocks, most of them accepted by the matcher.
fn template() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{#}"),
        Just("{#}"),
        Just("{+#}"),
        Just("{/#}"),
        Just("{.#}"),
        Just("{;#}"),
        Just("/"),
        Just("/"),
        Just("a"),
        Just(":"),
        Just("-"),
        Just("a/b"),
        Just("!x"),
        Just("%41"),
    ];
    (prop::collection::vec(piece, 1..8), prop_oneof![Just(""), Just("{?q,r}")]).prop_map(
        |(pieces, query)| {
            let named = pieces.iter().enumerate();
            let path: String = named.map(|(at, p)| p.replace('#', &format!("v{at}"))).collect();
            path + query
        },
    )
}

fn unscreened(text: &str) -> Template {
    Template::parse(text).unwrap().screen(Screen::Off)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What is accepted for matching has one reading: the values it was expanded from.
    #[test]
    fn matching_undoes_expansion(
        text in template().prop_filter("it has two readings", |text| unscreened(text).matcher().is_ok()),
        values in prop::collection::vec("[a-z/.:%é!,-]{1,6}", 12),
    ) {
        let template = unscreened(&text);
        // Within `{+x}` a percent sign may be a triplet already, which expansion leaves alone.
        let plain = |value: &String| value.replace('%', "p");
        let pairs: Vec<_> = template.variables().zip(values.iter().map(plain)).collect();
        let variables: Variables = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let uri = template.expand(&variables).unwrap();
        let bindings = template.matches(&uri);
        prop_assert!(bindings.is_some(), "{} does not match {}", text, uri);
        let bindings = bindings.unwrap();
        for (name, value) in &pairs {
            prop_assert_eq!(bindings.get(name), Some(value.as_str()), "{} on {}", text, uri);
        }
    }

    /// No text makes the matcher panic, and the screen only ever takes matches away.
    #[test]
    fn any_text_is_answered(text in template(), uri in "[a-c/.:%2Fé!?&=v0-3#-]{0,24}") {
        let template = Template::parse(&text).unwrap();
        let off = template.clone().screen(Screen::Off);
        prop_assert!(template.matches(&uri).is_none() || off.matches(&uri).is_some());
    }
}
