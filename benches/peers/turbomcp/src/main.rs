//! The turbomcp peer: `mcpring-peer-turbomcp --http ADDRESS` or `--stdio`.
//!
//! It serves as its documentation says, on one runtime thread; it has no mode without sessions for
//! the handshake era, and no choice of answers. Its limits of requests at once and of their time are
//! raised. It prints where it listens as one line `ready http://ADDRESS/mcp` and serves until it is
//! killed.

mod fixture;
#[path = "../../forms.rs"]
mod forms;
mod tools;

use std::{error::Error, net::SocketAddr, time::Duration};

use axum::serve::ListenerExt;
use fixture::Peer;
// The forms find it here, wherever it comes from.
use ::schemars;
use tokio::{net::TcpListener, runtime::Builder};
use turbomcp::{
    LegacySessionAdapter, ServerBuilder,
    http::{HttpConfig, router},
    serve_stdio,
};

/// More requests than are ever at once, streams that are held open among them.
const REQUESTS_MAX: usize = 1_000_000;
/// No request takes longer.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

type Served = Result<(), Box<dyn Error>>;

fn main() -> Served {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match arguments.as_slice() {
        ["--http", address] => runtime.block_on(serve_http(address)),
        ["--stdio"] => runtime.block_on(async {
            serve_stdio(LegacySessionAdapter::new(dispatcher())).await?;
            Ok(())
        }),
        _ => Err("usage: mcpring-peer-turbomcp --http ADDRESS | --stdio".into()),
    }
}

/// The server with everything it offers; whoever updates a resource reaches its subscribers.
fn dispatcher() -> turbomcp::VersionDispatcher<Peer> {
    let server = ServerBuilder::new(Peer).with_tools().with_resources().with_prompts();
    let dispatcher = server.session_idle_timeout(PATIENCE).build();
    tools::reach(dispatcher.notifier());
    dispatcher
}

async fn serve_http(address: &str) -> Served {
    let config = HttpConfig::new()
        .max_concurrent_requests(REQUESTS_MAX)
        .request_timeout(PATIENCE)
        .sse_keepalive(PATIENCE);
    let listener = TcpListener::bind(address).await?;
    println!("ready http://{}/mcp", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Only the latency of small answers depends on it; a socket that refuses is served anyway.
        let _ = stream.set_nodelay(true);
    });
    let service = router(dispatcher(), config).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}
