//! What a message of the server is: an answer, right or wrong, a report of progress, or a question
//! of its own.
//!
//! Messages that were right are remembered by their shape; one that differs only in its id, its
//! progress or its state is known by comparison and not read again.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::request::ID_DIGITS;
use super::shape::Shape;
use crate::question::{Answer, Question, Reply};

/// Shapes remembered: those of one operation, and a few more for servers that vary the order.
const SHAPES_MAX: usize = 8;

/// What a message turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict<'b> {
    /// The answer to this id, and right.
    Right(u64),
    /// A right answer that carries no id.
    RightWithoutId,
    /// An answer to this id, if it has a usable one, with other content.
    Wrong(Option<u64>),
    /// An answer with a JSON-RPC error.
    Refused(Option<u64>),
    /// The call must be made again with these members added to its parameters.
    Again(u64, Again<'b>),
    /// The request with the id `token` has come to `progress`.
    Progress { token: u64, progress: f64 },
    /// The server asks; `id` is its JSON, the reply one of the question's.
    Asked { id: &'b [u8], reply: Option<usize> },
    /// A notification that concerns no request.
    Aside,
    /// No message at all.
    Unreadable,
}

/// What a result of the kind "input required" wants to have back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Again<'b> {
    /// The member `inputResponses`, with its name and a comma before it.
    pub(super) responses: Rc<str>,
    /// The JSON of the server's state; empty if there is none.
    pub(super) state: &'b [u8],
}

/// Judges the messages that follow one question.
pub(super) struct Check {
    answer: Answer,
    replies: Vec<Reply>,
    seen: Vec<Seen>,
    /// The place of the next shape once all are taken.
    next: usize,
}

/// A message that was right.
struct Seen {
    shape: Shape,
    kind: Kind,
    /// Whether the second of the kind's scalars stands first.
    turned: bool,
}

/// What a shape means, and which scalars it has.
#[derive(Clone)]
enum Kind {
    /// The id.
    Right,
    /// The id and the state.
    Again(Rc<str>),
    /// The token and the progress.
    Progress,
    /// The id.
    Asked(Option<usize>),
}

/// A message, its parts left as they stand.
#[derive(Deserialize)]
struct Message<'b> {
    #[serde(borrow, default)]
    jsonrpc: Cow<'b, str>,
    #[serde(borrow)]
    id: Option<&'b RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'b, str>>,
    #[serde(borrow)]
    params: Option<&'b RawValue>,
    #[serde(borrow)]
    result: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

/// A result that asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputRequired<'b> {
    #[serde(borrow)]
    result_type: Cow<'b, str>,
    #[serde(default)]
    input_requests: Map<String, Value>,
    #[serde(borrow)]
    request_state: Option<&'b RawValue>,
}

/// The parameters of a report of progress.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress<'b> {
    #[serde(borrow)]
    progress_token: &'b RawValue,
    #[serde(borrow)]
    progress: &'b RawValue,
}

impl Check {
    /// A judge of what follows `question`.
    pub(super) fn new(question: &Question) -> Self {
        let (answer, replies) = (question.answer.clone(), question.replies.clone());
        Self { answer, replies, seen: Vec::new(), next: 0 }
    }

