//! Whether an answer is right: the id of a request that is open, and the content expected.
//!
//! The first right answer is remembered; a later one that equals it but for the id is right too,
//! which is two comparisons instead of two searches.

use memchr::memmem;
use serde_json::Value;

use super::request::ID_DIGITS;
use crate::question::Answer;

/// What an answer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The content is right, and it answers this id.
    Right(u64),
    /// The content is right and carries no id.
    RightWithoutId,
    /// It answers this id with something else.
    Wrong(u64),
    /// It answers nothing that was asked.
    Foreign,
}

/// Judges the answers to one question.
pub(super) struct Check {
    answer: Answer,
    id: memmem::Finder<'static>,
    right: Option<Seen>,
}

/// A right answer, cut at its id.
struct Seen {
    before: Vec<u8>,
    behind: Vec<u8>,
}

impl Check {
    /// A judge that expects `answer`.
    pub(super) fn new(answer: Answer) -> Self {
        Self { answer, id: memmem::Finder::new(br#""id":"#), right: None }
    }

    /// Judges one answer.
    pub(super) fn judge(&mut self, body: &[u8]) -> Verdict {
        if let Some(id) = self.right.as_ref().and_then(|seen| seen.id(body)) {
            return Verdict::Right(id);
        }
        match &self.answer {
            Answer::Is(bytes) if body == bytes => Verdict::RightWithoutId,
            Answer::Is(_) => Verdict::Foreign,
            Answer::Result(want) => {
                let holds = is_right(body, want);
                self.search(body, holds)
            }
        }
    }

    fn search(&mut self, body: &[u8], holds: bool) -> Verdict {
        let Some(at) = self.id.find(body).map(|at| at + br#""id":"#.len()) else {
            return Verdict::Foreign;
        };
        let spaces = body[at..].iter().take_while(|byte| **byte == b' ').count();
        let at = at + spaces;
        let Some(id) = body.get(at..at + ID_DIGITS).and_then(parse) else {
            return Verdict::Foreign;
        };
        if !holds {
            return Verdict::Wrong(id);
        }
        let behind = body[at + ID_DIGITS..].to_vec();
        self.right = Some(Seen { before: body[..at].to_vec(), behind });
        Verdict::Right(id)
    }
}

impl Seen {
    /// The id of an answer that equals this one otherwise.
    fn id(&self, body: &[u8]) -> Option<u64> {
        let digits = body.strip_prefix(&self.before[..])?.strip_suffix(&self.behind[..])?;
        parse(digits)
    }
}

/// Whether `body` is an answer whose result holds `want`.
fn is_right(body: &[u8], want: &Value) -> bool {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let fails = answer["result"]["isError"] == true && want.get("isError").is_none();
    answer["jsonrpc"] == "2.0"
        && answer.get("result").is_some_and(|result| holds(result, want))
        && !fails
}

/// Whether `found` has all of `want`: members of objects, every element of arrays, equal leaves.
fn holds(found: &Value, want: &Value) -> bool {
    match (found, want) {
        (Value::Object(found), Value::Object(want)) => {
            want.iter().all(|(name, want)| found.get(name).is_some_and(|found| holds(found, want)))
        }
        (Value::Array(found), Value::Array(want)) => {
            found.len() == want.len()
                && found.iter().zip(want).all(|(found, want)| holds(found, want))
        }
        _ => found == want,
    }
}

/// Exactly [`ID_DIGITS`] digits.
fn parse(digits: &[u8]) -> Option<u64> {
    let digits: &[u8; ID_DIGITS] = digits.try_into().ok()?;
    digits
        .iter()
        .try_fold(0, |id, byte| byte.is_ascii_digit().then(|| id * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_content_under_an_id_is_right() {
        let text = |id: &str, text: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}],"extra":1}}}}"#
            )
        };
        let failed = text("100000006", "hi").replace(r#""extra":1"#, r#""isError":true"#);
        let two = text("100000007", "hi").replace("}]", "},{}]");
        let rows: [(&str, Verdict); 9] = [
            (&text("100000001", "hi"), Verdict::Right(100_000_001)),
            (&text("100000002", "hi"), Verdict::Right(100_000_002)),
            (&text(" 100000003", "hi"), Verdict::Right(100_000_003)),
            (&text("100000004", "ho"), Verdict::Wrong(100_000_004)),
            (&text("10000005", "hi"), Verdict::Foreign),
            (&text("null", "hi"), Verdict::Foreign),
            (&failed, Verdict::Wrong(100_000_006)),
            (&two, Verdict::Wrong(100_000_007)),
            ("", Verdict::Foreign),
        ];
        let want = serde_json::json!({ "content": [{ "text": "hi" }] });
        let mut check = Check::new(Answer::Result(want));
        for (body, want) in rows {
            assert_eq!(check.judge(body.as_bytes()), want, "{body}");
        }
    }

    #[test]
    fn constant_bytes_are_compared_whole() {
        let mut check = Check::new(Answer::Is(b"xx".to_vec()));
        assert_eq!(check.judge(b"xx"), Verdict::RightWithoutId);
        assert_eq!(check.judge(b"xxx"), Verdict::Foreign);
    }
}
