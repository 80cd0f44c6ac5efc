//! JSON text to Python objects: arguments of calls, and values that are asked for.

use jiter::{PartialMode, PythonParse, StringCacheMode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyType};

/// Parameters whose numbers are delivered as one type, whatever the sender wrote.
#[derive(Default)]
pub(crate) struct Exact(Vec<(Py<PyString>, Number)>);

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Int,
    Float,
}

impl Exact {
    /// Reads a mapping of parameter names to the types `int` and `float`.
    pub(crate) fn read(mapping: &Bound<'_, PyMapping>) -> PyResult<Self> {
        let read = |item: Bound<'_, PyAny>| {
            let (name, kind): (Bound<'_, PyString>, Bound<'_, PyType>) = item.extract()?;
            Ok((name.unbind(), Number::read(&kind)?))
        };
        mapping.items()?.iter().map(read).collect::<PyResult<_>>().map(Self)
    }
}

impl Number {
    fn read(kind: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = kind.py();
        if kind.is(py.get_type::<PyInt>()) {
            Ok(Self::Int)
        } else if kind.is(py.get_type::<PyFloat>()) {
            Ok(Self::Float)
        } else {
            Err(PyValueError::new_err("exact numbers are of the type int or float"))
        }
    }

    /// Makes the numbers of this type in `value`, and at any depth inside it. Gives what stands in
    /// its place when that is another object.
    fn settle<'py>(self, value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Ok(number) = value.cast_exact::<PyFloat>() {
            return Ok(if self == Self::Int { int_of(number) } else { None });
        }
        if let Ok(number) = value.cast_exact::<PyInt>() {
            // An integer beyond the largest float stays what it is.
            let float = || number.extract().ok().map(|float| PyFloat::new(value.py(), float));
            return Ok(if self == Self::Float { float().map(Bound::into_any) } else { None });
        }
        if let Ok(list) = value.cast_exact::<PyList>() {
            for (at, item) in list.iter().enumerate() {
                if let Some(settled) = self.settle(&item)? {
                    list.set_item(at, settled)?;
                }
            }
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            for (name, item) in dict.iter() {
                if let Some(settled) = self.settle(&item)? {
                    dict.set_item(name, settled)?;
                }
            }
        }
        Ok(None)
    }
}

/// The `int` of a `float` without a fraction.
fn int_of<'py>(number: &Bound<'py, PyFloat>) -> Option<Bound<'py, PyAny>> {
    let float = number.value();
    if float.fract() != 0.0 || !float.is_finite() {
        return None;
    }
    number.py().get_type::<PyInt>().call1((number,)).ok()
}

/// The arguments of a call: `json` is an object that the engine has checked. What it cannot have
/// seen, a number of more digits than Python takes, is a `ValueError`.
pub(crate) fn object<'py>(
    py: Python<'py>,
    json: &[u8],
    exact: &Exact,
) -> PyResult<Bound<'py, PyDict>> {
    let object = value(py, json)?.cast_into::<PyDict>()?;
    for (name, number) in &exact.0 {
        let name = name.bind(py);
        if let Some(value) = object.get_item(name)?
            && let Some(settled) = number.settle(&value)?
        {
            object.set_item(name, settled)?;
        }
    }
    Ok(object)
}

/// Any JSON text as Python's objects; a `ValueError` where it is none.
pub(crate) fn value<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let parse = PythonParse {
        allow_inf_nan: false,
        cache_mode: StringCacheMode::Keys,
        partial_mode: PartialMode::Off,
        ..PythonParse::default()
    };
    parse.python_parse(py, json).map_err(|fault| jiter::map_json_error(json, &fault))
}
