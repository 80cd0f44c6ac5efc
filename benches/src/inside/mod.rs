//! Work inside this process, on parts of the engine.

use crate::workload::InsideSpec;

/// The parts that can be measured.
pub const PARTS: [&str; 8] = [
    "json_encode",
    "json_decode",
    "schema",
    "registry_lookup",
    "registry_register",
    "queue",
    "session",
    "pool",
];

/// Says in words what is wrong with `spec`.
pub fn check(spec: &InsideSpec) -> Result<(), String> {
    if PARTS.contains(&spec.part.as_str()) {
        return Ok(());
    }
    Err(format!("unknown part {:?}; known: {}", spec.part, PARTS.join(", ")))
}
