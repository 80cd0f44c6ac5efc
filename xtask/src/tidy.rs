//! The rules of the house that no compiler knows. They also run as a test of this crate.

use std::path::Path;

use crate::source::{self, Source, Token, starts_with};
use crate::{header, imports, sizes};

/// Folders whose Rust files are looked at.
const FOLDERS: &[&str] =
    &["engine", "cli", "bindings", "python", "benches", "xtask", "examples", "fuzz"];

/// Where code ships from: here `unsafe` has its place or none.
const SHIPPED: &[&str] =
    &["engine/src", "cli/src", "bindings/src", "python/src", "xtask/src", "examples"];

/// The only places that may say `unsafe`.
const UNSAFE_PLACES: &[&str] =
    &["engine/src/json/simd", "engine/src/ring", "bindings/src/ffi.rs", "bindings/src/ffi"];

/// What the other files of the bindings may say: the head of an exported function or the type of a
/// callback, and the one thing that such a function begins with.
const EXPORTS: &str = "bindings/src";
const EXPORT_FORMS: &[&[&str]] = &[
    &["unsafe", "(", "no_mangle", ")"],
    &["unsafe", "extern"],
    &["unsafe", "{", "Contract", ":", ":", "of_caller", "(", ")", "}"],
];

/// Where [`BANNED_MACROS`] counts.
const QUIET: &[&str] = &["engine/src", "cli/src", "bindings/src", "python/src"];

/// Macros that have no business in the engine and around it, and why.
const BANNED_MACROS: &[(&str, &str)] = &[
    ("todo", "finish it or leave it out"),
    ("unimplemented", "finish it or leave it out"),
    ("dbg", "remove it before the commit"),
    ("println", "standard output belongs to the protocol"),
    ("print", "standard output belongs to the protocol"),
];

/// Manifests whose dependencies each need a sentence in [`DEPENDENCIES`].
const MANIFESTS: &[&str] =
    &["engine/Cargo.toml", "cli/Cargo.toml", "bindings/Cargo.toml", "python/Cargo.toml"];
const DEPENDENCIES: &str = "docs/adr/0004-dependencies.md";

/// How the names of our own crates start.
const OWN: &str = "mcpring";

/// How far above an unsafe block its reason may stand.
const REASON_LINES_MAX: usize = 8;

/// Prints what breaks the rules, then the sizes; whether nothing does.
pub(crate) fn run(root: &Path) -> bool {
    let sources = read(root);
    let found = check_all(root, &sources);
    for fault in &found {
        println!("{fault}");
    }
    sizes::print(&sources);
    println!("tidy: {} files, {} faults", sources.len(), found.len());
    found.is_empty()
}

fn read(root: &Path) -> Vec<Source> {
    FOLDERS.iter().flat_map(|folder| source::read_all(root, folder)).collect()
}

/// Every rule: of the sources, of the manifests, of what is generated.
fn check_all(root: &Path, sources: &[Source]) -> Vec<String> {
    let mut found = check(root, sources);
    found.extend(header::faults(root));
    found
}

fn check(root: &Path, sources: &[Source]) -> Vec<String> {
    let mut found = imports::violations(sources);
    for source in sources {
        let tokens = source.tokens();
        found.extend(missing_head(source));
        found.extend(banned_macros(source, &tokens));
        found.extend(misplaced_unsafe(source, &tokens));
        found.extend(unreasoned_unsafe(source, &tokens));
    }
    found.extend(unexplained_dependencies(root));
    found
}

/// Every file says at its head what it is.
fn missing_head(source: &Source) -> Option<String> {
    let has_head = source.text.trim_start().starts_with("//!");
    (!has_head).then(|| format!("{}:1: the file does not start with `//!`", source.path.display()))
}

