//! The thread of one shard: open the driver, wait for the word to serve, turn until the end.
//!
//! A driver belongs to the thread that opened it, so the shards are opened on their threads; the
//! starter waits until all are open before it lets any serve, and so sees every fault itself.

#![allow(clippy::disallowed_methods, reason = "a shard is a thread, and its endpoint needs a seed")]

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use rustix::thread::CpuSet;

use super::clock::Clock;
use super::lanes::Lanes;
use super::running::Control;
use super::stats::Stats;
use super::stdio::Stdio;
use super::turn::{Parts, Phase, Shard};
use super::wake::{self, Message, Poster};
use crate::auth::Guard;
use crate::config::Config;
use crate::endpoint::{Endpoint, EndpointConfig, KeyRing, ListenerKind};
use crate::error::Error;
use crate::inbox::{self, Inbox};
use crate::metrics::ShardMetrics;
use crate::ring::{self, Choice, Driver, DriverKind};
use crate::server::{Publisher, RouteHandler, Server};
use crate::trace::{self, Level};

/// What a thread needs to open its driver.
pub(crate) struct Opening {
    /// The shard's number.
    pub(crate) number: u16,
    /// The settings.
    pub(crate) config: Arc<Config>,
    /// Which driver to open.
    pub(crate) choice: Choice,
}

/// What an opened shard tells its starter.
pub(crate) struct Opened {
    /// Its inbox.
    pub(crate) inbox: inbox::Sender<Message>,
    /// Its driver.
    pub(crate) kind: DriverKind,
    /// Which driver won and why.
    pub(crate) line: String,
}

/// What an opened shard needs to serve.
pub(crate) struct Serving {
    pub(crate) server: Arc<Server>,
    pub(crate) publisher: Publisher,
    /// What each listener's connections speak, by listener number; the last is for connections
    /// from inside the process.
    pub(crate) listeners: Vec<ListenerKind>,
    /// This shard's listening sockets, with their listener numbers.
    pub(crate) sockets: Vec<(u16, OwnedFd)>,
    /// Standard input and output, on the one shard that serves it.
    pub(crate) stdio: Option<(u16, Stdio)>,
    pub(crate) peers: Vec<inbox::Sender<Message>>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) metrics: Arc<[Arc<ShardMetrics>]>,
    pub(crate) clock: Clock,
    pub(crate) authorization: Option<Arc<Guard>>,
    pub(crate) routes: Arc<[Arc<dyn RouteHandler>]>,
    pub(crate) state_ring: Arc<KeyRing>,
    pub(crate) control: Arc<Control>,
}

/// The starter's end of a shard's thread.
pub(crate) struct Starting {
    /// Comes once: the driver is open, or why not.
    pub(crate) opened: Receiver<Result<Opened, Error>>,
    /// Takes the word to serve; dropped unused it ends the thread.
    pub(crate) serve: Sender<Serving>,
    /// Comes once after that: the sockets are listened on, or why not.
    pub(crate) listening: Receiver<Result<(), Error>>,
    pub(crate) thread: JoinHandle<Result<(), Error>>,
}

/// Starts the thread of one shard.
pub(crate) fn spawn(opening: Opening) -> Result<Starting, Error> {
    let (tell_opened, opened) = mpsc::channel();
    let (serve, told_to_serve) = mpsc::channel();
    let (tell_listening, listening) = mpsc::channel();
    let number = opening.number;
    let thread = thread::Builder::new()
        .name(format!("mcpring-shard-{number}"))
        .spawn(move || run(&opening, &tell_opened, &told_to_serve, &tell_listening))
        .map_err(|fault| Error::system(format!("thread of shard {number}: {fault}")))?;
    Ok(Starting { opened, serve, listening, thread })
}

/// The thread. A starter that has gone away does not listen to what is told, and ends it by not
/// giving the word; both are no fault here.
fn run(
    opening: &Opening,
    tell_opened: &Sender<Result<Opened, Error>>,
    told_to_serve: &Receiver<Serving>,
    tell_listening: &Sender<Result<(), Error>>,
) -> Result<(), Error> {
    let _abort = AbortOnPanic(opening.number);
    let (driver, inbox) = match open(opening) {
        Ok((driver, inbox, opened)) => {
            let _ = tell_opened.send(Ok(opened));
            (driver, inbox)
        }
        Err(fault) => {
            let _ = tell_opened.send(Err(fault));
            return Ok(());
        }
    };
    let Ok(mut serving) = told_to_serve.recv() else {
        return Ok(());
    };
    let (clock, control) = (serving.clock, Arc::clone(&serving.control));
    let lanes = Arc::clone(&serving.lanes);
    let (sockets, stdio) = (std::mem::take(&mut serving.sockets), serving.stdio.take());
    let mut shard = build(opening, serving, driver, inbox);
    let listening = listen(&mut shard, sockets, stdio);
    let is_listening = listening.is_ok();
    let _ = tell_listening.send(listening);
    let outcome = if is_listening { turn(shard, clock, &control, &lanes) } else { Ok(()) };
    control.shard_ended();
    outcome
}

