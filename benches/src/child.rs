//! A server as a child process: started on its core, asked where it listens, stopped at the end.
//!
//! What is started may be a launcher: the server is its child, or what it has left behind when it
//! ended. A variable of the environment, which is handed down, says what belongs together, and this
//! process is given what is left behind, so that its end is certain too.

use std::io::{BufRead, BufReader, PipeReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::interrupt;
use crate::measure::cores::Cores;
use crate::measure::process::Process;

/// A server that has not said where it listens by then has failed.
const READY: Duration = Duration::from_secs(10);

/// The variable by which a process is known to belong to a server.
const MARK: &str = "MCPRING_BENCH_SERVER";

/// Rounds in which what a server has left behind is ended: it may start others meanwhile.
const ENDS_MAX: usize = 10;

/// Where a child may run.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// On the server's core.
    Pinned(&'a Cores),
    /// Anywhere, as a user would start it.
    Anywhere(&'a Cores),
}

/// A running server; dropping it ends it.
pub struct Server {
    child: Child,
    /// What its processes were given, `NAME=VALUE`.
    mark: String,
    lines: Receiver<String>,
    said: Vec<String>,
    /// When it was started.
    pub started: Instant,
}

impl Server {
    /// Starts `command` with its output read line by line, standard error included. Afterwards
    /// this thread is on the load's core.
    pub fn start(command: &mut Command, place: Place<'_>) -> Result<Self, Fault> {
        let (reader, writer) = std::io::pipe().map_err(Fault::harness("open a pipe"))?;
        let errors = writer.try_clone().map_err(Fault::harness("share a pipe"))?;
        command.stdout(writer).stderr(errors);
        Self::spawn(command, place, reader)
    }

    /// Starts `command` and gives away its standard input and output; its lines are its errors.
    pub fn start_piped(
        command: &mut Command,
        place: Place<'_>,
    ) -> Result<(Self, ChildStdin, ChildStdout), Fault> {
        let (reader, errors) = std::io::pipe().map_err(Fault::harness("open a pipe"))?;
        command.stdout(Stdio::piped()).stderr(errors);
        let mut server = Self::spawn(command, place, reader)?;
        match (server.child.stdin.take(), server.child.stdout.take()) {
            (Some(input), Some(output)) => Ok((server, input, output)),
            _ => Err(Fault::Invalid("a child has no pipes".into())),
        }
    }

    /// Starts `command`; `reader` is the other end of what it prints.
    fn spawn(command: &mut Command, place: Place<'_>, reader: PipeReader) -> Result<Self, Fault> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped());
        let mark = mark();
        command.env(MARK, &mark);
        let (Place::Pinned(cores) | Place::Anywhere(cores)) = place;
        match place {
            // A child starts with the cores of the thread that starts it.
            Place::Pinned(_) => cores.pin(cores.server)?,
            Place::Anywhere(_) => cores.unpin()?,
        }
        let started = Instant::now();
        let spawned = interrupt::spawn(command);
        cores.pin(cores.load)?;
        // The command keeps the writing ends; the reader must see the end when the child is gone.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = spawned.map_err(Fault::target(format!("start {program}")))?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, mark: format!("{MARK}={mark}"), lines, said: Vec::new(), started })
    }

    /// The address behind `scheme` in what the server prints, such as `http` in
    /// `http://127.0.0.1:8080/mcp`.
    pub fn address(&mut self, scheme: &str) -> Result<SocketAddr, Fault> {
        self.find(READY, |line| address(line, scheme)).map_err(|end| self.not_ready(scheme, end))
    }

    /// What `pick` takes from the first line in which it finds something, said or still to be said
    /// within `patience`.
    pub fn find<T>(
        &mut self,
        patience: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Result<T, RecvTimeoutError> {
        let until = Instant::now() + patience;
        let mut seen = 0;
        loop {
            if let Some(found) = self.said[seen..].iter().find_map(|line| pick(line)) {
                return Ok(found);
            }
            seen = self.said.len();
            let left = until.saturating_duration_since(Instant::now());
            self.said.push(self.lines.recv_timeout(left)?);
        }
    }

    pub(crate) fn not_ready(&self, scheme: &str, end: RecvTimeoutError) -> Fault {
        let what = match end {
            RecvTimeoutError::Timeout => "did not say in time",
            RecvTimeoutError::Disconnected if self.lives() => "closed its output before it said",
            RecvTimeoutError::Disconnected => "ended before it said",
        };
        let said = match self.said.join("\n  ") {
            nothing if nothing.is_empty() => "it said nothing".to_owned(),
            lines => format!("it said:\n  {lines}"),
        };
        Fault::Target(format!("the server {what} where it listens ({scheme}); {said}"))
    }

    /// The next line the server prints.
    pub fn line(&mut self) -> Result<String, Fault> {
        let line = self.lines.recv_timeout(READY);
        line.map_err(|end| self.not_ready("a line on standard output", end))
    }

    /// What it printed so far, the lines already asked for.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// Its standard input.
    pub fn input(&mut self) -> Option<&mut ChildStdin> {
        self.child.stdin.as_mut()
    }

    /// Its process: what was started, or what that has left behind when it ended.
    pub fn process(&self) -> Process {
        let started = self.started_process();
        let left = || self.left_behind().into_iter().next();
        if started.lives() { started } else { left().unwrap_or(started) }
    }

    /// Whether anything of it lives.
    pub fn lives(&self) -> bool {
        self.process().lives()
    }

    fn started_process(&self) -> Process {
        Process(self.child.id())
    }

    /// Those of its processes that live and that this process was given.
    fn left_behind(&self) -> Vec<Process> {
        let mut given = Process(std::process::id()).children().unwrap_or_default();
        given.retain(|one| *one != self.started_process() && one.was_given(&self.mark));
        given
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have started others, as launchers do; they would live on.
        let tree = self.started_process().tree().unwrap_or_default();
        // It may have ended by itself; then there is nothing to kill and it is only awaited.
        let _ = self.child.kill();
        let _ = self.child.wait();
        interrupt::end(tree.get(1..).unwrap_or_default());
        for _ in 0..ENDS_MAX {
            let left = self.left_behind();
            if left.is_empty() {
                return;
            }
            let trees = left.into_iter().flat_map(|one| one.tree().unwrap_or_default());
            interrupt::end(&trees.collect::<Vec<_>>());
        }
    }
}

/// A value of [`MARK`] that no other server has.
fn mark() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{}.{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The socket address behind `scheme://` in a line, unless the scheme is the end of a longer one, or
/// the port is yet to be chosen.
pub(crate) fn address(line: &str, scheme: &str) -> Option<SocketAddr> {
    let marker = format!("{scheme}://");
    let at = line.find(&marker)?;
    let alone =
        !line[..at].ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '+');
    let rest = &line[at + marker.len()..];
    let end = rest.find(|letter: char| !(letter.is_ascii_hexdigit() || ".:[]".contains(letter)));
    rest[..end.unwrap_or(rest.len())]
        .parse()
        .ok()
        .filter(|address: &SocketAddr| alone && address.port() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shell ends at once and its output with it; what it leaves behind would run for long.
    #[test]
    fn what_a_launcher_leaves_behind_is_the_server() {
        let cores = Cores::find().expect("two cores");
        for leave in ["sleep 600 &", "sleep 600 & sleep 600 &", "(sleep 600 & sleep 600) &"] {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("exec >/dev/null 2>&1; {leave}")]);
            let mut server = Server::start(&mut command, Place::Anywhere(&cores)).expect("a shell");
            let end = server.find(READY, |_| None::<()>);
            assert_eq!(end, Err(RecvTimeoutError::Disconnected), "{leave}");
            server.child.wait().expect("its end");
            let (process, started) = (server.process(), server.started_process());
            assert!(server.lives() && process != started, "{leave}: {process:?}");
            let tree = process.tree().expect("its processes");
            drop(server);
            let left: Vec<_> = tree.into_iter().filter(|process| process.lives()).collect();
            assert_eq!(left, [], "{leave}");
        }
    }

    #[test]
    fn addresses_are_found_in_prose() {
        let rows = [
            ("will serve http://127.0.0.1:0/mcp", "http", None),
            ("ready http://127.0.0.1:80/mcp", "http", Some("127.0.0.1:80")),
            (
                "listening on tcp://127.0.0.1:81, tcp+line://127.0.0.1:82",
                "tcp",
                Some("127.0.0.1:81"),
            ),
            ("line frames tcp+line://127.0.0.1:82", "tcp+line", Some("127.0.0.1:82")),
            ("http://[::1]:80/mcp", "http", Some("[::1]:80")),
            ("tcp+line://127.0.0.1:82", "line", None),
            ("nothing", "http", None),
        ];
        for (line, scheme, want) in rows {
            let want = want.map(|text| text.parse().expect("an address"));
            assert_eq!(address(line, scheme), want, "{line}");
        }
    }
}
