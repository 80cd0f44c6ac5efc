//! One world: shards, kernels, clients and workers under one clock, from its seed to its end.
//!
//! ```text
//!   stormy ──► calm ──────────────► draining ─────────► after
//!   faults     no faults, nothing    all shards told      leases, calls, sessions
//!              new: all pending      to drain: all        and counters are back
//!              ends in time          connections end      at their start
//! ```

mod judge;
mod setting;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::Report;
use super::author::URIS;
use super::checker::Verdict;
use super::dice::Dice;
use super::driver::SimDriver;
use super::errands::Errands;
use super::faults::Faults;
use super::http_client::{DEPTH_MAX as HTTP_DEPTH_MAX, HttpClient};
use super::http_line::{Dialer, HTTP};
use super::kernel::Clock;
use super::legacy_client::LegacyClient;
use super::log::Log;
use super::news::{LISTS, News, Published};
use super::peer::{Kernels, Reading};
use super::seat::{Client, Seat, seat};
use super::server::{Shelf, server};
use super::stream_client::StreamClient;
use super::workers::Workers;
use crate::config::Config;
use crate::endpoint::{ListenerKind, Medium, Now};
use crate::limits;
use crate::metrics::ShardMetrics;
use crate::ring::{Driver, Waker};
use crate::server::{Call, Prompt, Resource, Tool};
use crate::shard::{Phase, Rig, RigSetup};
use crate::transport::{Framing, HttpRules};

const MILLISECOND: u64 = 1_000_000;
/// An idle time after which no session of a world ends before its last stage.
const LONG_IDLE_MS: u64 = 120_000;
/// How often a client looks in the calm, where long times must pass.
const CALM_TICK_US: u64 = 100_000;
/// Number of each listener.
pub(super) const LENGTH: u16 = 0;
pub(super) const LINE: u16 = 1;

/// What there is news of.
const TOPICS: [&str; 6] = {
    let ([tools, prompts, resources], [fixed, first, second]) = (LISTS, URIS);
    [tools, prompts, resources, fixed, first, second]
};

/// How far a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Stormy,
    Calm,
    Draining,
    After,
}

pub(super) struct World {
    seed: u64,
    clock: Clock,
    dice: Dice,
    config: Arc<Config>,
    kernels: Kernels,
    rig: Rig,
    phases: Vec<Phase>,
    /// Since the last turn that did something: turns, and the activity seen then.
    idle_turns: Vec<(u32, u64)>,
    /// Until when each shard may wait; known since its last turn.
    rests_until: Vec<Option<u64>>,
    seats: Vec<Seat>,
    workers: Workers,
    shelf: Shelf,
    published: Published,
    /// When the program has news next, and how long it has none at most.
    publish_at: u64,
    publish_us_max: u64,
    log: Rc<RefCell<Log>>,
    stage: Stage,
    is_tight: bool,
    /// Workers can hold every buffer of some shard.
    may_starve: bool,
    /// Clients so far.
    arrivals: u64,
    connections: u64,
    answers: u64,
    /// Connections that ended within an answer, of clients that are gone.
    cut_short: u64,
}

