//! Tests of the server module, a file for each noun; what they share is here.

mod asks;
mod calls;
mod hooks;
mod lists;
mod refusals;
mod returns;
mod schemas;

use std::cell::{Cell, OnceCell};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::arguments::Taken;
use super::{
    Call, CallContext, CallEvent, CallSource, Feature, Outcome, Post, Publisher, Server,
    ServerBuilder, Ticket,
};
use crate::json::{Backend, PaddedBuf, Parser, Value, Writer};
use crate::mcp::Version;
use crate::model::Fields;

/// The present of all these tests.
const NOW_NS: u64 = 5_000_000_000;

/// Keeps what is posted.
#[derive(Default)]
pub(super) struct Mailbox(Mutex<Vec<CallEvent>>);

impl Mailbox {
    /// Each event as one line.
    fn lines(&self) -> Vec<String> {
        let events = self.0.lock().expect("no test panics while it holds the mailbox");
        events.iter().map(line).collect()
    }
}

impl Post for Mailbox {
    fn post(&self, event: CallEvent) {
        self.0.lock().expect("no test panics while it holds the mailbox").push(event);
    }

    fn publisher(&self) -> Publisher {
        Publisher::new(Arc::new(builder().build().expect("an empty server")), |_| Ok(()))
    }

    fn now_ns(&self) -> u64 {
        NOW_NS
    }
}

fn line(event: &CallEvent) -> String {
    match event {
        CallEvent::Done { ticket, outcome } => format!("done {} {}", ticket.0, shown(outcome)),
        CallEvent::Progress { ticket, progress, total, message } => {
            format!("progress {} {progress} {total:?} {message:?}", ticket.0)
        }
        CallEvent::Log { ticket, level, logger, data } => {
            format!("log {} {} {logger:?} {data}", ticket.0, level.as_str())
        }
        CallEvent::OutputBroken { ticket } => format!("broken {}", ticket.0),
        CallEvent::CloseStream { ticket } => format!("close stream {}", ticket.0),
        CallEvent::BecameTask { ticket } => format!("became a task {}", ticket.0),
        CallEvent::TaskStatus { ticket, message } => format!("status {} {message}", ticket.0),
        CallEvent::Refused { ticket } => format!("refused {}", ticket.0),
        CallEvent::Elicited { ticket, id } => format!("elicited {} {id}", ticket.0),
        CallEvent::Routed { waiter, .. } => format!("routed {}", waiter.serial),
        CallEvent::Asked { ticket, ask, .. } => format!("asked {} {ask:?}", ticket.0),
    }
}

/// An outcome as JSON behind a word, at the latest version.
fn shown(outcome: &Outcome) -> String {
    let fields = &Fields::V2026_07_28;
    match outcome {
        Outcome::Tool(result) => format!("tool {}", json(|w| result.encode(w, fields))),
        Outcome::Prompt(result) => format!("prompt {}", json(|w| result.encode(w, fields))),
        Outcome::Resource(result) => {
            format!("resource {}", members(|w| result.encode_members(w, fields, &[])))
        }
        Outcome::Completion(completion) => {
            format!("completion {}", members(|w| completion.encode_members(w, &[])))
        }
        Outcome::Raw(json) => format!("raw {json}"),
        Outcome::Error(error) => format!("error {}", json(|w| error.encode(w))),
        Outcome::Ask(ask) => format!("ask {ask:?}"),
        Outcome::Deferred => "deferred".into(),
    }
}

fn members(write: impl FnOnce(&mut Writer<'_>)) -> String {
    json(|w| {
        w.begin_object();
        write(w);
        w.end_object();
    })
}

fn json(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out));
    String::from_utf8(out).expect("a writer writes UTF-8")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("a writer writes UTF-8")
}

/// What an endpoint is to a call.
#[derive(Default)]
pub(super) struct Source {
    mailbox: Arc<Mailbox>,
    progress_token: Option<Bytes>,
    contexts: Cell<u32>,
    shares: Cell<u32>,
    arguments: OnceCell<Taken>,
}

impl CallSource for Source {
    fn share(&self, part: &[u8]) -> Bytes {
        self.shares.set(self.shares.get() + 1);
        Bytes::copy_from_slice(part)
    }

    fn context(&self) -> Arc<CallContext> {
        self.contexts.set(self.contexts.get() + 1);
        let post: Arc<dyn Post> = self.mailbox.clone();
        let context = CallContext::new(Version::V2025_11_25, Ticket(7), post);
        Arc::new(context.with_progress_token(self.progress_token.clone()))
    }
}

fn builder() -> ServerBuilder {
    Server::builder("test", "1.0.0")
}

/// The call of the only tool of `server`.
fn tool_call<'a>(server: &'a Server, arguments: &str, source: &'a Source) -> Call<'a> {
    let tool = server.features().tools().iter().next().expect("the server has a tool");
    taken_call(tool.feature(), arguments, source)
}

/// A call of `feature`; those of one source have the same arguments.
fn taken_call<'a>(feature: &'a Arc<Feature>, arguments: &str, source: &'a Source) -> Call<'a> {
    let taken = source.arguments.get_or_init(|| Taken::new(arguments.to_owned().into()));
    assert_eq!(taken.json(), arguments);
    Call::with_taken(feature, taken, source)
}

/// Parses `text` and hands the value to `look`.
fn parsed<R>(text: &str, look: impl FnOnce(Value<'_>) -> R) -> R {
    let text = PaddedBuf::copy(text.as_bytes());
    let mut parser = Parser::new(Backend::default());
    look(parser.parse(text.padded()).expect("the test's JSON is JSON"))
}
