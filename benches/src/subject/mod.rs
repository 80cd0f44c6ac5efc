//! A server under measurement: how it is started or where it is, who it says it is, what it
//! offers, and what can be seen of its process.
//!
//! ```text
//! Spec ── start ──┐
//! URL ── remote ──┴─> Subject ── reach(load) ──> Reach: a Target, or a program behind pipes
//! ```

mod command;
mod conversation;
mod offers;
mod owner;
mod piped;
mod place;

use std::cell::OnceCell;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

pub use command::CommandSpec;
pub use conversation::Conversation;
pub use offers::Offers;
pub use place::Place;

use crate::child::{self, Server};
use crate::dial;
use crate::fault::Fault;
use crate::generator::Load;
use crate::measure::cores::Cores;
use crate::measure::counters::Counters;
use crate::measure::process::Process;
use crate::rounds::ENTERS;
use crate::target::{Era, Target};
use crate::workload::{EraSpec, LoadSpec, Via, Workload};

/// A server says all its addresses at once: what has not come this long after the first it does
/// not have.
const FURTHER: Duration = Duration::from_millis(300);

/// From one look whether a server listens to the next, and the longest wait for one.
const KNOCK: Duration = Duration::from_millis(50);

/// What carries messages to a server that listens, the usual first.
const LISTENING: [Via; 3] = [Via::Http, Via::Tcp, Via::TcpLine];

/// How long a server may take before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until a server that is started listens, or has answered once over its pipes.
    pub start: Duration,
    /// Until a server that is up answers one of the first questions.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { start: Duration::from_secs(20), answer: Load::TIMEOUT }
    }
}

/// How a server is started for a measurement.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name in reports.
    pub name: String,
    /// Starts it on sockets; it prints a URL for each.
    pub listening: Option<CommandSpec>,
    /// Starts it on its standard input and output.
    pub stdio: Option<CommandSpec>,
    /// The era to be spoken; `Any` finds out.
    pub era: EraSpec,
    /// What a reader should know about it.
    pub note: String,
}

/// A server under measurement. Dropping it ends a server that was started for it.
pub struct Subject {
    name: String,
    note: String,
    server: Option<Server>,
    places: Vec<Place>,
    stdio: Option<CommandSpec>,
    cores: Option<Cores>,
    spoken: Vec<Spoken>,
    /// The newest era over its pipes, where that was asked for.
    piped: OnceCell<Era>,
    process: Option<Process>,
    counters: Option<Counters>,
    patience: Patience,
}

/// What the server says in one era.
struct Spoken {
    era: Era,
    version: String,
    who: String,
    offers: Offers,
}

/// How one workload reaches the server.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Over a socket.
    Socket(Target),
    /// Over the pipes of a process that is started for it, on the server's core of these.
    Pipes(CommandSpec, Cores, Era),
}

impl Subject {
    /// Starts a server, pinned to the server's core, and asks it who it is.
    pub fn start(spec: &Spec, cores: &Cores) -> Result<Self, Fault> {
        Self::start_within(spec, cores, Patience::default())
    }

    /// The same with another `patience`.
    pub fn start_within(spec: &Spec, cores: &Cores, patience: Patience) -> Result<Self, Fault> {
        Self::try_start(spec, cores, patience).map_err(|fault| fault.within(&spec.name))
    }

    fn try_start(spec: &Spec, cores: &Cores, patience: Patience) -> Result<Self, Fault> {
        let mut subject = Self { patience, ..Self::new(&spec.name, &spec.note) };
        subject.stdio.clone_from(&spec.stdio);
        subject.cores = Some(cores.clone());
        if let Some(command) = &spec.listening {
            let place = child::Place::Pinned(cores);
            let mut server = Server::start(&mut command.command(), place)?;
            subject.places = places(&mut server, patience.start)?;
            subject.server = Some(server);
        }
        subject.meet(spec.era)
    }

    /// Starts a server that listens at `url`, whatever it prints, and waits until it does.
    pub fn start_at(
        spec: &Spec,
        url: &str,
        cores: &Cores,
        patience: Patience,
    ) -> Result<Self, Fault> {
        let place = Place::from(url.parse::<Target>()?);
        let command = spec.listening.as_ref();
        let command = command.ok_or_else(|| Fault::Usage("a command is needed".into()))?;
        if listens(&place) {
            return Err(Fault::Usage(format!("something listens at {url} already")));
        }
        let mut server = Server::start(&mut command.command(), child::Place::Pinned(cores))?;
        await_listener(&mut server, &place, patience.start)?;
        let mut subject = Self { patience, ..Self::new(&spec.name, &spec.note) };
        subject.cores = Some(cores.clone());
        subject.server = Some(server);
        subject.places.push(place);
        subject.meet(spec.era)
    }

