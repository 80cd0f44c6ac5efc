//! What `run` asks: a tool by name, a workload, or the plainest safe tool that there is.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::choose::{self, Call};
use crate::binaries::say;
use crate::fault::{Fault, excerpt};
use crate::subject::{Conversation, Subject};
use crate::workload::{self, AnswerSpec, LoadSpec, RequestSpec, Via, Workload};

/// Most safe tools that are tried before something else is measured.
const TRIES_MAX: usize = 3;
/// Connections unless something else is said.
const CONNECTIONS: u32 = 10;

/// What is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Wanted {
    /// Call this tool.
    #[arg(long, value_name = "NAME", conflicts_with = "workload")]
    tool: Option<String>,
    /// Its arguments, a JSON object; made from its schema if nothing is said.
    #[arg(long, value_name = "JSON", requires = "tool")]
    args: Option<String>,
    /// A workload by its identifier, or a file that holds one.
    #[arg(long, value_name = "ID|FILE")]
    workload: Option<String>,
}

/// What is measured, tried once already.
pub(super) fn workload(subject: &Subject, all: &super::Arguments) -> Result<Workload, Fault> {
    if let Some(name) = &all.asked.workload {
        return named(name);
    }
    let load = load(subject, all)?;
    let era = subject.era(load.era).ok_or_else(|| Fault::Target("it speaks no era".into()))?;
    let mut talk = subject.converse(era)?;
    let tools = subject.offers(load.era).map_or(&[][..], |offers| &offers.tools[..]);
    let (method, params) = match &all.asked.tool {
        Some(tool) => tool_call(tools, tool, all.asked.args.as_deref(), &mut talk)?,
        None => plainest(tools, &mut talk)?,
    };
    let about = format!("{method} {}", Value::Object(params.clone()));
    let (generate, replies) = (None, Map::new());
    Ok(Workload {
        id: "run".into(),
        about,
        plan: String::new(),
        operations: u64::MAX,
        quick_operations: None,
        request: Some(RequestSpec { method, params, generate, progress: false, replies }),
        answer: Some(AnswerSpec { result: json!({}), events: 0 }),
        load,
        fanout: None,
        inside: None,
        not_yet: None,
    })
}

fn named(name: &str) -> Result<Workload, Fault> {
    if let Some(workload) = workload::find(name) {
        return Ok(workload.clone());
    }
    if !Path::new(name).exists() {
        let words = "is neither a workload, see `mcpring-bench list`, nor a file";
        return Err(Fault::Usage(format!("`{name}` {words}")));
    }
    let mut all = workload::load(Path::new(name))?;
    match all.len() {
        1 => Ok(all.remove(0)),
        several => Err(Fault::Usage(format!(
            "{name} holds {several} workloads and `run` measures one; take `suite --workloads {name}`"
        ))),
    }
}

/// The load as the command line says it.
fn load(subject: &Subject, all: &super::Arguments) -> Result<LoadSpec, Fault> {
    let via = subject.places().first().map_or(Via::Stdio, |place| place.via);
    if via == Via::Stdio && all.connections.is_some_and(|connections| connections > 1) {
        return Err(Fault::Usage("standard input and output are one connection; use -c 1".into()));
    }
    if via == Via::Http && all.inflight > 1 {
        let words =
            "HTTP answers in turn: one request in flight a connection; use more of them (-c)";
        return Err(Fault::Usage(words.into()));
    }
    let connections = if via == Via::Stdio { 1 } else { all.connections.unwrap_or(CONNECTIONS) };
    Ok(LoadSpec {
        via,
        era: all.era.spec(),
        connections: connections as usize,
        inflight: all.inflight as usize,
        rate: all.rate,
    })
}

/// What is sent: a method and its parameters.
type Asked = (String, Map<String, Value>);

fn call((tool, arguments): (&str, Value)) -> Asked {
    let mut params = Map::new();
    params.insert("name".into(), json!(tool));
    params.insert("arguments".into(), arguments);
    ("tools/call".into(), params)
}

/// The tool called `name`, with the arguments given or made.
fn tool_call(
    tools: &[Value],
    name: &str,
    given: Option<&str>,
    talk: &mut Conversation,
) -> Result<Asked, Fault> {
    let Some(tool) = tools.iter().find(|tool| tool["name"] == name) else {
        let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        let names = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(Fault::Usage(format!("the server has no tool `{name}`; it has: {names}")));
    };
    let arguments = match given {
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(arguments)) => Value::Object(arguments),
            Ok(_) => {
                return Err(Fault::Usage("--args takes an object, such as '{\"a\":1}'".into()));
            }
            Err(error) => return Err(Fault::Usage(format!("--args is not JSON: {error}"))),
        },
        None => choose::arguments(tool).ok_or_else(|| {
            let schema = &tool["inputSchema"];
            Fault::Usage(format!("`{name}` needs --args, to be written after its schema: {schema}"))
        })?,
    };
    let asked = call((name, arguments));
    try_once(&asked, talk)?;
    Ok(asked)
}

/// The plainest safe tool that answers; without one a method that every server has.
fn plainest(tools: &[Value], talk: &mut Conversation) -> Result<Asked, Fault> {
    for Call { tool, arguments } in choose::calls(tools).into_iter().take(TRIES_MAX) {
        let asked = call((&tool, arguments));
        match try_once(&asked, talk) {
            Ok(()) => {
                say(&format!("taking the tool `{tool}`, which says that it only reads"));
                return Ok(asked);
            }
            Err(fault) => say(&format!("not taking the tool `{tool}`: {fault}")),
        }
    }
    let method = if tools.is_empty() { "ping" } else { "tools/list" };
    say(&format!(
        "no tool says that it only reads and takes arguments that can be made; measuring {method} \
         (name a tool with --tool)"
    ));
    let asked = (method.to_owned(), Map::new());
    try_once(&asked, talk)?;
    Ok(asked)
}

/// Asks once and expects a result that is no failure.
fn try_once((method, params): &Asked, talk: &mut Conversation) -> Result<(), Fault> {
    let result = talk.ask(method, &Value::Object(params.clone()).to_string())?;
    if result["isError"] == true {
        let words = excerpt(result["content"].to_string().as_bytes());
        return Err(Fault::Target(format!("the tool failed: {words}")));
    }
    Ok(())
}
