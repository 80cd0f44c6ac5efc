//! Handshake-era sessions over HTTP: unguessable ids, a ceiling, the longest idle goes first.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use rand::RngExt;
use rand::rngs::StdRng;

use bytes::Bytes;
use foldhash::fast::FixedState;

use super::Now;
use super::session_stream::{EventId, Keep, Line, SessionStream, SessionStreams, StreamKind};
use crate::auth::Principal;
use crate::limits::{REPLAY_SHARD_BYTES_HARD_MAX, REPLAY_SHARD_BYTES_MAX};
use crate::mcp::Session;

/// 128 random bits; with the shard's number they are the session's id.
pub(super) type SessionKey = u128;

/// Entries of ended sessions that the order of use may hold before it is swept.
const SKIPPED_MAX: usize = 1024;

/// A session and when it was last used.
#[derive(Debug)]
pub(super) struct HttpSession {
    pub(super) session: Session,
    /// Who opened it; nobody else finds it.
    pub(super) principal: Option<Arc<Principal>>,
    pub(super) streams: SessionStreams,
    pub(super) used: Now,
}

/// The sessions this shard made.
#[derive(Debug)]
pub(super) struct Sessions {
    shard: u16,
    most: usize,
    idle_ms: u64,
    /// The keys are random and our own, so their hash needs no secret.
    by_key: HashMap<SessionKey, HttpSession, FixedState>,
    /// Each session once, in order of the use that was recorded here; a use since then only shows
    /// in the session itself and moves it back when its turn comes.
    by_use: VecDeque<(Now, SessionKey)>,
    /// Bytes of the events of all streams.
    replay_bytes: usize,
}

/// What opening a session did besides.
pub(super) struct Opened {
    pub(super) key: SessionKey,
    /// The session that had to go.
    pub(super) evicted: Option<(SessionKey, HttpSession)>,
}

impl Sessions {
    pub(super) fn new(shard: u16, most: usize, idle_ms: u64) -> Self {
        let (by_key, by_use) = (HashMap::default(), VecDeque::new());
        Self { shard, most, idle_ms, by_key, by_use, replay_bytes: 0 }
    }

    /// Opens a session, ending the longest idle one if there are too many.
    pub(super) fn open(
        &mut self,
        now: Now,
        rng: &mut StdRng,
        session: Session,
        principal: Option<Arc<Principal>>,
    ) -> Opened {
        let full = self.by_key.len() >= self.most;
        let evicted = if full { self.take_oldest(now, false) } else { None };
        let key: SessionKey = rng.random();
        let streams = SessionStreams::default();
        self.by_key.insert(key, HttpSession { session, principal, streams, used: now });
        self.by_use.push_back((now, key));
        Opened { key, evicted }
    }

    pub(super) fn get_mut(&mut self, key: SessionKey) -> Option<&mut HttpSession> {
        self.by_key.get_mut(&key)
    }

    /// Ends a session; its entry in the order of use is skipped when its turn comes.
    pub(super) fn close(&mut self, key: SessionKey) -> Option<HttpSession> {
        let ended = self.by_key.remove(&key)?;
        self.replay_bytes -= ended.streams.replay_bytes();
        if self.by_use.len() > 2 * self.by_key.len() + SKIPPED_MAX {
            self.by_use.retain(|(_, key)| self.by_key.contains_key(key));
        }
        Some(ended)
    }

    /// An event stream of a session.
    pub(super) fn stream(&mut self, key: SessionKey, number: u32) -> Option<&mut SessionStream> {
        self.by_key.get_mut(&key)?.streams.get_mut(number)
    }

    /// Opens an event stream; `None` when the session is gone or has too many.
    pub(super) fn open_stream(
        &mut self,
        key: SessionKey,
        kind: StreamKind,
        line: Line,
    ) -> Option<u32> {
        let streams = &mut self.by_key.get_mut(&key)?.streams;
        let before = streams.replay_bytes();
        let opened = streams.open(kind, line);
        self.replay_bytes -= before - streams.replay_bytes();
        opened
    }

    /// Enters an event; its id, and the connection to write it on.
    pub(super) fn log_event(
        &mut self,
        key: SessionKey,
        number: u32,
        data: Bytes,
    ) -> Option<(EventId, Option<Line>)> {
        let after = self.replay_bytes + data.len();
        let keep = if after <= REPLAY_SHARD_BYTES_MAX {
            Keep::All
        } else if after <= REPLAY_SHARD_BYTES_HARD_MAX {
            Keep::Latest
        } else {
            Keep::Nothing
        };
        let stream = self.by_key.get_mut(&key)?.streams.get_mut(number)?;
        let before = stream.replay_bytes();
        let id = stream.log(data, keep);
        self.replay_bytes = self.replay_bytes - before + stream.replay_bytes();
        Some((id, stream.line))
    }

    /// Takes out one session that has been idle too long; call until `None`.
    pub(super) fn take_idle(&mut self, now: Now) -> Option<(SessionKey, HttpSession)> {
        self.take_oldest(now, true)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// How many unanswered calls each session has.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn pending(&self) -> impl Iterator<Item = usize> {
        self.by_key.values().map(|held| held.session.pending.len())
    }

