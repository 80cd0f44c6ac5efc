//! Where the answers of a feature come from.

use std::sync::Arc;

use bytes::Bytes;
use mcpring::Error;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::handler::{Handler, Lane, Prepared};

/// What answers: a handler of the program's, or, for resources that never change, the engine, which
/// holds a copy and needs no Python.
pub(crate) enum Source {
    Handler(Arc<Prepared>),
    Text(Arc<str>),
    Bytes(Bytes),
}

impl Source {
    /// Reads what a resource is added with: a handler, text or bytes.
    pub(crate) fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(handler) = given.cast_exact::<Handler>() {
            Ok(Self::of(handler))
        } else if let Ok(text) = given.cast_exact::<PyString>() {
            Ok(Self::Text(text.to_str()?.into()))
        } else if let Ok(bytes) = given.cast_exact::<PyBytes>() {
            Ok(Self::Bytes(Bytes::copy_from_slice(bytes.as_bytes())))
        } else {
            Err(PyTypeError::new_err("a resource is added with a Handler, str or bytes"))
        }
    }

    /// A handler of the program's.
    pub(crate) fn of(handler: &Bound<'_, Handler>) -> Self {
        Self::Handler(Arc::clone(&handler.get().0))
    }

    /// The handler, for what cannot do without.
    pub(crate) fn handler(&self) -> Result<&Arc<Prepared>, Error> {
        match self {
            Self::Handler(handler) => Ok(handler),
            Self::Text(_) | Self::Bytes(_) => Err(Error::bug("a feature without a handler")),
        }
    }

    /// Where its handler runs, if it has one.
    pub(crate) fn lane(&self) -> Option<Lane> {
        self.handler().ok().map(|handler| handler.lane)
    }
}
