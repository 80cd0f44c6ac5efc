//! Between C and Rust: the only file that follows a raw pointer or calls one.
//!
//! An exported function is one [`enter`]. The [`Contract`] it passes on stands for what the header
//! asks of the caller: pointers are NULL or good for what their type says, for as long as the call
//! takes, and nothing else changes what they point to meanwhile. Whoever holds the token may read
//! and write through the caller's pointers by its methods, which check what can be checked: NULL,
//! lengths, alignment, UTF-8, `struct_size`. What they lend does not outlive the call.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "the contract is a token: what counts is who has it"
)]

use std::any::Any;
use std::ffi::{c_char, c_void};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::slice;
use std::str::Utf8Error;
use std::sync::Arc;

use crate::call::{mcpring_call, mcpring_call_fn};
use crate::failure::{Failure, words};
use crate::inside::{self, Barred};
use crate::last_error;
use crate::log::{self, MCPRING_LEVEL_ERROR, mcpring_level};
use crate::plugin::Library;
use crate::status::{MCPRING_OK, mcpring_status};

/// Text or bytes, lent: where they are and how many. {NULL, 0} is "absent" where something may be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcpring_str {
    /// The first byte; there need be no NUL behind the last.
    pub data: *const c_char,
    /// How many bytes.
    pub len: usize,
}

impl mcpring_str {
    /// What is not there.
    pub const ABSENT: Self = Self { data: ptr::null(), len: 0 };

    /// A view of `bytes`, as good as they are.
    #[inline]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr().cast(), len: bytes.len() }
    }
}

/// Called with user_data when the library needs it no more. It may run on any thread. Of the library
/// it may call mcpring_schema_free and mcpring_text_free, for what user_data owns; everything else
/// gives MCPRING_ERR_STATE, and what it would hand over stays its own.
pub type mcpring_destroy_fn = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;

/// Takes one line of the library's log: a short word for its reason, and the line without an end.
pub type mcpring_log_fn = Option<
    unsafe extern "C-unwind" fn(
        user_data: *mut c_void,
        level: mcpring_level,
        reason: mcpring_str,
        line: mcpring_str,
    ),
>;

/// The proof that we are in a call from C whose caller keeps the header's contract.
pub(crate) struct Contract {
    // Of one call on one thread.
    _call: PhantomData<*mut ()>,
}

/// What a function that does not fail may answer.
pub(crate) trait Answer {
    fn status(self) -> mcpring_status;
}

impl Answer for () {
    fn status(self) -> mcpring_status {
        MCPRING_OK
    }
}

/// `MCPRING_OK`, `MCPRING_MORE` or `MCPRING_END`.
impl Answer for mcpring_status {
    fn status(self) -> mcpring_status {
        self
    }
}

/// The body of an exported function: failures become statuses with words, panics do not pass.
#[inline]
pub(crate) fn enter<A: Answer>(
    contract: Contract,
    body: impl FnOnce(&Contract) -> Result<A, Failure>,
) -> mcpring_status {
    guarded(|| {
        inside::may_call()?;
        body(&contract)
    })
}

/// As [`enter`], for functions that free a value which holds nothing of the program's and stands
/// behind no lock that is held while user data is destroyed.
pub(crate) fn enter_free<T>(
    _contract: Contract,
    free: impl FnOnce() -> Result<T, Failure>,
) -> mcpring_status {
    guarded(|| {
        inside::may_free()?;
        free().map(drop)
    })
}

#[inline]
fn guarded<A: Answer>(run: impl FnOnce() -> Result<A, Failure>) -> mcpring_status {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(answer)) => answer.status(),
        Ok(Err(failure)) => last_error::store(&failure),
        Err(panic) => last_error::store(&Failure::panicked(&*panic)),
    }
}

impl Contract {
    /// The contract of the C call we are in.
    ///
    /// # Safety
    ///
    /// To be made at the head of an exported function only, for its own arguments, and to be gone
    /// when it returns.
    #[inline]
    pub(crate) unsafe fn of_caller() -> Self {
        Self { _call: PhantomData }
    }

    /// Bytes that the caller lends; none when absent.
    #[inline]
    pub(crate) fn bytes(&self, view: mcpring_str, what: &str) -> Result<&[u8], Failure> {
        self.array(view.data.cast(), view.len, what)
    }

