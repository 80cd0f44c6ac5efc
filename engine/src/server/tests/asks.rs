//! Handlers that ask: entered again with the answers, wherever they run, and answered for once.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use serde_json::json;

use super::{Source, builder, shown, tool_call};
use crate::model::{Elicitation, RawJson};
use crate::rpc::RpcError;
use crate::server::{
    Answer, Ask, Asked, Call, CallEvent, Deferred, LocalFuture, NoArguments, Outcome, Parked,
    Server, Tool,
};

fn build(tool: Tool) -> Server {
    builder().tool(tool).build().expect("the tool is good")
}

fn raw(run: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static) -> Server {
    build(Tool::raw("t", json!({"type": "object"}), run))
}

fn question() -> Elicitation {
    Elicitation::form("Go on?")
}

fn done(text: &str) -> String {
    format!(r#"done 7 tool {{"content":[{{"type":"text","text":"{text}"}}]}}"#)
}

fn answered(key: &str, json: &str) -> Asked {
    let mut asked = Asked::default();
    let json = RawJson::from_string(json.to_owned()).expect("the test's JSON is JSON");
    asked.answers.put(key, Answer::Result(json));
    asked
}

/// Takes the call out of the only event, which must be a question.
fn parked(source: &Source) -> Parked {
    let mut events = source.mailbox.0.lock().expect("no test panics while it holds this");
    match events.pop() {
        Some(CallEvent::Asked { ticket, call, .. }) if events.is_empty() => {
            assert_eq!(ticket.0, 7);
            call
        }
        other => panic!("no question, or not only one: {other:?} {events:?}"),
    }
}

#[test]
fn a_fresh_call_pays_nothing_for_being_able_to_ask() {
    let server = raw(|call| {
        assert!(call.answers().is_empty() && call.state().is_none());
        Outcome::text("fresh")
    });
    let source = Source::default();
    tool_call(&server, "{}", &source).invoke();
    assert_eq!((source.contexts.get(), source.shares.get()), (0, 0));
}

#[test]
fn an_inline_call_is_parked_and_entered_again() {
    let server = raw(|call| {
        let arguments = String::from_utf8_lossy(call.arguments_json()).into_owned();
        match call.elicit("k", &question()) {
            Ok(answer) => Outcome::text(format!("{arguments} {:?}", answer.action)),
            Err(outcome) => outcome,
        }
    });
    let source = Source::default();
    let mut call = tool_call(&server, r#"{"a":1}"#, &source);
    assert!(matches!(call.invoke(), Outcome::Ask(ask) if ask.requests[0].0 == "k"));
    let waiting = call.park();
    drop(call);
    let again = waiting.again(answered("k", r#"{"action":"accept"}"#));
    let outcome = shown(&again.call().invoke());
    assert_eq!(outcome, r#"tool {"content":[{"type":"text","text":"{\"a\":1} Accept"}]}"#);
    assert_eq!(source.mailbox.lines(), [""; 0]);
}

#[test]
fn a_job_asks_once_and_is_entered_again() {
    let server = raw(|call| match call.list_roots("r") {
        Ok(roots) => Outcome::text(roots.len().to_string()),
        Err(outcome) => outcome,
    });
    let source = Source::default();
    tool_call(&server, "{}", &source).into_job().run();
    let again = parked(&source).again(answered("r", r#"{"roots":[]}"#));
    again.clone().into_job().run();
    assert_eq!(source.mailbox.lines(), [done("0")]);
    again.into_job().run();
    assert_eq!(source.mailbox.lines(), [done("0")], "one entry has one answer");
}

#[test]
fn whoever_kept_the_call_from_before_it_asked_answers_nothing() {
    let kept: Arc<Mutex<Option<Deferred>>> = Arc::default();
    let keeps = Arc::clone(&kept);
    let server = raw(move |call| {
        if call.answers().is_empty() {
            *keeps.lock().expect("no test panics while it holds this") = Some(call.defer());
            return Ask::new().list_roots("r").into();
        }
        Outcome::text("the second entry")
    });
    let source = Source::default();
    tool_call(&server, "{}", &source).into_job().run();
    let again = parked(&source).again(answered("r", "{}"));
    let late = kept.lock().expect("no test panics while it holds this").take();
    late.expect("the handler kept it").finish(Outcome::text("late"));
    assert_eq!(source.mailbox.lines(), [""; 0]);
    again.into_job().run();
    assert_eq!(source.mailbox.lines(), [done("the second entry")]);
}

#[test]
fn a_call_that_waits_holds_no_received_bytes() {
    let server = raw(|_call| Ask::new().list_roots("r").into());
    let source = Source::default();
    let call = tool_call(&server, r#"{"a":1}"#, &source);
    let (received, waiting) = (call.arguments_json().as_ptr(), call.park());
    assert_eq!(waiting.arguments_json(), br#"{"a":1}"#);
    assert_ne!(waiting.arguments_json().as_ptr(), received);
}

#[test]
fn futures_ask() {
    let tool = Tool::future("t", |_: NoArguments, call| async move {
        let answer = call.elicit("k", &question())?;
        Ok::<_, Outcome>(answer.text("name").unwrap_or_default())
    });
    let server = build(tool);
    let source = Source::default();
    let run = |job: crate::server::Job| {
        let spawned: RefCell<Vec<LocalFuture>> = RefCell::default();
        job.run_local(&|future| spawned.borrow_mut().push(future));
        let mut cx = Context::from_waker(Waker::noop());
        for mut future in spawned.into_inner() {
            assert!(future.as_mut().poll(&mut cx).is_ready());
        }
    };
    run(tool_call(&server, "{}", &source).into_job());
    let json = r#"{"action":"accept","content":{"name":"Ann"}}"#;
    run(parked(&source).again(answered("k", json)).into_job());
    assert_eq!(source.mailbox.lines(), [done("Ann")]);
}

#[test]
fn a_refusal_fails_the_call_unless_the_handler_looks() {
    let server = raw(|call| match call.answers().get("seen") {
        Some(Answer::Error(error)) => Outcome::text(format!("it said {}", error.message)),
        _ => call.elicit("k", &question()).map_or_else(|outcome| outcome, |_| Outcome::text("")),
    });
    let source = Source::default();
    for (key, want) in [("k", "the client did not answer"), ("seen", "it said no")] {
        let mut asked = Asked::default();
        asked.answers.put(key, Answer::Error(RpcError::new(-1, "no")));
        let again = tool_call(&server, "{}", &source).park().again(asked);
        let outcome = shown(&again.call().invoke());
        assert!(outcome.contains(want), "{outcome}");
    }
}
