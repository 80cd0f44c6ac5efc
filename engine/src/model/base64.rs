//! Bytes as base64 text (RFC 4648 §4, padded), straight into a quoted JSON string.
//!
//! Only the direction a server writes; what clients send is not decoded here.

use crate::json::Writer;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes `bytes` as a base64 string.
pub(super) fn encode(w: &mut Writer<'_>, bytes: &[u8]) {
    let mut quoted = Vec::with_capacity(bytes.len().div_ceil(3) * 4 + 2);
    quoted.push(b'"');
    let (triples, tail) = bytes.as_chunks::<3>();
    for triple in triples {
        quoted.extend_from_slice(&quad(*triple));
    }
    match *tail {
        [a] => {
            let [first, second, ..] = quad([a, 0, 0]);
            quoted.extend_from_slice(&[first, second, b'=', b'=']);
        }
        [a, b] => {
            let [first, second, third, _] = quad([a, b, 0]);
            quoted.extend_from_slice(&[first, second, third, b'=']);
        }
        _ => {}
    }
    quoted.push(b'"');
    w.raw(&quoted);
}

/// Three bytes as four letters.
fn quad([a, b, c]: [u8; 3]) -> [u8; 4] {
    let bits = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
    [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 63) as usize])
}