impl World {
    pub(super) fn new(seed: u64, keeps_all: bool) -> Self {
        let mut dice = Dice::new(seed);
        let clock: Clock = Rc::new(Cell::new(1_000_000_000));
        let log = Rc::new(RefCell::new(Log::new(Rc::clone(&clock), keeps_all)));
        let is_tight = dice.chance(250);
        let config = Arc::new(setting::config(&mut dice, is_tight));
        let faults = Faults::any(&mut dice);
        let shelf = Shelf::default();
        let workers = Workers::new(Rc::clone(&clock), dice.fork(), shelf.clone());
        let count = dice.between(1, 3) as usize;
        let mut drivers: Vec<Box<dyn Driver>> = Vec::new();
        let mut kernels = Vec::new();
        for name in 0..count {
            let waker = Waker::detached();
            let kernel = setting::kernel(&clock, &mut dice, &config, &waker, faults);
            drivers.push(Box::new(SimDriver::new(
                name,
                Rc::clone(&kernel),
                waker,
                Rc::clone(&log),
            )));
            kernels.push(kernel);
        }
        let may_starve = kernels.iter().any(|kernel| kernel.borrow().may_starve());
        let arrivals = Rc::clone(&workers.arrivals);
        let setup = RigSetup {
            server: Arc::new(server(&shelf)),
            listeners: vec![
                ListenerKind::Pipe(Framing::Length, Medium::Tcp),
                ListenerKind::Pipe(Framing::Line, Medium::Tcp),
                ListenerKind::Http(Arc::new(HttpRules::default())),
            ],
            config: Arc::clone(&config),
            seed: dice.seed(),
            now: Now(clock.get()),
        };
        let rig = Rig::new(&setup, drivers, move |job| arrivals.borrow_mut().push(job));
        let seats = (0..dice.between(1, 10)).map(|_| seat(&mut dice)).collect();
        let now = clock.get();
        let publish_us_max = dice.pick(&[0, 500, 5_000, 50_000]);
        Self {
            seed,
            clock,
            dice,
            config,
            kernels: kernels.into(),
            rig,
            phases: vec![Phase::Serving; count],
            idle_turns: vec![(0, 0); count],
            rests_until: vec![Some(now); count],
            seats,
            workers,
            shelf,
            published: Published::default(),
            publish_at: if publish_us_max == 0 { u64::MAX } else { now },
            publish_us_max,
            log,
            stage: Stage::Stormy,
            is_tight,
            may_starve,
            arrivals: 0,
            connections: 0,
            answers: 0,
            cut_short: 0,
        }
    }

    pub(super) fn tail(&self) -> String {
        self.log.borrow().tail()
    }

    pub(super) fn take_transcript(&mut self) -> String {
        self.log.borrow_mut().take_whole()
    }

    /// The whole story; an error says what is wrong.
    pub(super) fn run(&mut self) -> Result<Report, String> {
        let storm_ms = self.dice.between(50, 3_000);
        self.pass(storm_ms)?;
        self.calm()?;
        self.drain()?;
        self.settle_accounts()?;
        for seat in 0..self.seats.len() {
            self.leave(seat);
        }
        let sum = |count: fn(&ShardMetrics) -> u64| {
            (0..self.kernels.len()).map(|shard| count(self.rig.metrics(shard))).sum()
        };
        let log = self.log.borrow();
        Ok(Report {
            seed: self.seed,
            digest: log.digest(),
            lines: log.lines(),
            connections: self.connections,
            answers: self.answers,
            streams: sum(|metrics| metrics.event_streams_opened.get()),
            resumed: sum(|metrics| metrics.event_streams_resumed.get()),
            forwards: sum(|metrics| metrics.forwards.get()),
            virtual_ms: self.clock.get() / MILLISECOND,
        })
    }

    /// Faults stop, nothing new is said: everything pending must end.
    fn calm(&mut self) -> Verdict {
        self.enter(Stage::Calm);
        self.workers.calm_down(self.may_starve);
        for kernel in &*self.kernels {
            kernel.borrow_mut().calm_down();
        }
        for seat in &mut self.seats {
            seat.piece_bytes_max = 64 << 10;
            seat.tick_us_max = CALM_TICK_US;
            seat.each_peer(|peer| {
                if peer.reading != Reading::Never {
                    peer.reading = Reading::Eager;
                }
            });
        }
        // News that nothing stands in the way of: all that want to must hear them.
        self.publish_at = u64::MAX;
        for topic in TOPICS {
            self.publish(topic);
        }
        // A call may take its whole time, and that of its client's answers to two questions, and a
        // peer that does not read its own.
        let Config { call_ms, ask_ms, send_stall_ms, task_ttl_ms, .. } = *self.config;
        self.pass(3 * call_ms + 2 * ask_ms + send_stall_ms + task_ttl_ms + 2_000)?;
        // Over HTTP calls may have to wait for one another.
        for _ in 0..HTTP_DEPTH_MAX {
            if self.judge_calm().is_ok() {
                break;
            }
            self.pass(call_ms + 2 * ask_ms)?;
        }
        self.judge_calm()
    }

