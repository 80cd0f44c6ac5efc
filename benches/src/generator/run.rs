//! One run: connections are opened, warmed up, counted, and closed.

use std::rc::Rc;
use std::time::Duration;

use super::load::{Extent, Load, Mark, Pace};
use super::request::Request;
use super::schedule::Schedule;
use super::tally::{Progress, Tally};
use super::{Books, Generator};
use crate::client::Client;
use crate::fault::Fault;
use crate::histogram::Latencies;
use crate::measure::process::Usage;
use crate::question::Question;
use crate::target::{Era, Target, Wire};

/// How often a watcher hears of the progress.
const WATCH_NS: u64 = 100_000_000;

/// Called when counting begins and when it ends.
pub type Marked<'a> = &'a mut dyn FnMut(Mark) -> Result<(), Fault>;

/// Called at most ten times a second with how the run is going.
pub type Watch<'a> = &'a mut dyn FnMut(&Progress);

/// Loads `target` with `question` and says what was counted. A program is no place to connect to:
/// its [`Pipes`](super::pipes::Pipes) are loaded.
pub fn run(
    target: &Target,
    question: &Question,
    load: &Load,
    mark: Marked<'_>,
) -> Result<Tally, Fault> {
    run_watched(target, question, load, mark, None)
}

/// Does the same under the eyes of `watch`.
pub fn run_watched(
    target: &Target,
    question: &Question,
    load: &Load,
    mark: Marked<'_>,
    watch: Option<Watch<'_>>,
) -> Result<Tally, Fault> {
    load.check()?;
    Run::new(connect(target, question, load)?, load, mark, watch).drive()
}

/// Opens the connections, each with its own session where the era has sessions.
fn connect(target: &Target, question: &Question, load: &Load) -> Result<Generator, Fault> {
    let is_asked =
        !question.replies.is_empty() && target.wire == Wire::Http && target.era == Era::Handshake;
    let each = if is_asked { 2 } else { 1 };
    let mut generator =
        Generator::open(load.driver, load.connections * each, load.inflight, question)?;
    let shared = Rc::new(Request::new(target, question, None));
    for _ in 0..load.connections {
        let mut client = Client::connect_within(target, load.timeout)?;
        let session = client.handshake(target)?;
        let request = match &session {
            Some(session) => Rc::new(Request::new(target, question, Some(session))),
            None => Rc::clone(&shared),
        };
        let (is_spent, answers) = (client.is_spent(), u32::from(client.has_answered()));
        let stream = client.into_stream();
        generator.peer = stream.peer().filter(|_| target.wire == Wire::Http);
        if is_spent {
            generator.reserve(&request, is_asked);
            continue;
        }
        let index = generator.adopt(stream, target.wire, request)?;
        generator.connections[index].answers = answers;
        if is_asked {
            let aside = Client::connect_within(target, load.timeout)?;
            generator.adopt_aside(aside.into_stream(), index)?;
        }
    }
    Ok(generator)
}

/// A generator with all its connections, and who listens.
pub(super) struct Run<'l, 'm, 'w> {
    generator: Generator,
    load: &'l Load,
    mark: Marked<'m>,
    watch: Option<Watch<'w>>,
    phase: Phase,
}

/// The present part of a run.
#[derive(Default)]
struct Phase {
    is_warmup: bool,
    begin_ns: u64,
    /// When the watcher heard last.
    watched_ns: u64,
    /// Requests answered rightly, as far as the watcher heard of them.
    requests: u64,
}

impl<'l, 'm, 'w> Run<'l, 'm, 'w> {
    pub(super) fn new(
        mut generator: Generator,
        load: &'l Load,
        mark: Marked<'m>,
        watch: Option<Watch<'w>>,
    ) -> Self {
        generator.timeout = load.timeout;
        generator.books.recent = watch.is_some().then(Box::default);
        Self { generator, load, mark, watch, phase: Phase::default() }
    }

    /// Does the whole run.
    pub(super) fn drive(mut self) -> Result<Tally, Fault> {
        self.generator.allow(0);
        for index in 0..self.generator.len() {
            self.generator.ask(index)?;
        }
        if !self.load.warmup.is_zero() {
            self.pass(Extent::Time(self.load.warmup), true)?;
            self.drain()?;
        }
        (self.mark)(Mark::Begin)?;
        let usage = Usage::of_this_thread()?;
        let (bytes_in, bytes_out) = self.bytes();
        let elapsed = self.pass(self.load.extent, false)?;
        let generator = Usage::of_this_thread()?.since(usage);
        (self.mark)(Mark::End)?;
        let (bytes_in, bytes_out) = (self.bytes().0 - bytes_in, self.bytes().1 - bytes_out);
        self.drain()?;
        let counted = std::mem::take(&mut self.generator.books.tally);
        self.generator.close()?;
        let pace = self.load.pace;
        Ok(Tally { pace, elapsed, generator, bytes_out, bytes_in, ..counted })
    }

