//! Wall time of the hot functions: `cargo bench --bench time`.
//!
//! For looking at while one works; a shared machine's clock decides nothing. Run by `cargo test` it
//! does each a few times.

mod hot;

use criterion::{Criterion, criterion_group, criterion_main};

fn rows(criterion: &mut Criterion) {
    for (name, _) in hot::ROWS {
        let mut operation = hot::prepare(name);
        criterion.bench_function(name, |bencher| bencher.iter(&mut operation));
    }
}

criterion_group!(all, rows);
criterion_main!(all);
