//! Another archive from Rust: memory, a thread and a caught panic of its own.

/// The sum of the numbers below `end`; of seven, a panic, which is caught.
#[unsafe(no_mangle)]
pub extern "C" fn other_sum(end: u32) -> u32 {
    let count = std::thread::spawn(move || {
        assert_ne!(end, 7, "as asked");
        (0..end).collect::<Vec<u32>>().iter().sum()
    });
    count.join().unwrap_or(u32::MAX)
}
