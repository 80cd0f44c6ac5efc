//! Calls that are not answered yet, by ticket.
//!
//! A ticket carries the generation of its place, so the late answer of a call that was cancelled
//! or timed out finds nothing and is dropped (and counted).

use std::sync::Arc;

use super::Now;
use super::ask::Asking;
use super::message::Incoming;
use super::origin::{Origin, Peer};
use super::task::TaskSeed;
use super::tasks::TaskKey;
use super::topics::SubscriberKey;
use crate::auth::Principal;
use crate::mcp::{Admitted, Initialize, Row, Version};
use crate::model::LogLevel;
use crate::rpc::{OwnedId, Request};
use crate::server::{Lifeline, Ticket};

/// A call that waits for its outcome.
#[derive(Debug)]
pub(super) struct PendingCall {
    pub(super) origin: Origin,
    pub(super) peer: Peer,
    /// Who made it, where that is asked.
    pub(super) principal: Option<Arc<Principal>>,
    pub(super) id: OwnedId,
    pub(super) label: usize,
    pub(super) row: &'static Row,
    pub(super) version: Version,
    /// What is called, for the words of a timeout.
    pub(super) name: Box<str>,
    pub(super) progress_token: Option<Box<[u8]>>,
    /// The last progress reported.
    pub(super) progress: Option<f64>,
    /// The log messages the request itself asks for (stateless era).
    pub(super) log_level: Option<LogLevel>,
    /// What its handler sees of this entry.
    pub(super) lifeline: Arc<Lifeline>,
    pub(super) started: Now,
    /// When the present part of it began: its handler's run, or the wait for its client's answers.
    pub(super) entered: Now,
    /// May be never.
    pub(super) deadline: Now,
    /// What its client has to answer first.
    pub(super) asking: Option<Box<Asking>>,
    /// What it is told of while it stays open.
    pub(super) listens_as: Option<SubscriberKey>,
    /// What it has to do with tasks.
    pub(super) task: TaskLink,
    /// The handshake that its answer ends: it is an `initialize` with a hook.
    pub(super) opens: Option<Box<Initialize>>,
}

/// What a call has to do with tasks.
#[derive(Debug, Default)]
pub(super) enum TaskLink {
    /// Nothing.
    #[default]
    Nothing,
    /// Its handler may make it this task.
    Offered(TaskSeed),
    /// It is one: its request was answered with the task's id.
    Is(TaskKey),
    /// It asks about one, which that shard owns.
    Asks(u16, TaskKey),
    /// It hears of the changes of these.
    Watches(Box<[(u16, TaskKey)]>),
}

impl PendingCall {
    /// A request that waits for something else than a handler.
    pub(super) fn without_handler(
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
        now: Now,
        deadline: Now,
    ) -> Self {
        Self {
            origin: incoming.origin,
            peer: incoming.peer,
            principal: None,
            id: request.id.to_owned(),
            label: admitted.index,
            row: admitted.row,
            version: admitted.version,
            name: admitted.row.name.into(),
            progress_token: None,
            progress: None,
            log_level: None,
            lifeline: Arc::default(),
            started: now,
            entered: now,
            deadline,
            asking: None,
            listens_as: None,
            task: TaskLink::Nothing,
            opens: None,
        }
    }
}

/// The shard's unanswered calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    places: Vec<Place>,
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct Place {
    generation: u32,
    call: Option<Box<PendingCall>>,
    /// When the place's one timer fires. It outlives its call and serves the next, so timers are
    /// never more than the calls that were once open together.
    due: Option<Now>,
}

impl PendingCall {
    /// The task that it is.
    pub(super) fn task(&self) -> Option<TaskKey> {
        match self.task {
            TaskLink::Is(key) => Some(key),
            _ => None,
        }
    }
}

impl Place {
    /// When the place's timer must fire, unless one does before.
    fn watch(&mut self, deadline: Now) -> Option<Now> {
        if deadline == Now::NEVER || self.due.is_some_and(|due| due <= deadline) {
            return None;
        }
        self.due = Some(deadline);
        self.due
    }
}

