//! The tasks of one shard: calls whose answers are kept until they are fetched or too old.
//!
//! A task's id is that of a session: the shard that made it, and 128 random bits. Who asks for the
//! task of another principal, or for one of the other form of the protocol, finds nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::Now;
use super::origin::Peer;
use crate::auth::Principal;
use crate::json::Writer;
use crate::limits::{TASK_BYTES_MAX, TASKS_BYTES_MAX, TASKS_PER_CLIENT_MAX};
use crate::model::{Fields, Task};
use crate::rpc::RpcError;
use crate::server::Ticket;

/// 128 random bits; with the shard's number they are the task's id.
pub(super) type TaskKey = u128;

/// A call somewhere that asks about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asker {
    /// The shard that holds the call.
    pub(super) shard: u16,
    /// The call there.
    pub(super) ticket: Ticket,
}

/// What a task came to.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// A result, as JSON text.
    Result(Bytes),
    /// A protocol error.
    Error(RpcError),
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Self::Result(json) => json.len(),
            Self::Error(error) => {
                error.message.len() + error.data.as_ref().map_or(0, |data| data.get().len())
            }
        }
    }
}

/// A task as a client is shown it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) task: Task,
    /// What the extension says besides, by status: name and JSON text.
    pub(super) detail: Option<(&'static str, Bytes)>,
}

impl Shown {
    /// Writes its members into an object the caller opened.
    pub(super) fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.task.encode_members(w, fields);
        if let Some((name, json)) = &self.detail {
            w.member_raw(name, json);
        }
    }
}

/// Whose tasks are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Client {
    Principal(Box<str>),
    Peer(Peer),
}

/// One task.
#[derive(Debug)]
pub(super) struct HeldTask {
    pub(super) task: Task,
    /// It has the form of 2025-11-25, not of the extension.
    pub(super) is_core: bool,
    /// Who made it; nobody else finds it.
    pub(super) principal: Option<Arc<Principal>>,
    /// The peer whose call it was.
    pub(super) peer: Peer,
    /// The call, while it runs.
    pub(super) ticket: Option<Ticket>,
    pub(super) expires: Now,
    /// Requests for its answer that wait.
    pub(super) waiters: Vec<Asker>,
    /// Calls that hear of its changes.
    pub(super) watchers: Vec<Asker>,
    kept: Option<Kept>,
    /// Counts the tasks in the order they were made.
    number: u32,
}

impl HeldTask {
    /// A task that runs as `ticket`.
    pub(super) fn new(task: Task, peer: Peer, ticket: Ticket, expires: Now) -> Self {
        Self {
            task,
            is_core: false,
            principal: None,
            peer,
            ticket: Some(ticket),
            expires,
            waiters: Vec::new(),
            watchers: Vec::new(),
            kept: None,
            number: 0,
        }
    }

    /// What it came to.
    pub(super) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    fn client(&self) -> Option<Client> {
        client(self.principal.as_deref(), self.peer)
    }
}

/// The tasks this shard made.
#[derive(Debug)]
pub(super) struct Tasks {
    most: usize,
    by_key: BTreeMap<TaskKey, Box<HeldTask>>,
    by_expiry: BTreeSet<(Now, TaskKey)>,
    /// The tasks of each client, in the order they were made.
    by_client: HashMap<Client, Vec<TaskKey>>,
    /// Bytes of all answers kept.
    bytes: usize,
    made: u32,
    /// Whether the timer that looks for old ones is set.
    pub(super) is_sweeping: bool,
}

impl Tasks {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            by_key: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            by_client: HashMap::new(),
            bytes: 0,
            made: 0,
            is_sweeping: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is room for one more task of a client. Nothing is given up to make some: what
    /// a task came to stays until its time is over (SEP-2663).
    pub(super) fn has_room(&self, principal: Option<&Principal>, peer: Peer) -> bool {
        let own = client(principal, peer).and_then(|client| self.by_client.get(&client));
        let has_most = own.is_some_and(|own| own.len() >= TASKS_PER_CLIENT_MAX);
        !has_most && self.by_key.len() < self.most && self.bytes < TASKS_BYTES_MAX
    }

