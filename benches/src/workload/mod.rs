//! Workloads: what is measured, as files. `benches/workloads/*.toml` holds the fifteen of the plan,
//! with its identifiers and operation counts.
//!
//! A workload is either requests over a wire, one publication to many subscribers, or work inside
//! this process on a part of the engine; one that cannot be measured yet says why.

mod asked;
mod load;
mod suite;

pub use load::{all, find, load, schema};
pub use suite::{Entry, Suite, suites};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One file of workloads. Its published schema is `benches/workload.schema.json`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The workloads in their order.
    pub workload: Vec<Workload>,
}

/// What is measured under one identifier.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Names it in results, on the command line and in baselines.
    pub id: String,
    /// One line for people.
    pub about: String,
    /// The plan's number, such as `W3`.
    pub plan: String,
    /// Operations of one repetition.
    pub operations: u64,
    /// Operations of one repetition of a quick run; a tenth where nothing is said.
    pub quick_operations: Option<u64>,
    /// Requests over a wire.
    pub request: Option<RequestSpec>,
    /// How a right answer looks; must stand beside `request`.
    pub answer: Option<AnswerSpec>,
    /// Who asks, and how many at once; for `request`.
    #[serde(default)]
    pub load: LoadSpec,
    /// One publication to many subscribers.
    pub fanout: Option<FanoutSpec>,
    /// Work inside this process.
    pub inside: Option<InsideSpec>,
    /// Why it cannot be measured yet.
    pub not_yet: Option<String>,
}

/// A request of the protocol.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// Its method.
    pub method: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Arguments made by a generator of that name instead of standing here: `form1000`.
    pub generate: Option<String>,
    /// Whether it asks to hear of its progress.
    #[serde(default)]
    pub progress: bool,
    /// What the client replies when it is asked something, by the server's method.
    #[serde(default)]
    pub replies: Map<String, Value>,
}

/// How a right answer looks.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerSpec {
    /// What the result must hold; see [`Answer::Result`](crate::question::Answer::Result).
    pub result: Value,
    /// Messages that must come before it.
    #[serde(default)]
    pub events: u32,
}

/// Who asks.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadSpec {
    /// What carries the messages.
    pub via: Via,
    /// Which eras may be spoken.
    pub era: EraSpec,
    /// Connections; always one over standard input and output.
    pub connections: usize,
    /// Requests in flight on each; one over HTTP.
    pub inflight: usize,
    /// Requests a second of an open loop; a closed loop where nothing is said.
    pub rate: Option<f64>,
}

impl Default for LoadSpec {
    fn default() -> Self {
        Self { via: Via::Http, era: EraSpec::Any, connections: 10, inflight: 1, rate: None }
    }
}

/// What carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Streamable HTTP/1.1.
    Http,
    /// TCP, a length before each message.
    Tcp,
    /// TCP, a newline behind each message.
    TcpLine,
    /// Standard input and output of a program that is started.
    Stdio,
}

/// Which eras of the protocol a workload may be measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EraSpec {
    /// The newest that the server speaks.
    Any,
    /// `initialize` first (2025-11-25).
    Handshake,
    /// Every request stands alone (2026-07-28).
    Stateless,
}

/// One publication to many subscribers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FanoutSpec {
    /// Subscribers, each with a stream of its own.
    pub subscribers: usize,
    /// Publications a second; one after the other where nothing is said.
    pub rate: Option<f64>,
}

/// Work inside this process on a part of the engine.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InsideSpec {
    /// Which part, a name of [`crate::inside`].
    pub part: String,
    /// How large: fields of a document, features of a registry. What it means is the part's.
    pub size: Option<u64>,
}
