//! Instructions of the hot functions, counted by valgrind: `cargo xtask instructions`.
//!
//! A count hardly depends on what else the machine does, so a change of a few percent is a change of
//! the code. It depends on the compiler, and on the vector instructions of the processor:
//! `--kernels` says which those are. Run by `cargo test` nothing is counted, and each function is
//! done a few times; that needs neither valgrind nor the runner.

mod hot;

use std::io::Write;
use std::process::ExitCode;

mod counted {
    use gungraun::{library_benchmark, library_benchmark_group, main};

    use super::hot::{Operation, prepare};

    // The operation goes back with its result, so that taking it apart is not counted.
    #[library_benchmark(setup = prepare)]
    #[bench::json_parse_small("json_parse_small")]
    #[bench::json_parse_medium("json_parse_medium")]
    #[bench::json_parse_large("json_parse_large")]
    #[bench::json_encode_small("json_encode_small")]
    #[bench::schema_check_form20("schema_check_form20")]
    #[bench::decode_form20("decode_form20")]
    #[bench::frame_length("frame_length")]
    #[bench::frame_http("frame_http")]
    #[bench::echo_length("echo_length")]
    #[bench::echo_http_handshake("echo_http_handshake")]
    #[bench::echo_http_stateless("echo_http_stateless")]
    #[bench::form20_http_stateless("form20_http_stateless")]
    #[bench::resource_read("resource_read")]
    #[bench::prompt_complex("prompt_complex")]
    #[bench::route_among_1("route_among_1")]
    #[bench::route_among_100("route_among_100")]
    #[bench::route_among_10k("route_among_10k")]
    fn row(mut operation: Operation) -> (u64, Operation) {
        (operation(), operation)
    }

    library_benchmark_group!(name = rows; benchmarks = row);
    main!(library_benchmark_groups = rows);

    pub(crate) fn run() {
        main();
    }
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--kernels") => {
            let written = writeln!(std::io::stdout(), "{}", mcpring::json::kernel_name());
            return ExitCode::from(u8::from(written.is_err()));
        }
        // The runner starts this program again for each row.
        Some("--gungraun-run") => counted::run(),
        _ if std::env::args().any(|argument| argument == "--bench") => counted::run(),
        _ => hot::ROWS.iter().for_each(|(name, _)| drop(hot::prepare(name))),
    }
    ExitCode::SUCCESS
}