    /// Text that the caller lends; empty when absent.
    #[inline]
    pub(crate) fn text(&self, view: mcpring_str, what: &str) -> Result<&str, Failure> {
        let bytes = self.bytes(view, what)?;
        str::from_utf8(bytes).map_err(|fault| not_text(what, fault))
    }

    /// Text that may be absent.
    pub(crate) fn optional(&self, view: mcpring_str, what: &str) -> Result<Option<&str>, Failure> {
        if view.data.is_null() && view.len == 0 {
            return Ok(None);
        }
        self.text(view, what).map(Some)
    }

    /// Text that must be there and not be empty.
    pub(crate) fn required(&self, view: mcpring_str, what: &str) -> Result<&str, Failure> {
        match self.text(view, what)? {
            "" => Err(Failure::argument(format!("{what} is empty"))),
            text => Ok(text),
        }
    }

    /// `count` values that the caller lends; none may be NULL.
    #[inline]
    pub(crate) fn array<T: Copy>(
        &self,
        data: *const T,
        count: usize,
        what: &str,
    ) -> Result<&[T], Failure> {
        if count == 0 {
            return Ok(&[]);
        }
        if data.is_null() || !data.is_aligned() {
            return Err(bad_pointer(data.is_null(), what));
        }
        if count > isize::MAX as usize / size_of::<T>() {
            return Err(impossible(what, count));
        }
        // SAFETY: the contract: `count` values stand at `data` and stay as they are until we return.
        Ok(unsafe { slice::from_raw_parts(data, count) })
    }

    /// A struct that begins with its `struct_size`, completed with zeros when the program knew a
    /// shorter one.
    pub(crate) fn options<T: Options>(&self, data: *const T, what: &str) -> Result<T, Failure> {
        let size = self.struct_size(data, what)?;
        let mut options = MaybeUninit::<T>::zeroed();
        // SAFETY: `struct_size` says how many bytes the caller's struct has, and it is no more than
        // ours have.
        unsafe { ptr::copy_nonoverlapping(data.cast::<u8>(), options.as_mut_ptr().cast(), size) };
        // SAFETY: zero is a value of every field of an `Options`, and the rest is the caller's.
        Ok(unsafe { options.assume_init() })
    }

    fn struct_size<T: Options>(&self, data: *const T, what: &str) -> Result<usize, Failure> {
        if data.is_null() || !data.is_aligned() {
            return Err(bad_pointer(data.is_null(), what));
        }
        // SAFETY: the contract: an `Options` begins with its size.
        let size = unsafe { *data.cast::<usize>() };
        // A compiler gives structs whole units of their alignment, so no field is ever cut in two.
        if !(size_of::<usize>()..=size_of::<T>()).contains(&size) || size % align_of::<T>() != 0 {
            let known = size_of::<T>();
            return Err(Failure::argument(format!(
                "{what} has struct_size {size}; this library knows up to {known}, \
                 and the _INIT macro sets it"
            )));
        }
        Ok(size)
    }

