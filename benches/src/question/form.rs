//! The two forms of the benchmarks: twenty typed parameters, and a thousand fields in 88 KB.

use std::fmt::Write;

use super::Question;

/// Fields of the large form.
const FIELDS: usize = 1000;
/// Bytes of its arguments, about: 1000 fields of 88 bytes.
const LARGE_BYTES: usize = 88_000;

/// `form20`: ten strings, four integers, three numbers, three flags.
pub fn form20() -> Question {
    let arguments = concat!(
        r#"{"name":"Ada Lovelace","email":"ada@example.org","street":"12 St James's Square","#,
        r#""city":"London","country":"GB","phone":"+44 20 7946 0000","company":"Analytical Engines","#,
        r#""title":"Countess","note":"Deliver to the back door, please","reference":"A-1843-G","#,
        r#""age":36,"quantity":3,"floor":-1,"year":1843,"price":19.5,"discount":0.25,"weight":2.75,"#,
        r#""active":true,"verified":true,"newsletter":false}"#
    );
    Question::tool("form20", arguments, "137 bytes, 1881, 22.5, 2 set")
}

/// `form1000`: its answer counts the fields of its [arguments](form1000_arguments).
pub fn form1000() -> Question {
    Question::tool("form1000", &form1000_arguments(), "1000 fields")
}

/// An object of a thousand fields, mostly strings, 88 KB.
pub fn form1000_arguments() -> String {
    let mut arguments = String::with_capacity(LARGE_BYTES + 1024);
    for field in 0..FIELDS {
        arguments.push(if field == 0 { '{' } else { ',' });
        // Writing to a string cannot fail.
        let _ = write!(arguments, r#""field_{field:04}":"#);
        let _ = match field % 10 {
            0 => write!(arguments, "{}", field * 7919),
            1 => write!(arguments, "{}.5", field * 31),
            2 => write!(arguments, "{}", field % 20 == 2),
            3 => write!(arguments, r#"{{"unit":"kg","values":[{field},1,2,3,5,8,13,21]}}"#),
            4 => write!(arguments, r#""caf\u00e9 \"{field}\" {}""#, prose(field, 80)),
            _ => write!(arguments, r#""{}""#, prose(field, 111)),
        };
    }
    arguments.push('}');
    arguments
}

/// `bytes` bytes that look like prose and differ from field to field.
fn prose(field: usize, bytes: usize) -> String {
    const WORDS: [&str; 8] =
        ["ring ", "lease ", "shard ", "turn ", "caf\u{e9} ", "inbox ", "slot ", "driver "];
    let mut text = String::with_capacity(bytes + 8);
    let mut at = field;
    while text.len() < bytes {
        text.push_str(WORDS[at % WORDS.len()]);
        at = at.wrapping_mul(5).wrapping_add(3);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Ask;
    use super::*;

    #[test]
    fn the_large_form_has_its_size_and_its_fields() {
        let Ask::Request { params, .. } = form1000().ask else { panic!("a request") };
        let value: serde_json::Value = serde_json::from_str(&params).expect("valid JSON");
        assert_eq!(value["arguments"].as_object().expect("an object").len(), FIELDS);
        assert!(params.len().abs_diff(LARGE_BYTES) < 2000, "{} bytes", params.len());
    }
}