    /// All shards are told to drain, with a few requests on their way.
    fn drain(&mut self) -> Verdict {
        self.workers.is_calm = false;
        for seat in &mut self.seats {
            (seat.tick_us_max, seat.next_tick) = (1_000, 0);
            (0..20).for_each(|_| seat.speak(&mut self.dice));
        }
        let grace_ms = self.dice.below(20);
        self.pass(grace_ms)?;
        self.seats.iter_mut().for_each(|seat| seat.tick_us_max = CALM_TICK_US);
        self.enter(Stage::Draining);
        for seat in &mut self.seats {
            seat.each_peer(|peer| peer.is_excused = true);
        }
        self.rig.drain();
        self.pass(self.config.drain_ms + 500)?;
        for (shard, phase) in self.phases.iter().enumerate() {
            let open = self.kernels[shard].borrow().stats.open;
            if *phase != Phase::Drained || open > 0 {
                return Err(format!("shard {shard} is {phase:?} with {open} open after its drain"));
            }
        }
        Ok(())
    }

    /// Lets everything that has a time come to its end.
    fn settle_accounts(&mut self) -> Verdict {
        self.enter(Stage::After);
        // The end of a call is a use of its session.
        let Config { call_ms, session_idle_ms, task_ttl_ms, .. } = *self.config;
        self.pass(call_ms + session_idle_ms + task_ttl_ms + 2 * limits::TASK_SWEEP_MS + 3_000)?;
        self.workers.dismiss();
        self.pass(1_000)?;
        self.judge_end()
    }

    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.log.borrow_mut().line(format_args!("{stage:?}"));
    }

    /// Lets `time_ms` pass.
    fn pass(&mut self, time_ms: u64) -> Verdict {
        let end = self.clock.get() + time_ms * MILLISECOND;
        loop {
            self.workers.look();
            let (due, what) = self.next(end);
            if due > end {
                self.clock.set(end);
                return Ok(());
            }
            self.clock.set(due.max(self.clock.get()));
            match what {
                What::Shard(shard) => self.turn(shard)?,
                What::Seat(seat) => {
                    self.tick(seat).map_err(|fault| format!("client {seat}: {fault}"))?;
                }
                What::Work => self.workers.work(),
                What::Publish => {
                    let pause_us = self.dice.between(1, self.publish_us_max);
                    self.publish_at = self.clock.get() + pause_us * 1000;
                    let topic = self.dice.pick(&TOPICS);
                    self.publish(topic);
                }
            }
            self.check_clients()?;
        }
    }

    /// What happens next, and when; of several at once any.
    fn next(&mut self, end: u64) -> (u64, What) {
        let mut next = (end + 1, What::Work);
        let mut equals = 1;
        let now = self.clock.get();
        let mut offer = |dice: &mut Dice, at: u64, what: What| {
            let at = at.max(now);
            if at < next.0 {
                next = (at, what);
                equals = 1;
            } else if at == next.0 {
                equals += 1;
                if dice.below(equals) == 0 {
                    next = (at, what);
                }
            }
        };
        for shard in 0..self.kernels.len() {
            let due = self.kernels[shard].borrow_mut().due();
            if let Some(at) = self.rests_until[shard].into_iter().chain(due).min() {
                offer(&mut self.dice, at, What::Shard(shard));
            }
        }
        for (number, seat) in self.seats.iter().enumerate() {
            offer(&mut self.dice, seat.next_tick, What::Seat(number));
        }
        offer(&mut self.dice, self.publish_at, What::Publish);
        if let Some(at) = self.workers.due() {
            offer(&mut self.dice, at, What::Work);
        }
        next
    }

    /// The program has news, from any thread.
    fn publish(&mut self, topic: &str) {
        let (publisher, now) = (self.rig.publisher(), self.clock.get());
        self.published.count(topic);
        let is_settled = match topic {
            "tools" => publisher.edit(|edit| {
                if !edit.remove_tool("extra") {
                    edit.add_tool(Tool::raw("extra", r#"{"type":"object"}"#, |_| "extra"));
                }
            }),
            "prompts" => publisher.edit(|edit| {
                if !edit.remove_prompt("extra") {
                    edit.add_prompt(Prompt::new("extra", |_: &mut Call<'_>| "extra"));
                }
            }),
            "resources" => publisher.edit(|edit| {
                if !edit.remove_resource("world://extra") {
                    edit.add_resource(Resource::text("world://extra", "extra", "extra"));
                }
            }),
            uri => publisher.resource_updated(uri).map_err(Into::into),
        };
        // What a shard had no room for need not be told.
        if is_settled.is_ok() {
            self.published.settle(topic, now);
        }
        self.log.borrow_mut().line(format_args!("published {topic}: {}", is_settled.is_ok()));
    }

    fn turn(&mut self, shard: usize) -> Verdict {
        let now = self.clock.get();
        let phase = self.rig.turn(shard, Now(now)).map_err(|fault| fault.to_string())?;
        self.phases[shard] = phase;
        let patience = self.rig.patience(shard);
        self.rests_until[shard] = patience.map(|time| now.saturating_add(time.as_nanos() as u64));
        // A turn takes its time.
        self.clock.set(now + self.dice.between(200, 20_000));
        self.check_shard(shard).map_err(|fault| format!("shard {shard}: {fault}"))
    }

    /// A client's turn: read, judge, speak, send.
    fn tick(&mut self, number: usize) -> Verdict {
        let now = self.clock.get();
        let seat = &mut self.seats[number];
        seat.next_tick = now + self.dice.between(1, seat.tick_us_max) * 1000;
        if self.stage == Stage::After {
            seat.next_tick = u64::MAX;
        }
        if seat.client.is_none() {
            if self.stage == Stage::Stormy {
                self.arrive(number);
            }
            return Ok(());
        }
        let dice = &mut self.dice;
        match seat.client.as_mut() {
            Some(Client::Stream(client)) => client.listen(dice)?,
            Some(Client::Http(client)) => client.listen(dice)?,
            Some(Client::Legacy(client)) => client.listen(dice)?,
            None => {}
        }
        match (self.stage, seat.client.as_mut()) {
            (Stage::Stormy, _) => seat.speak(dice),
            (Stage::Calm, Some(Client::Stream(client))) => client.recover(dice),
            (Stage::Calm, Some(Client::Http(client))) => client.recover(dice),
            (Stage::Calm, Some(Client::Legacy(client))) => client.answer(dice),
            _ => {}
        }
        let most = dice.between(1, seat.piece_bytes_max as u64) as usize;
        seat.each_peer(|peer| peer.flush(most));
        if seat.is_over() {
            self.leave(number);
        }
        Ok(())
    }

    fn arrive(&mut self, number: usize) {
        let (kind, dice) = (self.seats[number].kind, &mut self.dice);
        let name = format!("c{}", self.arrivals);
        self.arrivals += 1;
        let mut dialer = Dialer {
            kernels: Rc::clone(&self.kernels),
            clock: Rc::clone(&self.clock),
            is_tight: self.is_tight,
            forgets: self.is_tight || self.config.session_idle_ms < LONG_IDLE_MS,
            is_calm: false,
            made: 0,
        };
        let (published, clock) = (self.published.clone(), Rc::clone(&self.clock));
        let news = News::new(published, clock, kind != HTTP);
        let errands = Errands::new(self.config.task_ttl_ms);
        let client = match kind {
            HTTP if dice.chance(150) => LegacyClient::new(dialer, name, news, dice)
                .map(|client| Client::Legacy(Box::new(client))),
            HTTP => HttpClient::new(dialer, name, self.shelf.clone(), news, errands, dice)
                .map(|client| Client::Http(Box::new(client))),
            _ => dialer.dial(dice, kind).map(|peer| {
                Client::Stream(Box::new(StreamClient::new(
                    peer,
                    name,
                    kind == LINE,
                    news,
                    errands,
                    dice,
                )))
            }),
        };
        let Some(client) = client else { return };
        self.seats[number].client = Some(client);
    }

    fn leave(&mut self, number: usize) {
        self.cut_short += self.seats[number].cut_short();
        let (answers, connections) = match self.seats[number].client.take() {
            Some(Client::Stream(client)) => (client.ledger.answers, 1),
            Some(Client::Http(client)) => (client.answers(), client.dialer.made),
            Some(Client::Legacy(client)) => (client.ledger.answers, client.made()),
            None => (0, 0),
        };
        self.answers += answers;
        self.connections += connections;
    }
}

enum What {
    Shard(usize),
    Seat(usize),
    Work,
    Publish,
}
