//! The programs that tests need: what must be there, and what is installed below `target/tools`.
//!
//! Nothing outside the workspace is changed, but for Debian packages when the user is root.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{answer, command, succeeds};

const PYTHON_MIN: (u32, u32) = (3, 11);
const CARGO_FUZZ: &str = "0.13.2";
/// The version of the library in `benches/Cargo.toml`.
const GUNGRAUN: &str = "0.20.0";
const MATURIN: &str = "maturin==1.16.0";

/// Programs that come as Debian packages: the program, the package.
const DEBIAN: &[(&str, &str)] = &[
    ("curl", "curl"),
    ("make", "make"),
    ("pkg-config", "pkg-config"),
    ("g++", "g++"),
    ("clang", "clang"),
    ("cmake", "cmake"),
    ("valgrind", "valgrind"),
];

/// Where everything is installed.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("target/tools")
}

/// The Python of the environment that has the SDK.
pub(crate) fn python(root: &Path) -> PathBuf {
    folder(root).join("venv/bin/python")
}

/// What is missing of the programs that nothing here can install, each with the remedy.
pub(crate) fn missing(root: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    let mut need = |words: &[&str], remedy: &str| {
        let found = answer(&mut command(root, words));
        match &found {
            Some(text) => println!("{}: {}", words[0], text.lines().next().unwrap_or_default()),
            None => missing.push(format!("`{}` does not run: {remedy}", words.join(" "))),
        }
        found
    };
    need(&["rustc", "--version"], "install Rust with rustup");
    need(&["cargo", "fmt", "--version"], "rustup component add rustfmt");
    need(&["cargo", "clippy", "--version"], "rustup component add clippy");
    need(&["gcc", "--version"], "install gcc");
    need(&["ld", "--version"], "install binutils");
    need(&["node", "--version"], "install Node.js");
    need(&["npm", "--version"], "install npm, which comes with Node.js");
    let python = need(&["python3", "--version"], "install Python 3.11 or newer");
    if let Some(version) = python.filter(|version| python_version(version) < Some(PYTHON_MIN)) {
        missing.push(format!("{version} is too old: install Python 3.11 or newer"));
    }
    missing
}

/// Major and minor out of `Python 3.11.7`.
fn python_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(1)?.split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Installs missing Debian packages when the user is root; otherwise names them.
pub(crate) fn debian(root: &Path) -> Vec<String> {
    let lacks = |program: &str| answer(&mut command(root, &[program, "--version"])).is_none();
    let wanted: Vec<_> = DEBIAN.iter().filter(|(program, _)| lacks(program)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let is_root = answer(&mut command(root, &["id", "-u"])).as_deref() == Some("0");
    let has_apt = answer(&mut command(root, &["apt-get", "--version"])).is_some();
    if is_root && has_apt {
        succeeds(&mut command(root, &["apt-get", "update", "-qq"]));
        for (_, package) in &wanted {
            let words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package];
            succeeds(command(root, &words).env("DEBIAN_FRONTEND", "noninteractive"));
        }
    }
    let still = wanted.iter().filter(|(program, _)| lacks(program));
    still.map(|(program, package)| format!("{program} (Debian package {package})")).collect()
}

/// The Python of the environment that has the mcpring package.
pub(crate) fn package_python(root: &Path) -> PathBuf {
    folder(root).join("package/bin/python")
}

/// A Python environment with the pinned packages of the interop tests.
pub(crate) fn install_python(root: &Path) -> bool {
    installed(root, "venv", &read(&root.join("tests/interop/requirements.txt")))
}

/// A Python environment for the mcpring package: its tests, its type checkers, and the clients of
/// others.
pub(crate) fn install_package_python(root: &Path) -> bool {
    installed(root, "package", &read(&root.join("python/tests/requirements.txt")))
}

/// The program that builds the wheels, installed if it is missing.
pub(crate) fn maturin(root: &Path) -> Option<PathBuf> {
    installed(root, "maturin", MATURIN).then(|| folder(root).join("maturin/bin/maturin"))
}

/// Makes the environment `name` with the packages of `wanted`, unless it has them.
fn installed(root: &Path, name: &str, wanted: &str) -> bool {
    let venv = folder(root).join(name);
    let stamp = venv.join("installed.txt");
    if !wanted.is_empty() && read(&stamp) == wanted {
        return true;
    }
    // An environment of another Python or of other pins is made anew: a mixture proves nothing.
    let _ = std::fs::remove_dir_all(&venv);
    if !succeeds(command(root, &["python3", "-m", "venv"]).arg(&venv)) {
        println!("`python3 -m venv` failed: install it (Debian has it as python3-venv)");
        return false;
    }
    let list = venv.join("wanted.txt");
    let is_written = std::fs::write(&list, wanted).is_ok();
    let mut install = Command::new(venv.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    is_written && succeeds(install.arg(&list)) && std::fs::rename(&list, &stamp).is_ok()
}

/// A text file, or nothing where there is none.
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The Inspector, the conformance suite, the TypeScript client and a Node new enough for them, from
/// the committed lock file.
pub(crate) fn install_node(root: &Path) -> bool {
    let source = root.join("tests/interop/node");
    let node = folder(root).join("node");
    let stamp = node.join("installed.json");
    let lock = source.join("package-lock.json");
    if same(&lock, &stamp) {
        return true;
    }
    let copied = std::fs::create_dir_all(&node).is_ok()
        && ["package.json", "package-lock.json"]
            .iter()
            .all(|name| std::fs::copy(source.join(name), node.join(name)).is_ok());
    // The system's Node only installs; its age, about which npm warns, does not matter.
    let words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    copied && succeeds(&mut command(&node, &words)) && std::fs::copy(&lock, &stamp).is_ok()
}

/// The cargo-fuzz of this workspace, installed if it is missing.
pub(crate) fn cargo_fuzz(root: &Path) -> Option<PathBuf> {
    installed_crate(root, "cargo-fuzz", CARGO_FUZZ)
}

/// What counts the instructions of benchmarks, installed if it is missing.
pub(crate) fn gungraun_runner(root: &Path) -> Option<PathBuf> {
    installed_crate(root, "gungraun-runner", GUNGRAUN)
}

/// The program of the crate `name`, installed if it is missing or of another version.
fn installed_crate(root: &Path, name: &str, wanted: &str) -> Option<PathBuf> {
    let binary = folder(root).join("bin").join(name);
    let version = answer(Command::new(&binary).arg("--version")).unwrap_or_default();
    if version.ends_with(wanted) {
        return Some(binary);
    }
    let words = ["cargo", "install", "--locked", "--quiet", "--version", wanted, "--root"];
    let mut install = command(root, &words);
    install.arg(folder(root)).arg(name);
    succeeds(&mut install).then_some(binary)
}

/// The platform the compiler builds for, such as `x86_64-unknown-linux-gnu`.
pub(crate) fn platform(root: &Path) -> String {
    let text = answer(&mut command(root, &["rustc", "-vV"])).unwrap_or_default();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap_or("x86_64-unknown-linux-gnu").to_owned()
}

/// Whether two files have the same bytes.
fn same(one: &Path, other: &Path) -> bool {
    match (std::fs::read(one), std::fs::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_versions_are_compared_as_numbers() {
        assert!(python_version("Python 3.9.18") < Some(PYTHON_MIN));
        assert!(python_version("Python 3.11.7") >= Some(PYTHON_MIN));
        assert!(python_version("Python 3.14.0rc1") >= Some(PYTHON_MIN));
        assert!(python_version("nonsense") < Some(PYTHON_MIN));
    }
}
