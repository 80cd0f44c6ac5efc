//! The benchmarks' server on the library: the same tools as the peers, on every wire.
//!
//! It says where it listens, one line `ready URL` each, and serves until it is killed. The tools
//! run on the shard's own thread, for they only compute.

use std::cell::RefCell;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser as _;
use mcpring::json::{Backend, PaddedBuf, Parser};
use mcpring::ring::Choice;
use mcpring::{Call, Config, Engine, Error, Server, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

/// Offers the tools of the benchmarks: echo, add, form20, form1000.
#[derive(clap::Parser)]
struct Arguments {
    /// Serve standard input and output, and nothing else.
    #[arg(long)]
    stdio: bool,
    /// Threads that serve connections.
    #[arg(long, default_value_t = 1)]
    shards: usize,
    /// auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    driver: Choice,
    /// scan, simd-json or serde.
    #[arg(long, default_value = "scan")]
    json: Backend,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

/// Twenty fields of four types, in the order the benchmarks send them.
#[derive(Deserialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "a form has as many flags as it has")]
struct Form20 {
    name: String,
    email: String,
    street: String,
    city: String,
    country: String,
    phone: String,
    company: String,
    title: String,
    note: String,
    reference: String,
    age: u32,
    quantity: u32,
    floor: i64,
    year: u32,
    price: f64,
    discount: f64,
    weight: f64,
    active: bool,
    verified: bool,
    newsletter: bool,
}

impl Form20 {
    /// Reads every field, so that none of the decoding can be left out.
    fn summary(&self) -> String {
        let words: usize = [
            &self.name,
            &self.email,
            &self.street,
            &self.city,
            &self.country,
            &self.phone,
            &self.company,
            &self.title,
            &self.note,
            &self.reference,
        ]
        .iter()
        .map(|word| word.len())
        .sum();
        let whole =
            i64::from(self.age) + i64::from(self.quantity) + self.floor + i64::from(self.year);
        let part = self.price + self.discount + self.weight;
        let flags = [self.active, self.verified, self.newsletter].iter().filter(|on| **on).count();
        format!("{words} bytes, {whole}, {part}, {flags} set")
    }
}

fn main() -> ExitCode {
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(3)
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), Error> {
    let Arguments { shards, driver, json, .. } = *arguments;
    let config = Config { shards, driver, json, ..Config::default() };
    let engine = Engine::new(tools()?).config(config);
    let engine = if arguments.stdio {
        engine.stdio()
    } else {
        engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0")
    };
    let running = engine.start()?;
    for url in running.addresses() {
        // Standard output belongs to the protocol when it is served.
        let _ = writeln!(io::stderr(), "ready {url}");
    }
    running.join()
}

fn tools() -> Result<Server, Error> {
    Server::builder("mcpring-bench", env!("CARGO_PKG_VERSION"))
        .tool(Tool::new("echo", |Echo { message }| message).inline())
        .tool(Tool::new("add", |Add { a, b }| a + b).inline())
        .tool(Tool::new("form20", |form: Form20| form.summary()).inline())
        .tool(Tool::raw("form1000", serde_json::json!({ "type": "object" }), count).inline())
        .build()
}

/// Counts the fields where they lie: nobody needs a map of them.
fn count(call: &mut Call<'_>) -> Result<String, ToolError> {
    thread_local! {
        static PARSER: RefCell<Parser> = RefCell::new(Parser::new(Backend::Scan));
    }
    let text = PaddedBuf::copy(call.arguments_json());
    PARSER.with_borrow_mut(|parser| match parser.parse(text.padded()) {
        Ok(fields) => Ok(format!("{} fields", fields.len())),
        Err(fault) => Err(ToolError(fault.to_string())),
    })
}
