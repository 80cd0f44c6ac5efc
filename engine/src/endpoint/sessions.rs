//! Handshake-era sessions over HTTP: unguessable ids, a ceiling, the longest idle goes first.

use std::collections::{HashMap, VecDeque};

use rand::RngExt;
use rand::rngs::StdRng;

use super::Now;
use crate::mcp::{Initialize, Session};

/// 128 random bits; with the shard's number they are the session's id.
pub(super) type SessionKey = u128;

/// A session and when it was last used.
#[derive(Debug)]
pub(super) struct HttpSession {
    pub(super) session: Session,
    pub(super) used: Now,
}

/// The sessions this shard made.
#[derive(Debug)]
pub(super) struct Sessions {
    shard: u16,
    most: usize,
    idle_ms: u64,
    by_key: HashMap<SessionKey, HttpSession>,
    /// Each session once, in order of the use that was recorded here; a use since then only shows
    /// in the session itself and moves it back when its turn comes.
    by_use: VecDeque<(Now, SessionKey)>,
}

/// What opening a session did besides.
pub(super) struct Opened {
    pub(super) key: SessionKey,
    /// The session that had to go.
    pub(super) evicted: Option<HttpSession>,
}

impl Sessions {
    pub(super) fn new(shard: u16, most: usize, idle_ms: u64) -> Self {
        let (by_key, by_use) = (HashMap::new(), VecDeque::new());
        Self { shard, most, idle_ms, by_key, by_use }
    }

    /// Opens a session, ending the longest idle one if there are too many.
    pub(super) fn open(&mut self, now: Now, rng: &mut StdRng, initialize: Initialize) -> Opened {
        let full = self.by_key.len() >= self.most;
        let evicted = if full { self.take_oldest(None) } else { None };
        let key: SessionKey = rng.random();
        let session = HttpSession { session: Session::open(initialize), used: now };
        self.by_key.insert(key, session);
        self.by_use.push_back((now, key));
        Opened { key, evicted }
    }

    pub(super) fn get_mut(&mut self, key: SessionKey) -> Option<&mut HttpSession> {
        self.by_key.get_mut(&key)
    }

    /// Ends a session; its entry in the order of use is skipped when its turn comes.
    pub(super) fn close(&mut self, key: SessionKey) -> Option<HttpSession> {
        self.by_key.remove(&key)
    }

    /// Takes out one session that has been idle too long; call until `None`.
    pub(super) fn take_idle(&mut self, now: Now) -> Option<HttpSession> {
        self.take_oldest(Some(now))
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// How many unanswered calls each session has.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn pending(&self) -> impl Iterator<Item = usize> {
        self.by_key.values().map(|held| held.session.pending.len())
    }

    fn take_oldest(&mut self, idle_at: Option<Now>) -> Option<HttpSession> {
        let is_young = |used: Now| idle_at.is_some_and(|now| used.after_ms(self.idle_ms) > now);
        while let Some((recorded, key)) = self.by_use.front().copied() {
            let used = self.by_key.get(&key).map(|session| session.used);
            match used {
                Some(_) if is_young(recorded) => return None,
                Some(used) if used > recorded => {
                    self.by_use.pop_front();
                    self.by_use.push_back((used, key));
                }
                Some(_) => {
                    self.by_use.pop_front();
                    return self.by_key.remove(&key);
                }
                None => {
                    self.by_use.pop_front();
                }
            }
        }
        None
    }

    /// The id clients send: the owner's shard and the key, in hexadecimal.
    pub(super) fn id(&self, key: SessionKey) -> String {
        format!("{:04x}{key:032x}", self.shard)
    }

    /// Which shard owns the session of that id, and its key; `None` when it is no id of ours.
    pub(super) fn parse_id(id: &str) -> Option<(u16, SessionKey)> {
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if id.len() != 36 || !id.bytes().all(is_hex) {
            return None;
        }
        let shard = u16::from_str_radix(&id[..4], 16).ok()?;
        Some((shard, u128::from_str_radix(&id[4..], 16).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::mcp::{Client, Version};

    fn initialize() -> Initialize {
        Initialize { version: Version::V2025_11_25, client: Client::default() }
    }

    #[test]
    fn ids_round_trip_and_name_their_shard() {
        let sessions = Sessions::new(513, 4, 1000);
        let id = sessions.id(0xfeed);
        assert_eq!(Sessions::parse_id(&id), Some((513, 0xfeed)));
        for bad in ["", "x", &id[1..], &id.to_uppercase().replace('0', "G"), &format!("{id}0")] {
            assert_eq!(Sessions::parse_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_longest_idle_goes_first_and_use_counts() {
        let mut rng = StdRng::from_seed([7; 32]);
        let mut sessions = Sessions::new(0, 2, 1000);
        let first = sessions.open(Now(1), &mut rng, initialize()).key;
        let second = sessions.open(Now(2), &mut rng, initialize()).key;
        sessions.get_mut(first).expect("open").used = Now(3);
        assert!(sessions.open(Now(4), &mut rng, initialize()).evicted.is_some());
        assert!(sessions.get_mut(second).is_none(), "the second was idle longest");
        assert!(sessions.get_mut(first).is_some());
        assert_eq!(sessions.len(), 2);
    }

    #[test]
    fn idle_sessions_end_and_closed_ones_are_skipped() {
        let mut rng = StdRng::from_seed([7; 32]);
        let mut sessions = Sessions::new(0, 10, 1000);
        let first = sessions.open(Now(0), &mut rng, initialize()).key;
        let second = sessions.open(Now(0), &mut rng, initialize()).key;
        assert!(sessions.close(first).is_some());
        sessions.get_mut(second).expect("open").used = Now(0).after_ms(900);
        assert!(sessions.take_idle(Now(0).after_ms(1500)).is_none());
        assert!(sessions.take_idle(Now(0).after_ms(1900)).is_some());
        assert_eq!(sessions.len(), 0);
    }
}