/// What the timer of a place finds.
pub(super) enum Due {
    /// Nothing to do.
    Nothing,
    /// A call whose time is over.
    Over(Ticket),
    /// A call that has time until then: set the timer again.
    Later(Now),
}

impl Calls {
    /// Reserves a ticket; it names nothing until [`Self::insert`].
    pub(super) fn reserve(&mut self) -> Ticket {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            (self.places.len() - 1) as u32
        });
        let place = &mut self.places[index as usize];
        place.generation = place.generation.wrapping_add(1);
        ticket(index, place.generation)
    }

    /// Gives a reserved ticket back that was not needed after all.
    pub(super) fn release(&mut self, ticket: Ticket) {
        self.free.push(index(ticket));
    }

    /// How many wait.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn len(&self) -> usize {
        self.places.iter().filter(|place| place.call.is_some()).count()
    }

    /// Enters a call, and says when a timer of its place must fire if none does before.
    pub(super) fn insert(&mut self, ticket: Ticket, call: PendingCall) -> Option<(u32, Now)> {
        let index = index(ticket);
        let place = &mut self.places[index as usize];
        let deadline = call.deadline;
        call.lifeline.set_deadline(deadline.0);
        place.call = Some(Box::new(call));
        place.watch(deadline).map(|due| (index, due))
    }

    /// Gives a call so much time from `now` on; says what [`Self::insert`] says.
    pub(super) fn restart(&mut self, ticket: Ticket, now: Now, ms: u64) -> Option<(u32, Now)> {
        let call = self.get_mut(ticket)?;
        call.entered = now;
        call.deadline = now.after_ms(ms);
        call.lifeline.set_deadline(call.deadline.0);
        let (index, deadline) = (index(ticket), call.deadline);
        self.places[index as usize].watch(deadline).map(|due| (index, due))
    }

    /// The calls whose clients have to answer something first.
    pub(super) fn asking(&self) -> Vec<Ticket> {
        let places = self.places.iter().enumerate();
        let asking = places
            .filter(|(_, place)| place.call.as_ref().is_some_and(|call| call.asking.is_some()));
        asking.map(|(index, place)| ticket(index as u32, place.generation)).collect()
    }

    pub(super) fn get(&self, ticket: Ticket) -> Option<&PendingCall> {
        let place = self.places.get(index(ticket) as usize)?;
        if place.generation == generation(ticket) { place.call.as_deref() } else { None }
    }

    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut PendingCall> {
        let place = self.places.get_mut(index(ticket) as usize)?;
        if place.generation == generation(ticket) { place.call.as_deref_mut() } else { None }
    }

    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Box<PendingCall>> {
        let index = index(ticket);
        let place = self.places.get_mut(index as usize)?;
        if place.generation != generation(ticket) {
            return None;
        }
        let call = place.call.take()?;
        self.free.push(index);
        Some(call)
    }

    /// A timer of the place fired.
    pub(super) fn due(&mut self, index: u32, now: Now) -> Due {
        let Some(place) = self.places.get_mut(index as usize) else { return Due::Nothing };
        if place.due.is_none_or(|due| due > now) {
            return Due::Nothing;
        }
        place.due = None;
        match &place.call {
            None => Due::Nothing,
            Some(call) if call.deadline <= now => Due::Over(ticket(index, place.generation)),
            Some(call) if call.deadline == Now::NEVER => Due::Nothing,
            Some(call) => {
                place.due = Some(call.deadline);
                Due::Later(call.deadline)
            }
        }
    }
}

/// The shard ends: nobody is left to answer.
impl Drop for Calls {
    fn drop(&mut self) {
        for call in self.places.iter().filter_map(|place| place.call.as_ref()) {
            call.lifeline.cancel();
        }
    }
}

fn ticket(index: u32, generation: u32) -> Ticket {
    Ticket((u64::from(generation) << 32) | u64::from(index))
}

fn index(ticket: Ticket) -> u32 {
    ticket.0 as u32
}

fn generation(ticket: Ticket) -> u32 {
    (ticket.0 >> 32) as u32
}
