//! Every kernel this processor has against the scalar oracle, at every alignment.

use proptest::prelude::*;

use super::{SCALAR, available};
use crate::json::SLACK;
use crate::json::padded::Padded;
use crate::json::tape::Tape;

/// The oracle's answers for `text` behind `shift` bytes, from each kernel.
fn check(text: &[u8], shift: usize, slack: u8) {
    let mut bytes = vec![b' '; shift];
    bytes.extend_from_slice(text);
    bytes.resize(bytes.len() + SLACK, slack);
    let padded = Padded::new(&bytes[shift..], text.len()).expect("slack");
    let mut want = Tape::default();
    let verdict = (SCALAR.scan)(padded, &mut want);
    for kernels in available() {
        let mut tape = Tape::default();
        let words = String::from_utf8_lossy(text);
        assert_eq!((kernels.scan)(padded, &mut tape), verdict, "{}: {words}", kernels.name);
        if verdict.is_ok() {
            assert_eq!(tape.nodes(), want.nodes(), "{}: {words}", kernels.name);
        }
    }
}

fn check_escape(text: &str) {
    let mut want = Vec::new();
    (SCALAR.escape)(&mut want, text);
    assert_eq!(serde_json::from_slice::<String>(&want).ok().as_deref(), Some(text));
    for kernels in available() {
        let mut out = Vec::new();
        (kernels.escape)(&mut out, text);
        assert_eq!(out, want, "{}: {text:?}", kernels.name);
    }
}

/// Each byte that means something, at each place of two blocks, in each token that has blocks.
#[test]
fn every_place() {
    for place in 0..80 {
        for byte in [b'"', b'\\', b'\n', 0x1f, b' ', 0x7f, 0x80, 0xff, b'0', b'9', b':', b'/'] {
            for (open, fill, close) in [("[\"", 'x', "\"]"), ("[", ' ', "1]"), ("[", '7', "]")] {
                let mut text = open.to_owned() + &fill.to_string().repeat(80) + close;
                text.truncate(text.len());
                let mut text = text.into_bytes();
                text[open.len() + place] = byte;
                check(&text, place % 7, byte);
            }
        }
    }
}

#[test]
fn every_length() {
    for length in 0..140 {
        for (open, fill, close) in [
            ("\"", "x", "\""),
            ("\"", "\\n", "\""),
            ("\"", "\\ud83d\\ude00", "\""),
            ("\"", "x\\\\", "\""),
            ("", "1", ""),
            ("1.", "1", "e1"),
            ("", " ", "{}"),
            ("[", " ", "]"),
            ("\"", "\\u00e9", ""),
            ("[", "1,", "1]"),
        ] {
            let text = open.to_owned() + &fill.repeat(length) + close;
            for slack in [b'"', b'1', b' ', b'\\', 0xff] {
                check(text.as_bytes(), length % 5, slack);
            }
        }
        for stop in ["", "\"", "\\", "\n", "\u{1}", "é"] {
            check_escape(&("x".repeat(length) + stop + &"y".repeat(length % 40)));
        }
    }
}

proptest! {
    #[test]
    fn kernels_agree(
        soup in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b"\"\"\\\\{}[],:0123456789-.eE+ntrufals \n\t".to_vec()),
            1 => any::<u8>(),
        ], 0..300),
        shift in 0..64usize,
        slack in any::<u8>(),
    ) {
        check(&soup, shift, slack);
        // The same soup inside a string gets further into the long loops.
        check(&[b"[\"".as_slice(), &soup, b"\"]"].concat(), shift, slack);
    }

    #[test]
    fn escapes_agree(text in prop_oneof![any::<String>(), "[a-z\"\\\\\u{0}-\u{1f}é]{0,200}"]) {
        check_escape(&text);
    }
}
