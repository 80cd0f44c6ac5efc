//! Whether an answer is right: the id of a request that is open, and the content expected.
//!
//! The first right answer is remembered; a later one that equals it but for the id is right too,
//! which is two comparisons instead of two searches.

use memchr::memmem;

use super::request::ID_DIGITS;
use crate::workload::Answer;

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

/// Judges the answers to one workload.
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
            Answer::Holds(content) => {
                let holds = memmem::find(body, content).is_some();
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
        let rows: [(&[u8], Verdict); 7] = [
            (br#"{"id":100000001,"text":"hi"}"#, Verdict::Right(100_000_001)),
            (br#"{"id":100000002,"text":"hi"}"#, Verdict::Right(100_000_002)),
            (br#"{"id": 100000003, "text":"hi"}"#, Verdict::Right(100_000_003)),
            (br#"{"id":100000004,"text":"ho"}"#, Verdict::Wrong(100_000_004)),
            (br#"{"id":10000005,"text":"hi"}"#, Verdict::Foreign),
            (br#"{"id":null,"text":"hi"}"#, Verdict::Foreign),
            (b"", Verdict::Foreign),
        ];
        let mut check = Check::new(Answer::Holds(br#""text":"hi""#.to_vec()));
        for (body, want) in rows {
            assert_eq!(check.judge(body), want, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn constant_bytes_are_compared_whole() {
        let mut check = Check::new(Answer::Is(b"xx".to_vec()));
        assert_eq!(check.judge(b"xx"), Verdict::RightWithoutId);
        assert_eq!(check.judge(b"xxx"), Verdict::Foreign);
    }
}
