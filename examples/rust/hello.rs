//! A server in fifteen lines: `cargo run --release --example hello`.

use mcpring::{Engine, Error, Server, Tool};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Add {
    /// The first number.
    a: f64,
    /// The second number.
    b: f64,
}

fn main() -> Result<(), Error> {
    let server = Server::builder("calculator", "1.0.0")
        .tool(Tool::new("add", |args: Add| args.a + args.b).description("Adds two numbers"))
        .build()?;
    Engine::new(server).http("127.0.0.1:8080").run()
}
