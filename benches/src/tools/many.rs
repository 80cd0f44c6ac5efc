//! Features in numbers, beside the fixture: for measuring what many of them cost.

use mcpring::{Call, ResourceTemplate, ServerBuilder, Tool};
use serde_json::{Map, Value, json};

/// Fields of each tool's schema.
const FIELDS: usize = 20;

/// Adds `count` resource templates that differ in their literal part, as routes do.
pub fn with_templates(builder: ServerBuilder, count: usize) -> ServerBuilder {
    let template = |number| {
        let read = |call: &mut Call<'_>| call.variable("id").map(str::to_owned);
        ResourceTemplate::new(template(number), format!("template {number}"), read).inline()
    };
    (0..count).map(template).fold(builder, ServerBuilder::template)
}

/// Template `number`.
pub fn template(number: usize) -> String {
    format!("bench:///t{number:05}/{{id}}")
}

/// Adds `count` tools whose schemas all differ, of twenty fields each.
pub fn with_schemas(builder: ServerBuilder, count: usize) -> ServerBuilder {
    let tool = |number| {
        Tool::raw(format!("schema_{number:05}"), schema(number), |_: &mut Call<'_>| "fits").inline()
    };
    (0..count).map(tool).fold(builder, ServerBuilder::tool)
}

fn schema(number: usize) -> Value {
    let field = |at: usize| match at % 4 {
        0 => json!({ "type": "string", "maxLength": 100 + number }),
        1 => json!({ "type": "integer", "minimum": 0, "maximum": 1000 + number }),
        2 => json!({ "type": "number" }),
        _ => json!({ "type": "boolean" }),
    };
    let fields: Map<_, _> = (0..FIELDS).map(|at| (format!("field{at:02}"), field(at))).collect();
    let required: Vec<_> = fields.keys().cloned().collect();
    json!({ "type": "object", "properties": fields, "required": required })
}