    /// Judges one message.
    pub(super) fn judge<'b>(&mut self, body: &'b [u8]) -> Verdict<'b> {
        if let Answer::Is(bytes) = &self.answer {
            return if body == bytes { Verdict::RightWithoutId } else { Verdict::Wrong(None) };
        }
        match self.seen.iter().find_map(|seen| seen.recognize(body)) {
            Some(verdict) => verdict,
            None => self.read(body),
        }
    }

    fn read<'b>(&mut self, body: &'b [u8]) -> Verdict<'b> {
        let Ok(message) = serde_json::from_slice::<Message<'b>>(body) else {
            return Verdict::Unreadable;
        };
        match (&message.method, message.id) {
            _ if message.jsonrpc != "2.0" => Verdict::Wrong(message.id.and_then(number)),
            (Some(method), Some(id)) => {
                let reply = self.reply(method);
                self.learn(Kind::Asked(reply), body, &[id]);
                Verdict::Asked { id: id.get().as_bytes(), reply }
            }
            (Some(method), None) if method == "notifications/progress" => {
                self.progress(body, message.params)
            }
            (Some(_), None) => Verdict::Aside,
            (None, id) => self.answer(body, id, &message),
        }
    }

    /// Which reply is due to a question of the server; behind the last of them stands that to `ping`.
    fn reply(&self, method: &str) -> Option<usize> {
        let reply = self.replies.iter().position(|reply| reply.method == method);
        reply.or((method == "ping").then_some(self.replies.len()))
    }

    fn progress<'b>(&mut self, body: &'b [u8], params: Option<&'b RawValue>) -> Verdict<'b> {
        let params = params.and_then(|raw| serde_json::from_str::<Progress<'b>>(raw.get()).ok());
        let read = params.and_then(|params| {
            let progress: f64 = params.progress.get().parse().ok()?;
            Some((params.progress_token, params.progress, number(params.progress_token)?, progress))
        });
        let Some((token_at, progress_at, token, progress)) = read else {
            return Verdict::Aside;
        };
        self.learn(Kind::Progress, body, &[token_at, progress_at]);
        Verdict::Progress { token, progress }
    }

    fn answer<'b>(
        &mut self,
        body: &'b [u8],
        id_at: Option<&'b RawValue>,
        message: &Message<'b>,
    ) -> Verdict<'b> {
        let id = id_at.and_then(number);
        if message.error.is_some() {
            return Verdict::Refused(id);
        }
        let (Some(id_at), Some(id), Some(result)) = (id_at, id, message.result) else {
            return Verdict::Wrong(id);
        };
        if self.is_right(result) {
            self.learn(Kind::Right, body, &[id_at]);
            return Verdict::Right(id);
        }
        match self.again(result) {
            Some((responses, state_at)) => {
                let state = state_at.map_or(&body[..0], |state| state.get().as_bytes());
                let places: Vec<&RawValue> =
                    [Some(id_at), state_at].into_iter().flatten().collect();
                self.learn(Kind::Again(Rc::clone(&responses)), body, &places);
                Verdict::Again(id, Again { responses, state })
            }
            None => Verdict::Wrong(Some(id)),
        }
    }

    /// Whether `result` holds what the question wants.
    fn is_right(&self, result: &RawValue) -> bool {
        let (Answer::Result(want), Ok(result)) =
            (&self.answer, serde_json::from_str::<Value>(result.get()))
        else {
            return false;
        };
        let fails = result["isError"] == true && want.get("isError").is_none();
        !fails && holds(&result, want)
    }

    /// The responses to a result that asks, and its state; none if it asks what the question has no
    /// reply for.
    fn again<'b>(&self, result: &'b RawValue) -> Option<(Rc<str>, Option<&'b RawValue>)> {
        if self.replies.is_empty() {
            return None;
        }
        let asks: InputRequired<'b> = serde_json::from_str(result.get()).ok()?;
        if asks.result_type != "input_required" {
            return None;
        }
        let mut responses = Map::new();
        for (key, request) in asks.input_requests {
            let reply = self.replies.iter().find(|reply| request["method"] == reply.method)?;
            responses.insert(key, reply.result.clone());
        }
        let responses = format!(r#","inputResponses":{}"#, Value::Object(responses));
        Some((responses.into(), asks.request_state))
    }

    /// Remembers `body`, in which scalars stand at `places`, of which the kind's first is the first.
    fn learn(&mut self, kind: Kind, body: &[u8], places: &[&RawValue]) {
        let mut holes: Vec<Range<usize>> = places.iter().map(|raw| place(body, raw)).collect();
        let turned = holes.len() == 2 && holes[1].start < holes[0].start;
        if turned {
            holes.swap(0, 1);
        }
        let seen = Seen { shape: Shape::cut(body, &holes), kind, turned };
        if self.seen.len() < SHAPES_MAX {
            self.seen.push(seen);
        } else {
            self.seen[self.next] = seen;
            self.next = (self.next + 1) % SHAPES_MAX;
        }
    }
}

