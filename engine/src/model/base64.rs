//! Bytes as base64 text (RFC 4648 §4, padded): written straight into a quoted JSON string, and
//! read strictly from what a client's model answered.

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

/// The bytes of a padded text; `None` when it is not the one text those bytes have.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (quads, []) = text.as_bytes().as_chunks::<4>() else { return None };
    let mut bytes = Vec::with_capacity(quads.len() * 3);
    for (place, quad) in quads.iter().enumerate() {
        let padding = quad.iter().rev().take_while(|letter| **letter == b'=').count();
        let is_last = place + 1 == quads.len();
        if padding > 2 || (padding > 0 && !is_last) {
            return None;
        }
        let mut bits = 0;
        for letter in &quad[..4 - padding] {
            bits = bits << 6 | value(*letter)?;
        }
        let [_, triple @ ..] = (bits << (6 * padding)).to_be_bytes();
        let (given, rest) = triple.split_at(3 - padding);
        // Bits behind the last byte must be zero.
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(given);
    }
    Some(bytes)
}

fn value(letter: u8) -> Option<u32> {
    let place = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(place.into())
}
