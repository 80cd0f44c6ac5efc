//! What a world must be like: at each step, in the calm, and at its end.

use super::super::checker::Verdict;
use super::super::seat::{Client, Seat};
use super::{Stage, World};
use crate::endpoint::LABELS;
use crate::limits;

/// Turns of one shard in a row that may do nothing.
const IDLE_TURNS_MAX: u32 = 200;
/// The largest answer a client can ask for, twice over.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Place of the closings of those who read their event stream too slowly.
const SLOW: usize = {
    let mut place = 0;
    while !matches!(LABELS.closes[place].as_bytes(), b"slow") {
        place += 1;
    }
    place
};

impl World {
    /// All that clients wait for has come to something.
    pub(super) fn judge_calm(&mut self) -> Verdict {
        for (number, seat) in self.seats.iter_mut().enumerate() {
            let judged = match &mut seat.client {
                Some(Client::Stream(client)) if !client.peer.is_over && !client.peer.is_excused => {
                    client.judge_answers()
                }
                Some(Client::Http(client)) => client.judge_answers(),
                Some(Client::Legacy(client)) => client.judge_answers(),
                _ => Ok(()),
            };
            judged.map_err(|fault| format!("client {number} in the calm: {fault}"))?;
            let mut lingers = false;
            seat.each_peer(|peer| lingers |= peer.lingers());
            if lingers {
                return Err(format!("client {number} said goodbye and is not let go"));
            }
        }
        Ok(())
    }

    /// Nothing is held, lent or waited for any more.
    pub(super) fn judge_end(&mut self) -> Verdict {
        for shard in 0..self.kernels.len() {
            let census = self.rig.census(shard);
            let (lent, open) = {
                let kernel = self.kernels[shard].borrow();
                (kernel.lent(), kernel.stats.open)
            };
            let metrics = self.rig.metrics(shard);
            let gauges = [
                ("buffers lent", lent as u64),
                ("connections of the kernel", open),
                ("connections", census.connections as u64),
                ("calls", census.calls as u64),
                ("batches", census.batches as u64),
                ("tasks", census.tasks as u64),
                ("subscriptions", census.subscriptions as u64),
                ("owed news", census.owed as u64),
                ("event streams of sessions", census.streams as u64),
                ("bytes kept for those who come back", census.replay_bytes as u64),
                ("connections with event streams", census.lines as u64),
                ("sessions", census.sessions as u64),
                ("connections counted", metrics.connections_open.get()),
                ("sessions counted", metrics.sessions_open.get()),
                ("messages counted", metrics.inbox_queue.get()),
                ("buffers counted as lent", metrics.leases_lent.get()),
            ];
            if let Some((what, count)) = gauges.iter().find(|(_, count)| *count > 0) {
                return Err(format!("shard {shard}: {count} {what} are left"));
            }
            let accepted = metrics.connections_accepted.get();
            let ended = metrics.connections_closed.get() + metrics.connections_refused.get();
            if accepted != ended {
                return Err(format!("shard {shard}: {accepted} accepted, {ended} ended"));
            }
        }
        Ok(())
    }

    /// What holds behind every turn of a shard.
    pub(super) fn check_shard(&mut self, shard: usize) -> Verdict {
        let (violation, activity) = {
            let mut kernel = self.kernels[shard].borrow_mut();
            (kernel.violations.pop(), kernel.activity)
        };
        if let Some(violation) = violation {
            return Err(violation);
        }
        let (turns, seen) = &mut self.idle_turns[shard];
        *turns = if *seen == activity { *turns + 1 } else { 0 };
        *seen = activity;
        if *turns > IDLE_TURNS_MAX && self.stage == Stage::Stormy {
            return Err(format!("it turned {turns} times for nothing"));
        }
        let config = &self.config;
        let census = self.rig.census(shard);
        let peers_max = config.connections_max + config.sessions_max;
        // A task is a call that is nobody's.
        let calls_max = config.inflight_calls_max * peers_max + census.tasks;
        let unsent_max =
            config.unsent_bytes_pause + (config.inflight_calls_max + 1) * ANSWER_BYTES_MAX;
        let unsent_max = unsent_max + 2 * limits::REPLAY_BYTES_MAX;
        let behind_max = 2 * (config.receive_buffers * config.receive_buffer_bytes) + (64 << 10);
        let limits = [
            ("connections", census.connections, config.connections_max),
            ("sessions", census.sessions, config.sessions_max),
            ("calls of one peer", census.pending_max, config.inflight_calls_max),
            ("calls", census.calls, calls_max),
            ("calls on peers' lists", census.pending, census.calls),
            ("unsent bytes", census.unsent_bytes_max, unsent_max),
            ("bytes behind", census.behind_bytes_max, behind_max),
            ("news owed to one connection", census.owed_max, 1000),
            ("streams of one session", census.streams_max, limits::STREAMS_PER_SESSION_MAX),
            ("bytes kept", census.replay_bytes, limits::REPLAY_SHARD_BYTES_HARD_MAX),
            ("streams led astray", census.astray, 0),
        ];
        match limits.iter().find(|(_, count, most)| count > most) {
            Some((what, count, most)) => Err(format!("{count} {what}, at most {most} allowed")),
            None => Ok(()),
        }
    }

    /// What clients must not see, and what their calls must.
    pub(super) fn check_clients(&self) -> Verdict {
        if let Some(text) = self.shelf.unaware() {
            return Err(format!("{text} is worked on, and nobody waits for it"));
        }
        let cut_short: u64 = self.seats.iter().map(Seat::cut_short).sum();
        let shards = 0..self.kernels.len();
        let slow: u64 = shards.map(|shard| self.rig.metrics(shard).closes[SLOW].get()).sum();
        let cut_short = cut_short + self.cut_short;
        if cut_short > slow {
            return Err(format!("{cut_short} connections cut short, {slow} of them slow"));
        }
        Ok(())
    }
}
