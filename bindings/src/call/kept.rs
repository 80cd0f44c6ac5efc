//! Calls that were kept beyond their callbacks: any thread's, until answered.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use mcpring::{Deferred, Outcome};

use super::frame::{Common, Open};
use super::mcpring_call;
use crate::adopted::Adopted;
use crate::failure::Failure;
use crate::plugin::{self, Library};
use crate::site::Site;

static KEPT: Adopted<mcpring_call, Kept> = Adopted::new();

/// A kept call.
pub(super) struct Kept {
    /// Empty from its answer on.
    call: Mutex<Option<KeptCall>>,
    /// What was answered. It stays as long as the callback runs, which may look at what it was lent
    /// before it kept the call.
    over: OnceLock<KeptCall>,
    site: Arc<Site>,
    library: Option<Arc<Library>>,
}

/// What there is of a kept call.
pub(super) struct KeptCall {
    pub(super) deferred: Deferred,
    pub(super) common: Common,
}

impl Kept {
    pub(super) fn new(call: KeptCall, site: Arc<Site>, library: Option<Arc<Library>>) -> Arc<Self> {
        let call = Mutex::new(Some(call));
        Arc::new(Self { call, over: OnceLock::new(), site, library })
    }

    /// The call, unless it is answered. A panic while it was in use leaves nothing half done that
    /// an answer would show.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<KeptCall>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it came from.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Sends the answer, without the lock: the engine may refuse it and say so elsewhere.
    fn settle(&self, mut call: KeptCall, outcome: Outcome) {
        call.deferred.settle(outcome);
        // Whoever emptied the place is the only one to come here.
        let _ = self.over.set(call);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        *self.call.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        drop(self.over.take());
        // A plugin's own thread may be here, which has to get back into the plugin's code.
        if let Some(library) = self.library.take() {
            plugin::leave(library);
        }
    }
}

/// Keeps a call under the handle that it has.
pub(super) fn insert(handle: *mut mcpring_call, kept: Arc<Kept>) {
    KEPT.insert(handle, kept);
}

/// The call that is kept under `handle`.
pub(super) fn get(handle: *mut mcpring_call) -> Option<Arc<Kept>> {
    KEPT.get(handle)
}

/// Answers a kept call for its callback, which failed, unless somebody has answered it.
pub(super) fn fail(handle: *mut mcpring_call, outcome: Outcome) {
    let Some(kept) = KEPT.remove(handle) else { return };
    let call = kept.lock().take();
    if let Some(call) = call {
        kept.settle(call, outcome);
    }
}

/// Answers a kept call; `None` when there is none. What `make` refuses leaves it open.
pub(super) fn answer(
    handle: *mut mcpring_call,
    make: impl FnOnce(&mut Open<'_>) -> Result<Outcome, Failure>,
) -> Option<Result<(), Failure>> {
    let kept = KEPT.get(handle)?;
    let mut place = kept.lock();
    let outcome = match make(&mut Open::of_kept(place.as_mut()?, &kept.site)) {
        Ok(outcome) => outcome,
        Err(failure) => return Some(Err(failure)),
    };
    let call = place.take()?;
    drop(place);
    KEPT.remove(handle);
    kept.settle(call, outcome);
    Some(Ok(()))
}
