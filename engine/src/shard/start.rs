//! The start of an engine: addresses bound, drivers opened, then every shard told to serve.
//!
//! The order makes faults harmless: what can fail without a trace (an address in use, `io_uring`
//! refused) comes first, what cannot be taken back (standard input and output) comes last, and a
//! fault in between ends the threads that were started before it is reported.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::clock::Clock;
use super::jwks::Refreshers;
use super::lanes::{Lanes, TurnEnd};
use super::listener::{self, Owner, SocketPath};
use super::place::{Place, Speech};
use super::running::{Control, Running, Threads};
use super::stdio::{self, Stdio};
use super::thread::{Opened, Opening, Serving, Starting, name, spawn};
use super::wake::{self, Message};
use crate::auth::Guard;
use crate::config::Config;
use crate::endpoint::Framing;
use crate::endpoint::{self, KeyRing, ListenerKind, Medium, OwnPaths};
use crate::error::Error;
use crate::inbox;
use crate::metrics::ShardMetrics;
use crate::ring::{Choice, DriverKind};
use crate::server::{Publisher, RouteHandler, Server};

/// What is served, and to whom.
pub(super) struct Offer {
    pub(super) server: Arc<Server>,
    /// Who may use it over HTTP.
    pub(super) guard: Option<Guard>,
    /// Routes of the program's own: where they are, and what answers them.
    pub(super) routes: (Arc<OwnPaths>, Arc<[Arc<dyn RouteHandler>]>),
    pub(super) turn_end: Option<TurnEnd>,
}

/// Starts `shards` shards that serve `offer` on `places`; `ready` gets the publisher before.
pub(super) fn start(
    offer: Offer,
    config: Config,
    places: &[Place],
    shards: usize,
    ready: impl FnOnce(Publisher),
) -> Result<Running, Error> {
    let Offer { server, guard, routes: (paths, routes), turn_end } = offer;
    let config = Arc::new(config);
    let mut bound = Bound::new(shards);
    for (number, place) in places.iter().enumerate() {
        bound.bind(number as u16, place, &config, guard.as_ref(), &paths)?;
    }
    // Connections from inside the process have no address.
    bound.kinds.push(ListenerKind::Pipe(Framing::Line, Medium::Unix));
    let refreshers = guard.as_ref().map(Refreshers::start).transpose()?;
    let (open, driver_line) = open_all(&config, shards)?;
    let stdio = match bound.stdio.map(|listener| Ok((listener, stdio::take()?))).transpose() {
        Ok(stdio) => stdio,
        Err(fault) => {
            give_up(open);
            return Err(fault);
        }
    };
    let control = Arc::new(Control::new(shards, bound.paths));
    let addresses = bound.addresses;
    let inboxes: Vec<_> = open.iter().map(|shard| shard.opened.inbox.clone()).collect();
    let publisher = wake::publisher(Arc::clone(&server), inboxes.clone());
    let common = Common {
        server,
        publisher: publisher.clone(),
        listeners: bound.kinds,
        inboxes,
        lanes: Arc::new(Lanes::new(&config, turn_end)),
        metrics: (0..shards).map(|_| Arc::new(ShardMetrics::new(endpoint::LABELS))).collect(),
        clock: Clock::start(),
        authorization: guard.map(Arc::new),
        routes,
        state_ring: Arc::new(state_ring(&config)),
        control: Arc::clone(&control),
    };
    let metrics = Arc::clone(&common.metrics);
    let driver = open.first().map_or("", |shard| name(shard.opened.kind));
    ready(publisher.clone());
    let threads = Threads::new(serve_all(open, &common, bound.sockets, stdio)?).into();
    Ok(Running {
        control,
        threads,
        publisher,
        metrics,
        addresses,
        driver,
        driver_line,
        _refreshers: refreshers,
    })
}

/// The configured keys, or one that dies with the process.
#[allow(clippy::disallowed_methods, reason = "a secret of the process's own")]
fn state_ring(config: &Config) -> KeyRing {
    KeyRing::new(&config.state_keys).unwrap_or_else(|| KeyRing::ephemeral(&rand::random()))
}

/// What is listened on, shard by shard.
struct Bound {
    kinds: Vec<ListenerKind>,
    addresses: Vec<String>,
    paths: Vec<SocketPath>,
    /// Each shard's sockets, with their listener numbers.
    sockets: Vec<Vec<(u16, OwnedFd)>>,
    /// The listener that is standard input and output.
    stdio: Option<u16>,
}

impl Bound {
    fn new(shards: usize) -> Self {
        Self {
            kinds: Vec::new(),
            addresses: Vec::new(),
            paths: Vec::new(),
            sockets: (0..shards).map(|_| Vec::new()).collect(),
            stdio: None,
        }
    }

