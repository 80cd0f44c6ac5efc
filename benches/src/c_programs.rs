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
}

impl CPrograms {
    /// Installs the library below `folder` in release mode and compiles both.
    pub fn build(folder: &Path) -> Result<Self, Fault> {
        say("building the C library and two programs in C (release)");
        let root = root();
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut install = Command::new(program);
        install.current_dir(root).args(["xtask", "install", "--prefix"]).arg(folder);
        run(&mut install)?;
        let all = Self::below(folder);
        for (source, program) in
            [("examples/c/echo.c", &all.echo), ("benches/c/blocks.c", &all.blocks)]
        {
            run(&mut compiler(root, folder, source, program))?;
        }
        Ok(all)
    }

    /// Where they were compiled to last.
    pub fn built(folder: &Path) -> Result<Self, Fault> {
        let all = Self::below(folder);
        match [&all.echo, &all.blocks].iter().find(|path| !path.exists()) {
            Some(path) => Err(Fault::Invalid(format!("{} was not built yet", path.display()))),
            None => Ok(all),
        }
    }

    fn below(folder: &Path) -> Self {
        Self { echo: folder.join("bin/echo"), blocks: folder.join("bin/blocks") }
    }
}

fn compiler(root: &Path, folder: &Path, source: &str, program: &Path) -> Command {
    let library = folder.join("lib");
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.current_dir(root).args(["-std=c99", "-O2", "-o"]).arg(program).arg(source);
    cc.arg("-I").arg(folder.join("include")).arg("-L").arg(&library).arg("-lmcpring");
    cc.arg(format!("-Wl,-rpath,{}", library.display()));
    cc
}
