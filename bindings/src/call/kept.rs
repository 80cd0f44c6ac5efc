//! Calls that were kept beyond their callbacks: any thread's, until answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcpring::{Deferred, Outcome};

use super::frame::{Common, Open};
use super::mcpring_call;
use crate::adopted::Adopted;
use crate::failure::Failure;
use crate::site::Site;

static KEPT: Adopted<mcpring_call, Kept> = Adopted::new();

/// A kept call, empty from its answer on.
pub(super) struct Kept {
    call: Mutex<Option<KeptCall>>,
    site: Arc<Site>,
}

/// What there is of a kept call.
pub(super) struct KeptCall {
    pub(super) deferred: Deferred,
    pub(super) common: Common,
}

impl Kept {
    /// The call, unless it is answered. A panic while it was in use leaves nothing half done that
    /// an answer would show.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<KeptCall>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it came from.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }
}

/// Keeps a call under the handle that it has.
pub(super) fn insert(handle: *mut mcpring_call, call: KeptCall, site: Arc<Site>) {
    KEPT.insert(handle, Arc::new(Kept { call: Mutex::new(Some(call)), site }));
}

/// The call that is kept under `handle`.
pub(super) fn get(handle: *mut mcpring_call) -> Option<Arc<Kept>> {
    KEPT.get(handle)
}

/// Takes the call for the one who answers it.
pub(super) fn take(handle: *mut mcpring_call) -> Option<KeptCall> {
    let kept = KEPT.remove(handle)?;
    kept.lock().take()
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
    // Behind the lock: the engine may refuse the answer and say so elsewhere.
    call.deferred.finish(outcome);
    Some(Ok(()))
}
