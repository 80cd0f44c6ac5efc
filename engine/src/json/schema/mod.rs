//! JSON Schema over the tape: compiled once, then checked without building a tree.
//!
//! The keywords are jsonschema's; here is the tape in its terms (`node`) and our policy: nothing
//! is ever fetched, patterns run in linear time within a size limit, and an object with two
//! members of one name is refused, because the handler's decoder may pick the one that was not
//! validated. A panic inside the engine is the caller's to catch.

mod node;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError, Validator};

use self::node::{Indexes, Tape, TapeNode};
use super::value::Value;
use crate::limits::{REGEX_BYTES_MAX, VIOLATION_BYTES_MAX, VIOLATION_QUOTE_BYTES_MAX};

/// A compiled schema.
pub struct Schema {
    validator: Validator<Tape>,
}

impl Schema {
    /// Compiles `schema`, of draft 2020-12 unless its `$schema` says otherwise.
    pub fn compile(schema: &serde_json::Value) -> Result<Self, SchemaError> {
        let patterns =
            PatternOptions::regex().size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX);
        jsonschema::options_for::<Tape>()
            .offline()
            .with_pattern_options(patterns)
            .build(schema)
            .map(|validator| Self { validator })
            .map_err(|fault| SchemaError::new(&fault))
    }

    /// Checks `instance` and gives the first violation.
    pub fn check(&self, instance: Value<'_>) -> Result<(), Violation> {
        let indexes = Indexes::default();
        if let Some(name) = indexes.duplicate(instance) {
            return Err(Violation::duplicate(instance, name));
        }
        let node = TapeNode::Value(instance, &indexes);
        // Yes or no is much cheaper than an explanation, and mostly the answer is yes.
        if self.validator.is_valid(node) {
            return Ok(());
        }
        let explained = self.validator.validate(node);
        Err(explained.err().map_or_else(Violation::unexplained, |fault| Violation::new(&fault)))
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Why a schema cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// JSON Pointer into the schema.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl SchemaError {
    fn new(fault: &ValidationError<'_>) -> Self {
        use jsonschema::error::ValidationErrorKind::Referencing;

        let mut message = bounded(fault);
        if let Referencing(_) = fault.kind() {
            message.push_str("; a $ref must lead into the same schema, nothing is fetched");
        }
        Self { path: fault.instance_path().as_str().to_owned(), message }
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schema at \"{}\": {}", self.path, self.message)
    }
}

impl std::error::Error for SchemaError {}

/// The first place where an instance breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON Pointer into the instance; empty for the instance itself.
    pub path: String,
    /// What was expected there, without the value that was found.
    pub message: String,
}

impl Violation {
    /// A value that fits no arm of a choice is told what the one arm of its type wants, for "none of
    /// the schemas" helps nobody to correct it; if no arm is of its type, which types there are.
    fn new(fault: &ValidationError<'_>) -> Self {
        let mut fault = fault;
        let message = loop {
            let Some(arms) = arms(fault) else { break bounded(fault.masked()) };
            let (other_types, own): (Vec<_>, Vec<_>) =
                arms.partition(|arm| expected_type(arm, fault).is_some());
            match own.as_slice() {
                [arm] => fault = arm,
                [] if !other_types.is_empty() => {
                    let types = other_types.iter().filter_map(|arm| expected_type(arm, fault));
                    break bounded(format_args!("value is not of type {}", alternatives(types)));
                }
                _ => break bounded(fault.masked()),
            }
        };
        Self { path: fault.instance_path().as_str().to_owned(), message }
    }

    fn duplicate(instance: Value<'_>, name: Value<'_>) -> Self {
        let quoted: String =
            name.as_str().unwrap_or_default().chars().take(VIOLATION_QUOTE_BYTES_MAX / 4).collect();
        let message = format!("more than one member is called {quoted:?}");
        Self { path: node::pointer_to_parent(instance, name), message }
    }

    fn unexplained() -> Self {
        Self { path: String::new(), message: "value does not match the schema".to_owned() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Violation {}

/// The first fault of each arm, if `fault` is that a value fits none of several schemas.
fn arms<'a>(
    fault: &'a ValidationError<'_>,
) -> Option<impl Iterator<Item = &'a ValidationError<'static>>> {
    match fault.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            Some(context.iter().filter_map(|arm| arm.first()))
        }
        _ => None,
    }
}

/// The type that `arm` wants where `whole` looks, if another type is all that is wrong.
fn expected_type<'a>(
    arm: &'a ValidationError<'_>,
    whole: &ValidationError<'_>,
) -> Option<&'a TypeKind> {
    match arm.kind() {
        ValidationErrorKind::Type { kind } if arm.instance_path() == whole.instance_path() => {
            Some(kind)
        }
        _ => None,
    }
}

/// Types as `"integer", "string" or "null"`.
fn alternatives<'a>(kinds: impl Iterator<Item = &'a TypeKind>) -> String {
    let mut names: Vec<String> = Vec::new();
    for kind in kinds {
        let own = match kind {
            TypeKind::Single(name) => vec![*name],
            TypeKind::Multiple(set) => set.iter().collect(),
        };
        for name in own.iter().map(|name| format!("\"{name}\"")) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The words of `fault`, cut where they become too long to be useful (they may list a peer's
/// names or a schema's values).
fn bounded(fault: impl fmt::Display) -> String {
    let mut text = Bounded(String::new());
    // The only error is that the bound is reached, and then the start is what is wanted.
    let _ = write!(text, "{fault}");
    text.0
}

struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = VIOLATION_BYTES_MAX - self.0.len().min(VIOLATION_BYTES_MAX);
        if part.len() <= room {
            self.0.push_str(part);
            return Ok(());
        }
        self.0.push_str(&part[..part.floor_char_boundary(room)]);
        self.0.push('…');
        Err(fmt::Error)
    }
}
