//! The engine: which addresses are served with what, and the start of one shard per core.
//!
//! Whoever gets a [`Running`] has a server that answers; whoever gets an error has nothing left
//! behind.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::lanes::TurnEnd;
use super::place::{Place, Speech};
use super::running::Running;
use super::signal::{self, Signals};
use super::start::{self, Offer};
use super::stdio;
use crate::auth::Authorization;
use crate::config::Config;
use crate::endpoint::{Framing, OwnPaths};
use crate::error::Error;
use crate::limits::SHARDS_MAX;
use crate::ring::{self, Choice};
use crate::server::{Publisher, RouteHandler, Server};
use crate::trace::{self, Level};

/// Most addresses; the number after them names connections from inside the process.
const ADDRESSES_MAX: usize = u16::MAX as usize - 1;

/// A server and the addresses it is to be served on.
#[derive(Clone, Debug)]
pub struct Engine {
    server: Arc<Server>,
    config: Config,
    places: Vec<Place>,
    authorization: Option<Authorization>,
    obeys_signals: bool,
    is_detached: bool,
    routes: Vec<OwnRoute>,
    turn_end: Option<TurnEnd>,
}

/// A route of the program's own, as it was given.
#[derive(Clone)]
struct OwnRoute {
    methods: Vec<String>,
    path: String,
    handler: Arc<dyn RouteHandler>,
}

impl fmt::Debug for OwnRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.methods.join(" "), self.path)
    }
}

impl Engine {
    /// An engine for `server` that listens nowhere yet.
    pub fn new(server: impl Into<Arc<Server>>) -> Self {
        Self {
            server: server.into(),
            config: Config::default(),
            places: Vec::new(),
            authorization: None,
            obeys_signals: false,
            is_detached: false,
            routes: Vec::new(),
            turn_end: None,
        }
    }

    /// Uses `config` for everything.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Serves over HTTP only whom `authorization` lets. Addresses that other machines can reach may
    /// be listened on with it. Key sets of issuers are read when the engine starts.
    pub fn authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// Serves Streamable HTTP on `address`, such as `127.0.0.1:8080`; `:8080` is short for that,
    /// and port 0 takes a free one.
    pub fn http(self, address: impl Into<String>) -> Self {
        self.with(Place::Tcp(address.into(), Speech::Http))
    }

    /// Lets `handler` answer HTTP requests for `path` with one of `methods`, on every address of
    /// [`Engine::http`], beside the MCP endpoint.
    ///
    /// A path begins with `/`; between slashes stand text (as it is meant, not encoded), `{name}`
    /// for any text there, or, last, `{name*}` for everything that is left. Where several fit, text
    /// comes before `{name}` and that before `{name*}`, and the engine's own paths before all. `GET`
    /// answers `HEAD` too. Methods are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS; a path with
    /// others only is answered with 405.
    ///
    /// The request comes whole, its body no larger than `Config::frame_bytes_max`. Host and Origin
    /// are held to the same rules as for MCP, **but nobody is asked for a token, whatever
    /// [`Engine::authorization`] says**: who may use a route is the handler's to decide. An answer
    /// has the time of `Config::call_ms`; then the client is told 504. Requests of a connection are
    /// answered one after another, and a drain waits for them.
    ///
    /// What is wrong with a path, or is served already, is an error at the start.
    ///
    /// ```
    /// use mcpring::{Engine, RouteCall, RouteResponse, Server};
    ///
    /// let server = Server::builder("pages", "1.0").build()?;
    /// let engine = Engine::new(server).http("127.0.0.1:0").route(
    ///     ["GET"],
    ///     "/hello/{name}",
    ///     |call: RouteCall| {
    ///         let name = call.request().variable("name").unwrap_or_default().to_owned();
    ///         // What is wrong with the answer itself; the client would be told 500.
    ///         let _ = call.respond(RouteResponse::text(format!("Hello {name}\n")));
    ///     },
    /// );
    /// engine.start()?.stop();
    /// # Ok::<(), mcpring::Error>(())
    /// ```
    pub fn route(
        mut self,
        methods: impl IntoIterator<Item = impl Into<String>>,
        path: impl Into<String>,
        handler: impl RouteHandler,
    ) -> Self {
        self.routes.push(OwnRoute {
            methods: methods.into_iter().map(Into::into).collect(),
            path: path.into(),
            handler: Arc::new(handler),
        });
        self
    }

    /// Serves length-framed messages on a TCP `address`: four bytes of length, big-endian, then
    /// the message.
    pub fn tcp(self, address: impl Into<String>) -> Self {
        self.with(Place::Tcp(address.into(), Speech::Framed(Framing::Length)))
    }

    /// Serves messages of one line each on a TCP `address`.
    pub fn tcp_line(self, address: impl Into<String>) -> Self {
        self.with(Place::Tcp(address.into(), Speech::Framed(Framing::Line)))
    }

    /// Serves length-framed messages on the Unix socket `path`.
    pub fn unix(self, path: impl Into<PathBuf>) -> Self {
        self.with(Place::Unix(path.into(), Framing::Length))
    }

    /// Serves messages of one line each on the Unix socket `path`.
    pub fn unix_line(self, path: impl Into<PathBuf>) -> Self {
        self.with(Place::Unix(path.into(), Framing::Line))
    }

