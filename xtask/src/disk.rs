//! Room on the disk: a run that ends for lack of it looks like many faults at once.

use std::path::Path;

use crate::process::{answer, command};

/// With less than this left, no step can be trusted to have failed for a reason of its own.
const LEFT_MIN_KIB: u64 = 1024 * 1024;

/// What to say when the file system of `root` is as good as full.
pub(crate) fn shortage(root: &Path) -> Option<String> {
    let left = left_kib(&answer(&mut command(root, &["df", "-Pk", "."]))?)?;
    (left < LEFT_MIN_KIB)
        .then(|| format!("The disk of target/ has {} MiB left: make room for it.", left / 1024))
}

/// The fourth column of the last line of `df -P`.
fn left_kib(output: &str) -> Option<u64> {
    output.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read() {
        let check =
            |output: &str, want: Option<u64>| assert_eq!(left_kib(output), want, "{output}");
        let head = "Filesystem 1024-blocks Used Available Capacity Mounted on";
        check(&format!("{head}\n/dev/vda 264212084 39012352 56273536 41% /"), Some(56_273_536));
        check(&format!("{head}\noverlay 9 9 0 100% /"), Some(0));
        check(head, None);
        check(&format!("{head}\n/dev/vda 9 9 -"), None);
    }
}
