//! The static library, with everything but its own functions made local.
//!
//! As rustc leaves it, the archive has the symbols of Rust's standard library and of every
//! dependency. A program that links another Rust archive, or the same cryptography, would have them
//! twice.

use std::path::{Path, PathBuf};

use crate::header::symbols;
use crate::process::{command, succeeds};

/// Makes the archive to install from the one rustc made.
pub(super) fn localised(root: &Path, archive: &Path) -> Result<PathBuf, String> {
    let folder = archive.with_extension("localised");
    std::fs::create_dir_all(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let (object, out) = (folder.join("mcpring.o"), folder.join("libmcpring.a"));
    let _ = std::fs::remove_file(&out);

    // One object of what our functions need. Groups, which the linker merges by name across
    // objects, become plain sections: their names mean nothing any more once they are local.
    let mut link = command(root, &["ld", "-r", "--force-group-allocation", "-o"]);
    link.arg(&object);
    for name in symbols::listed(root)? {
        link.arg("-u").arg(name);
    }
    link.arg(archive);
    let mut localise = command(root, &["objcopy", "-w", "--keep-global-symbol=mcpring_*"]);
    // Bitcode of another LLVM than the one of whoever links this, whose tools stumble over it.
    localise.args(["--remove-section=.llvmbc", "--remove-section=.llvmcmd"]).arg(&object);
    let mut pack = command(root, &["ar", "rcsD"]);
    pack.arg(&out).arg(&object);
    for (program, command) in [("ld", &mut link), ("objcopy", &mut localise), ("ar", &mut pack)] {
        if !succeeds(command) {
            return Err(format!("{program} (of binutils) failed, see above"));
        }
    }
    let _ = std::fs::remove_file(&object);
    Ok(out)
}