impl Seen {
    /// What `body` is if it has this shape.
    fn recognize<'b>(&self, body: &'b [u8]) -> Option<Verdict<'b>> {
        let [mut first, mut second] = self.shape.fit(body)?;
        if self.turned {
            (first, second) = (second, first);
        }
        Some(match &self.kind {
            Kind::Right => Verdict::Right(parse(first)?),
            Kind::Again(responses) => {
                let again = Again { responses: Rc::clone(responses), state: second };
                Verdict::Again(parse(first)?, again)
            }
            Kind::Progress => {
                let progress = std::str::from_utf8(second).ok()?.parse().ok()?;
                Verdict::Progress { token: parse(first)?, progress }
            }
            Kind::Asked(reply) => Verdict::Asked { id: first, reply: *reply },
        })
    }
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

/// Where in `body` the bytes of `raw` stand, which was read from it.
fn place(body: &[u8], raw: &RawValue) -> Range<usize> {
    let start = raw.get().as_ptr().addr() - body.as_ptr().addr();
    start..start + raw.get().len()
}

fn number(raw: &RawValue) -> Option<u64> {
    parse(raw.get().as_bytes())
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
    use serde_json::json;

    use super::*;

    /// Judges `rows` in turn by one judge, then once more: what is remembered must not change it.
    #[track_caller]
    fn check(question: &Question, rows: &[(&str, Verdict<'_>)]) {
        let mut check = Check::new(question);
        for round in 0..2 {
            for (body, want) in rows {
                assert_eq!(&check.judge(body.as_bytes()), want, "round {round}: {body}");
            }
        }
    }

    fn question(want: Value) -> Question {
        Question::request("q", "tools/call", "{}".into(), Answer::Result(want))
    }

    #[test]
    fn only_the_right_content_under_an_id_is_right() {
        let text = |id: &str, text: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}],"extra":1}}}}"#
            )
        };
        let failed = text("100000006", "hi").replace(r#""extra":1"#, r#""isError":true"#);
        let two = text("100000007", "hi").replace("}]", "},{}]");
        let error = r#"{"jsonrpc":"2.0","id":100000008,"error":{"code":-32603,"message":"hi"}}"#;
        let rows: [(&str, Verdict<'_>); 12] = [
            (&text("100000001", "hi"), Verdict::Right(100_000_001)),
            (&text("100000002", "hi"), Verdict::Right(100_000_002)),
            (&text(" 100000003", "hi"), Verdict::Right(100_000_003)),
            (&text("100000004", "ho"), Verdict::Wrong(Some(100_000_004))),
            (&text("10000005", "hi"), Verdict::Wrong(None)),
            (&text(r#""100000005""#, "hi"), Verdict::Wrong(None)),
            (&text("null", "hi"), Verdict::Wrong(None)),
            (&failed, Verdict::Wrong(Some(100_000_006))),
            (&two, Verdict::Wrong(Some(100_000_007))),
            (error, Verdict::Refused(Some(100_000_008))),
            (r#"{"jsonrpc":"1.0","id":100000009,"result":{}}"#, Verdict::Wrong(Some(100_000_009))),
            ("", Verdict::Unreadable),
        ];
        check(&question(json!({ "content": [{ "text": "hi" }] })), &rows);
    }

    #[test]
    fn the_id_is_the_one_at_the_top() {
        let inner = r#"{"jsonrpc":"2.0","result":{"id":100000001,"s":"\"id\":100000002"},"id":ID}"#;
        let rows = [
            (inner.replace("ID", "100000003"), Verdict::Right(100_000_003)),
            (inner.replace("ID", "100000004"), Verdict::Right(100_000_004)),
            (inner.replace("000002", "000009").replace("ID", "100000005"), {
                Verdict::Wrong(Some(100_000_005))
            }),
            (inner.replace(r#","id":ID"#, ""), Verdict::Wrong(None)),
            (inner.replace("ID", r#"100000006,"id":100000007"#), Verdict::Unreadable),
        ];
        let rows: Vec<_> = rows.iter().map(|(body, want)| (body.as_str(), want.clone())).collect();
        check(&question(json!({ "s": r#""id":100000002"# })), &rows);
    }

    #[test]
    fn progress_is_read_wherever_it_stands() {
        let report = |params: &str| {
            format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{params}}}"#)
        };
        let progress = |token, progress| Verdict::Progress { token, progress };
        let rows = [
            (report(r#"{"progressToken":100000001,"progress":1}"#), progress(100_000_001, 1.0)),
            (report(r#"{"progressToken":100000002,"progress":2.5}"#), progress(100_000_002, 2.5)),
            (report(r#"{"progress":10,"progressToken":100000003}"#), progress(100_000_003, 10.0)),
            (report(r#"{"progress":11,"progressToken":100000004}"#), progress(100_000_004, 11.0)),
            (report(r#"{"progress":"1","progressToken":100000004}"#), Verdict::Aside),
            (report(r#"{"progress":1,"progressToken":"x"}"#), Verdict::Aside),
            (report("{}").replace("progress", "message"), Verdict::Aside),
        ];
        let rows: Vec<_> = rows.iter().map(|(body, want)| (body.as_str(), want.clone())).collect();
        check(&question(json!({})), &rows);
    }

    #[test]
    fn questions_of_the_server_are_known_by_their_method() {
        let asks = |id: &str, method: &str| {
            format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"n":1}}}}"#)
        };
        let rows = [
            (asks("0", "sampling/createMessage"), "0", Some(0)),
            (asks("117", "sampling/createMessage"), "117", Some(0)),
            (asks(r#""a-b""#, "sampling/createMessage"), r#""a-b""#, Some(0)),
            (asks("3", "ping"), "3", Some(1)),
            (asks("4", "roots/list"), "4", None),
        ];
        let rows: Vec<_> = rows
            .iter()
            .map(|(body, id, reply)| {
                (body.as_str(), Verdict::Asked { id: id.as_bytes(), reply: *reply })
            })
            .collect();
        check(&sampling(), &rows);
    }

    fn sampling() -> Question {
        let reply = Reply { method: "sampling/createMessage".into(), result: json!({ "m": 1 }) };
        Question { replies: vec![reply], ..question(json!({ "content": [] })) }
    }

    #[test]
    fn a_result_that_asks_is_called_again_with_the_replies() {
        let asks = |id: u64, state: &str, method: &str| {
            let requests = format!(r#"{{"k":{{"method":"{method}","params":{{}}}}}}"#);
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"input_required","inputRequests":{requests}{state}}}}}"#
            )
        };
        let again = |id, state: &'static str| {
            let responses = r#","inputResponses":{"k":{"m":1}}"#.into();
            Verdict::Again(id, Again { responses, state: state.as_bytes() })
        };
        let method = "sampling/createMessage";
        let rows = [
            (asks(100_000_001, r#","requestState":"a1""#, method), again(100_000_001, r#""a1""#)),
            (asks(100_000_002, r#","requestState":"b""#, method), again(100_000_002, r#""b""#)),
            (asks(100_000_003, "", method), again(100_000_003, "")),
            (asks(100_000_004, "", "roots/list"), Verdict::Wrong(Some(100_000_004))),
        ];
        let rows: Vec<_> = rows.iter().map(|(body, want)| (body.as_str(), want.clone())).collect();
        check(&sampling(), &rows);
        check(
            &question(json!({ "content": [] })),
            &[(&asks(100_000_001, "", method), Verdict::Wrong(Some(100_000_001)))],
        );
    }

    #[test]
    fn constant_bytes_are_compared_whole() {
        let mut check = Check::new(&Question::opaque(1, 2));
        assert_eq!(check.judge(b"=="), Verdict::RightWithoutId);
        assert_eq!(check.judge(b"==="), Verdict::Wrong(None));
    }
}
