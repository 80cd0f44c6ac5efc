//! The pmcp peer: `mcpring-peer-pmcp --http ADDRESS`, `--http-sessions ADDRESS` or `--stdio`.
//!
//! `--http` is its fastest mode: its own configuration for stateless servers, which answers in JSON
//! and checks no origin, without the headers that it adds for browsers, and with the server shared
//! by requests instead of behind a lock. `--http-sessions` adds the sessions of the handshake era.
//! One runtime thread serves. It prints where it listens as one line `ready http://ADDRESS/mcp` and
//! serves until it is killed.

mod fixture;
#[path = "../../forms.rs"]
mod forms;
mod sampling;
mod tools;

use std::{error::Error, sync::Arc};

use axum::{Router, serve::ListenerExt};
use pmcp::{
    AllowedOrigins, SecurityHeadersLayer,
    axum::{RouterConfig, concurrent_router_with_config},
    server::streamable_http_server::StreamableHttpServerConfig,
};
// The forms find it here, wherever it comes from.
use ::schemars;
use tokio::{net::TcpListener, runtime::Builder};

type Served = Result<(), Box<dyn Error>>;

const USAGE: &str = "usage: mcpring-peer-pmcp --http ADDRESS | --http-sessions ADDRESS | --stdio";

fn main() -> Served {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match arguments.as_slice() {
        ["--http", address] => {
            runtime.block_on(serve_http(address, StreamableHttpServerConfig::stateless()))
        }
        ["--http-sessions", address] => runtime.block_on(serve_http(address, with_sessions())),
        ["--stdio"] => Ok(runtime.block_on(fixture::server()?.run_stdio())?),
        _ => Err(USAGE.into()),
    }
}

/// The same with sessions, whose identifiers it makes as it comes.
fn with_sessions() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig {
        session_id_generator: StreamableHttpServerConfig::default().session_id_generator,
        ..StreamableHttpServerConfig::stateless()
    }
}

async fn serve_http(address: &str, server_config: StreamableHttpServerConfig) -> Served {
    let server = Arc::new(fixture::server()?);
    tools::reach(Arc::clone(&server));
    let security_headers = SecurityHeadersLayer::new()
        .without_x_content_type_options()
        .without_x_frame_options()
        .without_cache_control();
    let allowed_origins = Some(AllowedOrigins::any());
    let config = RouterConfig { allowed_origins, security_headers, server_config };
    let router = Router::new().nest("/mcp", concurrent_router_with_config(server, config));
    let listener = TcpListener::bind(address).await?;
    println!("ready http://{}/mcp", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Only the latency of small answers depends on it; a socket that refuses is served anyway.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