type OpenShard = (Box<dyn Driver>, Inbox<Message>, Opened);

fn open(opening: &Opening) -> Result<OpenShard, Error> {
    let config = &opening.config;
    if config.pin {
        pin(opening.number);
    }
    let (driver, line) = ring::open(opening.choice, &config.ring())?;
    let (sender, inbox) = wake::inbox(config.inbox_max, driver.waker());
    let opened = Opened { inbox: sender, kind: driver.kind(), line };
    Ok((driver, inbox, opened))
}

/// Binds the calling thread to the core in the shard's turn among those the process may use. What
/// fails is told and left: an unbound shard serves as well.
fn pin(number: u16) {
    let bind = || {
        let allowed = rustix::thread::sched_getaffinity(None)?;
        let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let count = allowed.count().max(1) as usize;
        let Some(core) = cores.cycle().nth(number as usize % count) else {
            return Ok(());
        };
        let mut own = CpuSet::new();
        own.set(core);
        rustix::thread::sched_setaffinity(None, &own)
    };
    if let Err(fault) = bind() {
        trace::line(
            Level::Warning,
            "pin",
            format_args!("shard {number} is not bound to a core: {fault}"),
        );
    }
}

fn build(
    opening: &Opening,
    serving: Serving,
    driver: Box<dyn Driver>,
    inbox: Inbox<Message>,
) -> Shard {
    let Serving {
        server,
        publisher,
        listeners,
        peers,
        lanes,
        metrics,
        clock,
        authorization,
        routes,
        state_ring,
        ..
    } = serving;
    let number = opening.number as usize;
    let told_lanes = (number == 0).then(|| Arc::clone(&lanes));
    let stats = Stats::new(Arc::clone(&metrics[number]), told_lanes);
    let now = clock.now();
    // The last listener is that for connections from inside.
    let inside = listeners.len().saturating_sub(1) as u16;
    let lends = server.ablation().leases;
    let endpoint = EndpointConfig {
        server,
        listeners,
        shard: opening.number,
        config: Arc::clone(&opening.config),
        // Each shard its own: session ids of one must tell nothing about another's.
        seed: rand::random(),
        unix_s_at_zero: clock.unix_s_at_zero(),
        state_ring,
        post: Arc::new(Poster {
            inbox: peers[number].clone(),
            publisher,
            now: Box::new(move || clock.now()),
        }),
        metrics,
        driver: name(driver.kind()),
        authorization,
        routes,
    };
    let parts = Parts {
        driver,
        endpoint: Endpoint::new(now, endpoint),
        inbox,
        peers,
        work: Box::new(move |job| lanes.take(job)),
        stats,
        drain_ms: opening.config.drain_ms,
        lends,
        inside,
    };
    Shard::new(now, parts)
}

/// The name of a driver in metrics.
pub(crate) fn name(driver: DriverKind) -> &'static str {
    match driver {
        DriverKind::Uring => "io_uring",
        DriverKind::Epoll => "epoll",
        DriverKind::Sim => "sim",
    }
}

fn listen(
    shard: &mut Shard,
    sockets: Vec<(u16, OwnedFd)>,
    stdio: Option<(u16, Stdio)>,
) -> Result<(), Error> {
    for (listener, socket) in sockets {
        shard.driver().listen(socket, listener)?;
    }
    if let Some((listener, Stdio { read, write })) = stdio {
        let slot = shard.driver().adopt_pipe(read, write)?;
        shard.adopt_stdio(slot, listener);
    }
    Ok(())
}

/// Turns until the end and tells what the other shards must know.
fn turn(mut shard: Shard, clock: Clock, control: &Control, lanes: &Lanes) -> Result<(), Error> {
    let (mut is_drained, mut told_stdio) = (false, false);
    loop {
        let phase = shard.turn(|| clock.now()).map_err(|fault| {
            // A shard whose driver is lost takes the engine with it, not its connections only.
            control.stop();
            Error::from(fault)
        })?;
        lanes.turn_ended();
        if shard.stdio_has_closed() && !told_stdio {
            told_stdio = true;
            control.drain();
        }
        if phase == Phase::Drained && !is_drained {
            is_drained = true;
            control.shard_drained();
        }
        if phase == Phase::Stopped {
            return Ok(());
        }
    }
}

/// Ends the process when its thread panics.
struct AbortOnPanic(u16);

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            let number = self.0;
            trace::line(
                Level::Critical,
                "bug",
                format_args!("shard {number} panicked; the process ends here"),
            );
            std::process::abort();
        }
    }
}
