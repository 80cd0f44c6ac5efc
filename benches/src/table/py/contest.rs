//! All sides under one load, in turn, and the rows about what each costs beside ours.

use super::{Bench, OURS, Side};
use crate::binaries::say;
use crate::fault::Fault;
use crate::report::{Asked, Row};
use crate::rounds::{Sample, Samples, cpu_ratio};

/// One load, and what is asked of it.
pub(super) struct Contest {
    pub(super) name: String,
    /// Who is beside ours, and the multiple of our CPU time a call that is asked of each.
    pub(super) peers: Vec<(Side, Asked)>,
}

/// A side that runs, or why it was given up.
struct Player<S> {
    name: &'static str,
    state: Result<S, Fault>,
    samples: Samples,
}

impl Contest {
    /// Starts every side with `start`, runs them in turn with `play`, and keeps the rows.
    pub(super) fn run<S>(
        self,
        bench: &mut Bench,
        start: impl Fn(&Bench, Side) -> Result<S, Fault>,
        play: impl Fn(&Bench, &mut S) -> Result<Sample, Fault>,
    ) -> Result<(), Fault> {
        say(&format!("  {}", self.name));
        let peers = self.peers.iter().map(|(side, _)| *side);
        let sides = std::iter::once(OURS).chain(peers);
        let mut players: Vec<Player<S>> =
            sides.map(|side| Player::new(side.name, start(bench, side))).collect();
        for _ in 0..bench.rounds() {
            for player in &mut players {
                player.play(|side| play(bench, side));
            }
        }
        self.keep(bench, players)
    }

    fn keep<S>(self, bench: &mut Bench, players: Vec<Player<S>>) -> Result<(), Fault> {
        let mut players = players.into_iter();
        let ours = players.next().map(Player::finish);
        let Some((_, ours)) = ours.transpose().map_err(|(side, fault)| fault.within(side))? else {
            return Ok(());
        };
        let mut compared = Vec::new();
        for (player, asked) in players.zip(self.peers.iter().map(|(_, asked)| *asked)) {
            let row = |side: &str| format!("{}: CPU of {side} beside ours", self.name);
            bench.rows.push(match player.finish() {
                Ok((side, samples)) => {
                    let ratio = cpu_ratio(&samples, &ours);
                    compared.push(samples);
                    Row::ratio(row(side), asked, ratio)
                }
                Err((side, fault)) => Row::new(row(side), Asked::Nothing, f64::NAN, "×")
                    .with_note(format!("it fails: {fault}")),
            });
        }
        compared.insert(0, ours);
        bench.compared(self.name, compared);
        Ok(())
    }
}

impl<S> Player<S> {
    fn new(name: &'static str, state: Result<S, Fault>) -> Self {
        Self { name, state, samples: Samples { name, rounds: Vec::new() } }
    }

    fn play(&mut self, play: impl FnOnce(&mut S) -> Result<Sample, Fault>) {
        let Ok(side) = &mut self.state else { return };
        match play(side) {
            Ok(sample) => self.samples.rounds.push(sample),
            Err(fault) => self.state = Err(fault),
        }
    }

    /// Its name, and what it measured or why it did not.
    fn finish(self) -> Result<(&'static str, Samples), (&'static str, Fault)> {
        match self.state {
            Ok(_) => Ok((self.name, self.samples)),
            Err(fault) => Err((self.name, fault)),
        }
    }
}
