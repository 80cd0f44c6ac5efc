//! Which era is spoken over the pipes of a program that listens too: it may speak fewer there.

use super::{Conversation, Subject};
use crate::target::Era;
use crate::workload::{EraSpec, LoadSpec, Via};

impl Subject {
    /// The era that a load is spoken in, the newest that it and the server allow.
    pub fn era_of(&self, load: &LoadSpec) -> Option<Era> {
        let newest = self.era(load.era)?;
        if load.via == Via::Stdio && newest == Era::Stateless && self.piped() == Era::Handshake {
            return self.era(EraSpec::Handshake).filter(|_| load.era == EraSpec::Any);
        }
        Some(newest)
    }

    /// The newest era that is spoken over its pipes, found out when it is asked for first. Who answers
    /// in none there is taken to speak the newest: the load will say what fails.
    fn piped(&self) -> Era {
        let newest = self.eras().first().copied().unwrap_or(Era::Stateless);
        let (Some(command), Some(cores)) = (&self.stdio, &self.cores) else { return newest };
        // Who has no other place was met over its pipes.
        if self.places.is_empty() {
            return newest;
        }
        let answers = |era: &Era| Conversation::start(command, *era, cores, self.patience).is_ok();
        *self.piped.get_or_init(|| self.eras().into_iter().find(answers).unwrap_or(newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::request::ID_FIRST;
    use crate::measure::cores::Cores;
    use crate::subject::{CommandSpec, Offers, Place, Spoken};
    use crate::target::Target;

    /// Answers `method`, which comes with that id, and ends at any other.
    fn program(method: &str, id: u64) -> CommandSpec {
        let result = r#"{"protocolVersion":"2025-11-25"}"#;
        let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
        let script = format!(
            "while read line; do case $line in *{method}*) echo '{answer}' ;; *) exit ;; esac; done"
        );
        CommandSpec::new("sh").args(["-c", &script])
    }

    /// A server that was met in both eras on a socket, with that program for its pipes.
    fn subject(program: CommandSpec, cores: &Cores) -> Subject {
        let spoken = |era| Spoken {
            era,
            version: String::new(),
            who: String::new(),
            offers: Offers::default(),
        };
        let target: Target = "http://127.0.0.1:1/mcp".parse().expect("a URL");
        Subject {
            stdio: Some(program),
            cores: Some(cores.clone()),
            spoken: [Era::Stateless, Era::Handshake].map(spoken).into(),
            places: vec![Place::from(target)],
            ..Subject::new("it", "")
        }
    }

    #[test]
    fn the_newest_era_of_the_pipes_is_spoken_over_them() {
        use EraSpec::{Any, Handshake, Stateless};

        // Found once: a program that is started leaves this thread on one of them.
        let cores = Cores::find().expect("two cores");
        for (method, id, newest) in [
            ("server/discover", ID_FIRST, Era::Stateless),
            ("initialize", 0, Era::Handshake),
            ("nothing", 0, Era::Stateless),
        ] {
            let subject = subject(program(method, id), &cores);
            for (via, era, want) in [
                (Via::Stdio, Any, Some(newest)),
                (Via::Stdio, Stateless, (newest == Era::Stateless).then_some(newest)),
                (Via::Stdio, Handshake, Some(Era::Handshake)),
                (Via::Http, Any, Some(Era::Stateless)),
            ] {
                let load = LoadSpec { via, era, ..LoadSpec::default() };
                assert_eq!(subject.era_of(&load), want, "{method:?} over {via:?} in {era:?}");
            }
        }
    }
}
