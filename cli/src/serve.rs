//! `mcpring serve`: the demonstration, or plugins, on the addresses asked for.
//!
//! The options are the engine's own settings under the names people expect; nothing is decided
//! here but the default addresses and the question whether other machines may connect.

use std::net::ToSocketAddrs;
use std::path::PathBuf;

use mcpring::json::Backend;
use mcpring::ring::Choice;
use mcpring::{Authorization, Config, Engine, Error, ErrorKind, Principal, Running, limits};

use super::{Failure, out, plugins};

const HTTP: &str = "127.0.0.1:8080";
const TCP: &str = "127.0.0.1:8081";
const TCP_LINE: &str = "127.0.0.1:8082";

/// Hosts that stand for every address of this machine, and one where it can be reached.
const ANYWHERE: [(&str, &str); 2] = [("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")];

const NOTES: &str = "\
Without an address it listens on HTTP 127.0.0.1:8080 (path /mcp), length-framed TCP
127.0.0.1:8081 and newline TCP 127.0.0.1:8082. Port 0 takes a free port. Where it listens
is written to standard error, one line each: listening KIND URL.

Examples:
  mcpring serve --http 127.0.0.1:9000
  mcpring serve --stdio
  mcpring serve --unix-line /run/user/1000/mcp.sock --shards 1 --driver epoll
  mcpring serve --http 0.0.0.0:8080 --allow-host mcp.example.org
  mcpring serve --stdio --plugin ./libtools.so";

/// The arguments of `serve`. Any address given replaces the default ones.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = NOTES)]
#[allow(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub(super) struct ServeArgs {
    /// Serve standard input and output, one message a line.
    #[arg(long, help_heading = "Addresses")]
    stdio: bool,
    /// Serve Streamable HTTP on HOST:PORT; may be repeated, like all addresses.
    #[arg(long, value_name = "ADDR", help_heading = "Addresses")]
    http: Vec<String>,
    /// Serve TCP with a four-byte length before each message.
    #[arg(long, value_name = "ADDR", help_heading = "Addresses")]
    tcp: Vec<String>,
    /// Serve TCP with one message a line.
    #[arg(long, value_name = "ADDR", help_heading = "Addresses")]
    tcp_line: Vec<String>,
    /// Serve a Unix socket with a four-byte length before each message.
    #[arg(long, value_name = "PATH", help_heading = "Addresses")]
    unix: Vec<PathBuf>,
    /// Serve a Unix socket with one message a line.
    #[arg(long, value_name = "PATH", help_heading = "Addresses")]
    unix_line: Vec<PathBuf>,

    /// Serve what this plugin offers, a shared library made with `mcpring_plugin.h`, and not the
    /// demonstration; may be repeated. One that cannot be loaded is named, and the others are served.
    #[arg(long, value_name = "PATH", help_heading = "Features")]
    plugin: Vec<PathBuf>,

    /// Threads that serve connections; 0 is one per core.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Engine")]
    shards: usize,
    /// How to talk to the kernel: auto, uring or epoll.
    #[arg(long, value_name = "NAME", default_value = "auto", help_heading = "Engine")]
    driver: Choice,
    /// Which parser reads JSON: scan, simd-json or serde.
    #[arg(long, value_name = "NAME", default_value = "scan", help_heading = "Engine")]
    json: Backend,
    /// Most threads for tools that block.
    #[arg(long, value_name = "N", default_value_t = limits::WORKERS, help_heading = "Engine")]
    workers: usize,

    /// Largest message, in bytes.
    #[arg(long, value_name = "N", default_value_t = limits::FRAME_BYTES_MAX, help_heading = "Limits")]
    max_frame_bytes: usize,
    /// Most connections of one shard.
    #[arg(long, value_name = "N", default_value_t = limits::CONNECTIONS_MAX, help_heading = "Limits")]
    max_connections: usize,
    /// Longest time of one call, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = limits::CALL_MS, help_heading = "Limits")]
    call_timeout_ms: u64,
    /// Time after which a silent connection is closed, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = limits::IDLE_MS, help_heading = "Limits")]
    idle_timeout_ms: u64,

    /// Serve HTTP requests for this host name too (Host: NAME or NAME:PORT); may be repeated.
    #[arg(long, value_name = "NAME", help_heading = "Access")]
    allow_host: Vec<String>,
    /// Serve requests of web pages from this origin (`scheme://host[:port]`); may be repeated.
    #[arg(long, value_name = "ORIGIN", help_heading = "Access")]
    allow_origin: Vec<String>,
    /// Serve HTTP only to clients that show a token of this file, one a line of 16 characters or
    /// more. The file should be readable by its owner alone. Other addresses ask for nothing.
    #[arg(long, value_name = "PATH", help_heading = "Access")]
    token_file: Option<PathBuf>,
    /// The URL that clients reach the HTTP server at; by default the first it listens on.
    #[arg(long, value_name = "URL", requires = "token_file", help_heading = "Access")]
    resource: Option<String>,
    /// Listen where other machines can connect; --allow-host says so too. Nobody is asked who they
    /// are, except on HTTP with --token-file.
    #[arg(long, help_heading = "Access")]
    allow_remote: bool,
}

