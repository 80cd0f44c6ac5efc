//! Where each file of an installation goes, and the small texts that name those places.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::build::Built;
use super::read;
use crate::header::Version;

/// Texts with places to fill in, and where they go.
const TEXTS: &[(&str, &str)] = &[
    ("mcpring.pc", "lib/pkgconfig"),
    ("mcpring-config.cmake", "lib/cmake/mcpring"),
    ("mcpring-config-version.cmake", "lib/cmake/mcpring"),
    ("mcpring.3", "share/man/man3"),
];
const TEMPLATES: &str = "bindings/install";

/// Files that are copied as they are, and where they go.
const COPIES: &[(&str, &str)] = &[
    ("include/mcpring.h", "include"),
    ("include/mcpring_plugin.h", "include"),
    ("include/mcpring.hpp", "include"),
    ("LICENSE-APACHE", "share/doc/mcpring"),
    ("LICENSE-MIT", "share/doc/mcpring"),
];

const PROGRAM_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// An installation under way.
pub(super) struct Layout<'a> {
    root: &'a Path,
    folder: &'a Path,
}

impl<'a> Layout<'a> {
    /// Makes the folders: whoever may not write there learns it before the build.
    pub(super) fn begin(root: &'a Path, folder: &'a Path) -> Result<Self, String> {
        let below = TEXTS.iter().chain(COPIES).map(|(_, below)| *below);
        for below in below.chain(["bin", "lib"]) {
            let path = folder.join(below);
            std::fs::create_dir_all(&path)
                .map_err(|fault| format!("{} cannot be made: {fault}", path.display()))?;
        }
        let probe = folder.join("lib/.mcpring");
        std::fs::write(&probe, "")
            .and_then(|()| std::fs::remove_file(&probe))
            .map_err(|fault| format!("{} cannot be written: {fault}", folder.display()))?;
        Ok(Self { root, folder })
    }

    /// Puts everything in place; how many files it is.
    pub(super) fn finish(
        &self,
        built: &Built,
        archive: &Path,
        prefix: &Path,
        version: &Version,
    ) -> Result<usize, String> {
        let shared = format!("lib/libmcpring.so.{}", version.text);
        self.copy(&built.shared, &shared, PROGRAM_MODE)?;
        self.copy(archive, "lib/libmcpring.a", FILE_MODE)?;
        self.copy(&built.program, "bin/mcpring", PROGRAM_MODE)?;
        let by_major = format!("libmcpring.so.{}", version.numbers[0]);
        self.link(&shared["lib/".len()..], &format!("lib/{by_major}"))?;
        self.link(&by_major, "lib/libmcpring.so")?;
        for (source, below) in COPIES {
            let name = source.rsplit('/').next().unwrap_or(source);
            self.copy(&self.root.join(source), &format!("{below}/{name}"), FILE_MODE)?;
        }
        let values = self.values(built, prefix, version)?;
        for (name, below) in TEXTS {
            let template = self.root.join(TEMPLATES).join(format!("{name}.in"));
            let path = self.folder.join(below).join(name);
            let text = filled(&read(&template)?, &values)
                .map_err(|fault| format!("{}: {fault}", template.display()))?;
            replaced(&path, |path| std::fs::write(path, text.as_bytes()))?;
        }
        Ok(5 + COPIES.len() + TEXTS.len())
    }

    /// What the places in the templates stand for.
    fn values(
        &self,
        built: &Built,
        prefix: &Path,
        version: &Version,
    ) -> Result<Vec<(&'static str, String)>, String> {
        let manifest = read(&self.root.join("Cargo.toml"))?;
        let repository = manifest.lines().find_map(|line| line.strip_prefix("repository = "));
        let plain: Vec<&str> =
            built.libraries.iter().map(|word| word.trim_start_matches("-l")).collect();
        let [major, minor, _] = version.numbers;
        Ok(vec![
            // pkg-config takes a space for the end of a word.
            ("PREFIX", prefix.to_string_lossy().replace(' ', "\\ ")),
            ("VERSION", version.text.clone()),
            ("MAJOR", major.to_string()),
            ("MINOR", minor.to_string()),
            ("LIBS", built.libraries.join(" ")),
            ("CMAKE_LIBS", plain.join(";")),
            ("REPOSITORY", repository.unwrap_or_default().trim_matches('"').to_owned()),
        ])
    }

    fn copy(&self, source: &Path, place: &str, mode: u32) -> Result<(), String> {
        let path = self.folder.join(place);
        replaced(&path, |path| {
            std::fs::copy(source, path)?;
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode))
        })
        .map_err(|fault| format!("{fault} (from {})", source.display()))
    }

    fn link(&self, target: &str, place: &str) -> Result<(), String> {
        replaced(&self.folder.join(place), |path| symlink(target, path))
    }
}

/// Makes a file under another name and moves it into its place: a program that runs keeps the old
/// library, and an installation that breaks off leaves no half of one.
fn replaced(path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), String> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    let _ = std::fs::remove_file(&fresh);
    make(&fresh)
        .and_then(|()| std::fs::rename(&fresh, path))
        .map_err(|fault| format!("{} cannot be written: {fault}", path.display()))
}

/// The template with its places filled in.
fn filled(template: &str, values: &[(&str, String)]) -> Result<String, String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("@{name}@"), value);
    }
    let left = text.split('@').nth(1).filter(|word| word.chars().all(|c| c.is_ascii_uppercase()));
    left.map_or(Ok(()), |word| Err(format!("nothing is known of @{word}@")))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        let values = [("A", "1".to_owned()), ("B", "x y".to_owned())];
        assert_eq!(filled("a=@A@ b=@B@/@A@\n", &values), Ok("a=1 b=x y/1\n".to_owned()));
        assert!(filled("@C@", &values).is_err());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        // A file where a folder would have to be.
        let file = std::env::current_exe().expect("a test has a path");
        let fault = Layout::begin(Path::new("."), &file).err().expect("it is refused");
        assert!(fault.contains("/lib/pkgconfig cannot be made"), "{fault}");
    }
}
