//! What is set up once for all repetitions of a workload on one server.

use std::time::Duration;

use super::Settings;
use crate::audience::Stage;
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::question::Question;
use crate::subject::{CommandSpec, Reach, Subject};
use crate::target::{Era, Target};
use crate::workload::{FanoutSpec, InsideSpec, LoadSpec, Workload};

/// A workload, ready to be repeated.
pub(super) enum Prepared {
    /// Requests over a socket.
    Socket { target: Target, question: Question, load: LoadSpec },
    /// Requests over the pipes of a process that each repetition starts.
    Pipes {
        command: CommandSpec,
        cores: Cores,
        era: Era,
        /// How long it may take until it answers for the first time.
        patience: Duration,
        question: Question,
        load: LoadSpec,
    },
    /// Publications to subscribers that stay connected.
    Fanout { stage: Box<Stage>, spec: FanoutSpec },
    /// Work inside this process.
    Inside(InsideSpec),
}

/// Makes `workload` ready on `subject`, or says what the server does not offer. Work inside this process
/// needs none.
pub(super) fn prepare(
    subject: Option<&Subject>,
    workload: &Workload,
    settings: &Settings,
) -> Result<Result<Prepared, String>, Fault> {
    if let Some(spec) = &workload.inside {
        return Ok(Ok(Prepared::Inside(spec.clone())));
    }
    let subject = subject
        .ok_or_else(|| Fault::Usage(format!("the workload {} needs a server", workload.id)))?;
    let load = workload.load.clone();
    let reach = match subject.can(workload) {
        Ok(reach) => reach,
        Err(why) => return Ok(Err(why)),
    };
    if let Some(spec) = &workload.fanout {
        let Reach::Socket(target) = reach else {
            return Ok(Err("subscribers are told over HTTP".into()));
        };
        let stage = Stage::open(&target, spec.subscribers, settings.driver)?;
        return Ok(Ok(Prepared::Fanout { stage: Box::new(stage), spec: spec.clone() }));
    }
    let question = workload.question();
    let asks = || Fault::Usage(format!("the workload {} asks nothing", workload.id));
    let question = question.ok_or_else(asks)?;
    Ok(Ok(match reach {
        Reach::Socket(target) => Prepared::Socket { target, question, load },
        Reach::Pipes(command, cores, era) => {
            let patience = subject.patience().start;
            Prepared::Pipes { command, cores, era, patience, question, load }
        }
    }))
}

impl Prepared {
    /// Ends what was set up.
    pub(super) fn close(self) -> Result<(), Fault> {
        match self {
            Self::Fanout { stage, .. } => stage.close(),
            _ => Ok(()),
        }
    }
}