    pub(super) fn insert(&mut self, key: TaskKey, mut held: HeldTask) {
        held.number = self.made;
        self.made = self.made.wrapping_add(1);
        self.by_expiry.insert((held.expires, key));
        if let Some(client) = held.client() {
            self.by_client.entry(client).or_default().push(key);
        }
        self.by_key.insert(key, Box::new(held));
    }

    /// The task of that key, if `principal` may see it and asks in its form.
    pub(super) fn find(
        &mut self,
        key: TaskKey,
        principal: Option<&Principal>,
        is_core: bool,
        now: Now,
    ) -> Option<&mut HeldTask> {
        let held = self.by_key.get_mut(&key)?;
        let is_own = held.principal.as_deref().map(Principal::key) == principal.map(Principal::key);
        (is_own && held.is_core == is_core && now < held.expires).then_some(held)
    }

    pub(super) fn get(&self, key: TaskKey) -> Option<&HeldTask> {
        self.by_key.get(&key).map(|held| &**held)
    }

    pub(super) fn get_mut(&mut self, key: TaskKey) -> Option<&mut HeldTask> {
        self.by_key.get_mut(&key).map(|held| &mut **held)
    }

    /// Why an answer cannot be kept, if it cannot.
    pub(super) fn objection(&self, kept: &Kept) -> Option<&'static str> {
        if kept.bytes() > TASK_BYTES_MAX {
            Some("the result is too large to be kept")
        } else if self.bytes + kept.bytes() > TASKS_BYTES_MAX {
            Some("the server keeps too many results: there is no room for this one")
        } else {
            None
        }
    }

    /// Ends a task with what it came to.
    pub(super) fn end(&mut self, key: TaskKey, kept: Option<Kept>) {
        let Some(held) = self.by_key.get_mut(&key) else { return };
        self.bytes += kept.as_ref().map_or(0, Kept::bytes);
        held.kept = kept;
        held.ticket = None;
    }

    /// The tasks a peer made, from the number `first` on: at most `limit`, and the number of the
    /// next one.
    pub(super) fn list(&self, peer: Peer, first: u32, limit: usize) -> (Vec<&Task>, Option<u32>) {
        let all = self.by_key.values().filter(|held| held.peer == peer && held.is_core);
        let mut own: Vec<_> = all.filter(|held| held.number >= first).collect();
        own.sort_unstable_by_key(|held| held.number);
        let next = own.get(limit).map(|held| held.number);
        (own.into_iter().take(limit).map(|held| &held.task).collect(), next)
    }

    /// A task whose time is over.
    pub(super) fn expired(&self, now: Now) -> Option<TaskKey> {
        self.by_expiry.first().filter(|(expires, _)| *expires <= now).map(|(_, key)| *key)
    }

    pub(super) fn remove(&mut self, key: TaskKey) -> Option<Box<HeldTask>> {
        let held = self.by_key.remove(&key)?;
        self.by_expiry.remove(&(held.expires, key));
        self.bytes -= held.kept.as_ref().map_or(0, Kept::bytes);
        if let Some(client) = held.client()
            && let Some(own) = self.by_client.get_mut(&client)
        {
            own.retain(|other| *other != key);
            if own.is_empty() {
                self.by_client.remove(&client);
            }
        }
        Some(held)
    }
}

fn client(principal: Option<&Principal>, peer: Peer) -> Option<Client> {
    match (principal, peer) {
        (Some(principal), _) => Some(Client::Principal(principal.key().into())),
        (None, Peer::Stream(_) | Peer::Session(_)) => Some(Client::Peer(peer)),
        (None, Peer::Newcomer | Peer::Exchange) => None,
    }
}
