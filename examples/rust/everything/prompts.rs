//! Prompts of every kind, one of them with a question before it answers.

use mcpring::model::{Content, Elicitation, Property, ResourceContents};
use mcpring::server::{Completer, Outcome};
use mcpring::{Call, Prompt, PromptArgument, PromptMessage};

use crate::content::PIXEL;

pub(crate) fn prompts() -> [Prompt; 5] {
    [
        Prompt::new(
            "test_simple_prompt",
            |_: &mut Call<'_>| "This is a simple prompt for testing.",
        )
        .description("Says one thing.")
        .inline(),
        Prompt::new("test_prompt_with_arguments", |call: &mut Call<'_>| {
            let [one, two] = ["arg1", "arg2"].map(|name| call.argument(name).unwrap_or_default());
            format!("Prompt with arguments: arg1='{one}', arg2='{two}'")
        })
        .description("Says what it was given.")
        .argument(PromptArgument::required("arg1").description("One thing to say"))
        .argument(PromptArgument::required("arg2").description("Another thing to say"))
        .completer("arg1", Completer::values(["test", "testing", "tested"]))
        .complete("arg2", |call: &mut Call<'_>| {
            // What fits beside the other argument.
            call.argument("arg1").map(|one| vec![format!("{one} too")]).unwrap_or_default()
        })
        .inline(),
        Prompt::new("test_prompt_with_embedded_resource", |call: &mut Call<'_>| {
            let uri = call.argument("resourceUri").unwrap_or_default().into_owned();
            let text = "Embedded resource content for testing.";
            let resource = ResourceContents::text(uri, text).mime_type("text/plain");
            vec![
                PromptMessage::user(Content::embedded(resource)),
                PromptMessage::user("Please process the embedded resource above."),
            ]
        })
        .description("Says a resource, whole.")
        .argument(PromptArgument::required("resourceUri").description("Its URI"))
        .inline(),
        Prompt::new("test_prompt_with_image", |_: &mut Call<'_>| {
            vec![
                PromptMessage::user(Content::image(PIXEL, "image/png")),
                PromptMessage::user("Please analyze the image above."),
            ]
        })
        .description("Shows a picture.")
        .inline(),
        Prompt::new("test_input_required_result_prompt", with_question)
            .description("Asks for its context first."),
    ]
}

fn with_question(call: &mut Call<'_>) -> Result<String, Outcome> {
    let question = Elicitation::form("What context should the prompt use?")
        .property(Property::text("context").required());
    let answer = call.elicit("user_context", &question)?;
    let context = answer.text("context").unwrap_or_else(|| "(no context)".to_owned());
    Ok(format!("Prompt with elicited context: {context}"))
}