    /// Asks for as long, or as much, as `extent` says; counts unless it is the warm-up. Says how
    /// long it took.
    fn pass(&mut self, extent: Extent, is_warmup: bool) -> Result<Duration, Fault> {
        let generator = &mut self.generator;
        generator.look_at_clock();
        let begin_ns = generator.books.now_ns;
        let (most, time) = bounds(self.load, extent);
        let until_ns = time.map_or(u64::MAX, |time| begin_ns + time.as_nanos() as u64);
        self.phase = Phase { is_warmup, begin_ns, watched_ns: begin_ns, requests: 0 };
        generator.books.counts = !is_warmup;
        // What was free before waited for this.
        generator.books.free.iter_mut().for_each(|free| free.since_ns = begin_ns);
        generator.books.schedule = Schedule::new(self.load.pace, begin_ns, most);
        generator.until_ns = until_ns;
        while self.generator.is_busy() && self.generator.books.now_ns < until_ns {
            self.generator.turn()?;
            self.tell();
        }
        if let Pace::Open { rate_per_s } = self.load.pace {
            // The last request has its share of the time too: one a second lasts a second.
            let whole = Duration::try_from_secs_f64(most as f64 / rate_per_s).unwrap_or_default();
            self.generator.until_ns = begin_ns + whole.as_nanos() as u64;
            while self.generator.books.now_ns < self.generator.until_ns {
                self.generator.turn()?;
                self.tell();
            }
            if !is_warmup {
                let desks = self.generator.connections.iter().map(|connection| &connection.desk);
                self.generator.books.give_up(desks);
            }
        }
        self.generator.books.counts = false;
        Ok(Duration::from_nanos(self.generator.books.now_ns - begin_ns))
    }

    /// Waits for everything in flight and for the ends of its event streams; asks nothing further.
    fn drain(&mut self) -> Result<(), Fault> {
        self.generator.allow(0);
        self.generator.until_ns = u64::MAX;
        while self.generator.in_flight() > 0 || self.generator.lingers() {
            self.generator.turn()?;
        }
        Ok(())
    }

    /// Bytes received and sent so far.
    fn bytes(&self) -> (u64, u64) {
        let stats = self.generator.driver.stats();
        (stats.bytes_received, stats.bytes_sent)
    }

    /// Tells the watcher how it goes, if it is time.
    fn tell(&mut self) {
        let Books { now_ns, recent: Some(recent), tally, .. } = &mut self.generator.books else {
            return;
        };
        let since_ns = *now_ns - self.phase.watched_ns;
        if since_ns < WATCH_NS {
            return;
        }
        self.phase.requests += recent.count();
        let progress = Progress {
            is_warmup: self.phase.is_warmup,
            elapsed: Duration::from_nanos(*now_ns - self.phase.begin_ns),
            requests: self.phase.requests,
            errors: tally.errors.count(),
            requests_per_s: recent.count() as f64 / Duration::from_nanos(since_ns).as_secs_f64(),
            p50_us: recent.quantile_us(0.5),
            p99_us: recent.quantile_us(0.99),
        };
        Latencies::clear(recent);
        self.phase.watched_ns = *now_ns;
        if let Some(watch) = &mut self.watch {
            watch(&progress);
        }
    }
}

impl Generator {
    /// Whether something is open or still to be asked.
    fn is_busy(&self) -> bool {
        self.books.open > 0 || self.books.schedule.due_ns().is_some()
    }
}

/// How many requests are asked at most, and in which time: that of a closed loop, or the longest
/// wait for what an open loop asks.
fn bounds(load: &Load, extent: Extent) -> (u64, Option<Duration>) {
    match (load.pace, extent) {
        (Pace::Closed, Extent::Time(time)) => (u64::MAX, Some(time)),
        (Pace::Closed, Extent::Requests(requests)) => (requests, None),
        (Pace::Open { rate_per_s }, extent) => {
            let requests = match extent {
                Extent::Time(time) => (time.as_secs_f64() * rate_per_s).round().max(1.0) as u64,
                Extent::Requests(requests) => requests,
            };
            let time = Duration::try_from_secs_f64(requests as f64 / rate_per_s);
            (requests, time.ok().and_then(|time| time.checked_add(load.timeout)))
        }
    }
}
