//! Resources that can be read and watched, and one template.

use mcpring::model::CacheHint;
use mcpring::server::Completer;
use mcpring::{Call, Resource, ResourceTemplate};
use serde_json::json;

use crate::content::PIXEL;

/// How long clients may keep what never changes, in milliseconds.
const KEPT_MS: u64 = 60_000;

pub(crate) fn resources() -> [Resource; 3] {
    [
        Resource::text(
            "test://static-text",
            "static_text_resource",
            "This is the content of the static text resource.",
        )
        .description("Text that never changes.")
        .cache_hint(CacheHint::public(KEPT_MS)),
        Resource::blob("test://static-binary", "static_binary_resource", PIXEL)
            .description("A picture that never changes.")
            .mime_type("image/png")
            .cache_hint(CacheHint::public(KEPT_MS)),
        Resource::text("test://watched-resource", "watched_resource", "Watched resource content")
            .description("Text to subscribe to."),
    ]
}

pub(crate) fn template() -> ResourceTemplate {
    ResourceTemplate::new(
        "test://template/{id}/data",
        "template_resource",
        |call: &mut Call<'_>| {
            let id = call.variable("id").unwrap_or_default();
            json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") })
                .to_string()
        },
    )
    .description("Data made for an id.")
    .mime_type("application/json")
    .inline()
    .completer("id", Completer::values(["1", "2", "3", "123"]))
}
