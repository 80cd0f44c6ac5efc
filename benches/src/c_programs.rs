//! Builds the programs in C that a run needs: the library is installed into a folder of its own, and
//! the programs are compiled against what lies there, as any program would be.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::{root, run, say};
use crate::fault::Fault;

/// The programs.
#[derive(Clone, Debug)]
pub struct CPrograms {
    /// `examples/c/echo.c`: a server with one tool.
    pub echo: PathBuf,
    /// `benches/c/blocks.c`: frames and parses a file.
    pub blocks: PathBuf,
    /// `benches/c/server.c`: the fixture of the benchmarks.
    pub server: PathBuf,
}

impl CPrograms {
    /// Installs the library below `folder` in release mode and compiles them.
    pub fn build(folder: &Path) -> Result<Self, Fault> {
        say("building the C library and the programs in C (release)");
        let root = root();
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut install = Command::new(program);
        install.current_dir(root).args(["xtask", "install", "--prefix"]).arg(folder);
        run(&mut install)?;
        let all = Self::below(folder);
        let server = [
            "benches/c/server.c",
            "examples/c/everything/question.c",
            "examples/c/everything/text.c",
        ];
        for (sources, program) in [
            (&["examples/c/echo.c"][..], &all.echo),
            (&["benches/c/blocks.c"], &all.blocks),
            (&server, &all.server),
        ] {
            run(&mut compiler(root, folder, sources, program))?;
        }
        Ok(all)
    }

    /// Where they were compiled to last.
    pub fn built(folder: &Path) -> Result<Self, Fault> {
        let all = Self::below(folder);
        match [&all.echo, &all.blocks, &all.server].iter().find(|path| !path.exists()) {
            Some(path) => Err(Fault::Invalid(format!("{} was not built yet", path.display()))),
            None => Ok(all),
        }
    }

    fn below(folder: &Path) -> Self {
        let program = |name: &str| folder.join("bin").join(name);
        Self { echo: program("echo"), blocks: program("blocks"), server: program("server") }
    }
}

fn compiler(root: &Path, folder: &Path, sources: &[&str], program: &Path) -> Command {
    let library = folder.join("lib");
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.current_dir(root).args(["-std=c99", "-O2", "-o"]).arg(program).args(sources);
    cc.arg("-I").arg(root.join("examples/c"));
    cc.arg("-I").arg(folder.join("include")).arg("-L").arg(&library).arg("-lmcpring");
    cc.arg(format!("-Wl,-rpath,{}", library.display()));
    cc
}