fn banned_macros(source: &Source, tokens: &[Token<'_>]) -> Vec<String> {
    if !QUIET.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let calls = tokens.windows(2).filter(|pair| pair[1].text == "!");
    calls
        .filter_map(|pair| {
            let (name, why) = BANNED_MACROS.iter().find(|(name, _)| *name == pair[0].text)?;
            Some(format!("{}:{}: `{name}!`: {why}", source.path.display(), pair[0].line))
        })
        .collect()
}

fn misplaced_unsafe(source: &Source, tokens: &[Token<'_>]) -> Vec<String> {
    let within = |places: &[&str]| places.iter().any(|place| source.path.starts_with(place));
    if !within(SHIPPED) || within(UNSAFE_PLACES) {
        return Vec::new();
    }
    let path = source.path.display();
    let is_export = |at: usize| {
        let mut forms = EXPORT_FORMS.iter();
        source.path.starts_with(EXPORTS) && forms.any(|form| starts_with(&tokens[at..], form))
    };
    let words = (0..tokens.len()).filter(|at| tokens[*at].text == "unsafe" && !is_export(*at));
    words.map(|at| format!("{path}:{}: `unsafe` outside its places", tokens[at].line)).collect()
}

/// Every unsafe block and implementation has its reason close above it.
fn unreasoned_unsafe(source: &Source, tokens: &[Token<'_>]) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let has_reason = |line: usize| {
        let above = &lines[line.saturating_sub(1 + REASON_LINES_MAX)..line];
        above.iter().any(|line| line.contains("SAFETY:"))
    };
    let needs_reason = |at: &usize| {
        let rest = &tokens[*at..];
        starts_with(rest, &["unsafe", "{"]) || starts_with(rest, &["unsafe", "impl"])
    };
    let lacking = (0..tokens.len()).filter(needs_reason).map(|at| tokens[at].line);
    let path = source.path.display();
    lacking
        .filter(|line| !has_reason(*line))
        .map(|line| format!("{path}:{line}: `unsafe` without a `// SAFETY:` reason above it"))
        .collect()
}

/// Every dependency of what ships has a sentence in the decision record.
fn unexplained_dependencies(root: &Path) -> Vec<String> {
    let record = std::fs::read_to_string(root.join(DEPENDENCIES)).unwrap_or_default();
    let lacking = |manifest: &&str| {
        let text = std::fs::read_to_string(root.join(manifest)).unwrap_or_default();
        let names = dependencies(&text).into_iter().filter(|name| !name.starts_with(OWN));
        let names = names.filter(|name| !record.contains(&format!("`{name}`")));
        let faults = names.map(|name| format!("{manifest}: {DEPENDENCIES} has no `{name}`"));
        faults.collect::<Vec<_>>()
    };
    MANIFESTS.iter().flat_map(lacking).collect()
}

/// The names under every `[…dependencies]` heading of a manifest, those of tests left out.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.trim_end_matches(']');
            inside = heading.ends_with("dependencies") && !heading.ends_with("dev-dependencies");
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().unwrap_or_default();
            names.push(name.trim().to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "//! Head.\n";

    #[track_caller]
    fn check_text(path: &str, text: &str, want: &[&str]) {
        let source = Source::new(path, text);
        let root = Path::new("no such folder");
        let found = check(root, &[source]);
        assert_eq!(found.len(), want.len(), "{path} {text:?}: {found:?}");
        for (found, want) in found.iter().zip(want) {
            assert!(found.contains(want), "{found:?} does not say {want:?}");
        }
    }

    #[test]
    fn the_workspace_is_tidy() {
        let root = crate::root();
        let sources = read(&root);
        assert!(sources.len() > 10, "the sources were not found");
        let found = check_all(&root, &sources);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn planted_faults_are_found() {
        let planted = |text: &str| format!("{HEAD}{text}");
        check_text("engine/src/rpc/id.rs", "fn f() {}", &["does not start with"]);
        check_text("engine/src/rpc/id.rs", &planted("fn f() { todo!() }"), &["`todo!`"]);
        check_text("cli/src/out.rs", &planted("fn f() { println!(\"\") }"), &["`println!`"]);
        check_text("engine/src/rpc/id.rs", &planted("fn f() { dbg!(1); }"), &["`dbg!`"]);
        check_text(
            "engine/src/rpc/id.rs",
            &planted("use crate::shard::Engine;"),
            &["may not import"],
        );
        let reasoned = planted("// SAFETY: fine\nunsafe { f() }");
        check_text("engine/src/rpc/id.rs", &reasoned, &["outside its places"]);
        check_text("bindings/src/text.rs", &reasoned, &["outside its places"]);
        let unreasoned = planted("unsafe { f() }");
        check_text("engine/src/ring/epoll.rs", &unreasoned, &["without a `// SAFETY:`"]);
        check_text("benches/src/main.rs", &planted("unsafe impl Send for X {}"), &["without a"]);
    }

    #[test]
    fn what_is_allowed_passes() {
        let text = format!(
            "{HEAD}// todo! unsafe {{\n// SAFETY: fine\nunsafe {{ f() }}\nlet s = \"dbg!(unsafe)\";"
        );
        check_text("engine/src/json/simd/avx2.rs", &text, &[]);
        check_text("bindings/src/ffi.rs", &text, &[]);
        let export = "#[unsafe(no_mangle)]\nunsafe extern \"C\" fn f() {\n// SAFETY: fine\n\
                      enter(unsafe { Contract::of_caller() }, |c| g(c)) }";
        check_text("bindings/src/text.rs", &format!("{HEAD}{export}"), &[]);
        check_text("xtask/src/main.rs", &format!("{HEAD}fn f() {{ println!(\"\") }}"), &[]);
        check_text("engine/src/ring/sys.rs", &format!("{HEAD}unsafe fn f() {{}}"), &[]);
    }

    #[test]
    fn dependencies_are_read_from_a_manifest() {
        let manifest = "\
[package]
name = \"x\"
[dependencies]
# a comment
bytes = \"1\"
libc.workspace = true
[dev-dependencies]
proptest = \"1\"
[target.'cfg(unix)'.dependencies]
tokio = { version = \"1\" }
";
        assert_eq!(dependencies(manifest), ["bytes", "libc", "tokio"]);
    }
}
