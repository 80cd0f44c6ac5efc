//! The question that a workload asks.

use super::{AnswerSpec, RequestSpec, Workload};
use crate::question::{Answer, Ask, Question, Reply, form1000_arguments};

/// The generator of the arguments of the large form.
pub(super) const FORM1000: &str = "form1000";

/// Whether arguments are made under this name.
pub(super) fn is_generator(name: &str) -> bool {
    name == FORM1000
}

impl Workload {
    /// Whether it is measured on a server: no work inside this process, and nothing that is yet to come.
    pub fn needs_server(&self) -> bool {
        self.inside.is_none() && self.not_yet.is_none()
    }

    /// What it asks of a server; `None` where it asks nothing.
    pub fn question(&self) -> Option<Question> {
        let (request, answer) = self.request.as_ref().zip(self.answer.as_ref())?;
        Some(question(&self.id, request, answer))
    }
}

fn question(id: &str, request: &RequestSpec, answer: &AnswerSpec) -> Question {
    let replies = request.replies.iter();
    Question {
        name: id.to_owned(),
        ask: Ask::Request {
            method: request.method.clone(),
            params: params(request),
            progress: request.progress,
        },
        answer: Answer::Result(answer.result.clone()),
        events: answer.events,
        replies: replies
            .map(|(method, result)| Reply { method: method.clone(), result: result.clone() })
            .collect(),
    }
}

/// The parameters as JSON, with generated arguments as their generator wrote them.
fn params(request: &RequestSpec) -> String {
    let mut params = serde_json::to_string(&request.params).expect("a map of values is JSON");
    if request.generate.is_some() {
        // Generated text has escapes and numbers of its own, which a value would not keep.
        let last = params.pop();
        debug_assert_eq!(last, Some('}'));
        let comma = if params.ends_with('{') { "" } else { "," };
        params.push_str(&format!(r#"{comma}"arguments":{}}}"#, form1000_arguments()));
    }
    params
}
