//! A call that waits for its client's answers, to be entered again with them.

use std::sync::Arc;

use bytes::Bytes;

use super::arguments::Taken;
use super::deferred::Owned;
use super::{Asked, Call, CallContext, Deferred, Execution, Feature, FeatureKind, Job};

/// A call that asked: everything its handler needs to be entered again.
#[derive(Clone, Debug)]
pub struct Parked(Box<Owned>);

impl Parked {
    /// Takes a call out of the memory it was received in: a wait for a person must hold no buffer.
    pub(super) fn new(call: &Owned) -> Self {
        let arguments = Taken::new(Bytes::copy_from_slice(call.arguments.json()));
        Self(Box::new(Owned { arguments, ..call.clone() }))
    }

    /// What is called.
    pub fn feature(&self) -> &Arc<Feature> {
        &self.0.feature
    }

    /// The sender's bytes of `arguments`: a JSON object, `{}` when absent.
    pub fn arguments_json(&self) -> &[u8] {
        self.0.arguments.json()
    }

    /// The URI that is read; empty for others than resources.
    pub fn uri(&self) -> &str {
        if self.feature().kind() == FeatureKind::Resource { &self.0.subject } else { "" }
    }

    /// Version and client.
    pub fn context(&self) -> &CallContext {
        &self.0.context
    }

    /// What the client answered before, and what the handler left for itself.
    pub fn asked(&self) -> &Asked {
        Asked::shared(self.0.asked.as_ref())
    }

    /// Where its handler runs.
    pub fn execution(&self) -> Execution {
        self.0.feature.execution
    }

    /// The same call, to be entered again with what was answered since. Its right to answer is a
    /// new one: the one before was used up by asking.
    pub fn again(mut self, asked: Asked) -> Self {
        self.0.asked = Some(Arc::new(asked));
        self.0.context = Arc::new(self.0.context.again());
        self
    }

    /// The call, to be run here and now.
    pub fn call(&self) -> Call<'_> {
        Call::from_owned(&self.0, None)
    }

    /// The call as work for another thread.
    pub fn into_job(self) -> Job {
        Job::new(self.0.feature.execution.lane(), Deferred::new(*self.0))
    }
}
