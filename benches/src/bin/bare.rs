//! The bare loop as a server: says where it listens and serves until it is killed.

use std::fs::File;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::process::ExitCode;

use clap::Parser;
use mcpring::ring::Choice;
use mcpring_bench::bare::{self, Options};
use mcpring_bench::fault::Fault;

/// Answers constant bytes to every length-prefixed frame, or to every line of its standard input:
/// the floor of any server on this driver, or on pipes.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    tcp: String,
    /// Answer the lines of standard input on standard output instead, blocking and without a driver.
    #[arg(long)]
    stdio: bool,
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
    if arguments.stdio {
        return pipes()
            .and_then(|(input, output)| bare::serve_lines(input, output, arguments.reply_bytes))
            .map_err(Fault::harness("serve standard input"));
    }
    let listener = listen(&arguments.tcp).map_err(Fault::harness("listen"))?;
    let address = listener.local_addr().map_err(Fault::harness("ask for the address"))?;
    let (reply_bytes, driver) = (arguments.reply_bytes, arguments.driver);
    bare::serve(listener, Options { reply_bytes, driver, end_when_alone: false }, |line| {
        // Without a reader nobody can know the port either, so there is nobody to tell.
        let _ = writeln!(io::stdout(), "ready tcp://{address} driver {line}");
    })
}

/// Standard input and output without the locks and buffers of the standard library.
fn pipes() -> io::Result<(File, File)> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    Ok((input.into(), output.into()))
}

/// A listener whose connections do not wait to fill a packet, as the engine's do.
fn listen(address: &str) -> io::Result<TcpListener> {
    use nix::sys::socket::{setsockopt, sockopt::TcpNoDelay};

    let listener = TcpListener::bind(address)?;
    setsockopt(&listener, TcpNoDelay, &true)?;
    Ok(listener)
}