    /// Where an answer goes.
    #[inline]
    pub(crate) fn out<T: Copy>(&self, place: *mut T, what: &str) -> Result<Out<'_, T>, Failure> {
        match NonNull::new(place).filter(|place| place.is_aligned()) {
            Some(place) => Ok(Out { place, _lent: PhantomData }),
            None => Err(bad_pointer(place.is_null(), what)),
        }
    }

    /// Where an answer goes if the caller wants it.
    #[inline]
    pub(crate) fn out_if_wanted<T: Copy>(
        &self,
        place: *mut T,
        what: &str,
    ) -> Result<Option<Out<'_, T>>, Failure> {
        if place.is_null() { Ok(None) } else { self.out(place, what).map(Some) }
    }

    /// A value of the caller's that is read and written. Any bits must be a `T`.
    #[inline]
    pub(crate) fn inout<T: Copy>(
        &self,
        place: *mut T,
        what: &str,
    ) -> Result<InOut<'_, T>, Failure> {
        let out = self.out(place, what)?;
        // SAFETY: the contract: a value stands at `place`.
        let value = unsafe { out.place.read() };
        Ok(InOut { value, out })
    }

    /// Where a struct goes that begins with its `struct_size`.
    pub(crate) fn out_options<T: Options>(
        &self,
        place: *mut T,
        what: &str,
    ) -> Result<OutOptions<'_, T>, Failure> {
        let size = self.struct_size(place, what)?;
        Ok(OutOptions { out: self.out(place, what)?, size })
    }

    /// `capacity` bytes of the caller's to write into.
    #[inline]
    pub(crate) fn buffer(
        &self,
        data: *mut c_char,
        capacity: usize,
        what: &str,
    ) -> Result<Buffer<'_>, Failure> {
        if data.is_null() && capacity > 0 {
            return Err(bad_pointer(true, what));
        }
        Ok(Buffer { data: data.cast(), capacity, len: 0, _lent: PhantomData })
    }

    /// Keeps `text` beyond the call, for a function whose header says that the caller's text must
    /// stay as it is until its next use of the handle, and for what the handle itself owns.
    #[inline]
    pub(crate) fn keep(&self, text: &str) -> KeptText {
        KeptText { data: NonNull::from(text) }
    }

    /// Takes over user data that is destroyed with `destroy`.
    pub(crate) fn user_data(&self, data: *mut c_void, destroy: mcpring_destroy_fn) -> UserData {
        UserData { data, destroy }
    }

    /// A log function and its user data.
    pub(crate) fn log_sink(
        &self,
        log: unsafe extern "C-unwind" fn(*mut c_void, mcpring_level, mcpring_str, mcpring_str),
        user: UserData,
        library: Option<Arc<Library>>,
    ) -> LogSink {
        LogSink { log, user, _library: library }
    }

    /// A function that answers calls; `user` is shared by the functions of one feature.
    pub(crate) fn callback(&self, call: mcpring_call_fn, user: &Arc<UserData>) -> Option<Callback> {
        Some(Callback { call: call?, user: Arc::clone(user) })
    }
}

#[cold]
fn bad_pointer(is_null: bool, what: &str) -> Failure {
    if is_null {
        return Failure::null(what);
    }
    Failure::argument(format!("{what} is not aligned"))
}

#[cold]
fn not_text(what: &str, fault: Utf8Error) -> Failure {
    let offset = fault.valid_up_to();
    Failure::argument(format!("{what} is not UTF-8 from byte {offset} on"))
}

#[cold]
fn impossible(what: &str, count: usize) -> Failure {
    Failure::argument(format!("{what} has an impossible length: {count}"))
}

/// A struct of C that begins with `struct_size` and may grow at its end.
///
/// # Safety
///
/// The first field is the size, and zero bytes are a value of every field.
pub(crate) unsafe trait Options: Copy {}

/// Says that a struct is an [`Options`].
macro_rules! options {
    ($type:ty) => {
        const _: () = assert!(std::mem::offset_of!($type, struct_size) == 0);
        // SAFETY: the size is the first field; the others are numbers, views, and pointers that may
        // be NULL.
        unsafe impl $crate::ffi::Options for $type {}
    };
}
pub(crate) use options;

/// A place of the caller's that takes one value.
pub(crate) struct Out<'c, T> {
    place: NonNull<T>,
    _lent: PhantomData<&'c mut T>,
}

impl<T: Copy> Out<'_, T> {
    /// Writes the answer.
    #[inline]
    pub(crate) fn set(&self, value: T) {
        // SAFETY: the contract: there is room for a value at `place`.
        unsafe { self.place.write(value) };
    }
}

/// A value of the caller's that was read and can be written.
pub(crate) struct InOut<'c, T> {
    /// What stood there.
    pub(crate) value: T,
    out: Out<'c, T>,
}

impl<T: Copy> InOut<'_, T> {
    /// Writes what shall stand there.
    #[inline]
    pub(crate) fn set(&self, value: T) {
        self.out.set(value);
    }
}

/// A place of the caller's for as much of a struct as the program knows.
pub(crate) struct OutOptions<'c, T> {
    out: Out<'c, T>,
    size: usize,
}

impl<T: Options> OutOptions<'_, T> {
    /// Writes the fields that the program knows and leaves its `struct_size`.
    pub(crate) fn set(&self, value: &T) {
        const HEAD: usize = size_of::<usize>();
        let from = ptr::from_ref(value).cast::<u8>().wrapping_add(HEAD);
        let to = self.out.place.as_ptr().cast::<u8>().wrapping_add(HEAD);
        // SAFETY: the caller's struct has `size` bytes, and `value` has at least as many.
        unsafe { ptr::copy_nonoverlapping(from, to, self.size - HEAD) };
    }
}

