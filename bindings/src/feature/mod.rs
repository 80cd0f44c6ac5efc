//! Features as C describes them, and how they are added and removed.

mod completer;
mod prompt;
mod resource;
mod template;
mod tool;

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use mcpring::model::{CacheHint, Icon, Meta};

use crate::answering::{Answerer, Answering, Place};
use crate::call::mcpring_call_fn;
use crate::failure::Failure;
use crate::ffi::{Contract, UserData, enter, mcpring_str};
use crate::host::Host;
use crate::model;
use crate::plugin::{self, Library};
use crate::recipe::List;
use crate::server::{get, mcpring_server};
use crate::status::{MCPRING_ERR_UNSUPPORTED, mcpring_status};

pub use completer::*;
pub use prompt::*;
pub use resource::*;
pub use template::*;
pub use tool::*;

/// Where the callbacks of a feature run.
pub type mcpring_execution = u32;

/// On a worker thread, where they may block.
pub const MCPRING_RUN_POOL: mcpring_execution = 0;
/// On the thread that serves sockets: brief computing only, all its connections wait meanwhile.
pub const MCPRING_RUN_INLINE: mcpring_execution = 1;
/// On the thread that calls mcpring_server_poll.
pub const MCPRING_RUN_HOST: mcpring_execution = 2;

/// A kind of feature.
pub type mcpring_feature = u32;

/// A tool, by its name.
pub const MCPRING_TOOL: mcpring_feature = 0;
/// A resource, by its URI.
pub const MCPRING_RESOURCE: mcpring_feature = 1;
/// A resource template, as it was written.
pub const MCPRING_TEMPLATE: mcpring_feature = 2;
/// A prompt, by its name.
pub const MCPRING_PROMPT: mcpring_feature = 3;

/// Where a feature is added, and whose it is.
struct Desk<'a> {
    c: &'a Contract,
    host: Arc<Host>,
    library: Option<Arc<Library>>,
}

impl<'a> Desk<'a> {
    /// For a feature that is answered by `call`.
    fn new(
        c: &'a Contract,
        server: *mut mcpring_server,
        call: mcpring_call_fn,
    ) -> Result<Self, Failure> {
        let host = get(server)?;
        let code = call.map_or(std::ptr::null(), |call| call as *const c_void);
        let library = plugin::author(server, code);
        Ok(Self { c, host, library })
    }

    /// The handler over a callback, if there is one.
    fn answerer(
        &self,
        call: mcpring_call_fn,
        execution: mcpring_execution,
        user: &Arc<UserData>,
    ) -> Result<Option<(Answerer, Place)>, Failure> {
        let place = match execution {
            MCPRING_RUN_POOL => Place::Pool,
            MCPRING_RUN_INLINE => Place::Inline,
            MCPRING_RUN_HOST if self.host.has_loop() => Place::Host,
            MCPRING_RUN_HOST => {
                let words = "MCPRING_RUN_HOST: the host of this plugin has no loop that polls";
                return Err(Failure::new(MCPRING_ERR_UNSUPPORTED, words));
            }
            other => return Err(Failure::argument(format!("there is no execution {other}"))),
        };
        let Some(callback) = self.c.callback(call, user) else { return Ok(None) };
        let site = Arc::clone(self.host.site());
        let answering = Answering::new(callback, site, self.library.clone());
        Ok(Some((Answerer::new(answering, place), place)))
    }

    /// As [`Self::answerer`] where there must be a callback.
    fn answers(
        &self,
        call: mcpring_call_fn,
        execution: mcpring_execution,
        user: &Arc<UserData>,
    ) -> Result<(Answerer, Place), Failure> {
        self.answerer(call, execution, user)?.ok_or_else(|| Failure::null("call"))
    }

    /// A text that must be there.
    fn required(&self, view: mcpring_str, what: &str) -> Result<String, Failure> {
        self.c.required(view, what).map(str::to_owned)
    }

    /// A text that may be absent.
    fn optional(&self, view: mcpring_str, what: &str) -> Result<Option<String>, Failure> {
        Ok(self.c.optional(view, what)?.map(str::to_owned))
    }

