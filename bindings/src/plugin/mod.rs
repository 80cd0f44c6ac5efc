//! Plugins: shared libraries that add features to a server of their host's.
//!
//! Everything that a plugin adds holds its [`Library`]; the last that goes lets the file be
//! unloaded. So a plugin can be closed while its callbacks run.

mod list;
pub mod rust;

use std::cell::RefCell;
use std::ffi::{c_char, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use crate::failure::Failure;
use crate::ffi::{Contract, Loaded, enter, innermost, mcpring_str};
use crate::host::Host;
use crate::last_error;
use crate::log::{self, MCPRING_LEVEL_WARNING};
use crate::server::{get, mcpring_server};
use crate::status::{MCPRING_ERR_PLUGIN, MCPRING_OK, mcpring_status, name};
use crate::text::{self, mcpring_text};
use crate::version::MCPRING_ABI;

pub(crate) use list::Plugins;

/// A function of the library, to be called by its own type.
pub type mcpring_function = Option<unsafe extern "C" fn()>;

/// What a plugin gets from its host.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcpring_host {
    /// sizeof(mcpring_host) of the host.
    pub struct_size: usize,
    /// MCPRING_ABI of the host.
    pub abi: u32,
    /// Gives the library's function of that name, NULL when the host has none.
    pub find: Option<unsafe extern "C" fn(name: *const c_char) -> mcpring_function>,
}

/// A plugin's file, for as long as anything of it is needed.
pub(crate) struct Library {
    loaded: Loaded,
    /// The handle of the server that it was loaded into.
    home: u64,
}

impl Library {
    /// Whether it was loaded into that server. What it adds to others stays theirs when it is
    /// closed, and keeps it.
    pub(crate) fn is_of(&self, server: *mut mcpring_server) -> bool {
        self.home == server.addr() as u64
    }
}

/// Lets go of a plugin where its own code may be what called us. The last to go has it unloaded by
/// another thread, for this one returns to that code; a plugin that cannot wait for its threads at
/// its end stays loaded.
#[allow(clippy::disallowed_methods, reason = "what unloads must not run what is unloaded")]
pub(crate) fn leave(library: Arc<Library>) {
    let Some(library) = Arc::into_inner(library) else { return };
    // What the closure holds is dropped by it alone: without a thread the plugin stays loaded.
    let library = ManuallyDrop::new(library);
    if !library.loaded.has_close() {
        return;
    }
    let unload = move || drop(ManuallyDrop::into_inner(library));
    if let Err(fault) = thread::Builder::new().name("mcpring-unload".into()).spawn(unload) {
        let words = format_args!("a plugin stays loaded, as there is no thread: {fault}");
        log::line(MCPRING_LEVEL_WARNING, "plugin", words);
    }
}

/// Every plugin's file in this process, whichever server it belongs to.
static LIBRARIES: Mutex<Vec<Weak<Library>>> = Mutex::new(Vec::new());

/// Whose code adds something to `server`, if it is a plugin's: of the one that this thread runs, or
/// of the one that `code`, a function of the feature's, lies in. A plugin may have threads of its
/// own.
pub(crate) fn author(server: *mut mcpring_server, code: *const c_void) -> Option<Arc<Library>> {
    present().or_else(|| at(server, code))
}

/// The plugin whose file `code` lies in. One that was loaded into several servers is each one's own.
fn at(server: *mut mcpring_server, code: *const c_void) -> Option<Arc<Library>> {
    let mut all: Vec<_> = libraries().iter().filter_map(Weak::upgrade).collect();
    let found = (0..all.len()).filter(|place| all[*place].loaded.contains(code));
    let found = found.max_by_key(|place| all[*place].is_of(server));
    let found = found.map(|place| all.swap_remove(place));
    // The others may have been closed meanwhile.
    all.into_iter().for_each(leave);
    found
}

fn enter_library(library: &Arc<Library>) {
    let mut all = libraries();
    all.retain(|library| library.strong_count() > 0);
    all.push(Arc::downgrade(library));
}

fn libraries() -> MutexGuard<'static, Vec<Weak<Library>>> {
    LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A plugin that is begun with.
struct Begun {
    library: Arc<Library>,
    /// The callback inside of which that is; 0 for none.
    inside: u64,
}

thread_local! {
    /// The plugins that are begun with on this thread, the innermost last.
    static LOADING: RefCell<Vec<Begun>> = const { RefCell::new(Vec::new()) };
}

/// Whose code runs on this thread, if it is a plugin's: what was entered last, be it the start of
/// a plugin or a callback. What it adds needs it, to whichever server.
fn present() -> Option<Arc<Library>> {
    let frame = innermost(|frame| (frame.number(), frame.library().cloned()));
    let (number, library) = frame.unwrap_or_default();
    let begun = LOADING.with_borrow(|loading| {
        let last = loading.last().filter(|begun| begun.inside == number);
        last.map(|begun| Arc::clone(&begun.library))
    });
    begun.or(library)
}

/// Says that a plugin is begun with until this is dropped.
struct Loading;

