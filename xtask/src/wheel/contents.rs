//! What lies in a wheel: everything that users need, and nothing else.

use std::path::Path;

use crate::process::{answer, command};

/// Files without which a wheel is of no use, by the ends of their paths.
const NEEDED: &[&str] = &[
    "mcpring/__init__.py",
    "mcpring/_core.pyi",
    "mcpring/py.typed",
    "mcpring/server/fastmcp.py",
    "mcpring/cli/__init__.py",
    ".dist-info/METADATA",
    ".dist-info/entry_points.txt",
    ".dist-info/licenses/LICENSE-APACHE",
    ".dist-info/licenses/LICENSE-MIT",
];

/// Parts of paths that belong to a checkout or a machine.
const UNWANTED: &[&str] =
    &["__pycache__", "/tests/", "/test_", ".rs", "Cargo", ".lock", "examples", "sbom"];

/// Looks at the contents of `wheel`, with the help of Python's `zipfile`.
pub(super) fn check(root: &Path, python: &str, wheel: &Path) -> Result<(), String> {
    let mut list = command(root, &[python, "-m", "zipfile", "-l"]);
    let listed = answer(list.arg(wheel)).ok_or("the wheel is no zip file")?;
    faults(&paths(&listed)).map_or(Ok(()), |fault| Err(format!("{}: {fault}", wheel.display())))
}

/// The paths in a list: a head, then lines of path, date, time and size.
fn paths(listed: &str) -> Vec<&str> {
    listed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect()
}

/// The first thing that is wrong with these paths.
fn faults(paths: &[&str]) -> Option<String> {
    if let Some(missing) =
        NEEDED.iter().find(|part| !paths.iter().any(|path| path.ends_with(**part)))
    {
        return Some(format!("{missing} is missing"));
    }
    let modules = paths.iter().filter(|path| path.starts_with("mcpring/_core") && is_module(path));
    let modules = modules.count();
    if modules != 1 {
        return Some(format!("there are {modules} compiled modules and not one"));
    }
    let is_unwanted = |path: &&&str| UNWANTED.iter().any(|part| path.contains(part));
    let is_ours = |path: &str| path.starts_with("mcpring/") || path.starts_with("mcpring-");
    let odd = paths.iter().find(|path| is_unwanted(path) || !is_ours(path));
    odd.map(|path| format!("{path} has no place in it"))
}

fn is_module(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "so")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[&str] = &[
        "mcpring/__init__.py",
        "mcpring/_core.pyi",
        "mcpring/_core.abi3.so",
        "mcpring/py.typed",
        "mcpring/server/fastmcp.py",
        "mcpring/cli/__init__.py",
        "mcpring-0.1.0.dist-info/METADATA",
        "mcpring-0.1.0.dist-info/entry_points.txt",
        "mcpring-0.1.0.dist-info/licenses/LICENSE-APACHE",
        "mcpring-0.1.0.dist-info/licenses/LICENSE-MIT",
    ];

    #[test]
    fn contents_are_judged() {
        let check = |paths: &[&str], want: Option<&str>| {
            assert_eq!(faults(paths).as_deref(), want);
        };
        let with = |path: &'static str| [GOOD, &[path]].concat();
        let without = |part: &str| {
            let kept = GOOD.iter().filter(|path| !path.contains(part)).copied();
            kept.collect::<Vec<_>>()
        };
        check(GOOD, None);
        check(&without("py.typed"), Some("mcpring/py.typed is missing"));
        check(&without("abi3"), Some("there are 0 compiled modules and not one"));
        check(
            &with("mcpring/_core.cpython-311-x86_64-linux-gnu.so"),
            Some("there are 2 compiled modules and not one"),
        );
        for odd in ["mcpring/__pycache__/a.pyc", "tests/a.py", "mcpring/tests/a.py", "x.txt"] {
            check(&with(odd), Some(&format!("{odd} has no place in it")));
        }
    }

    #[test]
    fn lists_are_read() {
        let listed =
            "File Name    Modified     Size\na/b.py   1980-01-01 00:00:00   12\nc 1980 0 1";
        assert_eq!(paths(listed), ["a/b.py", "c"]);
    }
}
