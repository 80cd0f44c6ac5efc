//! The rmcp peer: `mcpring-peer-rmcp --http 127.0.0.1:0`, `--http-sessions 127.0.0.1:0` or `--stdio`.
//!
//! Its fastest mode: no sessions, plain JSON answers, one runtime thread, TCP_NODELAY, fat LTO.
//! With sessions it is the mode that can tell clients something; what protects its memory there
//! (idle sessions end, streams are kept alive) is off, for nothing else should run while it is
//! measured.
//! It prints where it listens as one line `ready http://ADDRESS/mcp` and serves until it is killed.

mod subscribers;
mod tools;

use std::{error::Error, sync::Arc};

use axum::serve::ListenerExt;
use rmcp::{
    ServiceExt,
    transport::{
        stdio_pipes,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
        },
    },
};
use tools::Peer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--http", address] => serve_http(address, false).await,
        ["--http-sessions", address] => serve_http(address, true).await,
        ["--stdio"] => serve_stdio().await,
        _ => Err("usage: mcpring-peer-rmcp --http ADDRESS | --http-sessions ADDRESS | --stdio".into()),
    }
}

async fn serve_http(address: &str, with_sessions: bool) -> Result<(), Box<dyn Error>> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(with_sessions)
        .with_json_response(true)
        .with_sse_keep_alive(None);
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.keep_alive = None;
    let service = StreamableHttpService::new(|| Ok(Peer), Arc::new(sessions), config);
    let router = axum::Router::new().route_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("ready http://{}/mcp", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Only the latency of small answers depends on it; a socket that refuses is served anyway.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn serve_stdio() -> Result<(), Box<dyn Error>> {
    Peer.serve(stdio_pipes()).await?.waiting().await?;
    Ok(())
}
