//! Running other programs: with their output shown, and with it kept as well.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

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

/// Runs a command with its output shown; whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    announce(command);
    match command.stdin(Stdio::null()).status() {
        Ok(status) => status.success(),
        Err(fault) => {
            println!("{} cannot be started: {fault}", command.get_program().display());
            false
        }
    }
}

/// Runs a command with its output shown line by line and kept.
pub(crate) fn shown(command: &mut Command) -> Done {
    announce(command);
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(fault) => {
            println!("{} cannot be started: {fault}", command.get_program().display());
            return Done { succeeded: false, output: String::new() };
        }
    };
    let mut output = String::new();
    let pipe = child.stdout.take().expect("standard output was piped above");
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        output.push_str(&line);
        output.push('\n');
    }
    Done { succeeded: child.wait().is_ok_and(|status| status.success()), output }
}

/// What a short command prints, both streams together, or `None` when it fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let done = command.stdin(Stdio::null()).output().ok()?;
    let text = [done.stdout, done.stderr].concat();
    done.status.success().then(|| String::from_utf8_lossy(&text).trim().to_owned())
}

/// Shows a command before it runs, so that a reader can repeat it.
pub(crate) fn announce(command: &Command) {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    println!("$ {} {}", command.get_program().display(), words.join(" "));
}