    /// The event streams of each session.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn streams(&self) -> impl Iterator<Item = (SessionKey, &SessionStreams)> {
        self.by_key.iter().map(|(key, held)| (*key, &held.streams))
    }

    /// Takes out the session that was not used for longest; with `only_idle` only if that is too
    /// long. A session whose stream a client listens to is in use.
    fn take_oldest(&mut self, now: Now, only_idle: bool) -> Option<(SessionKey, HttpSession)> {
        while let Some((recorded, key)) = self.by_use.front().copied() {
            if only_idle && recorded.after_ms(self.idle_ms) > now {
                return None;
            }
            self.by_use.pop_front();
            let Some(held) = self.by_key.get_mut(&key) else { continue };
            if held.streams.is_carried() {
                held.used = now;
            }
            if held.used > recorded {
                self.by_use.push_back((held.used, key));
                continue;
            }
            return Some((key, self.close(key)?));
        }
        None
    }

    /// The id clients send: the owner's shard and the key, in hexadecimal.
    pub(super) fn id(&self, key: SessionKey) -> String {
        Self::id_of(self.shard, key)
    }

    /// The id of what `shard` keeps under `key`.
    pub(super) fn id_of(shard: u16, key: u128) -> String {
        format!("{shard:04x}{key:032x}")
    }

    /// Which shard owns the session of that id, and its key; `None` when it is no id of ours.
    pub(super) fn parse_id(id: &str) -> Option<(u16, SessionKey)> {
        let (shard, key) = id.as_bytes().split_at_checked(4)?;
        let (high, low) = key.split_at_checked(16)?;
        if low.len() != 16 {
            return None;
        }
        let key = u128::from(hexadecimal(high)?) << 64 | u128::from(hexadecimal(low)?);
        Some((hexadecimal(shard)? as u16, key))
    }
}

/// What each byte is worth as a digit of an id; [`NO_DIGIT`] where it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    digits
};
const NO_DIGIT: u8 = 0xff;

/// A number of at most sixteen lower-case digits. Every request of a session has one to read.
fn hexadecimal(text: &[u8]) -> Option<u64> {
    let (mut number, mut seen) = (0, 0);
    for byte in text {
        let digit = DIGITS[usize::from(*byte)];
        number = number << 4 | u64::from(digit);
        seen |= digit;
    }
    (seen != NO_DIGIT).then_some(number)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::mcp::{Client, Initialize, Version};
    use crate::slot::Slot;

    fn session() -> Session {
        let client = Client::default();
        Session::open(Initialize { version: Version::V2025_11_25, client })
    }

    #[test]
    fn ids_round_trip_and_name_their_shard() {
        let sessions = Sessions::new(513, 4, 1000);
        let id = sessions.id(0xfeed);
        assert_eq!(Sessions::parse_id(&id), Some((513, 0xfeed)));
        for bad in ["", "x", &id[1..], &id.to_uppercase().replace('0', "G"), &format!("{id}0")] {
            assert_eq!(Sessions::parse_id(bad), None, "{bad}");
        }
        let key = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;
        let id = sessions.id(key);
        assert_eq!(Sessions::parse_id(&id), Some((513, key)));
        for place in 0..id.len() {
            for wrong in ["g", "F", "+", " ", "\u{e9}"] {
                let bad = [&id[..place], wrong, &id[place + 1..]].concat();
                assert_eq!(Sessions::parse_id(&bad), None, "{bad}");
            }
        }
    }

    #[test]
    fn the_longest_idle_goes_first_and_use_counts() {
        let mut rng = StdRng::from_seed([7; 32]);
        let mut sessions = Sessions::new(0, 2, 1000);
        let first = sessions.open(Now(1), &mut rng, session(), None).key;
        let second = sessions.open(Now(2), &mut rng, session(), None).key;
        sessions.get_mut(first).expect("open").used = Now(3);
        assert!(sessions.open(Now(4), &mut rng, session(), None).evicted.is_some());
        assert!(sessions.get_mut(second).is_none(), "the second was idle longest");
        assert!(sessions.get_mut(first).is_some());
        assert_eq!(sessions.len(), 2);
    }

    #[test]
    fn all_events_kept_have_a_limit_however_many_sessions_there_are() {
        let mut rng = StdRng::from_seed([7; 32]);
        let mut sessions = Sessions::new(0, 1000, 1000);
        let line = Line::Here(Slot::new(1, 1));
        let data = Bytes::from(vec![0; 1 << 20]);
        let keys: Vec<_> = (0..200)
            .map(|_| {
                let key = sessions.open(Now(0), &mut rng, session(), None).key;
                let number = sessions.open_stream(key, StreamKind::Answer, line).expect("room");
                sessions.log_event(key, number, data.clone()).expect("open");
                key
            })
            .collect();
        assert_eq!(sessions.replay_bytes, REPLAY_SHARD_BYTES_HARD_MAX);
        // Those that were left out have nothing to give back.
        assert!(keys.into_iter().all(|key| sessions.close(key).is_some()));
        assert_eq!(sessions.replay_bytes, 0);
    }

    #[test]
    fn sessions_that_come_and_go_leave_nothing_behind() {
        let mut rng = StdRng::from_seed([7; 32]);
        let mut sessions = Sessions::new(0, 10, 1000);
        for _ in 0..10 * SKIPPED_MAX {
            let opened = sessions.open(Now(1), &mut rng, session(), None).key;
            assert!(sessions.close(opened).is_some());
            assert!(sessions.by_use.len() <= SKIPPED_MAX + 1);
        }
    }

    #[test]
    fn idle_sessions_end_and_closed_ones_are_skipped() {
        let mut rng = StdRng::from_seed([7; 32]);
        let mut sessions = Sessions::new(0, 10, 1000);
        let first = sessions.open(Now(0), &mut rng, session(), None).key;
        let second = sessions.open(Now(0), &mut rng, session(), None).key;
        assert!(sessions.close(first).is_some());
        sessions.get_mut(second).expect("open").used = Now(0).after_ms(900);
        assert!(sessions.take_idle(Now(0).after_ms(1500)).is_none());
        assert!(sessions.take_idle(Now(0).after_ms(1900)).is_some());
        assert_eq!(sessions.len(), 0);
    }
}
