//! What a world serves: one feature for each way a call can go, all of them echoes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::model::Sampling;
use crate::server::{Call, Deferred, Outcome, Prompt, Resource, ResourceTemplate, Server, Tool};

/// Calls their handlers took along, until the world decides about them.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Vec<Deferred>>>);

impl Shelf {
    fn put(&self, deferred: Deferred) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(deferred);
    }

    /// Takes all that came since the last look.
    pub(super) fn take(&self) -> Vec<Deferred> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Finishes a call from the shelf as its handler would.
pub(super) fn finish(deferred: Deferred) {
    let text = deferred.argument("text").unwrap_or_default().into_owned();
    deferred.finish(Outcome::text(text));
}

/// Tools whose calls go wherever the world's workers send them, and so may fail.
pub(super) const FRAIL_TOOLS: &[&str] = &["pool", "later", "later-pool", "future", "steps"];

/// Tools that ask their client for the echo, and so fail with a client that does not answer.
pub(super) const ASKING_TOOLS: &[&str] = &["ask", "ask-pool", "ask-twice"];

/// The features of every world.
pub(super) fn server(shelf: &Shelf) -> Server {
    let schema = || r#"{"type":"object","properties":{"text":{"type":"string"}}}"#;
    let (inline, pool) = (shelf.clone(), shelf.clone());
    let later = |shelf: Shelf| {
        move |call: &mut Call<'_>| {
            shelf.put(call.defer());
            Outcome::Deferred
        }
    };
    Server::builder("world", "1")
        .tool(Tool::raw("inline", schema(), echo).inline())
        .tool(Tool::raw("pool", schema(), echo).pool())
        .tool(Tool::raw("later", schema(), later(inline)).inline())
        .tool(Tool::raw("later-pool", schema(), later(pool)).pool())
        .tool(Tool::future("future", |arguments: serde_json::Value, _call| async move {
            Naps(3).await;
            arguments["text"].as_str().unwrap_or_default().to_owned()
        }))
        .tool(Tool::raw("steps", schema(), steps).pool())
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

fn steps(call: &mut Call<'_>) -> String {
    for step in 1..=3 {
        call.context().progress(f64::from(step), Some(3.0), Some("a step"));
    }
    echo(call)
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
