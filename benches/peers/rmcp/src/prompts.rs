//! The three prompts: without arguments, with ten and with fifty.

use rmcp::{
    ErrorData,
    model::{
        GetPromptRequestParams, GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage,
        Role,
    },
};

const SIMPLE: &str = "Summarize what was said so far.";

/// All of them in their order.
pub fn list() -> Vec<Prompt> {
    let prompt = |(name, count): (&str, usize)| {
        let arguments = names(count).map(|name| PromptArgument::new(name).with_required(true));
        Prompt::new(name, None::<&str>, (count > 0).then(|| arguments.collect()))
    };
    [("prompt_simple", 0), ("prompt_medium", 10), ("prompt_complex", 50)].map(prompt).into()
}

/// The one message of the prompt that is asked for.
pub fn get(request: &GetPromptRequestParams) -> Result<GetPromptResult, ErrorData> {
    let text = match request.name.as_str() {
        "prompt_simple" => SIMPLE.to_owned(),
        "prompt_medium" => values(request.arguments.as_ref(), 10)?,
        "prompt_complex" => values(request.arguments.as_ref(), 50)?,
        name => return Err(ErrorData::invalid_params(format!("no prompt {name}"), None)),
    };
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]))
}

fn names(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|index| format!("a{index:02}"))
}

/// `a00=VALUE; a01=VALUE; …`.
fn values(arguments: Option<&JsonObject>, count: usize) -> Result<String, ErrorData> {
    let pair = |name: String| match arguments.and_then(|all| all.get(&name)?.as_str()) {
        Some(value) => Ok(format!("{name}={value}")),
        None => Err(ErrorData::invalid_params(format!("{name} is missing"), None)),
    };
    Ok(names(count).map(pair).collect::<Result<Vec<_>, _>>()?.join("; "))
}