    fn bind(
        &mut self,
        number: u16,
        place: &Place,
        config: &Config,
        guard: Option<&Guard>,
        paths: &Arc<OwnPaths>,
    ) -> Result<(), Error> {
        let shards = self.sockets.len();
        let (kind, address, sockets) = match place {
            Place::Tcp(address, speech) => {
                let is_guarded = guard.is_some() && matches!(speech, Speech::Http);
                let owner = if config.share_ports { Owner::User } else { Owner::Process };
                let port = listener::tcp(address, shards, config.public || is_guarded, owner)?;
                let kind = speech.kind(port.address, config, guard, paths)?;
                (kind, speech.url(port.address, config), port.sockets)
            }
            Place::Unix(path, framing) => {
                let port = listener::unix(path, config.unix_mode, shards)?;
                self.paths.push(port.path);
                (ListenerKind::Pipe(*framing, Medium::Unix), unix_url(path, *framing), port.sockets)
            }
            Place::Stdio if self.stdio.is_some() => {
                return Err(Error::usage("standard input and output are asked for twice"));
            }
            Place::Stdio => {
                self.stdio = Some(number);
                (ListenerKind::Pipe(Framing::Line, Medium::Stdio), "stdio:".to_owned(), Vec::new())
            }
        };
        self.kinds.push(kind);
        self.addresses.push(address);
        for (shard, socket) in self.sockets.iter_mut().zip(sockets) {
            shard.push((number, socket));
        }
        Ok(())
    }
}

fn unix_url(path: &Path, framing: Framing) -> String {
    let path = path.display();
    match framing {
        Framing::Length => format!("unix://{path}"),
        Framing::Line => format!("unix+line://{path}"),
    }
}

/// Opens every shard's driver, all of one kind: shards share a Unix socket, whose flags mean
/// different things to different drivers, and one line must be true of all.
fn open_all(config: &Arc<Config>, shards: usize) -> Result<(Vec<OpenShard>, String), Error> {
    let opened = open_with(config, shards, config.driver)?;
    let first = opened[0].opened.kind;
    let Some(other) = opened.iter().find(|shard| shard.opened.kind != first) else {
        let line = opened[0].opened.line.clone();
        return Ok((opened, line));
    };
    // Memory for rings ran out part of the way, say. The line of a shard without says why.
    let without = if other.opened.kind == DriverKind::Epoll { other } else { &opened[0] };
    let line = without.opened.line.clone();
    give_up(opened);
    Ok((open_with(config, shards, Choice::Epoll)?, line))
}

/// A shard whose driver is open, waiting for the word to serve.
struct OpenShard {
    starting: Starting,
    opened: Opened,
}

fn open_with(config: &Arc<Config>, shards: usize, choice: Choice) -> Result<Vec<OpenShard>, Error> {
    let started: Result<Vec<_>, _> = (0..shards)
        .map(|number| spawn(Opening { number: number as u16, config: Arc::clone(config), choice }))
        .collect();
    let mut open = Vec::with_capacity(shards);
    for starting in started? {
        let opened = starting.opened.recv().unwrap_or_else(|_| Err(gone()));
        match opened {
            Ok(opened) => open.push(OpenShard { starting, opened }),
            Err(fault) => {
                give_up(open);
                return Err(fault);
            }
        }
    }
    Ok(open)
}

/// Ends shards that were opened in vain, and waits for it, so that what they held is free again.
fn give_up(open: Vec<OpenShard>) {
    for OpenShard { starting, .. } in open {
        drop(starting.serve);
        let _ = starting.thread.join();
    }
}

/// What all shards get alike.
struct Common {
    server: Arc<Server>,
    publisher: Publisher,
    listeners: Vec<ListenerKind>,
    inboxes: Vec<inbox::Sender<Message>>,
    lanes: Arc<Lanes>,
    metrics: Arc<[Arc<ShardMetrics>]>,
    clock: Clock,
    authorization: Option<Arc<Guard>>,
    routes: Arc<[Arc<dyn RouteHandler>]>,
    state_ring: Arc<KeyRing>,
    control: Arc<Control>,
}

impl Common {
    fn serving(&self, sockets: Vec<(u16, OwnedFd)>, stdio: Option<(u16, Stdio)>) -> Serving {
        Serving {
            server: Arc::clone(&self.server),
            publisher: self.publisher.clone(),
            listeners: self.listeners.clone(),
            sockets,
            stdio,
            peers: self.inboxes.clone(),
            lanes: Arc::clone(&self.lanes),
            metrics: Arc::clone(&self.metrics),
            clock: self.clock,
            authorization: self.authorization.clone(),
            routes: Arc::clone(&self.routes),
            state_ring: Arc::clone(&self.state_ring),
            control: Arc::clone(&self.control),
        }
    }
}

/// Gives every shard the word to serve, and waits until all listen; the first takes `stdio`.
fn serve_all(
    open: Vec<OpenShard>,
    common: &Common,
    sockets: Vec<Vec<(u16, OwnedFd)>>,
    mut stdio: Option<(u16, Stdio)>,
) -> Result<Vec<JoinHandle<Result<(), Error>>>, Error> {
    common.control.set_inboxes(common.inboxes.clone());
    let mut outcome = Ok(());
    let mut threads = Vec::with_capacity(open.len());
    let mut told = Vec::with_capacity(open.len());
    for (OpenShard { starting, .. }, sockets) in open.into_iter().zip(sockets) {
        // A thread that is gone is noticed by its silence below.
        let _ = starting.serve.send(common.serving(sockets, stdio.take()));
        threads.push(starting.thread);
        told.push(starting.listening);
    }
    for listening in told {
        outcome = outcome.and(listening.recv().unwrap_or_else(|_| Err(gone())));
    }
    if outcome.is_err() {
        common.control.stop();
        for thread in threads.drain(..) {
            let _ = thread.join();
        }
    }
    outcome.map(|()| threads)
}

fn gone() -> Error {
    Error::bug("a shard's thread has ended during the start")
}
