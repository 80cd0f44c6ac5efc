//! A tool of a server called in the process, without a client.

#![allow(clippy::disallowed_methods, reason = "the call's time is counted here, there is no shard")]

use std::cell::Cell;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mcpring::json::{Backend, Kind, PaddedBuf, Parser, Value, Writer};
use mcpring::mcp::Version;
use mcpring::server::{
    CallContext, CallEvent, CallSource, Lifeline, Post, Publisher, Server, Ticket, ToolEntry,
};
use mcpring::{Call, Outcome};

use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::host::Host;
use crate::server::{get, mcpring_server};
use crate::status::{
    MCPRING_ERR_INTERNAL, MCPRING_ERR_INVALID, MCPRING_ERR_REFUSED, mcpring_status,
};
use crate::text::{self, mcpring_text};

/// Invocations inside of each other on one thread.
const DEPTH_MAX: u32 = 64;

/// The version whose form results have.
const VERSION: Version = Version::V2026_07_28;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether a tool is being invoked on this thread.
pub(crate) fn is_invoking() -> bool {
    DEPTH.get() > 0
}

/// One more invocation on this thread until it is dropped.
struct Deeper;

impl Deeper {
    fn enter() -> Result<Self, Failure> {
        if DEPTH.get() == DEPTH_MAX {
            return Err(Failure::limit(format!("tools invoke each other {DEPTH_MAX} deep")));
        }
        DEPTH.set(DEPTH.get() + 1);
        Ok(Self)
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Calls a tool of a server in the process, without a client: its arguments are checked by its
/// schema, its callback runs on this thread (of MCPRING_RUN_HOST: where the server is polled, if it
/// is), and a call that it keeps is waited for as long as the tool may take. *result is the JSON of
/// a tools/call result of the latest protocol version; a tool that failed or was late has "isError"
/// in it. Before the start too.
///
/// Ownership: *result is the caller's, to be freed with mcpring_text_free.
/// Threads: any, also inside callbacks.
/// Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_ARGUMENT for arguments that are no JSON object (absent
/// they are {}); MCPRING_ERR_INVALID for those that break the schema; MCPRING_ERR_STATE for a tool
/// that asks a client; MCPRING_ERR_REFUSED when it answers with an error of the protocol;
/// MCPRING_ERR_LIMIT for tools that invoke each other without end; MCPRING_ERR_USAGE for features
/// that do not go together; MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_invoke(
    server: *mut mcpring_server,
    tool: mcpring_str,
    arguments: mcpring_str,
    result: *mut *mut mcpring_text,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let result = c.out(result, "result")?;
        let tool = c.text(tool, "tool")?;
        let arguments = c.optional(arguments, "arguments")?.unwrap_or("{}");
        result.set(text::insert(invoke(&*get(server)?, tool, arguments)?)?);
        Ok(())
    })
}

fn invoke(host: &Host, tool: &str, arguments: &str) -> Result<String, Failure> {
    let _deeper = Deeper::enter()?;
    let (server, time) = host.server()?;
    let missing = || Failure::not_found(format!("there is no tool {tool:?}"));
    let tool = server.features().tools().find(tool).ok_or_else(missing)?;
    let text = PaddedBuf::copy(arguments.as_bytes());
    let mut parser = Parser::new(Backend::default());
    let arguments = parser.parse(text.padded());
    let arguments = arguments.map_err(|fault| Failure::argument(format!("arguments: {fault}")))?;
    if arguments.kind() != Kind::Object {
        return Err(Failure::argument("arguments must be a JSON object"));
    }
    tool.check(Some(arguments)).map_err(|violation| {
        Failure::new(MCPRING_ERR_INVALID, format!("arguments of {}: {violation}", tool.name()))
    })?;
    let time = tool.timeout().unwrap_or(time);
    let publisher = host.publisher().ok();
    let (source, events) = Source::new(publisher, &server, time);
    let outcome = match run(tool, arguments, &source) {
        Outcome::Deferred => wait(tool, &source, &events, time)?,
        outcome => outcome,
    };
    encode(tool, &outcome)
}

fn run(tool: &ToolEntry, arguments: Value<'_>, source: &Source) -> Outcome {
    Call::tool(tool, Some(arguments), source).invoke()
}

/// Waits for the answer of a call that was kept.
fn wait(
    tool: &ToolEntry,
    source: &Source,
    events: &Receiver<CallEvent>,
    time: Duration,
) -> Result<Outcome, Failure> {
    let end = source.started + time;
    loop {
        match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(CallEvent::Done { outcome, .. }) => return Ok(outcome),
            Ok(CallEvent::Asked { .. }) => return Err(asks(tool)),
            // There is nobody to tell.
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                source.lifeline.cancel();
                let (name, ms) = (tool.name(), time.as_millis());
                return Ok(Outcome::failure(format!("{name} did not answer within {ms} ms")));
            }
        }
    }
}

fn encode(tool: &ToolEntry, outcome: &Outcome) -> Result<String, Failure> {
    match outcome {
        Outcome::Error(error) => {
            let words = format!("{}: {} ({})", tool.name(), error.message, error.code);
            return Err(Failure::new(MCPRING_ERR_REFUSED, words));
        }
        Outcome::Ask(_) => return Err(asks(tool)),
        _ => {}
    }
    let mut json = Vec::new();
    let mut w = Writer::new(&mut json);
    w.begin_object();
    w.member_string("resultType", "complete");
    outcome.encode_members(&mut w, VERSION.fields(), &[]);
    w.end_object();
    let fault = |_| Failure::new(MCPRING_ERR_INTERNAL, "the result is not UTF-8");
    String::from_utf8(json).map_err(fault)
}

fn asks(tool: &ToolEntry) -> Failure {
    Failure::state(format!("{} asks its client, and there is none", tool.name()))
}

/// Where an invoked call comes from.
struct Source {
    post: Arc<Waiter>,
    lifeline: Arc<Lifeline>,
    started: Instant,
}

impl Source {
    fn new(
        publisher: Option<Publisher>,
        server: &Arc<Server>,
        time: Duration,
    ) -> (Self, Receiver<CallEvent>) {
        let (events, received) = mpsc::channel();
        let publisher = publisher.unwrap_or_else(|| Publisher::new(Arc::clone(server), |_| Ok(())));
        let deadline = now_ns().saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let source = Self {
            post: Arc::new(Waiter { events, publisher }),
            lifeline: Arc::new(Lifeline::until(deadline)),
            started: Instant::now(),
        };
        (source, received)
    }
}

impl CallSource for Source {
    fn share(&self, part: &[u8]) -> Bytes {
        Bytes::copy_from_slice(part)
    }

    fn context(&self) -> Arc<CallContext> {
        let post: Arc<dyn Post> = self.post.clone();
        let context = CallContext::new(VERSION, Ticket(0), post);
        Arc::new(context.with_lifeline(Arc::clone(&self.lifeline)))
    }
}

/// Takes what happens to a call to who invoked it.
struct Waiter {
    events: Sender<CallEvent>,
    publisher: Publisher,
}

impl Post for Waiter {
    fn post(&self, event: CallEvent) {
        // Who invoked it may have given up.
        let _ = self.events.send(event);
    }

    fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    fn now_ns(&self) -> u64 {
        now_ns()
    }
}

/// Nanoseconds since this was first asked.
fn now_ns() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}
