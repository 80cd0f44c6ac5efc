//! What a world serves: one feature for each way a call can go, all of them echoes.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::limits::REPLAY_EVENTS_MAX;
use crate::model::{Sampling, TaskSupport};
use crate::server::{
    Call, CallContext, Deferred, Outcome, Prompt, Resource, ResourceTemplate, Server, Tool,
};

/// What handlers and the world know of each other.
#[derive(Default)]
struct Shared {
    taken: Vec<Deferred>,
    /// Texts of calls whose client is gone, and with it their reason.
    abandoned: HashSet<String>,
    /// Calls that were worked on in vain and not told so.
    unaware: Vec<String>,
}

/// Calls their handlers took along, until the world decides about them; and what the world knows
/// about calls.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Shared>>);

impl Shelf {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, deferred: Deferred) {
        self.shared().taken.push(deferred);
    }

    /// Takes all that came since the last look.
    pub(super) fn take(&self) -> Vec<Deferred> {
        std::mem::take(&mut self.shared().taken)
    }

    /// Calls with these texts are cancelled from now on, or were never begun.
    pub(super) fn abandon(&self, texts: &[String]) {
        self.shared().abandoned.extend(texts.iter().cloned());
    }

    /// A call that should have been cancelled and was not, if there was one.
    pub(super) fn unaware(&self) -> Option<String> {
        self.shared().unaware.pop()
    }

    /// Someone works on the call with this text.
    fn look_at(&self, text: &str, context: &CallContext) {
        let mut shared = self.shared();
        if shared.abandoned.contains(text) && !context.is_cancelled() {
            shared.unaware.push(text.chars().take(60).collect());
        }
    }

    /// Finishes a call from the shelf as its handler would.
    pub(super) fn finish(&self, deferred: Deferred) {
        let text = deferred.argument("text").unwrap_or_default().into_owned();
        self.look_at(&text, deferred.context());
        deferred.finish(Outcome::text(text));
    }
}

/// Tools whose calls go wherever the world's workers send them, and so may fail.
pub(super) const FRAIL_TOOLS: &[&str] = &[
    "pool",
    "later",
    "later-pool",
    "future",
    "steps",
    "stroll",
    "stroll",
    "stroll",
    "polled",
    "flood",
];

/// Tools that ask their client for the echo, and so fail with a client that does not answer.
pub(super) const ASKING_TOOLS: &[&str] = &["ask", "ask-pool", "ask-twice", "ask-twice"];

/// Tools whose calls may become tasks; the last asks its client.
pub(super) const TASK_TOOLS: &[&str] = &["task", "task-slow", "task-ask"];

/// The features of every world.
pub(super) fn server(shelf: &Shelf) -> Server {
    let schema = || r#"{"type":"object","properties":{"text":{"type":"string"}}}"#;
    let (inline, pool, slow) = (shelf.clone(), shelf.clone(), shelf.clone());
    let with = |work: fn(&Shelf, &mut Call<'_>) -> String| {
        let shelf = shelf.clone();
        move |call: &mut Call<'_>| work(&shelf, call)
    };
    let strolls = shelf.clone();
    let later = |shelf: Shelf| {
        move |call: &mut Call<'_>| {
            shelf.put(call.defer());
            Outcome::Deferred
        }
    };
    Server::builder("world", "1")
        .list_changes()
        .resource_subscriptions()
        .tool(Tool::raw("inline", schema(), echo).inline())
        .tool(Tool::raw("pool", schema(), echo).pool())
        .tool(Tool::raw("later", schema(), later(inline)).inline())
        .tool(Tool::raw("later-pool", schema(), later(pool)).pool())
        .tool(Tool::future("future", |arguments: serde_json::Value, _call| async move {
            Naps(3).await;
            arguments["text"].as_str().unwrap_or_default().to_owned()
        }))
        .tool(Tool::future("stroll", move |arguments: serde_json::Value, call| {
            let shelf = strolls.clone();
            async move {
                let text = arguments["text"].as_str().unwrap_or_default().to_owned();
                for step in 1..=4 {
                    Naps(1).await;
                    shelf.look_at(&text, call.context());
                    call.context().progress(f64::from(step), None, None);
                }
                text
            }
        }))
        .tool(Tool::raw("steps", schema(), with(steps)).pool())
        .tool(Tool::raw("polled", schema(), with(polled)).pool())
        .tool(Tool::raw("flood", schema(), with(flood)).pool())
        .tool(
            Tool::raw("task", schema(), |call: &mut Call<'_>| {
                call.context().task_status("at work");
                echo(call)
            })
            .pool()
            .task_support(TaskSupport::Optional),
        )
        .tool(
            Tool::raw("task-slow", schema(), later(slow))
                .inline()
                .task_support(TaskSupport::Optional),
        )
        .tool(
            Tool::raw("task-ask", schema(), |call: &mut Call<'_>| ask(call, "1"))
                .pool()
                .task_support(TaskSupport::Optional),
        )
        .tool(Tool::raw("ask", schema(), |call: &mut Call<'_>| ask(call, "1")).inline())
        .tool(Tool::raw("ask-pool", schema(), |call: &mut Call<'_>| ask(call, "1")).pool())
        .tool(Tool::raw("ask-twice", schema(), ask_twice).pool())
        .tool(Tool::raw("panic", schema(), panic).pool())
        .tool(Tool::raw("panic-inline", schema(), panic).inline())
        .resource(Resource::text("world://fixed", "fixed", "fixed text"))
        .template(ResourceTemplate::new("world://notes/{name}", "note", |call: &mut Call<'_>| {
            call.variable("name").map(str::to_owned)
        }))
        .prompt(Prompt::new("greet", |_: &mut Call<'_>| "hello"))
        .build()
        .expect("the world's features are in order")
}

fn echo(call: &mut Call<'_>) -> String {
    call.argument("text").unwrap_or_default().into_owned()
}

fn steps(shelf: &Shelf, call: &mut Call<'_>) -> String {
    let text = echo(call);
    shelf.look_at(&text, call.context());
    for step in [1.0, 2.0, 2.0, 1.5, 3.0] {
        call.context().progress(step, Some(3.0), Some("a step"));
    }
    text
}

/// Lets its client come back for the answer.
fn polled(shelf: &Shelf, call: &mut Call<'_>) -> String {
    let text = echo(call);
    shelf.look_at(&text, call.context());
    call.context().progress(1.0, None, None);
    call.context().close_stream();
    call.context().progress(2.0, None, None);
    text
}

/// Says more than is kept for who comes back.
fn flood(shelf: &Shelf, call: &mut Call<'_>) -> String {
    let text = echo(call);
    shelf.look_at(&text, call.context());
    for step in 1..=REPLAY_EVENTS_MAX as u32 + 40 {
        call.context().progress(f64::from(step), None, None);
    }
    text
}

fn ask(call: &mut Call<'_>, key: &str) -> Result<String, Outcome> {
    let text = echo(call);
    Ok(call.sample(key, &Sampling::text(text, 10))?.text())
}

fn ask_twice(call: &mut Call<'_>) -> Result<String, Outcome> {
    ask(call, "1")?;
    ask(call, "2")
}

fn panic(_: &mut Call<'_>) -> String {
    // Without the panic hook, whose words would look like a failing test.
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// A future that must be polled so many times more.
struct Naps(u32);

impl Future for Naps {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}