    fn meta(&self, view: mcpring_str) -> Result<Option<Meta>, Failure> {
        self.c.optional(view, "meta")?.map(model::meta).transpose()
    }

    fn icons(&self, view: mcpring_str) -> Result<Vec<Icon>, Failure> {
        self.c.optional(view, "icons")?.map_or_else(|| Ok(Vec::new()), model::icons)
    }

    /// Scopes as OAuth writes them: with spaces between.
    fn scopes(&self, view: mcpring_str) -> Result<Vec<String>, Failure> {
        Ok(self.c.text(view, "scopes")?.split_whitespace().map(str::to_owned).collect())
    }
}

/// What is said of every feature to people.
struct Described {
    title: Option<String>,
    description: Option<String>,
    icons: Vec<Icon>,
    meta: Option<Meta>,
}

impl Described {
    fn read(
        desk: &Desk<'_>,
        title: mcpring_str,
        description: mcpring_str,
        icons: mcpring_str,
        meta: mcpring_str,
    ) -> Result<Self, Failure> {
        Ok(Self {
            title: desk.optional(title, "title")?,
            description: desk.optional(description, "description")?,
            icons: desk.icons(icons)?,
            meta: desk.meta(meta)?,
        })
    }
}

/// Says all of a [`Described`] of a feature; their types have these methods each for itself.
macro_rules! describe {
    ($feature:expr, $described:expr) => {{
        let described = &$described;
        let mut feature = $feature;
        if let Some(title) = &described.title {
            feature = feature.title(title.clone());
        }
        if let Some(description) = &described.description {
            feature = feature.description(description.clone());
        }
        for icon in &described.icons {
            feature = feature.icon(icon.clone());
        }
        if let Some(meta) = &described.meta {
            feature = feature.meta(meta.clone());
        }
        feature
    }};
}
use describe;

/// How a feature's calls run.
struct Run {
    place: Place,
    timeout: Option<Duration>,
    scopes: Vec<String>,
}

impl Run {
    fn read(
        desk: &Desk<'_>,
        place: Place,
        timeout_ms: u64,
        scopes: mcpring_str,
    ) -> Result<Self, Failure> {
        let timeout = (timeout_ms > 0).then(|| Duration::from_millis(timeout_ms));
        Ok(Self { place, timeout, scopes: desk.scopes(scopes)? })
    }
}

/// Says all of a [`Run`] of a feature.
macro_rules! run {
    ($feature:expr, $run:expr) => {{
        let run = &$run;
        let feature = $feature.execution(run.place.execution()).scopes(&run.scopes);
        match run.timeout {
            Some(timeout) => feature.timeout(timeout),
            None => feature,
        }
    }};
}
use run;

/// How long clients may keep what they read; nothing when they may not.
fn cache_hint(ttl_ms: u64, is_public: bool) -> Option<CacheHint> {
    match (ttl_ms, is_public) {
        (0, _) => None,
        (ttl_ms, true) => Some(CacheHint::public(ttl_ms)),
        (ttl_ms, false) => Some(CacheHint::private(ttl_ms)),
    }
}

/// Removes a feature: a tool or prompt by its name, a resource by its URI, a template as it was
/// written. Calls under way go on. Clients of a running server are told, if it has the setting
/// list_changes.
///
/// Ownership: the feature's user data is destroyed when no call of it runs any more.
/// Threads: any, also inside callbacks, of the very feature too.
/// Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_ARGUMENT for an unknown kind of feature;
/// MCPRING_ERR_STATE when the server has ended; MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_remove(
    server: *mut mcpring_server,
    feature: mcpring_feature,
    name: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let name = c.text(name, "name")?;
        let list = match feature {
            MCPRING_TOOL => List::Tools,
            MCPRING_RESOURCE => List::Resources,
            MCPRING_TEMPLATE => List::Templates,
            MCPRING_PROMPT => List::Prompts,
            other => return Err(Failure::argument(format!("there is no feature {other}"))),
        };
        get(server)?.remove(list, name)
    })
}