    /// A server that runs already, at `url`. If it runs on this machine under this user, its
    /// process is found; otherwise nothing is seen of it but its answers.
    pub fn remote(url: &str, era: EraSpec) -> Result<Self, Fault> {
        Self::remote_within(url, era, Patience::default())
    }

    /// The same with another `patience`.
    pub fn remote_within(url: &str, era: EraSpec, patience: Patience) -> Result<Self, Fault> {
        let mut subject = Self { patience, ..Self::new(url, "") };
        subject.places.push(url.parse::<Target>()?.into());
        subject.meet(era)
    }

    fn new(name: &str, note: &str) -> Self {
        Self {
            name: name.into(),
            note: note.into(),
            server: None,
            places: Vec::new(),
            stdio: None,
            cores: None,
            spoken: Vec::new(),
            piped: OnceCell::new(),
            process: None,
            counters: None,
            patience: Patience::default(),
        }
    }

    /// Finds out who it is, in every era that may be spoken; the newest first.
    fn meet(mut self, era: EraSpec) -> Result<Self, Fault> {
        let eras: &[Era] = match era {
            EraSpec::Any => &[Era::Stateless, Era::Handshake],
            EraSpec::Stateless => &[Era::Stateless],
            EraSpec::Handshake => &[Era::Handshake],
        };
        let mut refusal = None;
        for era in eras {
            match self.converse(*era).and_then(|mut talk| Spoken::hear(*era, &mut talk)) {
                Ok(spoken) => self.spoken.push(spoken),
                Err(fault) => refusal = Some(fault),
            }
        }
        if let Some(fault) = refusal.filter(|_| self.spoken.is_empty()) {
            return Err(fault);
        }
        self.look();
        Ok(self)
    }

    /// Opens a conversation in `era`, the usual way.
    pub fn converse(&self, era: Era) -> Result<Conversation, Fault> {
        match (self.places.first(), &self.stdio, &self.cores) {
            (Some(place), ..) => Conversation::open(&place.target(era), self.patience.answer),
            (None, Some(command), Some(cores)) => {
                Conversation::start(command, era, cores, self.patience)
            }
            _ => Err(Fault::Usage("a server needs a command or a URL".into())),
        }
    }

    /// Finds the process and the counters of a server that listens.
    fn look(&mut self) {
        let Some(place) = self.places.first() else { return };
        // A launcher is not the server: what listens is what is measured.
        let sockets = place.address().sockets().unwrap_or_default();
        let listens = sockets.into_iter().find_map(owner::of);
        self.process = listens.or_else(|| self.server.as_ref().map(Server::process));
        let http = self.places.iter().find(|place| place.via == Via::Http);
        if let Some(http) = http.and_then(|http| http.address().sockets().ok()?.first().copied()) {
            let counters = Counters::new(http);
            self.counters = matches!(counters.sum(ENTERS), Ok(Some(_))).then_some(counters);
        }
    }

    /// Gives it another name in reports.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Its name in reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a reader should know about it.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Its name and version, as it says itself.
    pub fn identity(&self) -> &str {
        self.spoken.first().map_or("", |spoken| &spoken.who)
    }

    /// The eras it speaks, the newest first.
    pub fn eras(&self) -> Vec<Era> {
        self.spoken.iter().map(|spoken| spoken.era).collect()
    }

    /// The era that is spoken where `wanted` may be, the newest first.
    pub fn era(&self, wanted: EraSpec) -> Option<Era> {
        self.spoken(wanted).map(|spoken| spoken.era)
    }

    /// The protocol's version that it agreed to in `era`.
    pub fn version(&self, era: Era) -> &str {
        let spoken = self.spoken.iter().find(|spoken| spoken.era == era);
        spoken.map_or("", |spoken| &spoken.version)
    }

    fn spoken(&self, wanted: EraSpec) -> Option<&Spoken> {
        self.spoken.iter().find(|spoken| match wanted {
            EraSpec::Any => true,
            EraSpec::Handshake => spoken.era == Era::Handshake,
            EraSpec::Stateless => spoken.era == Era::Stateless,
        })
    }

