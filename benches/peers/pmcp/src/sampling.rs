//! What a tool asks the caller's model: by a request of its own in the handshake era, by a result
//! that wants input in the stateless one.

use pmcp::{
    CallToolResult, Content, CreateMessageParams, CreateMessageResult, Error, RequestHandlerExtra,
    Result, Role, SamplingMessage,
    types::{
        mrtr::{InputRequest, InputResponse, MrtrSignal},
        protocol::Era,
        sampling::SamplingMessageContent,
    },
};
use serde_json::Value;

use crate::tools;

/// What the question is called in a result that wants input.
const QUESTION: &str = "model";

/// Asks the model, or answers with what it said already.
pub async fn ask(prompt: String, extra: RequestHandlerExtra) -> Result<CallToolResult> {
    let replies = extra.input_responses();
    if let Some(InputResponse::Sampling(reply)) = replies.and_then(|all| all.get(QUESTION)) {
        return said(reply);
    }
    let content = SamplingMessageContent::Text { text: prompt, meta: None };
    let question = CreateMessageParams::new(vec![SamplingMessage::new(Role::User, content)]);
    let question = question.with_max_tokens(100);
    if extra.era() == Some(Era::V2) {
        return wants(question);
    }
    let peer = extra.peer().ok_or_else(|| Error::internal("the client cannot be asked here"))?;
    said(&peer.sample(question).await?)
}

/// A result that wants the answer to `question`.
fn wants(question: CreateMessageParams) -> Result<CallToolResult> {
    let request = InputRequest::Sampling(Box::new(question));
    let input_requests = [(QUESTION.to_owned(), request)].into();
    let signal = MrtrSignal { input_requests, continuation: Value::Null };
    let entry = signal.into_meta_entry()?;
    Ok(CallToolResult::new(Vec::new()).with_meta([entry].into_iter().collect()))
}

fn said(reply: &CreateMessageResult) -> Result<CallToolResult> {
    match &reply.content {
        Content::Text { text } => Ok(tools::said(text.clone())),
        _ => Err(Error::internal("the model did not say one text")),
    }
}
