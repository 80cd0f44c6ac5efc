//! The bare loop as a server: says where it listens and serves until it is killed.

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;

use clap::Parser;
use mcpring::ring::Choice;
use mcpring_bench::bare::{self, Options};
use mcpring_bench::fault::Fault;

/// Answers constant bytes to every length-prefixed frame: the floor of any server on this driver.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    tcp: String,
    /// Payload bytes of each reply.
    #[arg(long, default_value_t = 200)]
    reply_bytes: usize,
    /// auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    driver: Choice,
}

fn main() -> ExitCode {
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "{fault}");
            ExitCode::from(fault.exit_code())
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), Fault> {
    let listener = listen(&arguments.tcp).map_err(Fault::harness("listen"))?;
    let address = listener.local_addr().map_err(Fault::harness("ask for the address"))?;
    let (reply_bytes, driver) = (arguments.reply_bytes, arguments.driver);
    bare::serve(listener, Options { reply_bytes, driver, end_when_alone: false }, |line| {
        // Without a reader nobody can know the port either, so there is nobody to tell.
        let _ = writeln!(io::stdout(), "ready tcp://{address} driver {line}");
    })
}

/// A listener whose connections do not wait to fill a packet, as the engine's do.
fn listen(address: &str) -> io::Result<TcpListener> {
    use nix::sys::socket::{setsockopt, sockopt::TcpNoDelay};

    let listener = TcpListener::bind(address)?;
    setsockopt(&listener, TcpNoDelay, &true)?;
    Ok(listener)
}