    /// What it offers, in the newest era that `wanted` allows.
    pub fn offers(&self, wanted: EraSpec) -> Option<&Offers> {
        self.spoken(wanted).map(|spoken| &spoken.offers)
    }

    /// Where it is reached by `via`.
    pub fn place(&self, via: Via) -> Option<&Place> {
        self.places.iter().find(|place| place.via == via)
    }

    /// Where it listens.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// How long it may take to start and to answer.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Its process, where it can be seen.
    pub fn process(&self) -> Option<Process> {
        self.process
    }

    /// Its own counters, where it has them.
    pub fn counters(&self) -> Option<&Counters> {
        self.counters.as_ref()
    }

    /// How `workload` is measured on it, or what it lacks for that.
    pub fn can(&self, workload: &Workload) -> Result<Reach, String> {
        let load = match &workload.fanout {
            // Subscribers are told over HTTP.
            Some(_) => LoadSpec { via: Via::Http, ..workload.load.clone() },
            None => workload.load.clone(),
        };
        let reach = self.reach(&load)?;
        self.offers(load.era).map_or(Ok(()), |offers| offers.covers(workload))?;
        Ok(reach)
    }

    /// How a load reaches it, or why it cannot.
    pub fn reach(&self, load: &LoadSpec) -> Result<Reach, String> {
        let Some(era) = self.era_of(load) else {
            return Err(format!("does not speak the era {}", era_name(load.era)));
        };
        if load.via == Via::Stdio {
            let started = self.stdio.clone().zip(self.cores.clone());
            let (command, cores) = started.ok_or("is not started over stdio")?;
            return Ok(Reach::Pipes(command, cores, era));
        }
        let place = self
            .place(load.via)
            .ok_or_else(|| format!("does not listen on {}", Place::scheme(load.via)));
        place.map(|place| Reach::Socket(place.target(era)))
    }
}

fn era_name(era: EraSpec) -> &'static str {
    match era {
        EraSpec::Any => "2026-07-28 or 2025-11-25",
        EraSpec::Handshake => "2025-11-25",
        EraSpec::Stateless => "2026-07-28",
    }
}

fn listens(place: &Place) -> bool {
    dial::connect(place.address(), KNOCK).is_ok()
}

/// Knocks until somebody opens, the server ends, or `patience` does.
fn await_listener(server: &mut Server, place: &Place, patience: Duration) -> Result<(), Fault> {
    let until = Instant::now() + patience;
    while !listens(place) {
        // Between two knocks it is heard whether the server has ended.
        let end = server.find(KNOCK, |_| None::<()>);
        if let Err(end @ RecvTimeoutError::Disconnected) = end {
            if !server.lives() {
                return Err(server.not_ready(&place.address().to_string(), end));
            }
            // A launcher has ended, and its server says nothing.
            thread::sleep(KNOCK);
        }
        if Instant::now() >= until {
            return Err(server.not_ready(&place.address().to_string(), RecvTimeoutError::Timeout));
        }
    }
    Ok(())
}

/// Everywhere the server says within `patience` that it listens, the usual first.
fn places(server: &mut Server, patience: Duration) -> Result<Vec<Place>, Fault> {
    let any = |line: &str| LISTENING.iter().find_map(|via| Place::in_line(line, *via));
    server.find(patience, any).map_err(|end| server.not_ready("http, tcp or tcp+line", end))?;
    let further = Instant::now() + FURTHER;
    let mut places = Vec::new();
    for via in LISTENING {
        let left = further.saturating_duration_since(Instant::now());
        places.extend(server.find(left, |line| Place::in_line(line, via)));
    }
    Ok(places)
}

impl Spoken {
    /// What the server says of itself.
    fn hear(era: Era, talk: &mut Conversation) -> Result<Self, Fault> {
        let opening = talk.opening().clone();
        let about = match era {
            Era::Handshake => &opening["serverInfo"],
            Era::Stateless | Era::Bare => &opening["_meta"]["io.modelcontextprotocol/serverInfo"],
        };
        let word = |member: &str| about[member].as_str().unwrap_or("?");
        let who = format!("{} {}", word("name"), word("version"));
        let agreed = opening["protocolVersion"].as_str().unwrap_or(era.version());
        let offers = Offers::hear(&opening["capabilities"], talk)?;
        Ok(Self { era, version: agreed.to_owned(), who, offers })
    }
}