    /// Serves messages of one line each on standard input and output. The engine takes both for
    /// the life of the process: what it or a child process of it prints goes to standard error from
    /// the start on, and reads of its input find nothing. [`Engine::claim_stdio`] does that
    /// earlier. With the end of the input the engine drains and ends, whatever else it serves.
    pub fn stdio(self) -> Self {
        self.with(Place::Stdio)
    }

    /// Moves standard input and output of the process away now, instead of when an engine with
    /// [`Engine::stdio`] starts: what is printed goes to standard error from here on, and what the
    /// peer writes waits for that engine. For programs that run code of others (which may print,
    /// or start processes that read) between the decision to serve there and the start. Again is
    /// nothing; it is an error once an engine has served there.
    pub fn claim_stdio() -> Result<(), Error> {
        stdio::claim()
    }

    /// Calls `told` on each shard's thread at the end of each of its turns, when the handlers of what
    /// the turn received have run. For programs with threads of their own that handlers hand calls
    /// to: one wake a turn is enough for all of them. It is called very often, and must not block.
    pub fn after_turn(mut self, told: impl Fn() + Send + Sync + 'static) -> Self {
        self.turn_end = Some(TurnEnd(Arc::new(told)));
        self
    }

    /// Lets it start without any address, for those who use [`Running::connect`] alone. One shard
    /// serves them unless the settings say how many.
    pub fn detached(mut self) -> Self {
        self.is_detached = true;
        self
    }

    /// Uses `shards` threads to serve connections; 0 is one per core.
    pub fn shards(mut self, shards: usize) -> Self {
        self.config.shards = shards;
        self
    }

    /// Uses this driver.
    pub fn driver(mut self, choice: Choice) -> Self {
        self.config.driver = choice;
        self
    }

    /// Lets SIGTERM and SIGINT end the engine also when it is begun with [`Engine::start`], as
    /// [`Engine::run`] does by itself: a thread waits for them. The signals' handlers stay in place
    /// afterwards.
    pub fn signals(mut self) -> Self {
        self.obeys_signals = true;
        self
    }

    /// Starts to serve and returns; faults of the environment are all found here.
    pub fn start(self) -> Result<Running, Error> {
        self.start_with(drop)
    }

    /// As [`Engine::start`]; `ready` gets the way to clients before any of them is served, so that
    /// a handler called early finds it where `ready` put it. Shards may fail to serve afterwards.
    pub fn start_with(self, ready: impl FnOnce(Publisher)) -> Result<Running, Error> {
        let signals = self.obeys_signals.then(Signals::install).transpose()?;
        let running = self.serve(ready)?;
        if let Some(signals) = signals {
            running.obey_elsewhere(signals)?;
        }
        Ok(running)
    }

    fn serve(self, ready: impl FnOnce(Publisher)) -> Result<Running, Error> {
        self.check()?;
        let shards = self.count_shards();
        let guard = self.authorization.map(Authorization::build).transpose()?;
        let paths = self.routes.iter().map(|route| (&*route.methods, &*route.path));
        let paths = Arc::new(OwnPaths::new(paths)?);
        signal::survive_broken_pipes()?;
        // Both drivers are bounded by the soft limit; that it cannot be raised is no fault.
        let _ = ring::raise_descriptor_limit();
        let handlers = self.routes.into_iter().map(|route| route.handler).collect();
        let offer = Offer {
            server: self.server,
            guard,
            routes: (paths, handlers),
            turn_end: self.turn_end,
        };
        start::start(offer, self.config, &self.places, shards, ready)
    }

    /// Starts, and serves until SIGTERM or SIGINT, or until standard input ends. The first signal
    /// drains, the second ends at once. The signals' handlers stay in place afterwards.
    pub fn run(self) -> Result<(), Error> {
        self.run_with(|running| {
            trace::line(Level::Info, "engine", format_args!("{}", running.driver_line()));
            let addresses = running.addresses().join(" ");
            trace::line(Level::Info, "serving", format_args!("{addresses}"));
        })
    }

    /// As [`Engine::run`]; `started` is told once it serves, instead of the log.
    pub fn run_with(self, started: impl FnOnce(&Running)) -> Result<(), Error> {
        let mut signals = Signals::install()?;
        let bell = signals.bell()?;
        let running = self.serve(drop)?;
        started(&running);
        running.control.on_end(|| bell.ring());
        running.control.obey(&mut signals);
        running.join()
    }

    fn with(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    fn check(&self) -> Result<(), Error> {
        if self.places.is_empty() && !self.is_detached {
            return Err(Error::usage(
                "nothing to serve on: add http, tcp, unix, stdio or detached",
            ));
        }
        if self.places.len() > ADDRESSES_MAX {
            return Err(Error::usage(format!("more addresses than {ADDRESSES_MAX}")));
        }
        self.config.check()
    }

    fn count_shards(&self) -> usize {
        // So it is without any address.
        let only_stdio = self.places.iter().all(|place| matches!(place, Place::Stdio));
        match self.config.shards {
            // One connection can use one shard.
            0 if only_stdio => 1,
            0 => thread::available_parallelism().map_or(1, usize::from).min(SHARDS_MAX),
            count => count,
        }
    }
}
