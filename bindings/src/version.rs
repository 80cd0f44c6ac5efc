//! Which library this is.

use std::ffi::c_char;

/// The major version: it changes when programs have to.
pub const MCPRING_VERSION_MAJOR: u32 = 0;
/// The minor version: before 1.0 it changes when programs may have to.
pub const MCPRING_VERSION_MINOR: u32 = 1;
/// The patch version.
pub const MCPRING_VERSION_PATCH: u32 = 0;
/// The version as one number: major * 10000 + minor * 100 + patch.
pub const MCPRING_VERSION_NUMBER: u32 = 100;
/// What plugins are checked against; it changes when they have to be compiled again.
pub const MCPRING_ABI: u32 = 1;

/// The version of the library that is loaded, as MCPRING_VERSION_NUMBER is of the header.
///
/// Ownership: nothing.
/// Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn mcpring_version() -> u32 {
    MCPRING_VERSION_NUMBER
}

/// The version of the library that is loaded, as text: "0.1.0".
///
/// Ownership: the text is constant and ends with a NUL.
/// Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn mcpring_version_text() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The MCPRING_ABI of the library that is loaded.
///
/// Ownership: nothing.
/// Threads: any.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn mcpring_abi() -> u32 {
    MCPRING_ABI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_package_s() {
        let parts = [MCPRING_VERSION_MAJOR, MCPRING_VERSION_MINOR, MCPRING_VERSION_PATCH];
        assert_eq!(parts.map(|part| part.to_string()).join("."), env!("CARGO_PKG_VERSION"));
        assert_eq!(parts[0] * 10_000 + parts[1] * 100 + parts[2], MCPRING_VERSION_NUMBER);
        assert_eq!(mcpring_version(), MCPRING_VERSION_NUMBER);
    }
}
