//! Names the shared library: programs ask the loader for `libmcpring.so.0`, whatever file that is.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmcpring.so.0");
    // Worker threads may still be on their way out when a program unloads the library.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
