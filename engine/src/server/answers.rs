//! What a client answered to a handler's questions, and what the handler left for itself.

use std::sync::Arc;

use super::{Ask, RawJson};
use crate::limits::ANSWERS_MAX;
use crate::rpc::RpcError;

/// What a client answered to one question.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The result, as the client wrote it: made elsewhere, unchecked.
    Result(Box<RawJson>),
    /// The client refused or failed.
    Error(RpcError),
}

impl Answer {
    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Result(json) => json.get().len(),
            Self::Error(error) => {
                error.message.len() + error.data.as_ref().map_or(0, |data| data.get().len())
            }
        }
    }
}

/// The answers of all rounds, by the keys of their questions.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<(Box<str>, Answer)>);

impl Answers {
    /// No answers.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The answer to the question of that key.
    pub fn get(&self, key: &str) -> Option<&Answer> {
        self.0.iter().find(|(known, _)| &**known == key).map(|(_, answer)| answer)
    }

    /// All, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Answer)> {
        self.0.iter().map(|(key, answer)| (&**key, answer))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how much memory they take.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(key, answer)| key.len() + answer.bytes()).sum()
    }

    /// Enters an answer in the place of an earlier one to the same question; `false` when there
    /// are too many.
    pub fn put(&mut self, key: &str, answer: Answer) -> bool {
        if let Some((_, place)) = self.0.iter_mut().find(|(known, _)| &**known == key) {
            *place = answer;
            return true;
        }
        let has_room = self.0.len() < ANSWERS_MAX;
        if has_room {
            self.0.push((key.into(), answer));
        }
        has_room
    }

    fn forget(&mut self, key: &str) {
        self.0.retain(|(known, _)| &**known != key);
    }
}

/// What a call that asked is entered again with.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What the client answered so far.
    pub answers: Answers,
    /// What the handler left for itself.
    pub state: Option<Vec<u8>>,
    /// How often the handler has asked.
    pub rounds: u32,
}

/// For calls that have asked nothing.
pub(super) static NOTHING: Asked = Asked { answers: Answers::new(), state: None, rounds: 0 };

impl Asked {
    /// As it stands when the handler has asked `ask`: what is asked anew counts as unanswered.
    pub fn after(&self, ask: &Ask) -> Self {
        let mut next = self.clone();
        for (key, _) in &ask.requests {
            next.answers.forget(key);
        }
        if let Some(state) = &ask.state {
            next.state = Some(state.clone());
        }
        next.rounds += 1;
        next
    }

    /// Shared by those who carry a call.
    pub(super) fn shared(asked: Option<&Arc<Self>>) -> &Self {
        asked.map_or(&NOTHING, |asked| asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::AskRequest;

    fn answer(json: &str) -> Answer {
        Answer::Result(RawJson::from_string(json.to_owned()).expect("the test's JSON is JSON"))
    }

    fn shown(asked: &Asked) -> String {
        let answers: Vec<_> = asked
            .answers
            .iter()
            .map(|(key, answer)| match answer {
                Answer::Result(json) => format!("{key}={}", json.get()),
                Answer::Error(error) => format!("{key}!{}", error.code),
            })
            .collect();
        format!("{} {:?} {}", answers.join(","), asked.state, asked.rounds)
    }

    #[test]
    fn a_round_adds_to_what_was_known() {
        let mut asked = Asked::default();
        assert!(asked.answers.put("a", answer("1")));
        assert!(asked.answers.put("b", Answer::Error(RpcError::new(-1, "no"))));
        assert_eq!(shown(&asked), "a=1,b!-1 None 0");
        assert!(asked.answers.put("a", answer("2")));
        assert_eq!(shown(&asked), "a=2,b!-1 None 0");
        let next = asked.after(&Ask::new().with("b", AskRequest::Roots).state(*b"x"));
        assert_eq!(shown(&next), "a=2 Some([120]) 1");
        let last = next.after(&Ask::new().with("c", AskRequest::Roots));
        assert_eq!(shown(&last), "a=2 Some([120]) 2", "state that is not set anew stays");
    }

    #[test]
    fn answers_are_bounded() {
        let mut answers = Answers::new();
        for place in 0..ANSWERS_MAX {
            assert!(answers.put(&place.to_string(), answer("{}")));
        }
        assert!(!answers.put("more", answer("{}")));
        assert!(answers.put("0", answer("1")), "an answer may still be replaced");
        assert_eq!(answers.len(), ANSWERS_MAX);
    }
}
