//! Tools that answer at once: one for each kind of content, a failure, and arguments of note.

use mcpring::model::{Content, ResourceContents, ToolResult};
use mcpring::server::NoArguments;
use mcpring::{Call, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// A red picture of one pixel.
pub(crate) const PIXEL: &[u8] = include_bytes!("pixel.png");
/// A thousandth of a second of silence.
const SILENCE: &[u8] = include_bytes!("silence.wav");

#[derive(Debug, Deserialize, JsonSchema)]
struct Mirrored {
    /// Mirrored into the header Mcp-Param-Region.
    #[schemars(extend("x-mcp-header" = "Region"))]
    #[serde(default)]
    region: String,
}

pub(crate) fn tools() -> Vec<Tool> {
    let tools = [
        Tool::new(
            "test_simple_text",
            |_: NoArguments| "This is a simple text response for testing.",
        )
        .description("Answers with text."),
        Tool::new("test_image_content", |_: NoArguments| Content::image(PIXEL, "image/png"))
            .description("Answers with a picture."),
        Tool::new("test_audio_content", |_: NoArguments| Content::audio(SILENCE, "audio/wav"))
            .description("Answers with a sound."),
        Tool::new("test_embedded_resource", |_: NoArguments| {
            let text = "This is an embedded resource content.";
            Content::embedded(
                ResourceContents::text("test://embedded-resource", text).mime_type("text/plain"),
            )
        })
        .description("Answers with a resource, whole."),
        Tool::new("test_multiple_content_types", |_: NoArguments| mixed())
            .description("Answers with text, a picture and a resource."),
        Tool::new("test_error_handling", |_: NoArguments| {
            let words = "This tool intentionally returns an error for testing";
            Err::<String, _>(ToolError(words.to_owned()))
        })
        .description("Always fails."),
        Tool::new("test_x_mcp_header", |Mirrored { region }| format!("region: {region}"))
            .description("Takes an argument that is mirrored in a header."),
        json_schema(),
    ];
    tools.into_iter().map(|tool| tool.read_only(true).inline()).collect()
}

fn mixed() -> ToolResult {
    let uri = "test://mixed-content-resource";
    let json = json!({ "test": "data", "value": 123 }).to_string();
    ToolResult::text("Multiple content types test:")
        .with(Content::image(PIXEL, "image/png"))
        .with(Content::embedded(ResourceContents::text(uri, json).mime_type("application/json")))
}

/// Keywords of JSON Schema 2020-12 that have to reach the client as they are.
fn json_schema() -> Tool {
    let address = json!({
        "$anchor": "addressDef",
        "type": "object",
        "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
    });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": address },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": {
            "properties": { "contactMethod": { "const": "phone" } },
            "required": ["contactMethod"],
        },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    });
    Tool::raw("json_schema_2020_12_tool", schema, |call: &mut Call<'_>| {
        format!("Hello, {}!", call.argument("name").as_deref().unwrap_or("whoever you are"))
    })
    .description("Takes arguments that JSON Schema 2020-12 describes.")
}
