//! A program's function as a handler of the engine's, on the thread it wants.

use std::sync::Arc;

use mcpring::rpc::RpcError;
use mcpring::{Call, Execution, Handler, Outcome};

use crate::call::Frame;
use crate::ffi::Callback;
use crate::plugin::Library;
use crate::queue::Waiting;
use crate::site::Site;

/// Where a callback runs, as the program says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a worker.
    Pool,
    /// On the thread that serves sockets.
    Inline,
    /// On the thread that polls.
    Host,
}

impl Place {
    /// What that is to the engine.
    pub(crate) fn execution(self) -> Execution {
        match self {
            Self::Pool => Execution::Pool,
            // Putting a call into the queue takes no time.
            Self::Inline | Self::Host => Execution::Inline,
        }
    }
}

/// A program's function that answers calls, and what it needs.
pub(crate) struct Answering {
    // The order matters: user data is destroyed before its library is let go.
    callback: Callback,
    site: Arc<Site>,
    library: Option<Arc<Library>>,
}

impl Answering {
    /// The function `callback` out of `library`, if it is a plugin's.
    pub(crate) fn new(
        callback: Callback,
        site: Arc<Site>,
        library: Option<Arc<Library>>,
    ) -> Arc<Self> {
        Arc::new(Self { callback, site, library })
    }

    pub(crate) fn callback(&self) -> &Callback {
        &self.callback
    }

    pub(crate) fn library(&self) -> Option<&Arc<Library>> {
        self.library.as_ref()
    }

    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.site
    }
}

/// Runs the function where the engine calls it, or has the thread that polls do it.
#[derive(Clone)]
pub(crate) struct Answerer {
    answering: Arc<Answering>,
    place: Place,
}

impl Answerer {
    /// A handler that runs `answering` at `place`.
    pub(crate) fn new(answering: Arc<Answering>, place: Place) -> Self {
        Self { answering, place }
    }
}

impl Handler for Answerer {
    fn call(&self, call: &mut Call<'_>) -> Outcome {
        let queue = &self.answering.site.queue;
        if self.place != Place::Host || queue.is_ours() {
            return Frame::run(&self.answering, call);
        }
        let waiting = Waiting::new(call.defer(), Arc::clone(&self.answering));
        if let Err(waiting) = queue.push(waiting) {
            let busy = call.context().version().busy();
            let words = "the program's loop is behind: try again shortly";
            waiting.refuse(Outcome::Error(RpcError::new(busy, words)));
        }
        Outcome::Deferred
    }
}
