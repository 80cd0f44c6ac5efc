//! Encoding and decoding of documents. A decoded document is read whole, every name and value.

use mcpring::json::{Backend, PaddedBuf, Parser};

use super::document::{Document, checksum, checksum_of_tree};
use super::stopwatch::{Amount, Timed, time};
use super::{Outcome, wrong};
use crate::fault::Fault;

/// Writes a document of `fields` fields into a buffer that is kept. Figures: the same by
/// `serde_json`, the document's size.
pub(super) fn encode(fields: usize, amount: Amount) -> Result<Outcome, Fault> {
    let document = Document::new(fields);
    let mut out = Vec::new();
    document.encode(&mut out);
    let tree: serde_json::Value = serde_json::from_slice(&out).map_err(wrong)?;
    if tree != serde_json::to_value(&document).map_err(wrong)? {
        return Err(wrong("the writer wrote another document"));
    }
    let bytes = out.len() as u64;
    let timed = time(amount, |_| {
        out.clear();
        document.encode(&mut out);
        out.len() as u64
    });
    added_up(&timed, bytes)?;
    let by_serde = time(amount, |_| {
        out.clear();
        // Writing to memory cannot fail, and a document has no keys that are not texts.
        serde_json::to_writer(&mut out, &document).map_or(0, |()| out.len() as u64)
    });
    let outcome = Outcome::of(timed).with("document_bytes", bytes as f64);
    Ok(outcome.with("serde_json_p50_us", by_serde.p50_us()))
}

/// Parses a document of `fields` fields and reads all of it. Figures: the same through the
/// engine's other back ends and by `serde_json` into a tree, the document's size.
pub(super) fn decode(fields: usize, amount: Amount) -> Result<Outcome, Fault> {
    let document = Document::new(fields);
    let mut text = Vec::new();
    document.encode(&mut text);
    let want = checksum_of_tree(&serde_json::to_value(&document).map_err(wrong)?);
    let padded = PaddedBuf::copy(&text);
    let read = |backend| {
        let mut parser = Parser::new(backend);
        let timed = time(amount, |_| parser.parse(padded.padded()).map_or(0, checksum));
        added_up(&timed, want).map(|()| timed)
    };
    let timed = read(Backend::Scan)?;
    let simd_json = read(Backend::SimdJson)?.p50_us();
    let by_serde =
        time(amount, |_| serde_json::from_slice(&text).map_or(0, |tree| checksum_of_tree(&tree)));
    added_up(&by_serde, want)?;
    let outcome = Outcome::of(timed).with("document_bytes", text.len() as f64);
    let outcome = outcome.with("simd_json_then_scan_p50_us", simd_json);
    Ok(outcome.with("serde_json_p50_us", by_serde.p50_us()))
}

/// Whether every operation gave `each`.
fn added_up(timed: &Timed, each: u64) -> Result<(), Fault> {
    if timed.sum == each.wrapping_mul(timed.operations) {
        return Ok(());
    }
    Err(wrong("an operation gave another result than the first one"))
}
