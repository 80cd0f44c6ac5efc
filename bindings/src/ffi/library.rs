//! Plugins' files: opened, asked for their symbols, closed.

use std::ffi::{CStr, c_char, c_void};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::report;
use crate::inside::{self, Barred};
use crate::names::exported;
use crate::plugin::{mcpring_function, mcpring_host};
use crate::server::mcpring_server;
use crate::status::mcpring_status;
use crate::version::MCPRING_ABI;

type Init = unsafe extern "C-unwind" fn(*const mcpring_host, *mut mcpring_server) -> mcpring_status;
type Close = unsafe extern "C-unwind" fn();

/// A plugin's file in this process. Dropped, it is told so and unloaded.
pub(crate) struct Loaded {
    library: ManuallyDrop<Library>,
    /// The plugin was begun with, and is told when it ends.
    is_begun: AtomicBool,
}

impl Loaded {
    /// Loads the file; the words are the loader's.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        // SAFETY: loading runs what the file has for that; whoever names a plugin trusts it.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
        let library = library.map_err(|fault| words(&fault))?;
        Ok(Self { library: ManuallyDrop::new(library), is_begun: AtomicBool::new(false) })
    }

    /// Whether this address is one of the file's.
    pub(crate) fn contains(&self, address: *const c_void) -> bool {
        let own = self.abi_place().and_then(|place| file_of(place.cast()));
        own.is_some() && own == file_of(address)
    }

    fn abi_place(&self) -> Option<*const u32> {
        // SAFETY: the header's macro exports a number under this name, for the life of the library.
        let number = unsafe { self.library.get::<*const u32>(b"mcpring_plugin_abi\0") }.ok()?;
        let place: *const u32 = *number;
        (!place.is_null()).then_some(place)
    }

    /// The number that the plugin was compiled for; `None` when it does not say.
    pub(crate) fn abi(&self) -> Option<u32> {
        let place = self.abi_place()?;
        // SAFETY: the header's macro exports a number there, for the life of the library.
        Some(unsafe { place.read() })
    }

    /// The function to begin with.
    pub(crate) fn find_init(&self) -> Result<PluginInit, String> {
        // SAFETY: the header says what type a function of this name has.
        let init = unsafe { self.library.get::<Init>(b"mcpring_plugin_init\0") };
        init.map(|init| PluginInit(*init)).map_err(|fault| words(&fault))
    }

    /// Says that the plugin is begun with: it is told of its end then.
    pub(crate) fn set_begun(&self) {
        self.is_begun.store(true, Ordering::Release);
    }

    /// Whether the plugin wants to be told of its end, where it can wait for threads of its own.
    pub(crate) fn has_close(&self) -> bool {
        self.find_close().is_some()
    }

    fn find_close(&self) -> Option<Close> {
        // SAFETY: the header says what type a function of this name has; it need not be there.
        let close = unsafe { self.library.get::<Close>(b"mcpring_plugin_close\0") };
        close.ok().map(|close| *close)
    }

    /// Tells the plugin of its end, if it wants to hear.
    fn close(&self) {
        let Some(close) = self.find_close() else { return };
        let _barred = inside::barred(Barred::Destroy);
        // SAFETY: the header says that it is called once, behind the last callback.
        let closed = catch_unwind(AssertUnwindSafe(|| unsafe { close() }));
        if let Err(panic) = closed {
            report("mcpring_plugin_close", &*panic);
        }
    }
}

/// Where the file begins that the loader put this address in, if it did.
fn file_of(address: *const c_void) -> Option<*const c_void> {
    let mut about = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the loader only compares the address, and fills in the struct when it knows it.
    let found = unsafe { libc::dladdr(address, about.as_mut_ptr()) } != 0;
    // SAFETY: zero is a value of every field, and the loader has filled it in otherwise.
    let about = unsafe { about.assume_init() };
    found.then_some(about.dli_fbase.cast_const())
}

/// The function that a plugin begins with, as long as its file is loaded.
pub(crate) struct PluginInit(Init);

impl PluginInit {
    /// Runs it; `None` when it panicked, which was logged.
    pub(crate) fn run(self, server: *mut mcpring_server) -> Option<mcpring_status> {
        let _inside = inside::callback();
        // SAFETY: the header says that it is called with the host's table and a server.
        let ran = catch_unwind(AssertUnwindSafe(|| unsafe { (self.0)(&raw const HOST, server) }));
        ran.map_err(|panic| report("mcpring_plugin_init", &*panic)).ok()
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if *self.is_begun.get_mut() {
            self.close();
        }
        // SAFETY: it is dropped here and nowhere else. Nothing of the plugin's runs any more, for
        // all its features held this.
        unsafe { ManuallyDrop::drop(&mut self.library) };
    }
}

fn words(fault: &libloading::Error) -> String {
    use std::error::Error as _;
    fault.source().map_or_else(|| fault.to_string(), ToString::to_string)
}

/// What every plugin is given.
static HOST: mcpring_host =
    mcpring_host { struct_size: size_of::<mcpring_host>(), abi: MCPRING_ABI, find: Some(find) };

/// The function of the library that has this name, or NULL.
unsafe extern "C" fn find(name: *const c_char) -> mcpring_function {
    macro_rules! table {
        ($($name:ident,)*) => { [$((stringify!($name), crate::$name as *const ())),*] };
    }
    if name.is_null() {
        return None;
    }
    // SAFETY: the header says that a name ends with a NUL.
    let name = unsafe { CStr::from_ptr(name) }.to_str().ok()?;
    let table: [(&str, *const ()); _] = exported!(table);
    let (_, place) = table.into_iter().find(|(known, _)| *known == name)?;
    // SAFETY: it is the address of a function; the plugin's header knows of which type.
    Some(unsafe { std::mem::transmute::<*const (), unsafe extern "C" fn()>(place) })
}

const _: () = assert!(size_of::<mcpring_function>() == size_of::<*const ()>());
