//! Texts that the library made and C owns.

use std::sync::Arc;

use crate::failure::Failure;
use crate::ffi::{Contract, enter, enter_free, mcpring_str};
use crate::handle::{Kind, Opaque, Shared};
use crate::status::mcpring_status;

/// A text that the library made: to be viewed, then freed.
pub struct mcpring_text {
    _private: (),
}

impl Opaque for mcpring_text {
    const KIND: Kind = Kind::Text;
}

static TEXTS: Shared<mcpring_text, Text> = Shared::new();

/// INVARIANT: ends with a NUL that does not count.
struct Text(Box<[u8]>);

/// Makes the handle of `text`.
pub(crate) fn insert(text: String) -> Result<*mut mcpring_text, Failure> {
    let mut bytes = text.into_bytes();
    bytes.push(0);
    TEXTS.insert(Arc::new(Text(bytes.into())))
}

/// Gives the content of a text.
///
/// Ownership: *view is borrowed until the text is freed; it ends with a NUL that does not count.
/// Threads: any.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT when view is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_text_view(
    text: *mut mcpring_text,
    view: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let view = c.out(view, "view")?;
        let text = TEXTS.get(text)?;
        view.set(mcpring_str::of(&text.0[..text.0.len() - 1]));
        Ok(())
    })
}

/// Frees a text; NULL is nothing to free.
///
/// Ownership: takes the text, whose views are over.
/// Threads: any, also inside destroy functions.
/// Errors: MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_text_free(text: *mut mcpring_text) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter_free(unsafe { Contract::of_caller() }, || TEXTS.free(text))
}