/// Room of the caller's that is filled from its start.
pub(crate) struct Buffer<'c> {
    data: *mut u8,
    capacity: usize,
    /// Bytes put so far; beyond `capacity` they were only counted.
    len: usize,
    _lent: PhantomData<&'c mut [u8]>,
}

impl Buffer<'_> {
    /// Appends `bytes`, or counts them where there is no room.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        if end <= self.capacity && !bytes.is_empty() {
            let to = self.data.wrapping_add(self.len);
            // SAFETY: the contract: there is room for `capacity` bytes, and these end before it.
            unsafe { ptr::copy(bytes.as_ptr(), to, bytes.len()) };
        }
        self.len = end;
    }

    /// How many bytes were put or counted.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What was put, when all of it had room.
    pub(crate) fn view(&self) -> Option<mcpring_str> {
        let view = mcpring_str { data: self.data.cast_const().cast(), len: self.len };
        (self.len <= self.capacity).then_some(view)
    }
}

/// A text that somebody keeps as it is for as long as this exists.
pub(crate) struct KeptText {
    data: NonNull<str>,
}

impl KeptText {
    /// The text.
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: it was a text when this was made, and by the contract it still stands there.
        unsafe { self.data.as_ref() }
    }
}

/// A pointer of the program's, which it gets back with every callback, and how it is destroyed.
pub(crate) struct UserData {
    data: *mut c_void,
    destroy: mcpring_destroy_fn,
}

// SAFETY: the header says that callbacks and destroy functions are called from any thread.
unsafe impl Send for UserData {}
// SAFETY: as above; we only hand the pointer on.
unsafe impl Sync for UserData {}

impl Drop for UserData {
    fn drop(&mut self) {
        let Some(destroy) = self.destroy else { return };
        let _barred = inside::barred(Barred::Destroy);
        // SAFETY: the header says that it is called with the user data it came with, here once.
        let destroyed = catch_unwind(AssertUnwindSafe(|| unsafe { destroy(self.data) }));
        if let Err(panic) = destroyed {
            report("a destroy function", &*panic);
        }
    }
}

/// A program's function that answers calls.
#[derive(Clone)]
pub(crate) struct Callback {
    call: unsafe extern "C-unwind" fn(*mut mcpring_call, *mut c_void) -> mcpring_status,
    user: Arc<UserData>,
}

impl Callback {
    /// Runs it; `None` when it panicked, which was logged.
    pub(crate) fn run(&self, call: *mut mcpring_call) -> Option<mcpring_status> {
        let _inside = inside::callback();
        // SAFETY: the header says that it is called with a call and its user data, which lives as
        // long as `self`.
        let ran = catch_unwind(AssertUnwindSafe(|| unsafe { (self.call)(call, self.user.data) }));
        ran.map_err(|panic| report("a callback", &*panic)).ok()
    }
}

/// A program's log function.
pub(crate) struct LogSink {
    log: unsafe extern "C-unwind" fn(*mut c_void, mcpring_level, mcpring_str, mcpring_str),
    user: UserData,
    /// The plugin that it is of, which goes last.
    _library: Option<Arc<Library>>,
}

impl LogSink {
    /// Hands it one line; a function that panics loses the line.
    pub(crate) fn line(&self, level: mcpring_level, reason: &str, line: &str) {
        let _barred = inside::barred(Barred::Log);
        let (reason, line) = (mcpring_str::of(reason.as_bytes()), mcpring_str::of(line.as_bytes()));
        // SAFETY: the header says that it is called with its user data and two views that are good
        // during the call.
        let log = || unsafe { (self.log)(self.user.data, level, reason, line) };
        let _ = catch_unwind(AssertUnwindSafe(log));
    }
}

/// Logs what unwound out of the program's code.
#[cold]
fn report(what: &str, panic: &(dyn Any + Send)) {
    log::line(MCPRING_LEVEL_ERROR, "panic", format_args!("{what} panicked: {}", words(panic)));
}

mod lend;
mod library;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use lend::{innermost, lend, lent};
pub(crate) use library::Loaded;
