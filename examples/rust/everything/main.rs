//! A server with everything the protocol has, for the official conformance suite and other tests:
//! `cargo run --release --example everything -- --http 127.0.0.1:0`.
//!
//! Names, arguments and answers of its features are those the suite looks for. Whatever asks the
//! client, reports, logs or changes the server is written as any program would write it.

mod asking;
mod content;
mod logic;
mod prompts;
mod resources;
mod tasks;

use clap::Parser;
use mcpring::ring::Choice;
use mcpring::{Config, Engine, Error, Running, Server};

/// A server with everything the protocol has.
#[derive(Debug, Parser)]
struct Args {
    /// Serve Streamable HTTP on this address, path /mcp; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    http: Vec<String>,
    /// Serve TCP with a four-byte length before each message.
    #[arg(long, value_name = "ADDR")]
    tcp: Vec<String>,
    /// Serve TCP with one message a line.
    #[arg(long, value_name = "ADDR")]
    tcp_line: Vec<String>,
    /// Serve standard input and output, one message a line.
    #[arg(long)]
    stdio: bool,
    /// How to talk to the kernel: auto, uring or epoll.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    driver: Choice,
    /// Threads that serve connections; 0 is one per core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    shards: usize,
}

fn main() -> Result<(), Error> {
    let mut args = Args::parse();
    if args.http.is_empty() && args.tcp.is_empty() && args.tcp_line.is_empty() && !args.stdio {
        args.http.push("127.0.0.1:8080".to_owned());
    }
    let config = Config { driver: args.driver, shards: args.shards, ..Config::default() };
    let mut engine = Engine::new(server()?).config(config);
    for address in args.http {
        engine = engine.http(address);
    }
    for address in args.tcp {
        engine = engine.tcp(address);
    }
    for address in args.tcp_line {
        engine = engine.tcp_line(address);
    }
    if args.stdio {
        engine = engine.stdio();
    }
    engine.run_with(announce)
}

/// Where it listens, one line each, for whoever started it.
fn announce(running: &Running) {
    for url in running.addresses() {
        let scheme = url.split(':').next().unwrap_or_default();
        eprintln!("listening {} {url}", scheme.replace('+', "-"));
    }
}

/// The first tool answers a call without arguments, the first resource can be read: the suite
/// takes the first of each.
fn server() -> Result<Server, Error> {
    let mut server = Server::builder("everything", mcpring::VERSION)
        .title("Everything")
        .description("Everything the protocol has, for tests.")
        .instructions("Call test_simple_text first; every other tool shows one thing.")
        .list_changes()
        .resource_subscriptions()
        .logging();
    let tools = content::tools().into_iter().chain(logic::tools());
    for tool in tools.chain(asking::tools()).chain(tasks::tools()) {
        server = server.tool(tool);
    }
    for resource in resources::resources() {
        server = server.resource(resource);
    }
    for prompt in prompts::prompts() {
        server = server.prompt(prompt);
    }
    server.template(resources::template()).build()
}
