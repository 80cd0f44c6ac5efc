//! Calls that are not answered yet, by ticket.
//!
//! A ticket carries the generation of its place, so the late answer of a call that was cancelled
//! or timed out finds nothing and is dropped (and counted).

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Now;
use super::origin::{Origin, Peer};
use crate::mcp::{Row, Version};
use crate::rpc::OwnedId;
use crate::server::Ticket;

/// A call that waits for its outcome.
#[derive(Debug)]
pub(super) struct PendingCall {
    pub(super) origin: Origin,
    pub(super) peer: Peer,
    pub(super) id: OwnedId,
    pub(super) label: usize,
    pub(super) row: &'static Row,
    pub(super) version: Version,
    /// What is called, for the words of a timeout.
    pub(super) name: Box<str>,
    pub(super) progress_token: Option<Box<[u8]>>,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) started: Now,
    pub(super) deadline: Now,
}

/// The shard's unanswered calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    places: Vec<(u32, Option<Box<PendingCall>>)>,
    free: Vec<u32>,
}

impl Calls {
    /// Reserves a ticket; it names nothing until [`Self::insert`].
    pub(super) fn reserve(&mut self) -> Ticket {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            (self.places.len() - 1) as u32
        });
        let place = &mut self.places[index as usize];
        place.0 = place.0.wrapping_add(1);
        Ticket((u64::from(place.0) << 32) | u64::from(index))
    }

    /// Gives a reserved ticket back that was not needed after all.
    pub(super) fn release(&mut self, ticket: Ticket) {
        self.free.push(ticket.0 as u32);
    }

    /// How many wait.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn len(&self) -> usize {
        self.places.iter().filter(|(_, call)| call.is_some()).count()
    }

    pub(super) fn insert(&mut self, ticket: Ticket, call: PendingCall) {
        self.places[ticket.0 as u32 as usize].1 = Some(Box::new(call));
    }

    pub(super) fn get(&self, ticket: Ticket) -> Option<&PendingCall> {
        let (generation, call) = self.places.get(ticket.0 as u32 as usize)?;
        if u64::from(*generation) == ticket.0 >> 32 { call.as_deref() } else { None }
    }

    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Box<PendingCall>> {
        let index = ticket.0 as u32;
        let (generation, call) = self.places.get_mut(index as usize)?;
        if u64::from(*generation) != ticket.0 >> 32 {
            return None;
        }
        let call = call.take()?;
        self.free.push(index);
        Some(call)
    }
}
