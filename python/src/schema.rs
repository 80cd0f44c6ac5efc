//! Compiled schemas, for who checks values without a server.

use std::cell::RefCell;

use mcpring::json::{PaddedBuf, Parser, schema};
use mcpring::limits::SCHEMA_BYTES_MAX;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error;
use crate::input::with_text;

/// Bytes of memory that a thread keeps between checks.
const COPY_BYTES_KEPT: usize = 1 << 20;

thread_local! {
    static MEMORY: RefCell<(Parser, PaddedBuf)> =
        RefCell::new((Parser::default(), PaddedBuf::copy(&[])));
}

/// A compiled JSON Schema.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Schema(schema::Schema);

#[pymethods]
impl Schema {
    #[new]
    fn new(py: Python<'_>, text: &str) -> PyResult<Self> {
        compile(text).map(Self).map_err(|words| error::config(py, words))
    }

    /// What is wrong with a text, and where; nothing when it fits.
    #[expect(clippy::needless_pass_by_value, reason = "pyo3 hands arguments over like this")]
    fn check(&self, text: Bound<'_, PyAny>) -> PyResult<Option<String>> {
        with_text(&text, |text| MEMORY.with_borrow_mut(|memory| self.violation(memory, text)))
    }
}

impl Schema {
    fn violation(
        &self,
        (parser, copy): &mut (Parser, PaddedBuf),
        text: &[u8],
    ) -> PyResult<Option<String>> {
        if copy.capacity() > COPY_BYTES_KEPT && text.len() < COPY_BYTES_KEPT {
            *copy = PaddedBuf::copy(&[]);
        }
        copy.replace(text);
        let value = parser
            .parse(copy.padded())
            .map_err(|fault| PyValueError::new_err(fault.to_string()))?;
        Ok(self.0.check(value).err().map(|violation| violation.to_string()))
    }
}

fn compile(text: &str) -> Result<schema::Schema, String> {
    if text.len() > SCHEMA_BYTES_MAX {
        return Err(format!("the schema is longer than {SCHEMA_BYTES_MAX} bytes"));
    }
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|fault| format!("the schema is not JSON: {fault}"))?;
    schema::Schema::compile(&value).map_err(|fault| fault.to_string())
}
