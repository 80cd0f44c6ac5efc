//! Where a schema comes from (JSON by hand, or a Rust type), and its way to the listed bytes.
//!
//! A schema given by hand is listed as it was given, space between tokens aside: clients that look
//! for `$defs`, `$anchor` or their own keywords find them.

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};

use super::SchemaCache;
use super::schema_cache::HeldSchema;
use crate::json;
use crate::limits;
use crate::model::RawJson;

/// A JSON Schema on its way into a tool: text, a [`serde_json::Value`], or a type's own schema.
#[derive(Clone, Debug)]
pub struct SchemaSource {
    text: String,
}

impl SchemaSource {
    /// The schema of what `T` reads. Says `type: object` even where the type leaves it open, as an
    /// enum of structs does: arguments always are an object.
    pub fn of_input<T: JsonSchema>() -> Self {
        let mut schema = generator().into_root_schema_for::<T>();
        schema.remove("title");
        if schema.get("type").is_none() {
            schema.insert("type".into(), "object".into());
        }
        schema.into()
    }

    /// The schema of what `T` writes.
    pub fn of_output<T: JsonSchema>() -> Self {
        let settings = generator().settings().clone().for_serialize();
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        schema.remove("title");
        schema.into()
    }

    /// Reads, compacts and compiles the schema; an error is a fault of its author, in words.
    pub(super) fn compile(&self, cache: &mut SchemaCache) -> Result<Compiled, String> {
        if self.text.len() > limits::SCHEMA_BYTES_MAX {
            return Err(format!("is longer than {} bytes", limits::SCHEMA_BYTES_MAX));
        }
        let value: serde_json::Value =
            serde_json::from_str(&self.text).map_err(|fault| format!("is not JSON: {fault}"))?;
        if !value.is_object() {
            return Err("is not a JSON object".into());
        }
        let mut compact = Vec::with_capacity(self.text.len());
        json::compact_into(&mut compact, self.text.as_bytes());
        let text = String::from_utf8(compact)
            .ok()
            .and_then(|text| RawJson::from_string(text).ok())
            .ok_or("is not JSON")?;
        let schema = cache
            .compile(text.get(), &value)
            .map_err(|fault| format!("is not a valid JSON Schema: {fault}"))?;
        Ok(Compiled { text, value, schema })
    }
}

fn generator() -> SchemaGenerator {
    // The dialect is the protocol's default, so naming it in every schema would be noise.
    SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None).into_generator()
}

/// A schema that was found good.
pub(super) struct Compiled {
    /// What is listed.
    pub(super) text: Box<RawJson>,
    /// The same, to look into.
    pub(super) value: serde_json::Value,
    /// What checks values.
    pub(super) schema: HeldSchema,
}

impl Compiled {
    /// Whether the root says `type: object`.
    pub(super) fn is_object_type(&self) -> bool {
        self.value.get("type").and_then(serde_json::Value::as_str) == Some("object")
    }
}

impl From<serde_json::Value> for SchemaSource {
    fn from(schema: serde_json::Value) -> Self {
        Self { text: schema.to_string() }
    }
}

impl From<schemars::Schema> for SchemaSource {
    fn from(schema: schemars::Schema) -> Self {
        Self { text: schema.as_value().to_string() }
    }
}

impl From<Box<RawJson>> for SchemaSource {
    fn from(schema: Box<RawJson>) -> Self {
        Self { text: schema.get().to_owned() }
    }
}

impl From<String> for SchemaSource {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl From<&str> for SchemaSource {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned() }
    }
}
