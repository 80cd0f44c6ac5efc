//! The ways into a user's build: the Makefile, CMake, pkg-config; and what only the linker sees.

use super::compile::package;
use super::{Place, has, step};
use crate::process::shown;
use crate::verdict::Verdict;

const EXAMPLES: &str = "examples/c";
const PACKAGING: &str = "tests/c/packaging";

pub(super) fn run(place: &Place<'_>, verdict: &mut Verdict) {
    makefile(place, verdict);
    if has(place.root, "cmake") {
        cmake(place, EXAMPLES, verdict);
        cmake(place, PACKAGING, verdict);
    } else {
        verdict.skip("C library: cmake is not installed");
    }
    beside_other_rust(place, verdict);
    wrapper(place, verdict);
}

/// The Makefile, whose programs the clients drive.
fn makefile(place: &Place<'_>, verdict: &mut Verdict) {
    let mut make = place.command(&["make", "-C", EXAMPLES, "--always-make", "-j2"]);
    make.arg(format!("PREFIX={}", place.prefix.display()));
    make.arg(format!("OUT={}", place.examples().display()));
    make.args(["CFLAGS=-g -Werror", "CXXFLAGS=-g -Werror"]);
    // What they forget to free makes them end badly.
    make.arg("SANITIZE=-fsanitize=address,undefined -fno-sanitize-recover=undefined");
    step(verdict, "the Makefile of the examples", &mut make);
}

/// A folder through CMake, and its tests if it has some.
fn cmake(place: &Place<'_>, source: &str, verdict: &mut Verdict) {
    let build = place.folder.join("cmake").join(source);
    let _ = std::fs::remove_dir_all(&build);
    let mut configure = place.command(&["cmake", "-S", source, "-B"]);
    configure.arg(&build).arg(format!("-DCMAKE_PREFIX_PATH={}", place.prefix.display()));
    configure.args(["-DCMAKE_C_FLAGS=-Werror", "-DCMAKE_CXX_FLAGS=-Werror"]);
    configure.arg("-DCMAKE_BUILD_TYPE=Debug");
    // A user's other ways of finding the library must not help.
    configure.env_remove("PKG_CONFIG_PATH").env_remove("LD_LIBRARY_PATH");
    let mut make = place.command(&["cmake", "--build"]);
    make.arg(&build).args(["--parallel", "2"]);
    let mut test = place.command(&["ctest", "--output-on-failure", "--test-dir"]);
    test.arg(&build).env_remove("LD_LIBRARY_PATH");
    let _ = step(verdict, &format!("cmake finds the library for {source}"), &mut configure)
        && step(verdict, &format!("cmake builds {source}"), &mut make)
        && (source != PACKAGING || step(verdict, &format!("ctest of {source}"), &mut test));
}

/// The archive beside another one from Rust, with a standard library of its own.
fn beside_other_rust(place: &Place<'_>, verdict: &mut Verdict) {
    let archive = place.folder.join("libother.a");
    let program = place.folder.join("beside");
    let mut rustc = place.command(&["rustc", "--edition=2024", "--crate-type=staticlib"]);
    rustc.arg(format!("{PACKAGING}/other.rs")).arg("-o").arg(&archive);
    let mut link = place.command(&["gcc", "-std=c99", "-Wl,-S"]);
    link.arg(format!("{PACKAGING}/beside.c")).args(package(place, &["--cflags"])).arg(&archive);
    link.args(package(place, &["--variable=static_libs"])).arg("-o").arg(&program);
    let _ = step(verdict, "rustc compiles another archive", &mut rustc)
        && step(verdict, "the archive links beside another one from Rust", &mut link)
        && step(
            verdict,
            "a program of two archives from Rust runs",
            &mut place.command(&[&program.to_string_lossy()]),
        );
}

/// The C++ wrapper, held to what it says.
fn wrapper(place: &Place<'_>, verdict: &mut Verdict) {
    if !has(place.root, "g++") {
        verdict.skip("wrapper: g++ is not installed");
        return;
    }
    let program = place.folder.join("wrapper");
    let mut compile = place.command(&["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror"]);
    compile.args(["-pedantic", "-Wconversion", "-g", "-fsanitize=address,undefined", "-pthread"]);
    compile.args(["-fno-sanitize-recover=undefined", "tests/c/wrapper.cpp"]);
    compile.args(package(place, &["--cflags", "--libs"])).arg("-o").arg(&program);
    if step(verdict, "compile tests/c/wrapper.cpp", &mut compile) {
        let done = shown(&mut place.command(&[&program.to_string_lossy()]));
        verdict.add_script("wrapper", &done.output, done.succeeded);
    }
    let mut plugin = place.command(&["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror"]);
    plugin.args(["-pedantic", "-fPIC", "-shared", "tests/c/plugin.cpp"]);
    plugin.args(package(place, &["--cflags"])).arg("-o").arg(place.folder.join("plugin_cpp.so"));
    step(verdict, "compile tests/c/plugin.cpp", &mut plugin);
}