pub(super) fn run(args: ServeArgs) -> Result<(), Failure> {
    let args = args.with_default_addresses();
    let public = args.is_public()?;
    let plugins = plugins::Plugins::load(&args.plugin)?;
    let server = plugins.server().map_err(failure)?;
    let mut engine = Engine::new(server).config(args.config(public));
    if let Some(authorization) = args.authorization()? {
        engine = engine.authorization(authorization);
    }
    for address in args.http {
        engine = engine.http(address);
    }
    for address in args.tcp {
        engine = engine.tcp(address);
    }
    for address in args.tcp_line {
        engine = engine.tcp_line(address);
    }
    for path in args.unix {
        engine = engine.unix(path);
    }
    for path in args.unix_line {
        engine = engine.unix_line(path);
    }
    if args.stdio {
        engine = engine.stdio();
    }
    let words = Words { has_tokens: args.token_file.is_some(), is_demo: args.plugin.is_empty() };
    let started = |running: &Running| {
        plugins.attach(running);
        announce(running, words);
    };
    engine.run_with(started).map_err(failure)
}

impl ServeArgs {
    fn with_default_addresses(mut self) -> Self {
        let tcp = [&self.http, &self.tcp, &self.tcp_line];
        let unix = [&self.unix, &self.unix_line];
        if !self.stdio && tcp.iter().all(|l| l.is_empty()) && unix.iter().all(|l| l.is_empty()) {
            self.http.push(HTTP.to_owned());
            self.tcp.push(TCP.to_owned());
            self.tcp_line.push(TCP_LINE.to_owned());
        }
        self
    }

    /// Whether an address is open to other machines, which somebody must have said is meant.
    fn is_public(&self) -> Result<bool, Failure> {
        let http = self.http.iter().filter(|_| self.token_file.is_none());
        let asked = http.chain(&self.tcp).chain(&self.tcp_line);
        let Some(open) = asked.clone().find(|address| !is_local(address)) else {
            return Ok(false);
        };
        if self.allow_remote || !self.allow_host.is_empty() {
            return Ok(true);
        }
        Err(Failure::Usage(format!(
            "{open} can be reached from other machines, and this server asks nobody who they are: \
             listen on 127.0.0.1, or name the host it is meant for with --allow-host NAME, or say \
             --allow-remote"
        )))
    }

