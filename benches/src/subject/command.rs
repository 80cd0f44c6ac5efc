//! How a program is started, as data: the same server is started many times.

use std::path::PathBuf;
use std::process::Command;

use crate::fault::Fault;
use crate::target::words;

/// A program with its arguments and surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandSpec {
    /// The program; a bare name is looked for on `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the environment of this process.
    pub env: Vec<(String, String)>,
    /// Where it runs, if not here.
    pub cwd: Option<PathBuf>,
}

impl CommandSpec {
    /// `program` without arguments.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..Self::default() }
    }

    /// The same with these arguments behind those that it has.
    #[must_use]
    pub fn args<T: Into<String>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Reads a command as a person types it: words at blanks, quotes around blanks. No shell is
    /// asked: there are no variables, no globs and no pipes.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut words = words(text).map_err(Fault::Usage)?.into_iter();
        let program = words.next().unwrap_or_default();
        Ok(Self::new(program).args(words))
    }

    /// A command to start it with.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.cwd {
            command.current_dir(folder);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words_with_quotes() {
        let rows: [(&str, Option<&[&str]>); 5] = [
            ("server --port 0", Some(&["server", "--port", "0"])),
            ("'my server' \"it's\"", Some(&["my server", "it's"])),
            ("server ''", Some(&["server", ""])),
            ("server 'open", None),
            ("  ", None),
        ];
        for (text, want) in rows {
            let want = want.map(|words| CommandSpec::new(words[0]).args(words[1..].to_vec()));
            assert_eq!(CommandSpec::parse(text).ok(), want, "{text}");
        }
    }
}
