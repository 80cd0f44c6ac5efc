//! What a tool asks the caller's model: by a request of its own in the handshake era, by a result
//! that wants input in the stateless one.
#![expect(deprecated, reason = "2026-07-28 deprecates sampling, and it is measured all the same")]

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolResponse, CallToolResult, ContentBlock, CreateMessageRequest,
        CreateMessageRequestParams, CreateMessageResult, InputRequest, InputRequiredResult,
        InputResponses, ProtocolVersion, SamplingContent, SamplingMessage,
        SamplingMessageContentBlock,
    },
    service::RequestContext,
};

use crate::tools::failed;

/// What the question is called in a result that wants input.
const QUESTION: &str = "model";

/// Asks the model, or answers with what it said already.
pub async fn ask(
    prompt: String,
    replies: Option<InputResponses>,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(reply) = replies.and_then(|mut replies| replies.remove(QUESTION)) {
        return said(serde_json::from_value(reply).map_err(failed)?);
    }
    let question = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    if context.protocol_version() >= Some(ProtocolVersion::V_2026_07_28) {
        let request = InputRequest::CreateMessage(CreateMessageRequest::new(question));
        let requests = [(QUESTION.to_owned(), request)].into();
        return Ok(InputRequiredResult::from_input_requests(requests).into());
    }
    said(context.peer.create_message(question).await.map_err(failed)?)
}

fn said(reply: CreateMessageResult) -> Result<CallToolResponse, ErrorData> {
    match reply.message.content {
        SamplingContent::Single(SamplingMessageContentBlock::Text(text)) => {
            Ok(CallToolResult::success(vec![ContentBlock::text(text.text)]).into())
        }
        _ => Err(failed("the model did not say one text")),
    }
}
