//! Running other programs: with their output shown, or in the transcript, and kept as well.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::transcript::Transcript;

/// A finished program.
pub(crate) struct Done {
    pub(crate) succeeded: bool,
    /// What it wrote to standard output.
    pub(crate) output: String,
}

/// A command in words, run in `folder`.
pub(crate) fn command(folder: &Path, words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().expect("a command has a program");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command
}

/// Runs a command with its output shown, or in the transcript; whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    if Transcript::kept().is_some() {
        return shown(command).succeeded;
    }
    announce(command);
    match command.stdin(Stdio::null()).status() {
        Ok(status) => status.success(),
        Err(fault) => cannot_start(command, &fault).succeeded,
    }
}

/// Runs a command with its output shown line by line, or in the transcript, and kept.
pub(crate) fn shown(command: &mut Command) -> Done {
    announce(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let transcript = Transcript::kept();
    if transcript.is_some() {
        command.stderr(Stdio::piped());
    }
    match command.spawn() {
        Ok(child) => match transcript {
            Some(transcript) => recorded(command, child, transcript),
            None => printed(child),
        },
        Err(fault) => cannot_start(command, &fault),
    }
}

/// Prints each line of the child as it comes.
fn printed(mut child: Child) -> Done {
    let mut output = String::new();
    each_line(child.stdout.take(), |line| {
        say(line);
        output.push_str(line);
        output.push('\n');
    });
    Done { succeeded: child.wait().is_ok_and(|status| status.success()), output }
}

/// Writes both streams of the child into the transcript, and shows why it failed if it did.
fn recorded(command: &Command, mut child: Child, transcript: &Transcript) -> Done {
    let lines = Mutex::new(Vec::new());
    let keep = |line: &str| {
        transcript.line(line);
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    };
    let mut output = String::new();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| each_line(stderr, keep));
        each_line(stdout, |line| {
            keep(line);
            output.push_str(line);
            output.push('\n');
        });
    });
    let succeeded = child.wait().is_ok_and(|status| status.success());
    if !succeeded {
        println!("{}", in_words(command));
        transcript.show_failure(&lines.into_inner().unwrap_or_else(PoisonError::into_inner));
    }
    Done { succeeded, output }
}

/// Gives every line of `stream` to `take` until it ends.
fn each_line(stream: Option<impl Read>, mut take: impl FnMut(&str)) {
    let lines = stream.map(|stream| BufReader::new(stream).split(b'\n'));
    for line in lines.into_iter().flatten().map_while(Result::ok) {
        take(&String::from_utf8_lossy(&line));
    }
}

fn cannot_start(command: &Command, fault: &std::io::Error) -> Done {
    println!("{} cannot be started: {fault}", command.get_program().display());
    Done { succeeded: false, output: String::new() }
}

/// What a short command prints, both streams together, or `None` when it fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let done = command.stdin(Stdio::null()).output().ok()?;
    let text = [done.stdout, done.stderr].concat();
    done.status.success().then(|| String::from_utf8_lossy(&text).trim().to_owned())
}

/// Shows a command before it runs, so that a reader can repeat it.
pub(crate) fn announce(command: &Command) {
    say(&in_words(command));
}

/// Prints what a program said, or writes it into the transcript.
pub(crate) fn say(text: &str) {
    match Transcript::kept() {
        Some(transcript) => transcript.line(text),
        None => println!("{text}"),
    }
}

fn in_words(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    format!("$ {} {}", command.get_program().display(), words.join(" "))
}