    /// Who is served over HTTP; anybody without a file of tokens.
    fn authorization(&self) -> Result<Option<Authorization>, Failure> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let resource = self.resource()?;
        let text = std::fs::read_to_string(path).map_err(|fault| {
            Failure::Usage(format!("the tokens in {} cannot be read: {fault}", path.display()))
        })?;
        let mut authorization = Authorization::new(resource);
        let mut tokens = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        if tokens.peek().is_none() {
            let fault = format!("{} has no token: write one a line", path.display());
            return Err(Failure::Usage(fault));
        }
        for (place, token) in tokens.enumerate() {
            let holder = Principal::new(format!("token {}", place + 1));
            authorization = authorization.static_token(token, holder);
        }
        Ok(Some(authorization))
    }

    /// The URL that tokens are for. Clients are told it and compare it with where they are.
    fn resource(&self) -> Result<String, Failure> {
        let Some(listening) = self.http.first() else {
            return Err(Failure::Usage(
                "--token-file is for HTTP, which is not served here: add --http ADDR".to_owned(),
            ));
        };
        if let Some(resource) = &self.resource {
            return Ok(resource.clone());
        }
        if listening.ends_with(":0") || ANYWHERE.iter().any(|(any, _)| listening.starts_with(any)) {
            return Err(Failure::Usage(format!(
                "clients have to be told the URL that their tokens are for, and {listening} does \
                 not say it: name it with --resource URL, or listen on one address and port"
            )));
        }
        let host = if listening.starts_with(':') { "127.0.0.1" } else { "" };
        Ok(format!("http://{host}{listening}/mcp"))
    }

    fn config(&self, public: bool) -> Config {
        Config {
            driver: self.driver,
            json: self.json,
            shards: self.shards,
            workers: self.workers,
            public,
            allowed_hosts: self.allow_host.clone(),
            allowed_origins: self.allow_origin.clone(),
            frame_bytes_max: self.max_frame_bytes,
            connections_max: self.max_connections,
            call_ms: self.call_timeout_ms,
            idle_ms: self.idle_timeout_ms,
            ..Config::default()
        }
    }
}

/// Whether only this machine can reach `address`. One that cannot be resolved counts as local:
/// the engine refuses it with better words.
fn is_local(address: &str) -> bool {
    // The engine reads a bare port as one of this machine.
    if address.starts_with(':') {
        return true;
    }
    let found = address.to_socket_addrs();
    found.map_or(true, |mut all| all.all(|address| address.ip().is_loopback()))
}

/// What the words to people depend on.
#[derive(Clone, Copy)]
struct Words {
    has_tokens: bool,
    /// Whether there is a tool `echo`.
    is_demo: bool,
}

/// Says where it listens, for programs first and for people after that.
fn announce(running: &Running, words: Words) {
    out::note(&format!("mcpring {}: {}", mcpring::VERSION, running.driver_line()));
    for url in running.addresses() {
        let scheme = url.split(':').next().unwrap_or_default();
        out::note(&format!("listening {} {url}", scheme.replace('+', "-")));
    }
    let first = running.addresses().iter().find(|url| !url.starts_with("stdio:"));
    if let Some(url) = first {
        let has_token = words.has_tokens && url.starts_with("http://");
        let token = if has_token { ", with a token in $TOKEN" } else { "" };
        out::note(&format!("try{token}: {}", example(url, words)));
    }
}

/// One line to paste into a shell that calls `echo` at `url`, or lists what a plugin offers there.
fn example(url: &str, words: Words) -> String {
    let url = ANYWHERE.iter().fold(url.to_owned(), |url, (any, here)| {
        url.replacen(&format!("://{any}"), &format!("://{here}"), 1)
    });
    let is_http = url.starts_with("http://");
    let has_token = words.has_tokens && is_http;
    let token = if has_token { " -H \"Authorization: Bearer $TOKEN\"" } else { "" };
    if !words.is_demo {
        return format!("mcpring list {url}{token}");
    }
    if !is_http {
        return format!("mcpring call {url} echo message=hello");
    }
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "echo", "arguments": { "message": "hello" },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let headers = [
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: tools/call",
        "Mcp-Name: echo",
    ];
    let headers = headers.map(|header| format!("-H '{header}'")).join(" ");
    format!("curl -s {url}{token} {headers} -d '{body}'")
}

