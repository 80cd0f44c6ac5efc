//! Calls: answered once whatever a handler does, here, on a worker or by a future.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use bytes::Bytes;
use serde_json::json;

use super::{Mailbox, Source, builder, shown, tool_call};
use crate::model::LogLevel;
use crate::server::{
    Call, CallContext, Deferred, Execution, Lane, LocalFuture, NoArguments, Outcome, Prompt,
    Resource, Server, Tool, ToolEntry,
};

const INTERNAL_DROP: &str =
    r#"done 7 error {"code":-32603,"message":"the handler dropped the call without an answer"}"#;
const PANICKED: &str =
    r#"tool {"content":[{"type":"text","text":"the tool panicked"}],"isError":true}"#;

fn raw(run: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static) -> Server {
    build(Tool::raw("t", json!({"type": "object"}), run))
}

fn build(tool: Tool) -> Server {
    builder().tool(tool).build().expect("the tool is good")
}

fn done(text: &str) -> String {
    format!(r#"done 7 tool {{"content":[{{"type":"text","text":"{text}"}}]}}"#)
}

/// Panics without printing.
fn blow_up() -> ! {
    std::panic::resume_unwind(Box::new("not printed"))
}

/// Runs the only tool inline and as a job; `here` is what invoking returns, `posted` what arrives.
fn check_inline(server: &Server, here: &str, posted: &[&str]) {
    let source = Source::default();
    let outcome = tool_call(server, r#"{"a":1}"#, &source).invoke();
    assert_eq!(shown(&outcome), here);
    assert_eq!(source.mailbox.lines(), posted);
}

fn check_job(server: &Server, posted: &[&str]) {
    let source = Source::default();
    tool_call(server, r#"{"a":1}"#, &source).into_job().run();
    assert_eq!(source.mailbox.lines(), posted);
}

#[test]
fn an_answer_at_once() {
    let server = raw(|_call| Outcome::text("hi"));
    check_inline(&server, r#"tool {"content":[{"type":"text","text":"hi"}]}"#, &[]);
    check_job(&server, &[&done("hi")]);
}

#[test]
fn a_call_taken_along() {
    let server = raw(|call| {
        let deferred = call.defer();
        let seen = format!("{} {}", deferred.name(), deferred.arguments_json().len());
        deferred.finish(Outcome::text(seen));
        Outcome::Deferred
    });
    check_inline(&server, "deferred", &[&done("t 7")]);
    check_job(&server, &[&done("t 7")]);
}

#[test]
fn a_call_dropped() {
    let server = raw(|call| {
        drop(call.defer());
        Outcome::Deferred
    });
    check_inline(&server, "deferred", &[INTERNAL_DROP]);
    check_job(&server, &[INTERNAL_DROP]);
}

#[test]
fn an_answer_put_off_for_nothing() {
    let words = "the handler put off an answer it dropped";
    let error = format!(r#"error {{"code":-32603,"message":"{words}"}}"#);
    let server = raw(|_call| Outcome::Deferred);
    check_inline(&server, &error, &[]);
    check_job(&server, &[&format!("done 7 {error}")]);
    let server = raw(|call| {
        call.defer().finish(Outcome::Deferred);
        Outcome::Deferred
    });
    check_inline(&server, "deferred", &[&format!("done 7 {error}")]);
}

#[test]
fn the_first_of_two_answers_counts() {
    let early = raw(|call| {
        call.defer().finish(Outcome::text("first"));
        Outcome::text("second")
    });
    check_inline(&early, "deferred", &[&done("first")]);
    check_job(&early, &[&done("first")]);

    let kept: Arc<std::sync::Mutex<Option<Deferred>>> = Arc::default();
    let keeps = Arc::clone(&kept);
    let late = raw(move |call| {
        *keeps.lock().expect("no test panics while it holds this") = Some(call.defer());
        Outcome::text("first")
    });
    check_inline(&late, r#"tool {"content":[{"type":"text","text":"first"}]}"#, &[]);
    let source = Source::default();
    tool_call(&late, "{}", &source).into_job().run();
    let deferred = kept.lock().expect("no test panics while it holds this").take();
    deferred.expect("the handler kept it").finish(Outcome::text("second"));
    assert_eq!(source.mailbox.lines(), [done("first")]);
}

#[test]
fn a_panic_fails_one_call() {
    let server = raw(|_call| blow_up());
    check_inline(&server, PANICKED, &[]);
    check_job(&server, &[&format!("done 7 {PANICKED}")]);
    let server = raw(|call| {
        let _deferred = call.defer();
        blow_up()
    });
    check_inline(&server, "deferred", &[&format!("done 7 {PANICKED}")]);
    check_job(&server, &[&format!("done 7 {PANICKED}")]);

    let server = builder()
        .prompt(Prompt::new("p", |_call| -> String { blow_up() }))
        .resource(Resource::new("demo://r", "r", |_call| -> String { blow_up() }))
        .build()
        .expect("all is good");
    let source = Source::default();
    let prompt = server.features().prompts().find("p").expect("it is registered");
    let internal =
        |what| format!(r#"error {{"code":-32603,"message":"the {what}'s handler panicked"}}"#);
    let outcome = Call::prompt(prompt, None, &source).invoke();
    assert_eq!(shown(&outcome), internal("prompt"));
    let found = server.features().resource("demo://r").expect("it is registered");
    let outcome = Call::resource(&found, "demo://r", &source).invoke();
    assert_eq!(shown(&outcome), internal("resource"));
}

#[test]
fn a_job_refused_dropped_or_cancelled() {
    let ran = Arc::new(AtomicBool::new(false));
    let runs = Arc::clone(&ran);
    let server = raw(move |_call| {
        runs.store(true, Ordering::Relaxed);
        Outcome::text("ran")
    });
    let source = Source::default();
    let job = || tool_call(&server, "{}", &source).into_job();
    job().refuse();
    drop(job());
    let flagged = CancelledSource { inner: Source::default(), lifeline: Arc::default() };
    flagged.lifeline.cancel();
    let tool = server.features().tools().find("t").expect("it is registered");
    Call::tool(tool, None, &flagged).into_job().run();
    assert_eq!(source.mailbox.lines(), ["refused 7", INTERNAL_DROP]);
    let words = r#"done 7 error {"code":-32603,"message":"the call was cancelled"}"#;
    assert_eq!(flagged.inner.mailbox.lines(), [words]);
    assert!(!ran.load(Ordering::Relaxed), "none of them may run");
}

struct CancelledSource {
    inner: Source,
    lifeline: Arc<crate::server::Lifeline>,
}

impl crate::server::CallSource for CancelledSource {
    fn share(&self, part: &[u8]) -> Bytes {
        self.inner.share(part)
    }

    fn context(&self) -> Arc<CallContext> {
        let context = Arc::into_inner(self.inner.context()).expect("it was made just now");
        Arc::new(context.with_lifeline(Arc::clone(&self.lifeline)))
    }
}

#[test]
fn progress_and_logs_are_posted() {
    let server = raw(|call| {
        let context = call.context();
        context.progress(0.5, Some(1.0), Some("half"));
        context.log(LogLevel::Warning, "a \"word\"");
        Outcome::text(format!("{:?}", context.version()))
    });
    let check = |progress_token: Option<&'static str>, posted: &[&str]| {
        let progress_token = progress_token.map(|token| Bytes::from_static(token.as_bytes()));
        let source = Source { progress_token, ..Source::default() };
        let outcome = tool_call(&server, "{}", &source).invoke();
        assert!(shown(&outcome).contains("V2025_11_25"));
        assert_eq!(source.mailbox.lines(), posted);
        assert_eq!(source.contexts.get(), 1);
    };
    let log = r#"log 7 warning None "a \"word\"""#;
    check(None, &[log]);
    check(Some("3"), &[r#"progress 7 0.5 Some(1.0) Some("half")"#, log]);
}

#[test]
fn lanes_follow_the_execution() {
    let check = |execution, lane| {
        let tool = Tool::new("t", |_: NoArguments| ()).execution(execution);
        let (server, source) = (build(tool), Source::default());
        let job = tool_call(&server, "{}", &source).into_job();
        assert_eq!(job.lane(), lane);
        assert_eq!(job.ticket().0, 7);
        job.refuse();
    };
    check(Execution::Pool, Lane::Pool);
    check(Execution::Inline, Lane::Pool);
    check(Execution::Async, Lane::Async);
    let tool = Tool::new("t", |_: NoArguments| ());
    assert_eq!(
        build(tool).features().tools().find("t").map(ToolEntry::execution),
        Some(Execution::Pool)
    );
}

/// Runs the only tool on a runtime that polls once, then once more.
fn check_future(server: &Server, after_one: &[&str], after_two: &[&str]) {
    let source = Source::default();
    let spawned: RefCell<Vec<LocalFuture>> = RefCell::default();
    let job = tool_call(server, "{}", &source).into_job();
    assert_eq!(job.lane(), Lane::Async);
    job.run_local(&|future| spawned.borrow_mut().push(future));
    let mut cx = Context::from_waker(Waker::noop());
    for expected in [after_one, after_two] {
        spawned.borrow_mut().retain_mut(|future| future.as_mut().poll(&mut cx).is_pending());
        assert_eq!(source.mailbox.lines(), expected);
    }
    drop(spawned);
}

/// Pending once.
async fn turn() {
    let mut has_waited = false;
    std::future::poll_fn(|_cx| {
        if std::mem::replace(&mut has_waited, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[test]
fn futures_answer_with_what_they_come_to() {
    let tool = Tool::future("t", |_: NoArguments, call| async move {
        turn().await;
        format!("late {}", call.name())
    });
    let server = build(tool);
    check_future(&server, &[], &[&done("late t")]);
    // Run where no runtime is, the call fails and nothing hangs.
    let words = "an asynchronous handler was run where there is no runtime";
    let source = Source::default();
    let outcome = shown(&tool_call(&server, "{}", &source).invoke());
    assert_eq!(outcome, format!(r#"error {{"code":-32603,"message":"{words}"}}"#));
}

#[test]
fn futures_may_answer_early_panic_or_be_dropped() {
    let early = Tool::future("t", |_: NoArguments, call: Deferred| async move {
        call.finish(Outcome::text("early"));
        turn().await;
        "late"
    });
    check_future(&build(early), &[&done("early")], &[&done("early")]);

    let panics = Tool::future("t", |_: NoArguments, _call| async move {
        turn().await;
        blow_up();
        #[allow(unreachable_code, reason = "gives the future its type")]
        ""
    });
    check_future(&build(panics), &[], &[&format!("done 7 {PANICKED}")]);

    let pending = Tool::future("t", |_: NoArguments, _call| std::future::pending::<()>());
    let (server, source) = (build(pending), Source::default());
    tool_call(&server, "{}", &source).into_job().run_local(&drop);
    assert_eq!(source.mailbox.lines(), [INTERNAL_DROP]);
}

#[test]
fn what_crosses_threads_may() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<Server>();
    is_send_and_sync::<CallContext>();
    is_send_and_sync::<Mailbox>();
    is_send::<Deferred>();
    is_send::<crate::server::Job>();
    is_send::<crate::server::CallEvent>();
}
