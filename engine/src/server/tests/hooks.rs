//! Hooks: what they are given, and what becomes of what they give.

use serde_json::json;

use super::{Source, builder, parsed, shown, tool_call};
use crate::mcp::Target;
use crate::server::{Ask, AskRequest, Call, Hook, Outcome, Server, Tool};

fn hooked(method: &'static str, hook: Hook) -> Server {
    builder().hook(method, hook).build().expect("the hook is good")
}

fn target(method: &str) -> Target {
    crate::mcp::METHODS.iter().find(|row| row.name == method).expect("a method").target
}

fn answer(given: &'static str) -> impl Fn(&mut Call<'_>) -> Outcome {
    move |_call| Outcome::raw(given)
}

/// What is sent when the engine would have answered `own`.
fn check(method: &'static str, own: &str, given: &'static str, want: &str) {
    let server = hooked(method, Hook::new(answer(given)));
    let hook = server.hook(target(method)).expect("it was registered");
    let source = Source::default();
    assert_eq!(shown(&Call::hook(hook, own, None, &source).invoke()), want);
    assert_eq!(source.contexts.get(), 0, "a hook that answers at once pays for no context");

    let server = hooked(
        method,
        Hook::new(move |call: &mut Call<'_>| {
            call.defer().finish(Outcome::raw(given));
            Outcome::Deferred
        }),
    );
    let hook = server.hook(target(method)).expect("it was registered");
    assert_eq!(shown(&Call::hook(hook, own, None, &source).invoke()), "deferred");
    assert_eq!(source.mailbox.lines(), [format!("done 7 {want}")]);
}

fn check_fault(method: &'static str, given: &'static str, fault: &str) {
    let fault = fault.replace('"', "\\\"");
    let want = format!(r#"error {{"code":-32603,"message":"hook \"{method}\": {fault}"}}"#);
    check(method, "{}", given, &want);
}

#[test]
fn what_both_sides_rely_on_stays() {
    check("tools/list", r#"{"tools":[1]}"#, r#"{"tools":[]}"#, r#"raw {"tools":[]}"#);
    let kept = r#""resultType":"complete","ttlMs":5,"cacheScope":"private","nextCursor":"c""#;
    check(
        "tools/list",
        &format!(r#"{{{kept},"tools":[1]}}"#),
        r#"{"resultType":"x","tools":[2],"ttlMs":9,"nextCursor":"d","more":true}"#,
        &format!(r#"raw {{{kept},"tools":[2],"more":true}}"#),
    );
    check(
        "tools/list",
        r#"{"tools":[1]}"#,
        r#"{"tools":[], "nextCursor":"d", "ttlMs":9}"#,
        r#"raw {"tools":[]}"#,
    );
    check(
        "initialize",
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{},"instructions":"a"}"#,
        r#"{"protocolVersion":"2024-11-05","capabilities":{},"serverInfo":{"name":"n"}}"#,
        r#"raw {"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"n"}}"#,
    );
    check(
        "server/discover",
        r#"{"supportedVersions":["2026-07-28"],"capabilities":{}}"#,
        r#"{"capabilities":{"tools":{}},"supportedVersions":[]}"#,
        r#"raw {"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}"#,
    );
}

#[test]
fn meta_is_the_hooks_if_it_has_one() {
    let own = r#"{"prompts":[],"_meta":{"ours":1}}"#;
    check("prompts/list", own, r#"{"prompts":[]}"#, r#"raw {"_meta":{"ours":1},"prompts":[]}"#);
    let given = r#"{"prompts":[],"_meta":{"own":2}}"#;
    check("prompts/list", own, given, r#"raw {"prompts":[],"_meta":{"own":2}}"#);
}

#[test]
fn what_is_no_result_is_our_fault() {
    check_fault("tools/list", "[]", "its result is no object");
    check_fault("tools/list", "{}", r#"its result has no array "tools""#);
    check_fault("resources/list", r#"{"resources":{}}"#, r#"its result has no array "resources""#);
    let list = "resources/templates/list";
    check_fault(list, r#"{"resources":[]}"#, r#"its result has no array "resourceTemplates""#);
    check_fault("prompts/list", "null", "its result is no object");
    check_fault(
        "initialize",
        r#"{"capabilities":{},"serverInfo":"x"}"#,
        r#"its result has no object "serverInfo""#,
    );
    check_fault("server/discover", "{}", r#"its result has no object "capabilities""#);
}

fn invoked(hook: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static) -> String {
    let server = hooked("tools/list", Hook::new(hook));
    let hook = server.hook(Target::ToolsList).expect("it was registered");
    let source = Source::default();
    parsed(r#"{"cursor":"c"}"#, |params| {
        shown(&Call::hook(hook, r#"{"tools":[]}"#, Some(params), &source).invoke())
    })
}

#[test]
fn other_answers() {
    let internal = |words: &str| format!(r#"error {{"code":-32603,"message":"{words}"}}"#);
    let not_raw = internal(r#"hook \"tools/list\": it has to answer with Outcome::raw"#);
    assert_eq!(invoked(|_call| Outcome::text("x")), not_raw);
    assert_eq!(
        invoked(|_call| std::panic::resume_unwind(Box::new(()))),
        internal("the hook panicked")
    );
    assert_eq!(invoked(|_call| Outcome::internal("no")), internal("no"));
    assert!(invoked(|_call| Outcome::raw("{")).contains("the hook's result is no JSON"));
    assert!(invoked(|_call| Ask::new().with("k", AskRequest::Roots).into()).starts_with("ask"));
    let tool = builder().tool(Tool::raw("t", json!({"type": "object"}), answer("{}")));
    let (server, source) = (tool.build().expect("the tool is good"), Source::default());
    let outcome = shown(&tool_call(&server, "{}", &source).invoke());
    assert_eq!(outcome, internal(r#"the tool \"t\" answered as only hooks may"#));
}

#[test]
fn a_hook_sees_the_result_and_the_parameters() {
    let outcome = invoked(|call| {
        let seen = (call.result_json(), call.arguments_json(), call.name(), call.kind().as_str());
        assert_eq!(seen, (r#"{"tools":[]}"#, &br#"{"cursor":"c"}"#[..], "tools/list", "hook"));
        assert_eq!((call.uri(), call.partial()), ("", ""));
        let deferred = call.defer();
        let kept = (deferred.result_json(), &deferred.arguments_json()[..], deferred.name());
        assert_eq!(kept, (seen.0, seen.1, seen.2));
        deferred.finish(Outcome::raw(r#"{"tools":[]}"#));
        Outcome::Deferred
    });
    assert_eq!(outcome, "deferred");
}
