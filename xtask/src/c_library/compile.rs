//! Every example and every header through every compiler, without a warning.

use std::path::{Path, PathBuf};

use super::{Place, has, step};
use crate::process::answer;
use crate::verdict::Verdict;

const EXAMPLES: &str = "examples/c";
const STRICT: &[&str] = &["-Wall", "-Wextra", "-Werror", "-pedantic", "-g"];

/// A compiler for one language.
struct Compiler {
    program: &'static str,
    options: &'static [&'static str],
    language: Language,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    C,
    Cpp,
}

const CPP: &[&str] = &["-x", "c++", "-std=c++17"];
const COMPILERS: &[Compiler] = &[
    Compiler { program: "gcc", options: &["-std=c99"], language: Language::C },
    Compiler { program: "clang", options: &["-std=c99"], language: Language::C },
    Compiler { program: "g++", options: CPP, language: Language::Cpp },
    Compiler { program: "clang++", options: CPP, language: Language::Cpp },
];

/// The headers, which of them are for C as well, and what stands for a program that uses one.
const HEADERS: &[(&str, bool)] =
    &[("mcpring.h", true), ("mcpring_plugin.h", true), ("mcpring.hpp", false)];

/// How an example meets the library.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linkage {
    Shared,
    Static,
    /// A plugin, which links nothing.
    None,
}

/// One program of the examples.
struct Example {
    name: String,
    sources: Vec<PathBuf>,
    is_cpp: bool,
    is_plugin: bool,
}

/// Compiles everything; a missing compiler is skipped, but for gcc.
pub(super) fn run(place: &Place<'_>, verdict: &mut Verdict) {
    let examples = examples(&place.root.join(EXAMPLES));
    verdict.step("C library: no examples were found", !examples.is_empty());
    let made = std::fs::create_dir_all(place.folder.join("compiled"));
    verdict.step("C library: its folder cannot be made", made.is_ok());
    for compiler in COMPILERS {
        if !has(place.root, compiler.program) {
            let text = format!("C library: {} is not installed", compiler.program);
            match compiler.program {
                "gcc" => verdict.fail(text),
                _ => verdict.skip(text),
            }
            continue;
        }
        for (header, for_c) in HEADERS {
            if *for_c || compiler.language == Language::Cpp {
                alone(place, compiler, header, verdict);
            }
        }
        for example in &examples {
            if !example.is_cpp || compiler.language == Language::Cpp {
                program(place, compiler, example, verdict);
            }
        }
    }
}

/// A header in an otherwise empty file, twice.
fn alone(place: &Place<'_>, compiler: &Compiler, header: &str, verdict: &mut Verdict) {
    let source = place.folder.join(format!("alone_{header}.c"));
    let text = format!("#include <{header}>\n#include <{header}>\n");
    if let Err(fault) = std::fs::write(&source, text) {
        verdict.fail(format!("{}: {fault}", source.display()));
        return;
    }
    let mut compile = place.command(&[compiler.program]);
    compile.args(compiler.options).args(STRICT).arg("-fsyntax-only").arg(&source);
    compile.args(package(place, &["--cflags"]));
    step(verdict, &format!("{header} alone with {}", compiler.program), &mut compile);
}

/// An example, linked to the shared library, and by gcc to the static one too.
fn program(place: &Place<'_>, compiler: &Compiler, example: &Example, verdict: &mut Verdict) {
    let linkages: &[Linkage] = match (example.is_plugin, compiler.program) {
        (true, _) => &[Linkage::None],
        (false, "gcc") => &[Linkage::Shared, Linkage::Static],
        (false, "g++") if example.is_cpp => &[Linkage::Shared, Linkage::Static],
        (false, _) => &[Linkage::Shared],
    };
    for linkage in linkages {
        let kind = match linkage {
            Linkage::Shared => "shared",
            Linkage::Static => "static",
            Linkage::None => "plugin",
        };
        let name = format!("{}-{kind}-{}", example.name, compiler.program);
        let mut compile = place.command(&[compiler.program]);
        compile.args(compiler.options).args(STRICT).args(&example.sources);
        compile.args(package(place, &["--cflags"])).args(["-x", "none", "-pthread"]);
        match linkage {
            Linkage::Shared => compile.args(package(place, &["--libs"])),
            // Without the debugging symbols of all of the engine: they are most of the work.
            Linkage::Static => {
                compile.args(package(place, &["--variable=static_libs"])).arg("-Wl,-S")
            }
            Linkage::None => compile.args(["-fPIC", "-shared"]),
        };
        compile.arg("-o").arg(place.folder.join("compiled").join(&name));
        step(verdict, &format!("compile {name}"), &mut compile);
    }
}

/// What pkg-config says of the installation.
pub(super) fn package(place: &Place<'_>, options: &[&str]) -> Vec<String> {
    let mut config = place.command(&["pkg-config"]);
    words(&answer(config.args(options).arg("mcpring")).unwrap_or_default())
}

/// The words of a line as a shell takes them apart, where only spaces are escaped.
fn words(line: &str) -> Vec<String> {
    let line = line.replace("\\ ", "\0");
    line.split_whitespace().map(|word| word.replace('\0', " ")).collect()
}

/// The programs in a folder: a file each, or a folder of files each.
fn examples(folder: &Path) -> Vec<Example> {
    let mut found: Vec<Example> =
        entries(folder).into_iter().filter_map(|path| example(&path)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn example(path: &Path) -> Option<Example> {
    let is_source = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "c" || extension == "cpp")
    };
    let mut sources = if path.is_dir() { entries(path) } else { vec![path.to_path_buf()] };
    sources.retain(is_source);
    sources.sort();
    let first = sources.first()?;
    let is_cpp = first.extension().is_some_and(|extension| extension == "cpp");
    let stem = path.file_stem()?.to_string_lossy();
    let text = std::fs::read_to_string(first).unwrap_or_default();
    Some(Example {
        name: if is_cpp { format!("{stem}_cpp") } else { stem.into_owned() },
        is_plugin: text.contains("mcpring_plugin.h"),
        is_cpp,
        sources,
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkg_config_s_words_are_taken_apart() {
        assert_eq!(words("-I/a\\ b/include  -lm\n"), ["-I/a b/include", "-lm"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn the_examples_are_found() {
        let found = examples(&crate::root().join(EXAMPLES));
        let names: Vec<&str> = found.iter().map(|example| example.name.as_str()).collect();
        for name in ["echo", "echo_cpp", "everything", "plugin"] {
            assert!(names.contains(&name), "{name} is not among {names:?}");
        }
        let plugins = found.iter().filter(|example| example.is_plugin).count();
        assert_eq!(plugins, 1, "of {names:?}");
    }
}
