//! What the kernel keeps for itself: not part of any process, but paid for all the same.

use std::fs;

use crate::fault::Fault;

/// Bytes of the kernel's own objects (sockets, descriptors, requests of rings) on the whole
/// machine. Only the difference between two moments says anything, and only if little else runs.
pub fn object_bytes() -> Result<u64, Fault> {
    const FILE: &str = "/proc/meminfo";
    let text = fs::read_to_string(FILE).map_err(Fault::harness(FILE))?;
    let line = text.lines().find_map(|line| line.strip_prefix("SUnreclaim:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| Fault::Invalid("no SUnreclaim in meminfo".into()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kernel_says_what_it_keeps() {
        assert!(super::object_bytes().expect("an account") > 1 << 20);
    }
}
