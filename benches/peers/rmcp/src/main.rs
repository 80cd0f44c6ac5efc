//! The rmcp peer: `mcpring-peer-rmcp --http ADDRESS`, `--http-default ADDRESS`,
//! `--http-sessions ADDRESS` or `--stdio`.
//!
//! `--http` is its fastest mode: no sessions, plain JSON answers, one runtime thread.
//! `--http-default` is what the SDK does when nothing is said: sessions, answers as event streams,
//! its limits, and the runtime of `#[tokio::main]`. `--http-sessions` is the mode whose memory is
//! measured: what ends idle sessions there is off, for nothing else should run meanwhile.
//! It prints where it listens as one line `ready http://ADDRESS/mcp` and serves until it is killed.

#[path = "../../forms.rs"]
mod forms;
mod prompts;
mod resources;
mod sampling;
mod subscribers;
mod tools;

use std::{error::Error, sync::Arc};

use axum::serve::ListenerExt;
use rmcp::{
    ServiceExt, schemars,
    transport::{
        stdio_pipes,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
        },
    },
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};
use tools::Peer;

/// How serving ends.
type Served = Result<(), Box<dyn Error>>;

const USAGE: &str = "usage: mcpring-peer-rmcp --http ADDRESS | --http-default ADDRESS | \
                     --http-sessions ADDRESS | --stdio";

fn main() -> Served {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--http", address] => one_thread(serve_http(address, plain(), unlimited())),
        ["--http-sessions", address] => {
            let config = plain().with_legacy_session_mode(true);
            one_thread(serve_http(address, config, unlimited()))
        }
        ["--http-default", address] => {
            let (config, sessions) = Default::default();
            Runtime::new()?.block_on(serve_http(address, config, sessions))
        }
        ["--stdio"] => one_thread(serve_stdio()),
        _ => Err(USAGE.into()),
    }
}

/// Runs `serve` on this thread.
fn one_thread(serve: impl Future<Output = Served>) -> Served {
    Builder::new_current_thread().enable_all().build()?.block_on(serve)
}

/// No sessions, and nothing on the wire but answers.
fn plain() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
}

/// Sessions that last however long they are idle.
fn unlimited() -> LocalSessionManager {
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.keep_alive = None;
    sessions
}

async fn serve_http(
    address: &str,
    config: StreamableHttpServerConfig,
    sessions: LocalSessionManager,
) -> Served {
    let service = StreamableHttpService::new(|| Ok(Peer), Arc::new(sessions), config);
    let router = axum::Router::new().route_service("/mcp", service);
    let listener = TcpListener::bind(address).await?;
    println!("ready http://{}/mcp", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Only the latency of small answers depends on it; a socket that refuses is served anyway.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn serve_stdio() -> Served {
    Peer.serve(stdio_pipes()).await?.waiting().await?;
    Ok(())
}
