//! Answers of the stateless era to results that ask: the request once more, with what was asked
//! for and the state that came along, or with what a client should not send.

use serde_json::{Value, json};

use super::author::{Ask, Author};
use super::checker::Expect;
use super::dice::Dice;

/// What a result asks for.
#[derive(Clone, Debug)]
pub(super) struct Required {
    pub(super) tool: &'static str,
    pub(super) text: String,
    pub(super) keys: Vec<String>,
    pub(super) state: Option<String>,
}

/// One client's rounds.
#[derive(Default)]
pub(super) struct Rounds {
    /// States that came along, with the text of their call.
    states: Vec<(String, String)>,
}

impl Rounds {
    /// What is said to a result that asks; as a rule one request.
    pub(super) fn answer(
        &mut self,
        required: Required,
        author: &mut Author,
        dice: &mut Dice,
    ) -> Vec<Ask> {
        let Required { tool, text, keys, state } = required;
        let answer = json!({ "role": "assistant", "model": "m",
            "content": { "type": "text", "text": text } });
        let responses: Value = keys.iter().map(|key| (key.clone(), answer.clone())).collect();
        let spell = |responses: &Value, state: Option<&str>| {
            let state = state.map(|state| format!(r#","requestState":{}"#, Value::from(state)));
            format!(r#","inputResponses":{responses}{}"#, state.unwrap_or_default())
        };
        let right = || Expect::Asks { tool, text: text.clone() };
        let stranger = self.states.iter().find(|(other, _)| *other != text);
        let stranger = stranger.map(|(_, state)| state.clone());
        let well = spell(&responses, state.as_deref());
        let asks: Vec<(String, Expect)> = match dice.below(20) {
            0 => Vec::new(),
            1 => vec![(well.clone(), right()), (well, right())],
            2 => vec![(spell(&json!({ "other": answer }), state.as_deref()), right())],
            3 => vec![(spell(&json!({ "1": {} }), state.as_deref()), Expect::Anything)],
            4 => vec![(spell(&json!({ "1": 7 }), state.as_deref()), Expect::Error)],
            // What it remembers is lost: it asks from the beginning.
            5 => vec![(spell(&responses, None), right())],
            6..10 => match (&state, stranger) {
                (_, Some(stranger)) if dice.chance(400) => {
                    vec![(spell(&responses, Some(&stranger)), Expect::Error)]
                }
                (Some(state), _) => {
                    vec![(spell(&responses, Some(&tampered(state, dice))), Expect::Error)]
                }
                _ => vec![(well, right())],
            },
            _ => vec![(well, right())],
        };
        if let Some(state) = state
            && self.states.len() < 8
        {
            self.states.push((text.clone(), state));
        }
        asks.into_iter()
            .map(|(more, expect)| author.again(dice, tool, &text, &more, expect))
            .collect()
    }
}

/// The state with one letter changed, added or taken away.
fn tampered(state: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<u8> = state.bytes().collect();
    let at = dice.below(letters.len() as u64) as usize;
    match dice.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, b'A'),
        _ => letters[at] = if letters[at] == b'A' { b'B' } else { b'A' },
    }
    String::from_utf8(letters).unwrap_or_default()
}
