//! Lists: encoded ahead for every version, paged, in the order of registration; and finding.

use serde_json::json;

use super::{Source, builder, parsed, shown, text};
use crate::json::Value;
use crate::model::{Fields, Icon, Meta, PromptArgument};
use crate::server::arguments::{Named, Taken};
use crate::server::listing::Listing;
use crate::server::{Call, NoArguments, Prompt, Resource, ResourceTemplate, Server, Tool};

fn numbered(count: usize) -> Server {
    let tools = (0..count).map(|n| Tool::new(format!("t{n}"), |_: NoArguments| ()));
    tools.fold(builder(), crate::server::ServerBuilder::tool).build().expect("all is good")
}

#[test]
fn pages_hold_every_item_once_and_in_order() {
    let check = |count: usize, limit: usize| {
        let server = numbered(count);
        let tools = server.features().tools();
        let mut items = Vec::new();
        let mut position = Some(0);
        while let Some(from) = position {
            let page = tools.page(from, limit, &Fields::V2026_07_28);
            let list = format!("[{}]", text(page.items));
            let list: Vec<serde_json::Value> = serde_json::from_str(&list).expect("a JSON list");
            assert_eq!(list.len(), page.len);
            assert!(page.len <= limit);
            items.extend(list.into_iter().map(|tool| tool["name"].clone()));
            position = page.next;
        }
        let expected: Vec<_> = (0..count).map(|n| json!(format!("t{n}"))).collect();
        assert_eq!(items, expected, "{count} items, {limit} a page");
    };
    for count in [0, 1, 2, 7, 100] {
        for limit in [1, 2, 7, 1000, usize::MAX] {
            check(count, limit);
        }
    }
    let page = numbered(3).features().tools().page(9, 2, &Fields::V2024_11_05).len;
    assert_eq!(page, 0, "a position beyond the end is an empty page");
}

