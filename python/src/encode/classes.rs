//! What an object's class says about its JSON form, looked up once for each class.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple, PyType};

/// Most classes that are remembered. A program that makes classes without end pays for looking.
const CLASSES_MAX: usize = 1024;

/// How the objects of a class become JSON.
pub(super) enum Class {
    /// By Python code.
    Foreign,
    /// By pydantic's serializer.
    Model,
    /// A dataclass: by these fields.
    Fields(Box<[Py<PyString>]>),
}

/// Classes by their address, which is theirs as long as they are held here.
type Known = HashMap<usize, (Py<PyType>, Arc<Class>)>;

static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);

/// What the class of `value` says.
pub(super) fn of(value: &Bound<'_, PyAny>) -> PyResult<Arc<Class>> {
    let kind = value.get_type();
    let address = kind.as_ptr() as usize;
    {
        // No Python code runs under the lock, so whoever waits for it may stay attached.
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, class)) = known.get(&address) {
            return Ok(Arc::clone(class));
        }
    }
    let class = Arc::new(look(&kind)?);
    let forgotten = {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        let is_full = known.len() >= CLASSES_MAX;
        let forgotten = if is_full { std::mem::take(&mut *known) } else { Known::new() };
        known.insert(address, (kind.unbind(), Arc::clone(&class)));
        forgotten
    };
    drop(forgotten);
    Ok(class)
}

/// The JSON text of a model, as `bytes`.
pub(super) fn model_json<'py>(model: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = model.py();
    let serializer = model.get_type().getattr(intern!(py, "__pydantic_serializer__"))?;
    let by_alias = PyDict::new(py);
    by_alias.set_item(intern!(py, "by_alias"), true)?;
    serializer.call_method(intern!(py, "to_json"), (model,), Some(&by_alias))
}

fn look(kind: &Bound<'_, PyType>) -> PyResult<Class> {
    let has = |name: &str| kind.hasattr(name);
    if extends_plain(kind)? || has("_member_map_")? || has("to_dict")? {
        return Ok(Class::Foreign);
    }
    if has("__pydantic_serializer__")? {
        return Ok(if may_be_content(kind)? { Class::Foreign } else { Class::Model });
    }
    if has("model_dump")? || !has("__dataclass_fields__")? {
        return Ok(Class::Foreign);
    }
    fields(kind).map(Class::Fields)
}

/// Whether `kind` extends what JSON has; what that means is for Python code to say.
fn extends_plain(kind: &Bound<'_, PyType>) -> PyResult<bool> {
    Ok(kind.is_subclass_of::<PyString>()?
        || kind.is_subclass_of::<PyInt>()?
        || kind.is_subclass_of::<PyFloat>()?
        || kind.is_subclass_of::<PyDict>()?
        || kind.is_subclass_of::<PyList>()?
        || kind.is_subclass_of::<PyTuple>()?
        || kind.is_subclass_of::<PySet>()?
        || kind.is_subclass_of::<PyFrozenSet>()?)
}

/// Whether a model may be one of the SDK's, which are content or results and not data. Content
/// says what it is in a field `type`.
fn may_be_content(kind: &Bound<'_, PyType>) -> PyResult<bool> {
    let fields = kind.getattr("__pydantic_fields__");
    let fields = fields.and_then(|fields| Ok(fields.cast_into::<PyDict>()?));
    let has_type = fields.and_then(|fields| fields.contains("type")).unwrap_or(true);
    Ok(has_type || kind.name()? == "CallToolResult")
}

/// The names of a dataclass's fields, without what only looks like fields.
fn fields(kind: &Bound<'_, PyType>) -> PyResult<Box<[Py<PyString>]>> {
    let fields = kind.py().import("dataclasses")?.call_method1("fields", (kind,))?;
    let names = fields.cast::<PyTuple>()?.iter().map(|field| {
        let name = field.getattr("name")?;
        Ok(name.cast_into::<PyString>()?.unbind())
    });
    names.collect()
}
