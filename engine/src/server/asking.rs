//! How handlers ask: the answer if it is there, otherwise the question to return.

use std::fmt::Display;

use super::{Answer, Answers, Ask, AskRequest, Call, Deferred, FeatureKind, Outcome};
use crate::model::{ElicitAnswer, Elicitation, Root, Sampling, SamplingAnswer};
use crate::rpc::RpcError;

/// The same methods for a call at hand and for one taken along.
macro_rules! asking {
    () => {
        /// What the client answered to earlier questions of this call.
        pub fn answers(&self) -> &Answers {
            &self.asked().answers
        }

        /// What the handler left for itself when it last asked ([`Ask::state`]).
        pub fn state(&self) -> Option<&[u8]> {
            self.asked().state.as_deref()
        }

        /// Asks the person: the answer if it is there, otherwise what the handler has to return
        /// (with `?`) so that the question is put. It is entered again with the answer.
        pub fn elicit(&self, key: &str, question: &Elicitation) -> Result<ElicitAnswer, Outcome> {
            self.answer(key, ElicitAnswer::parse, || AskRequest::Elicit(question.clone()))
        }

        /// Asks the client's model; see [`Self::elicit`].
        pub fn sample(&self, key: &str, question: &Sampling) -> Result<SamplingAnswer, Outcome> {
            let request = || AskRequest::Sample(Box::new(question.clone()));
            self.answer(key, SamplingAnswer::parse, request)
        }

        /// Asks which places the client works in; see [`Self::elicit`].
        pub fn list_roots(&self, key: &str) -> Result<Vec<Root>, Outcome> {
            self.answer(key, Root::parse_list, || AskRequest::Roots)
        }

        fn answer<T, E: Display>(
            &self,
            key: &str,
            parse: impl FnOnce(&str) -> Result<T, E>,
            request: impl FnOnce() -> AskRequest,
        ) -> Result<T, Outcome> {
            let unreadable = match self.answers().get(key) {
                None => return Err(Ask::new().with(key, request()).into()),
                Some(Answer::Error(error)) => return Err(refused(self.kind(), key, error)),
                Some(Answer::Result(json)) => match parse(json.get()) {
                    Ok(answer) => return Ok(answer),
                    Err(fault) => unreadable(self.kind(), key, &fault),
                },
            };
            // Who sends the call again by itself may be asked again for what it got wrong.
            let asks_anew = self.context().version().asks_in_results();
            Err(if asks_anew { Ask::new().with(key, request()).into() } else { unreadable })
        }
    };
}

impl Call<'_> {
    asking!();
}

impl Deferred {
    asking!();
}

fn refused(kind: FeatureKind, key: &str, error: &RpcError) -> Outcome {
    let words = format!("the client did not answer {key:?}: {} ({})", error.message, error.code);
    kind.failed(words)
}

fn unreadable(kind: FeatureKind, key: &str, fault: &dyn Display) -> Outcome {
    kind.failed(format!("the client's answer to {key:?} cannot be read: {fault}"))
}
