//! JSON text to Python objects: arguments of calls, and values that are asked for.

use jiter::{Jiter, NumberAny, NumberInt, PartialMode, Peek, PythonParse, StringCacheMode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple, PyType};

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

/// The parameters of one handler: their names as Python compares them fastest, and what their
/// numbers are.
pub(crate) struct Parameters {
    all: Box<[Parameter]>,
    /// Whether the function takes them in this order, without their names.
    has_places: bool,
}

struct Parameter {
    text: Box<str>,
    /// Interned, as the names in a function's code are: matching them is comparing addresses.
    name: Py<PyString>,
    number: Option<Number>,
}

impl Parameters {
    /// Parameters of these names, and of what else has exact numbers. `places` are the names of those
    /// that the function takes without their names.
    pub(crate) fn new(
        py: Python<'_>,
        mut names: Vec<String>,
        exact: &Exact,
        places: &[String],
    ) -> Self {
        for (own, _) in &exact.0 {
            if let Ok(own) = own.bind(py).to_str()
                && !names.iter().any(|name| name == own)
            {
                names.push(own.to_owned());
            }
        }
        let has_places = !places.is_empty() && names == places;
        Self { all: names.iter().map(|text| Parameter::new(py, text, exact)).collect(), has_places }
    }

    /// The place of a name; senders mostly keep to the order of the schema.
    fn find(&self, text: &str, expected: usize) -> Option<usize> {
        if self.all.get(expected).is_some_and(|parameter| *parameter.text == *text) {
            return Some(expected);
        }
        self.all.iter().position(|parameter| *parameter.text == *text)
    }
}

/// The properties of an input schema. One that is none is refused by whoever compiles it.
pub(crate) fn properties(schema: &str) -> Vec<String> {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap_or_default();
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    properties.into_iter().flat_map(serde_json::Map::keys).cloned().collect()
}

impl Parameter {
    fn new(py: Python<'_>, text: &str, exact: &Exact) -> Self {
        let name = PyString::intern(py, text);
        let is_own = |own: &Py<PyString>| own.bind(py).to_str().is_ok_and(|own| own == text);
        let number = exact.0.iter().find(|(own, _)| is_own(own)).map(|(_, number)| *number);
        Self { text: text.into(), name: name.unbind(), number }
    }
}

/// The arguments of a call as a function takes them fastest: a `tuple` of those without names, where
/// all came in the order of its parameters, or a `dict`. `json` is an object that the engine has
/// checked. What it cannot have seen, a number of more digits than Python takes, is a `ValueError`.
pub(crate) fn arguments<'py>(
    py: Python<'py>,
    json: &[u8],
    parameters: &Parameters,
) -> PyResult<Bound<'py, PyAny>> {
    let mut members = Members { jiter: Jiter::new(json), json, parameters };
    let mut given = Given::new(py, parameters.has_places.then_some(parameters.all.len()));
    if members.read(py, &mut given)? {
        return given.finish(py);
    }
    // What is wrong is said by who reads it whole.
    value(py, json)
}

/// As [`arguments`], always by their names.
pub(crate) fn object<'py>(
    py: Python<'py>,
    json: &[u8],
    parameters: &Parameters,
) -> PyResult<Bound<'py, PyDict>> {
    let mut members = Members { jiter: Jiter::new(json), json, parameters };
    let mut given = Given::new(py, None);
    if members.read(py, &mut given)? {
        return Ok(given.finish(py)?.cast_into()?);
    }
    Ok(value(py, json)?.cast_into()?)
}

/// Arguments as they come.
struct Given<'py> {
    /// The values, as long as each came in the place of its parameter.
    values: Vec<Bound<'py, PyAny>>,
    /// From then on all of them.
    names: Option<Bound<'py, PyDict>>,
}

impl<'py> Given<'py> {
    /// None yet; `places` is how many the function takes without their names, if it does.
    fn new(py: Python<'py>, places: Option<usize>) -> Self {
        let names = places.is_none().then(|| PyDict::new(py));
        Self { values: Vec::with_capacity(places.unwrap_or(0)), names }
    }

    /// Takes the next one; `place` is the one of its parameter, if it is known.
    fn take(
        &mut self,
        place: Option<usize>,
        name: Bound<'py, PyString>,
        value: Bound<'py, PyAny>,
        parameters: &Parameters,
    ) -> PyResult<()> {
        if let Some(names) = &self.names {
            return names.set_item(name, value);
        }
        if place == Some(self.values.len()) {
            self.values.push(value);
            return Ok(());
        }
        let py = value.py();
        let names = PyDict::new(py);
        for (parameter, value) in parameters.all.iter().zip(self.values.drain(..)) {
            names.set_item(parameter.name.bind(py), value)?;
        }
        names.set_item(name, value)?;
        self.names = Some(names);
        Ok(())
    }

    fn finish(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(match self.names {
            Some(names) => names.into_any(),
            None => PyTuple::new(py, self.values)?.into_any(),
        })
    }
}

/// An object that is read member by member.
struct Members<'j> {
    jiter: Jiter<'j>,
    json: &'j [u8],
    parameters: &'j Parameters,
}

impl Members<'_> {
    /// Reads the whole object; `false` when it cannot be read so.
    fn read<'py>(&mut self, py: Python<'py>, given: &mut Given<'py>) -> PyResult<bool> {
        let parameters = self.parameters;
        let Ok(mut next) = self.jiter.next_object() else { return Ok(false) };
        let mut expected = 0;
        while let Some(text) = next {
            let place = parameters.find(text, expected);
            expected = place.map_or(expected, |place| place + 1);
            let name = match place {
                Some(place) => parameters.all[place].name.bind(py).clone(),
                None => PyString::new(py, text),
            };
            let Some(value) = self.value(py)? else { return Ok(false) };
            let number = place.and_then(|place| parameters.all[place].number);
            let settled = number.map(|number| number.settle(&value)).transpose()?.flatten();
            given.take(place, name, settled.unwrap_or(value), parameters)?;
            match self.jiter.next_key() {
                Ok(key) => next = key,
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn value<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Ok(peek) = self.jiter.peek() else { return Ok(None) };
        let start = self.jiter.current_index();
        let value = match peek {
            Peek::String => {
                self.jiter.known_str().ok().map(|text| PyString::new(py, text).into_any())
            }
            Peek::Null => self.jiter.known_null().ok().map(|()| py.None().into_bound(py)),
            Peek::True | Peek::False => {
                let bool = self.jiter.known_bool(peek).ok();
                bool.map(|bool| PyBool::new(py, bool).to_owned().into_any())
            }
            _ if peek.is_num() => match self.jiter.known_number(peek) {
                Ok(NumberAny::Int(NumberInt::Int(int))) => Some(PyInt::new(py, int).into_any()),
                Ok(NumberAny::Float(float)) => Some(PyFloat::new(py, float).into_any()),
                Ok(NumberAny::Int(NumberInt::BigInt(_))) => Some(self.since(py, start)?),
                Err(_) => None,
            },
            _ => match self.jiter.known_skip(peek) {
                Ok(()) => Some(self.since(py, start)?),
                Err(_) => None,
            },
        };
        Ok(value)
    }

    /// What was read since `start`, by who reads values whole.
    fn since<'py>(&self, py: Python<'py>, start: usize) -> PyResult<Bound<'py, PyAny>> {
        value(py, &self.json[start..self.jiter.current_index()])
    }
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
