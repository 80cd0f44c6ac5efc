//! The two builds of an installation: the library in both forms, and the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::{announce, command, say, succeeds};

/// What was built.
pub(super) struct Built {
    pub(super) shared: PathBuf,
    pub(super) archive: PathBuf,
    pub(super) program: PathBuf,
    /// What a program links besides the archive: `-lm` and the like.
    pub(super) libraries: Vec<String>,
}

/// How rustc says it.
const LIBRARIES: &str = "native-static-libs: ";

pub(super) fn run(root: &Path, is_debug: bool) -> Result<Built, String> {
    let folder = root.join("target").join(if is_debug { "debug" } else { "release" });
    // Named here, because a library that Rust programs use as well is not optimized as a whole.
    let words = ["rustc", "--package", "mcpring-c", "--lib", "--crate-type", "cdylib,staticlib"];
    let mut library = cargo(root, is_debug, &words);
    library.args(["--", "--print", "native-static-libs"]);
    let libraries = libraries(&said(&mut library)?).ok_or("rustc named no native libraries")?;
    let words = ["build", "--package", "mcpring-cli", "--bin", "mcpring"];
    if !succeeds(&mut cargo(root, is_debug, &words)) {
        return Err("the program does not build".to_owned());
    }
    Ok(Built {
        shared: folder.join("libmcpring_c.so"),
        archive: folder.join("libmcpring_c.a"),
        program: folder.join("mcpring"),
        libraries,
    })
}

fn cargo(root: &Path, is_debug: bool, words: &[&str]) -> Command {
    let mut cargo = command(root, &["cargo"]);
    cargo.args(words).arg("--target-dir").arg(root.join("target"));
    if !is_debug {
        cargo.arg("--release");
    }
    cargo
}

/// What cargo says, shown as well.
fn said(cargo: &mut Command) -> Result<String, String> {
    announce(cargo);
    let done = cargo.stdin(Stdio::null()).output().map_err(|fault| format!("cargo: {fault}"))?;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    say(text.trim_end());
    let fault = || format!("the library does not build:\n{text}");
    done.status.success().then(|| text.clone()).ok_or_else(fault)
}

/// The libraries that rustc named, each once.
fn libraries(text: &str) -> Option<Vec<String>> {
    let line = text.lines().rev().find_map(|line| line.split_once(LIBRARIES))?.1;
    let mut libraries: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        if !libraries.iter().any(|library| library == word) {
            libraries.push(word.to_owned());
        }
    }
    Some(libraries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_named_once() {
        let text = "warning: x\nnote: native-static-libs: -lgcc_s -lm -lc -lgcc_s\n";
        let want = ["-lgcc_s", "-lm", "-lc"].map(str::to_owned).to_vec();
        assert_eq!(libraries(text), Some(want));
        assert_eq!(libraries("Finished"), None);
    }
}
