//! Compiled schemas by content: a schema many tools share is compiled once and held once.
//!
//! Compiling costs a hundred times a check, so it happens at build time only; the bound keeps a
//! program that builds servers over and over from growing. What is evicted lives on in the tools
//! that hold it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::json::Value;
use crate::json::schema::{Schema, SchemaError, Violation};
use crate::limits;

/// How a cache has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaStats {
    /// Schemas found ready.
    pub hits: u64,
    /// Schemas compiled.
    pub misses: u64,
    /// Schemas given up to make room.
    pub evictions: u64,
    /// Schemas held.
    pub entries: usize,
    /// Bytes of the texts held.
    pub bytes: usize,
}

/// Compiled schemas by content, at most so many.
#[derive(Default)]
pub struct SchemaCache {
    entries: HashMap<Box<str>, Entry>,
    stats: SchemaStats,
    limit: Option<usize>,
    uses: u64,
    holds_nothing: bool,
}

/// What checks values of a schema that was found good.
#[derive(Clone)]
pub(super) enum HeldSchema {
    Compiled(Arc<Schema>),
    /// Without the optimisation: compiled before every check.
    Source(Arc<serde_json::Value>),
}

impl HeldSchema {
    /// Checks `instance` and gives the first violation.
    pub(super) fn check(&self, instance: Value<'_>) -> Result<(), Violation> {
        match self {
            Self::Compiled(schema) => schema.check(instance),
            Self::Source(source) => {
                let schema = Schema::compile(source).expect("what compiled once compiles again");
                schema.check(instance)
            }
        }
    }
}

struct Entry {
    schema: Arc<Schema>,
    last_use: u64,
}

impl SchemaCache {
    /// An empty cache of [`limits::SCHEMAS_MAX`] entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty cache of at most `limit` entries, at least one.
    pub fn with_limit(limit: usize) -> Self {
        Self { limit: Some(limit.max(1)), ..Self::default() }
    }

    /// A cache that keeps no compiled schema: its tools compile theirs before every check. For
    /// measuring what the compiled ones are worth.
    pub fn without_compiled() -> Self {
        Self { holds_nothing: true, ..Self::default() }
    }

    /// How it has done.
    pub fn stats(&self) -> SchemaStats {
        self.stats
    }

    /// The compiled form of `value`, whose compact text is `text`.
    pub(super) fn compile(
        &mut self,
        text: &str,
        value: &serde_json::Value,
    ) -> Result<HeldSchema, SchemaError> {
        self.uses += 1;
        if let Some(entry) = self.entries.get_mut(text) {
            self.stats.hits += 1;
            entry.last_use = self.uses;
            return Ok(HeldSchema::Compiled(Arc::clone(&entry.schema)));
        }
        let schema = Arc::new(Schema::compile(value)?);
        self.stats.misses += 1;
        if self.holds_nothing {
            return Ok(HeldSchema::Source(Arc::new(value.clone())));
        }
        if self.entries.len() >= self.limit.unwrap_or(limits::SCHEMAS_MAX) {
            self.evict();
        }
        let entry = Entry { schema: Arc::clone(&schema), last_use: self.uses };
        self.entries.insert(text.into(), entry);
        self.stats.bytes += text.len();
        self.stats.entries = self.entries.len();
        Ok(HeldSchema::Compiled(schema))
    }

    /// Gives up the entry that was not used for longest. Looks at all of them: it happens at build
    /// time and beyond thousands of distinct schemas.
    fn evict(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last_use);
        if let Some(text) = oldest.map(|(text, _)| text.clone()) {
            self.entries.remove(&text);
            self.stats.evictions += 1;
            self.stats.bytes -= text.len();
        }
    }
}
