//! What a client of the stateless era carries between its requests, as bytes before they are
//! sealed.
//!
//! ```text
//! 1 | has state: 1 | length: 4 | state | ( length: 4 | key | length: 4 | result )*
//! ```

use crate::rpc::RawJson;
use crate::server::{Answer, Answers, Asked};

const FORM: u8 = 1;

/// What has to be remembered; `None` when that is nothing.
pub(super) fn encode(asked: &Asked) -> Option<Vec<u8>> {
    let Asked { answers, state, .. } = asked;
    if answers.is_empty() && state.is_none() {
        return None;
    }
    let mut out = Vec::with_capacity(64 + answers.bytes());
    out.push(FORM);
    out.push(u8::from(state.is_some()));
    push(&mut out, state.as_deref().unwrap_or_default());
    for (key, answer) in answers.iter() {
        // In this era a client has no way to answer with an error.
        if let Answer::Result(json) = answer {
            push(&mut out, key.as_bytes());
            push(&mut out, json.get().as_bytes());
        }
    }
    Some(out)
}

/// What was remembered; `None` when the bytes are of another form.
pub(super) fn decode(bytes: &[u8]) -> Option<Asked> {
    let (&[form, has_state], mut rest) = bytes.split_first_chunk()?;
    if form != FORM || has_state > 1 {
        return None;
    }
    let state = take(&mut rest)?;
    let mut answers = Answers::new();
    while !rest.is_empty() {
        let key = str::from_utf8(take(&mut rest)?).ok()?;
        let json = str::from_utf8(take(&mut rest)?).ok()?;
        let json = RawJson::from_string(json.to_owned()).ok()?;
        if !answers.put(key, Answer::Result(json)) {
            return None;
        }
    }
    Some(Asked { answers, state: (has_state == 1).then(|| state.to_vec()), rounds: 0 })
}

fn push(out: &mut Vec<u8>, part: &[u8]) {
    // Parts are far below 2^32: the sealed whole is bounded.
    out.extend_from_slice(&(part.len() as u32).to_be_bytes());
    out.extend_from_slice(part);
}

fn take<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *bytes = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &[(&str, &str)], state: Option<&[u8]>) -> Asked {
        let mut asked = Asked { state: state.map(Into::into), ..Asked::default() };
        for (key, json) in answers {
            let json = RawJson::from_string((*json).to_owned()).expect("the test's JSON is JSON");
            assert!(asked.answers.put(key, Answer::Result(json)));
        }
        asked
    }

    #[test]
    fn what_is_remembered_comes_back() {
        for (answers, state) in [
            (&[("", "{}")][..], None),
            (&[], Some(&b""[..])),
            (&[], Some(b"\0\xff")),
            (&[("a", r#"{"action":"accept"}"#), ("\u{e9}", "[1,2]")], Some(b"step 2")),
        ] {
            let asked = asked(answers, state);
            let bytes = encode(&asked).expect("something to remember");
            let found = decode(&bytes).expect("it was just written");
            assert_eq!(format!("{found:?}"), format!("{asked:?}"));
            for cut in 0..bytes.len() {
                let less = decode(&bytes[..cut]).map(|less| format!("{less:?}"));
                assert_ne!(less, Some(format!("{asked:?}")), "cut at {cut}");
            }
        }
        assert_eq!(encode(&asked(&[], None)), None);
    }

    #[test]
    fn other_forms_are_refused() {
        for bytes in [
            &b""[..],
            b"\x01",
            b"\x02\0\0\0\0\0",
            b"\x01\x02\0\0\0\0",
            b"\x01\0\0\0\0\x01",
            b"\x01\0\xff\xff\xff\xff",
            b"\x01\0\0\0\0\0\0\0\0\x01\xff\0\0\0\x021",
            b"\x01\0\0\0\0\0\0\0\0\x01a\0\0\0\x01x",
        ] {
            assert!(decode(bytes).is_none(), "{bytes:?}");
        }
    }
}
