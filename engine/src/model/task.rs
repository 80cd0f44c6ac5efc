//! Tasks: calls whose answer is fetched later, as both forms of the protocol show them.

use super::{Fields, Text, Timestamp, write};
use crate::json::Writer;

/// Where a task stands. The last three are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    /// It is being worked on.
    Working,
    /// It waits for the client's answer.
    InputRequired,
    /// Its result is there.
    Completed,
    /// There will be no result.
    Failed,
    /// The client gave it up.
    Cancelled,
}

impl TaskStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::InputRequired => "input_required",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it never changes again.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether a task in this status may go over to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Working => !matches!(next, Self::Working),
            Self::InputRequired => !matches!(next, Self::InputRequired),
            Self::Completed | Self::Failed | Self::Cancelled => false,
        }
    }
}

/// Whether calls of a tool may become tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskSupport {
    /// They may not.
    #[default]
    Forbidden,
    /// They may, when the client can have tasks.
    Optional,
    /// They must: a client that has no tasks cannot call it.
    Required,
}

impl TaskSupport {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// Writes `"execution": {…}` unless it would say what absence says.
    pub(super) fn encode_member(self, w: &mut Writer<'_>) {
        if self != Self::Forbidden {
            w.key("execution");
            w.begin_object();
            w.member_string("taskSupport", self.as_str());
            w.end_object();
        }
    }
}

/// A task as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its name, which nobody can guess.
    pub id: Text,
    /// Where it stands.
    pub status: TaskStatus,
    /// More about that, for people.
    pub status_message: Option<Text>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// How long it is kept after it was made, in milliseconds; `None` means for ever.
    pub ttl_ms: Option<u64>,
    /// How long a client should wait between two looks at it, in milliseconds.
    pub poll_interval_ms: Option<u64>,
}

impl Task {
    /// The key in `_meta` that names the task a message belongs to, where tasks are in the core.
    pub const RELATED_KEY: &'static str = "io.modelcontextprotocol/related-task";
    /// The name of the extension that tasks are elsewhere.
    pub const EXTENSION: &'static str = "io.modelcontextprotocol/tasks";

    /// A task that is being worked on, made at `now`.
    pub fn new(id: impl Into<Text>, now: Timestamp) -> Self {
        Self {
            id: id.into(),
            status: TaskStatus::Working,
            status_message: None,
            created: now,
            updated: now,
            ttl_ms: None,
            poll_interval_ms: None,
        }
    }

    /// Writes the task's members into an object the caller opened: as the core has them, or as
    /// the extension, which names the unit of its times.
    pub fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        let (ttl, poll_interval) =
            if fields.core_tasks { ("ttl", "pollInterval") } else { ("ttlMs", "pollIntervalMs") };
        w.member_string("taskId", &self.id);
        w.member_string("status", self.status.as_str());
        write::text(w, "statusMessage", self.status_message.as_deref());
        w.key("createdAt");
        w.display(self.created);
        w.key("lastUpdatedAt");
        w.display(self.updated);
        w.key(ttl);
        match self.ttl_ms {
            Some(ttl_ms) => w.uint(ttl_ms),
            None => w.null(),
        }
        if let Some(poll_interval_ms) = self.poll_interval_ms {
            w.member_uint(poll_interval, poll_interval_ms);
        }
    }

    /// Writes the task object.
    pub fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        self.encode_members(w, fields);
        w.end_object();
    }
}