fn failure(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::Usage => Failure::Usage(error.to_string()),
        _ => Failure::Link(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    const DEMO: Words = Words { has_tokens: false, is_demo: true };

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn args(line: &str) -> ServeArgs {
        let words = std::iter::once("x").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().serve
    }

    #[test]
    fn any_address_replaces_the_default_ones() {
        let count = |line: &str| {
            let args = args(line).with_default_addresses();
            (args.http.len(), args.tcp.len(), args.tcp_line.len(), args.unix.len())
        };
        assert_eq!(count(""), (1, 1, 1, 0));
        assert_eq!(count("--stdio"), (0, 0, 0, 0));
        assert_eq!(count("--http :0 --http :1"), (2, 0, 0, 0));
        assert_eq!(count("--unix /a"), (0, 0, 0, 1));
    }

    #[test]
    fn other_machines_need_permission() {
        let rows = [
            ("--http 127.0.0.1:0", Some(false)),
            ("--http :8080 --tcp [::1]:0", Some(false)),
            ("--http 0.0.0.0:0", None),
            ("--http 127.0.0.1:0 --tcp [::]:0", None),
            ("--tcp-line 192.0.2.1:1", None),
            ("--http 0.0.0.0:0 --allow-remote", Some(true)),
            ("--http 0.0.0.0:0 --allow-host a.example", Some(true)),
            ("--http 127.0.0.1:0 --allow-remote", Some(false)),
            ("--http 0.0.0.0:0 --token-file x", Some(false)),
            ("--http 0.0.0.0:0 --tcp 0.0.0.0:0 --token-file x", None),
        ];
        for (line, want) in rows {
            assert_eq!(args(line).is_public().ok(), want, "{line}");
        }
    }

    #[test]
    fn tokens_come_from_a_file_and_are_shown_nowhere() {
        let name = format!("mcpring-tokens-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "\nfirst-0123456789\n second-0123456789 \n").unwrap();
        let found = args(&format!("--http :1 --token-file {}", path.display())).authorization();
        std::fs::remove_file(&path).unwrap();
        let authorization = found.unwrap().unwrap();
        let shown = format!("{authorization:?}");
        assert!(shown.contains("http://127.0.0.1:1/mcp") && !shown.contains("0123"), "{shown}");
        assert!(authorization.build().is_ok());
        assert!(args("--token-file /nonexistent/tokens").authorization().is_err());
        assert!(args("").authorization().unwrap().is_none());
    }

    #[test]
    fn settings_reach_the_engine() {
        let line = "--driver epoll --json serde --shards 3 --workers 4 --max-frame-bytes 5000 \
                    --max-connections 6 --call-timeout-ms 7 --idle-timeout-ms 8 --allow-host h \
                    --allow-origin http://o";
        let config = args(line).config(true);
        assert_eq!((config.driver, config.json), (Choice::Epoll, Backend::Serde));
        assert_eq!((config.shards, config.workers, config.public), (3, 4, true));
        assert_eq!((config.frame_bytes_max, config.connections_max), (5000, 6));
        assert_eq!((config.call_ms, config.idle_ms), (7, 8));
        assert_eq!((&*config.allowed_hosts[0], &*config.allowed_origins[0]), ("h", "http://o"));
        assert_eq!(args("").config(false), Config::default());
    }

    #[test]
    fn examples_can_be_pasted() {
        let line = example("http://127.0.0.1:1/mcp", DEMO);
        assert!(line.starts_with("curl -s http://127.0.0.1:1/mcp -H '"), "{line}");
        assert_eq!(line.matches('\'').count() % 2, 0, "{line}");
        for (url, want) in [
            ("tcp://h:1", "mcpring call tcp://h:1 echo message=hello"),
            ("tcp+line://[::]:1", "mcpring call tcp+line://[::1]:1 echo message=hello"),
        ] {
            assert_eq!(example(url, DEMO), want);
        }
        let line = example("http://0.0.0.0:1/mcp", Words { has_tokens: true, ..DEMO });
        assert!(line.starts_with("curl -s http://127.0.0.1:1/mcp -H \"Auth"), "{line}");
        let plugin = Words { has_tokens: true, is_demo: false };
        let line = example("http://127.0.0.1:1/mcp", plugin);
        assert_eq!(line, "mcpring list http://127.0.0.1:1/mcp -H \"Authorization: Bearer $TOKEN\"");
        assert_eq!(example("unix:///a", plugin), "mcpring list unix:///a");
    }

    #[test]
    fn the_url_that_tokens_are_for() {
        for (line, want) in [
            ("--http :1", Some("http://127.0.0.1:1/mcp")),
            ("--http [::1]:80 --http :1", Some("http://[::1]:80/mcp")),
            ("--http localhost:0", None),
            ("--http 0.0.0.0:80", None),
            ("--http [::]:80", None),
            ("--tcp :1", None),
            ("--http 0.0.0.0:0 --token-file x --resource https://a/mcp", Some("https://a/mcp")),
        ] {
            assert_eq!(args(line).resource().ok().as_deref(), want, "{line}");
        }
    }
}
