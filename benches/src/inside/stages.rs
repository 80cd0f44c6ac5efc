//! The stages of a call of a tool, each measured with the engine's own parts on the very message
//! of a workload.
//!
//! ```text
//! decode    one pass over the message to a tape, and the envelope read from it
//! validate  the arguments checked against the tool's compiled schema
//! execute   the arguments read into the tool's own type, and the tool's work
//! encode    the result object written
//! protocol  everything else that the endpoint does from received bytes to sent ones: framing, the
//!           era, finding the tool, limits, the books about the request, the answer's envelope
//! ```
//!
//! The first four are timed alone; `protocol` is the whole less those four, medians all. Where the
//! clock's grain makes that less than nothing it is 0.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use mcpring::json::{Backend, PaddedBuf, Parser, Value, Writer};
use mcpring::mcp::Version;
use mcpring::rpc::Message;
use mcpring::server::{
    Call, CallContext, CallSource, Outcome, Publisher, Server, Ticket, ToolEntry,
};
use mcpring::transport::Assembled;

use super::shard::Nowhere;
use super::stopwatch::{Amount, time};
use super::{Shard, wrong};
use crate::fault::{Fault, excerpt};
use crate::generator::request::{ID_FIRST, frame};
use crate::question::{Answer, Question};
use crate::target::{Era, Wire};
use crate::tools;

/// Operations that each stage of a small message is timed over.
const OPERATIONS: usize = 10_000;
/// Bytes of a small message; larger ones get fewer operations, in proportion.
const SMALL_BYTES: usize = 1 << 10;
/// The version that the message is of.
const VERSION: Version = Version::V2026_07_28;

/// The stages of `question`, a call of a tool of the [fixture](crate::tools) that computes, in
/// microseconds.
pub fn stages(question: &Question) -> Result<BTreeMap<String, f64>, Fault> {
    let server = tools::server().map_err(wrong)?;
    let (message, _) = question.message(Era::Stateless, ID_FIRST);
    let operations = (OPERATIONS * SMALL_BYTES / message.len().max(SMALL_BYTES)).max(100) as u64;
    let amount = Amount::exactly(operations);
    let whole = whole(question, &message, amount)?;
    let mut stages = parts(&server, &message, amount)?;
    let rest = whole - stages.values().sum::<f64>();
    stages.insert("protocol".into(), rest.max(0.0));
    Ok(stages)
}

/// The whole: a framed message through the endpoint.
fn whole(question: &Question, message: &[u8], amount: Amount) -> Result<f64, Fault> {
    let mut shard = Shard::new(tools::server().map_err(wrong)?, Wire::Length);
    let request = Assembled::copy(&frame(message).0);
    let Answer::Result(want) = &question.answer else {
        return Err(Fault::Usage(format!("{} is no call of a tool", question.name)));
    };
    let want = want.pointer("/content/0/text").and_then(serde_json::Value::as_str);
    let reply = shard.ask(&request).to_vec();
    let holds = |want: &str| memchr::memmem::find(&reply, want.as_bytes()).is_some();
    if !want.is_some_and(holds) {
        return Err(wrong(format!("{}: answered {}", question.name, excerpt(&reply))));
    }
    let timed = time(amount, |_| u64::from(shard.ask(&request) == reply));
    if timed.sum == timed.operations { Ok(timed.p50_us()) } else { Err(wrong("answers differ")) }
}

/// The stages that are timed alone.
fn parts(server: &Server, message: &[u8], amount: Amount) -> Result<BTreeMap<String, f64>, Fault> {
    let padded = PaddedBuf::copy(message);
    let mut parser = Parser::new(Backend::Scan);
    let decode = time(amount, |_| {
        let read = parser.parse(padded.padded()).map(|root| Message::parse(root).is_ok());
        u64::from(read == Ok(true))
    });
    let root = parser.parse(padded.padded()).map_err(wrong)?;
    let (tool, arguments) = called(server, root).ok_or_else(|| wrong("no call of a known tool"))?;
    let validate = time(amount, |_| u64::from(tool.check(arguments).is_ok()));
    let source = Source::new(server);
    let invoke = || Call::tool(tool, arguments, &source).invoke();
    let Outcome::Tool(result) = invoke() else {
        return Err(wrong(format!("{} does not answer at once", tool.name())));
    };
    let execute = time(amount, |_| u64::from(matches!(invoke(), Outcome::Tool(_))));
    let mut out = Vec::new();
    let encode = time(amount, |_| {
        out.clear();
        result.encode(&mut Writer::new(&mut out), VERSION.fields());
        u64::from(out.ends_with(b"}"))
    });
    let named =
        [("decode", decode), ("validate", validate), ("execute", execute), ("encode", encode)];
    let mut stages = BTreeMap::new();
    for (name, timed) in named {
        if timed.sum != timed.operations {
            return Err(wrong(format!("the stage {name} failed")));
        }
        stages.insert(name.to_owned(), timed.p50_us());
    }
    Ok(stages)
}

/// The tool that a message calls, and the arguments.
fn called<'s, 'p>(
    server: &'s Server,
    root: Value<'p>,
) -> Option<(&'s ToolEntry, Option<Value<'p>>)> {
    let Ok(Message::Request(request)) = Message::parse(root) else { return None };
    let params = request.params?;
    let name = params.get("name")?.as_str()?;
    Some((server.features().tools().find(&name)?, params.get("arguments")))
}

/// What a call gets from whoever received it; a tool that only computes asks for neither.
struct Source {
    context: Arc<CallContext>,
}

impl Source {
    fn new(server: &Server) -> Self {
        let publisher = Publisher::new(Arc::new(server.clone()), |_| Ok(()));
        let post = Arc::new(Nowhere(publisher));
        Self { context: Arc::new(CallContext::new(VERSION, Ticket(0), post)) }
    }
}

impl CallSource for Source {
    fn share(&self, part: &[u8]) -> Bytes {
        Bytes::copy_from_slice(part)
    }

    fn context(&self) -> Arc<CallContext> {
        Arc::clone(&self.context)
    }
}