impl Loading {
    fn enter(library: Arc<Library>) -> Self {
        // As a path the method would be one of a single lifetime.
        #[allow(clippy::redundant_closure_for_method_calls, reason = "see above")]
        let inside = innermost(|frame| frame.number()).unwrap_or_default();
        LOADING.with_borrow_mut(|loading| loading.push(Begun { library, inside }));
        Self
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        let ended = LOADING.with_borrow_mut(Vec::pop);
        // Behind the borrow, for it may be the last of a plugin's.
        drop(ended);
    }
}

fn refuse(path: &Path, words: &str) -> Failure {
    Failure::new(MCPRING_ERR_PLUGIN, format!("plugin {}: {words}", path.display()))
}

/// Loads the plugin `path` into `host`, whose handle is `server`.
pub(crate) fn load(host: &Host, server: *mut mcpring_server, path: &Path) -> Result<(), Failure> {
    let refused = |words: &str| refuse(path, words);
    if path.as_os_str().is_empty() {
        return Err(Failure::argument("path is empty"));
    }
    if path.components().count() > 1 && !path.exists() {
        return Err(refused("there is no such file"));
    }
    // A file that is here is not looked for along the loader's path.
    let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let loaded = Loaded::open(&file).map_err(|words| refused(&words))?;
    match loaded.abi() {
        Some(MCPRING_ABI) => {}
        Some(other) => {
            return Err(refused(&format!(
                "it was compiled for ABI {other}, this host has ABI {MCPRING_ABI}: compile it again"
            )));
        }
        None => {
            return Err(refused("it has no symbol mcpring_plugin_abi, so it is no plugin"));
        }
    }
    begin(host, server, path, loaded).map_err(|words| refused(&words))
}

fn begin(
    host: &Host,
    server: *mut mcpring_server,
    path: &Path,
    loaded: Loaded,
) -> Result<(), String> {
    // The file is asked before anything hangs on it, and run when everything of it can be found.
    let init = loaded.find_init()?;
    let library = Arc::new(Library { loaded, home: server.addr() as u64 });
    enter_library(&library);
    if !host.plugins.insert(path, &library) {
        return Err("it is loaded already".to_owned());
    }
    library.loaded.set_begun();
    let failures = last_error::count();
    let loading = Loading::enter(Arc::clone(&library));
    let status = init.run(server);
    drop(loading);
    let fault = match status {
        Some(MCPRING_OK) => return Ok(()),
        Some(status) => {
            let name = name(status).to_string_lossy();
            format!("mcpring_plugin_init returned {name} ({status}){}", words_since(failures))
        }
        None => "mcpring_plugin_init panicked".to_owned(),
    };
    // What it had added is taken back.
    let _ = close(host, path);
    Err(fault)
}

/// The words of the failure that the plugin met, if there was one since there were so many.
fn words_since(failures: u64) -> String {
    if last_error::count() == failures {
        return String::new();
    }
    format!("; the last failure was: {}", last_error::words())
}

/// Takes away what the plugin `path` added. Its file goes when its last call has ended.
pub(crate) fn close(host: &Host, path: &Path) -> Result<(), Failure> {
    let missing = || Failure::not_found(format!("plugin {} is not loaded", path.display()));
    let plugin = host.plugins.take(path).ok_or_else(missing)?;
    for (list, key) in &plugin.features {
        // One that is gone already needs no removing.
        let _ = host.take(*list, key);
    }
    drop(plugin);
    Ok(())
}

/// Loads a plugin into a server: a shared library that exports mcpring_plugin_abi and
/// mcpring_plugin_init (see mcpring_plugin.h). What that, the plugin's callbacks, and threads of its
/// own add to the server belongs to the plugin (of a thread: what a function of the plugin's file
/// answers); when loading fails, all of it is taken back. For each time that mcpring_plugin_init was
/// called mcpring_plugin_close is called once, whatever it returned, behind the last callback and
/// the last destroy function of what it added.
///
/// Ownership: the path is copied.
/// Threads: any.
/// Errors: MCPRING_ERR_PLUGIN when there is no such file, it is no plugin, was compiled for another
/// ABI, is loaded already, or refuses: the words say which and why; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_load_plugin(
    server: *mut mcpring_server,
    path: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        load(&*get(server)?, server, Path::new(c.required(path, "path")?))
    })
}

/// Closes the plugin that was loaded from this path: its features go, and calls under way go on.
/// With the last of them the plugin's user data is destroyed, it is told (mcpring_plugin_close) and
/// unloaded.
///
/// Ownership: nothing.
/// Threads: any, also inside callbacks; but outside of them no thread of the plugin's own, which
/// would have no code to return to.
/// Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_close_plugin(
    server: *mut mcpring_server,
    path: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        close(&*get(server)?, Path::new(c.text(path, "path")?))
    })
}

/// Gives the plugins of a server as JSON: [{"path", "tools":[...], "resources":[...],
/// "templates":[...], "prompts":[...]}].
///
/// Ownership: *json is the caller's, to be freed with mcpring_text_free.
/// Threads: any.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_plugins(
    server: *mut mcpring_server,
    json: *mut *mut mcpring_text,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let json = c.out(json, "json")?;
        json.set(text::insert(get(server)?.plugins.json().to_string())?);
        Ok(())
    })
}
