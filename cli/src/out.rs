//! Printing: answers to standard output, everything else to standard error.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process;

/// Prints an answer and a line end. A reader that has gone ends the program quietly, as a pipe to
/// `head` should.
pub(crate) fn answer(text: &str) {
    let mut stdout = io::stdout().lock();
    let text = if stdout.is_terminal() { harmless(text) } else { Cow::Borrowed(text) };
    let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.write_all(end));
    if let Err(fault) = written.and_then(|()| stdout.flush()) {
        if fault.kind() == ErrorKind::BrokenPipe {
            process::exit(0);
        }
        note(&format!("mcpring: cannot write to standard output: {fault}"));
        process::exit(3);
    }
}

/// Prints a remark for a person. Where nobody can read it there is nobody to tell.
pub(crate) fn note(text: &str) {
    let mut stderr = io::stderr().lock();
    let text = if stderr.is_terminal() { harmless(text) } else { Cow::Borrowed(text) };
    // In one piece: where standard output goes to the same place, an answer may come between two.
    let _ = stderr.write_all(format!("{text}\n").as_bytes());
}

/// A server's words must not steer the terminal they are shown on.
fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(steers) {
        Cow::Owned(text.replace(steers, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn control_characters_are_shown_not_obeyed() {
        for (text, want) in [
            ("plain\tüber\n", "plain\tüber\n"),
            ("\u{1b}[2Jx", "\u{fffd}[2Jx"),
            ("a\rb\u{9b}c", "a\u{fffd}b\u{fffd}c"),
        ] {
            assert_eq!(harmless(text), want);
        }
    }
}