#[test]
fn a_tool_as_each_version_lists_it() {
    let tool = Tool::raw("t", json!({"type": "object"}), |_| ())
        .title("T")
        .description("does")
        .read_only(true)
        .output_schema(json!({"type": "string"}))
        .icon(Icon::new("https://example.com/i.png"))
        .meta(Meta::new().with("k", &json!(1)));
    let server = builder().tool(tool).build().expect("the tool is good");
    let mut name = r#"{"name":"t","#.to_owned();
    let schema = r#""description":"does","inputSchema":{"type":"object"}"#;
    let hints = r#","annotations":{"readOnlyHint":true}"#;
    let icons = r#","icons":[{"src":"https://example.com/i.png"}]"#;
    let check = |fields: &Fields, expected: &str| {
        assert_eq!(text(server.features().tools().listing(0, fields)), expected);
    };
    check(&Fields::V2024_11_05, &format!("{name}{schema}}}"));
    check(&Fields::V2025_03_26, &format!("{name}{schema}{hints}}}"));
    name.push_str(r#""title":"T","#);
    let meta = r#","_meta":{"k":1}"#;
    check(&Fields::V2025_06_18, &format!("{name}{schema}{hints}{meta}}}"));
    check(&Fields::V2025_11_25, &format!("{name}{schema}{hints}{icons}{meta}}}"));
    let output = r#","outputSchema":{"type":"string"}"#;
    check(&Fields::V2026_07_28, &format!("{name}{schema}{output}{hints}{icons}{meta}}}"));
}

#[test]
fn equal_rows_are_held_once() {
    let check = |plain: &[&str], distinct| {
        let listing = Listing::new(plain, |text, w, fields| {
            w.string(if fields.icons { text } else { "" });
        });
        assert_eq!(listing.distinct_rows(), distinct);
    };
    check(&[], 1);
    check(&[""], 1);
    check(&["a"], 2);
    check(&["a", "b"], 2);
}

#[test]
fn the_server_introduces_itself() {
    let server = builder()
        .title("T")
        .description("D")
        .website_url("https://example.com")
        .icon(Icon::new("data:,"))
        .instructions("read me")
        .prompt(Prompt::new("p", |_| ""))
        .build()
        .expect("all is good");
    assert_eq!(server.instructions(), Some("read me"));
    let check = |fields: &Fields, info: &str, capabilities: &str| {
        assert_eq!(text(server.info_json(fields)), info);
        assert_eq!(text(server.capabilities_json(fields)), capabilities);
    };
    let offered = r#"{"prompts":{}}"#;
    check(&Fields::V2024_11_05, r#"{"name":"test","version":"1.0.0"}"#, offered);
    check(&Fields::V2025_06_18, r#"{"name":"test","version":"1.0.0","title":"T"}"#, offered);
    check(
        &Fields::V2025_11_25,
        r#"{"name":"test","version":"1.0.0","title":"T","description":"D","websiteUrl":"https://example.com","icons":[{"src":"data:,"}]}"#,
        offered,
    );
    let empty = builder().build().expect("a server may be empty");
    assert_eq!(text(empty.capabilities_json(&Fields::V2026_07_28)), "{}");
}

#[test]
fn reads_find_the_resource_before_a_template() {
    let server = builder()
        .resource(Resource::text("demo://users/me", "me", "static"))
        .template(ResourceTemplate::new("demo://users/{id}", "user", |call| {
            format!("user {}", call.variable("id").unwrap_or("?"))
        }))
        .template(ResourceTemplate::new("demo://users/{id}/posts/{post}", "post", |call| {
            format!("{:?} {:?}", call.variable("id"), call.variable("post"))
        }))
        .build()
        .expect("all is good");
    let check = |uri: &str, expected: Option<&str>| {
        let source = Source::default();
        let found = server.features().resource(uri);
        let outcome = found.map(|found| shown(&Call::resource(&found, uri, &source).invoke()));
        let Some(expected) = expected else {
            return assert_eq!(outcome, None, "{uri}");
        };
        let outcome = outcome.unwrap_or_default();
        assert!(outcome.contains(expected) && outcome.contains(uri), "{uri}: {outcome}");
    };
    check("demo://users/me", Some(r#""mimeType":"text/plain","text":"static""#));
    check("demo://users/3", Some(r#""text":"user 3""#));
    check("demo://users/a%20b", Some(r#""text":"user a b""#));
    check("demo://users/3/posts/4", Some(r#"Some(\"3\") Some(\"4\")"#));
    check("demo://users/", None);
    check("demo://other", None);
    check("", None);
}

#[test]
fn prompts_check_their_arguments() {
    let prompt = Prompt::new("p", |_| "")
        .argument(PromptArgument::required("who"))
        .argument(PromptArgument::optional("how"));
    let server = builder().prompt(prompt).build().expect("the prompt is good");
    let prompt = server.features().prompts().find("p").expect("it is registered");
    let check = |arguments: Option<&str>, fault: Option<&str>| {
        let found = match arguments {
            None => prompt.check(None),
            Some(text) => parsed(text, |value| prompt.check(Some(value))),
        };
        let found = found.err().map(|error| (error.code, error.message.into_owned()));
        assert_eq!(found, fault.map(|words| (-32602, words.to_owned())), "{arguments:?}");
    };
    let missing = Some("prompt \"p\": argument \"who\" is required");
    check(None, missing);
    check(Some("{}"), missing);
    check(Some(r#"{"how":"a"}"#), missing);
    check(Some(r#"{"who":"a"}"#), None);
    check(Some(r#"{"who":"a","other":"b"}"#), None);
    check(Some(r#"{"who":1}"#), Some("prompt \"p\": argument \"who\" must be a string"));
    check(Some(r#"{"who":"a","x":null}"#), Some("prompt \"p\": argument \"x\" must be a string"));
    check(Some("[]"), Some("arguments must be an object"));
}

#[test]
fn many_arguments_are_found_in_any_order() {
    let names: Vec<String> = (0..20).map(|place| format!("a{place:02}")).collect();
    let prompt = Prompt::new("p", |_| "");
    let prompt = names
        .iter()
        .fold(prompt, |prompt, name| prompt.argument(PromptArgument::required(name.clone())));
    let server = builder().prompt(prompt).build().expect("the prompt is good");
    let prompt = server.features().prompts().find("p").expect("it is registered");
    let check = |given: &mut dyn Iterator<Item = &String>, missing: Option<&str>| {
        let members: Vec<_> = given.map(|name| format!("{name:?}:\"of {name}\"")).collect();
        let text = format!("{{{}}}", members.join(","));
        let found = parsed(&text, |value| prompt.check(Some(value)));
        let words = missing.map(|name| format!("prompt \"p\": argument {name:?} is required"));
        assert_eq!(found.err().map(|error| error.message.into_owned()), words, "{text}");
        parsed(&text, |value| {
            let (index, taken) = (Named::new(value), Taken::new(text.clone().into()));
            for name in &names {
                let want = text.contains(&format!("{name:?}:")).then(|| format!("of {name}"));
                for found in [index.find(value, name), taken.find(name), taken.clone().find(name)] {
                    let found = found.and_then(Value::as_str);
                    assert_eq!(found.as_deref(), want.as_deref(), "{name} of {text}");
                }
            }
        });
    };
    check(&mut names.iter(), None);
    check(&mut names.iter().rev(), None);
    check(&mut names[1..].iter().chain(&names[..1]), None);
    check(&mut names[1..].iter(), Some("a00"));
    check(&mut names[..19].iter().rev(), Some("a19"));
    check(&mut names[3..5].iter(), Some("a00"));
}
