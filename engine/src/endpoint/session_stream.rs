//! The event streams of one handshake-era session: what each said, and where it leads now.
//!
//! A stream belongs to its session, not to the connection that carries it: when the connection is
//! cut the stream stays, goes on collecting, and the client takes it up again elsewhere by the id
//! of the last event it saw (2025-11-25, transports). An event's id names its stream, so a client
//! can be given what that one stream said and nothing else.

use bytes::Bytes;

use crate::limits::STREAMS_PER_SESSION_MAX;
use crate::slot::Slot;
use crate::transport::Replay;

/// The connection that carries a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// One of this shard.
    Here(Slot),
    /// One of another.
    There {
        /// The shard that holds it.
        shard: u16,
        /// The connection there.
        slot: Slot,
    },
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// What concerns one POST; ends with its answer.
    Answer,
    /// What concerns nothing that was asked (GET, `subscriptions/listen`); ends with its token.
    Listen,
    /// Everything, for a client of 2024-11-05; ends with its token, and the session with it.
    Legacy,
}

/// How much of a stream is kept, as far as its shard has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// As much as one stream may.
    All,
    /// The latest event.
    Latest,
    /// No event.
    Nothing,
}

/// The place of an event: its stream and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventId {
    pub(super) stream: u32,
    pub(super) event: u64,
}

impl EventId {
    /// The text clients send back as `Last-Event-ID`.
    pub(super) fn text(self) -> String {
        format!("{:x}-{:x}", self.stream, self.event)
    }

    /// Reads that text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let (stream, event) = text.split_once('-')?;
        if !is_hex(stream) || !is_hex(event) {
            return None;
        }
        Some(Self {
            stream: u32::from_str_radix(stream, 16).ok()?,
            event: u64::from_str_radix(event, 16).ok()?,
        })
    }
}

/// One event stream.
#[derive(Debug)]
pub(super) struct SessionStream {
    pub(super) number: u32,
    pub(super) kind: StreamKind,
    pub(super) line: Option<Line>,
    /// All is said; it is kept for a client that did not hear it.
    pub(super) is_ended: bool,
    /// Events so far, the priming one not counted.
    events: u64,
    /// Nothing in it is older than a client may come back for.
    replay: Replay,
}

impl SessionStream {
    /// Enters an event; its id.
    pub(super) fn log(&mut self, data: Bytes, keep: Keep) -> EventId {
        self.events += 1;
        match keep {
            // A client of 2024-11-05 cannot come back.
            _ if self.kind == StreamKind::Legacy => {}
            Keep::All => self.replay.push(self.events, data),
            Keep::Latest => {
                self.replay.push(self.events, data);
                self.replay.shrink();
            }
            Keep::Nothing => self.replay.clear(),
        }
        EventId { stream: self.number, event: self.events }
    }

    /// What was said behind `last`.
    pub(super) fn after(&self, last: u64) -> Vec<(EventId, Bytes)> {
        let stream = self.number;
        let events = self.replay.after(last);
        events.map(|(event, data)| (EventId { stream, event }, data.clone())).collect()
    }

    pub(super) fn replay_bytes(&self) -> usize {
        self.replay.bytes()
    }
}

/// The streams of one session; a session without any owns no memory for them.
#[derive(Debug, Default)]
pub(super) struct SessionStreams {
    streams: Vec<SessionStream>,
    next: u32,
}

impl SessionStreams {
    /// Opens a stream on `line`; `None` when there are too many and none can be given up. Streams
    /// whose answer was written go first, then those that nobody carries.
    pub(super) fn open(&mut self, kind: StreamKind, line: Line) -> Option<u32> {
        if self.streams.len() >= STREAMS_PER_SESSION_MAX {
            let idle = |stream: &SessionStream| stream.line.is_none();
            let ended = self.streams.iter().position(|stream| stream.is_ended && idle(stream));
            let listener = || {
                let is_spare = |s: &SessionStream| s.kind == StreamKind::Listen && idle(s);
                self.streams.iter().position(is_spare)
            };
            let spare = ended.or_else(listener)?;
            self.streams.remove(spare);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.streams.reserve_exact(1);
        self.streams.push(SessionStream {
            number,
            kind,
            line: Some(line),
            is_ended: false,
            events: 0,
            replay: Replay::default(),
        });
        Some(number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut SessionStream> {
        self.streams.iter_mut().find(|stream| stream.number == number)
    }

    /// The stream for what nobody asked for: the newest that is carried, or else the newest that
    /// may be taken up again. A session that never listened has none.
    pub(super) fn listener(&self) -> Option<u32> {
        let listens =
            |stream: &&SessionStream| stream.kind != StreamKind::Answer && !stream.is_ended;
        let mut streams = self.streams.iter().rev().filter(listens);
        let newest = streams.clone().next();
        streams.find(|stream| stream.line.is_some()).or(newest).map(|stream| stream.number)
    }

    /// Whether any is carried.
    pub(super) fn is_carried(&self) -> bool {
        self.streams.iter().any(|stream| stream.line.is_some())
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, SessionStream> {
        self.streams.iter_mut()
    }

    #[cfg(any(test, feature = "sim"))]
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    /// The streams that are carried, and by what.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn lines(&self) -> impl Iterator<Item = (u32, Line)> {
        self.streams.iter().filter_map(|stream| Some((stream.number, stream.line?)))
    }

    pub(super) fn replay_bytes(&self) -> usize {
        self.streams.iter().map(SessionStream::replay_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_others_are_none() {
        for (stream, event) in [(0, 0), (7, 255), (u32::MAX, u64::MAX)] {
            let id = EventId { stream, event };
            assert_eq!(EventId::parse(&id.text()), Some(id));
        }
        for text in ["", "-", "1", "1-", "-1", "+1-1", "1-+1", "g-0", "1-2-3", "100000000-0"] {
            assert_eq!(EventId::parse(text).map(EventId::text), None, "{text}");
        }
    }

    #[test]
    fn ended_streams_make_room_and_busy_ones_do_not() {
        let line = Line::Here(Slot::new(1, 1));
        let mut streams = SessionStreams::default();
        for number in 0..STREAMS_PER_SESSION_MAX as u32 {
            assert_eq!(streams.open(StreamKind::Answer, line), Some(number));
        }
        assert_eq!(streams.open(StreamKind::Listen, line), None);
        let third = streams.get_mut(3).expect("it is open");
        (third.line, third.is_ended) = (None, true);
        let number = streams.open(StreamKind::Listen, line).expect("there is room");
        assert!(streams.get_mut(3).is_none());
        assert_eq!(streams.listener(), Some(number));
    }

    #[test]
    fn news_go_to_the_newest_listener_that_is_carried() {
        let line = Line::Here(Slot::new(1, 1));
        let mut streams = SessionStreams::default();
        assert_eq!(streams.listener(), None);
        let first = streams.open(StreamKind::Listen, line).expect("room");
        let second = streams.open(StreamKind::Listen, line).expect("room");
        assert_eq!(streams.listener(), Some(second));
        streams.get_mut(second).expect("open").line = None;
        assert_eq!(streams.listener(), Some(first));
        streams.get_mut(first).expect("open").line = None;
        assert_eq!(streams.listener(), Some(second));
    }
}
