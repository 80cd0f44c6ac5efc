//! Frames out of a stream of bytes, and back, for programs with sockets of their own.

use std::collections::VecDeque;

use mcpring::codec::{FrameError, LengthDecoder, LineDecoder, Place};
use mcpring::limits::{FRAME_BYTES_MAX, SLACK_BYTES};
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::input::Input;

/// Most pieces that may be fed before frames are taken out.
const PIECES_MAX: usize = 4096;

enum Decoder {
    Length(LengthDecoder),
    Line(LineDecoder),
}

impl Decoder {
    fn new(kind: &str, bytes_max: usize) -> PyResult<Self> {
        match kind {
            "length" => Ok(Self::Length(LengthDecoder::new(bytes_max))),
            "line" => Ok(Self::Line(LineDecoder::new(bytes_max))),
            other => Err(unknown(other)),
        }
    }

    fn next(
        &mut self,
        bytes: &[u8],
        at: &mut usize,
        whole: &mut Vec<u8>,
    ) -> Result<Option<Place>, FrameError> {
        match self {
            Self::Length(decoder) => decoder.next_of(bytes, at, whole),
            Self::Line(decoder) => decoder.next_of(bytes, at, whole),
        }
    }
}

fn unknown(kind: &str) -> PyErr {
    PyValueError::new_err(format!("frames are of the kind \"length\" or \"line\", not {kind:?}"))
}

fn refused(fault: FrameError) -> PyErr {
    PyValueError::new_err(fault.to_string())
}

/// Cuts a stream of bytes into frames.
#[pyclass(module = "mcpring._core")]
pub(crate) struct Frames {
    decoder: Decoder,
    pieces: VecDeque<Input>,
    /// How far the first piece is used up.
    at: usize,
    /// The last frame that did not lie whole in one piece, with slack behind it.
    whole: Vec<u8>,
    /// After a fault nobody knows where the next frame would begin.
    fault: Option<FrameError>,
}

#[pymethods]
impl Frames {
    #[new]
    #[pyo3(signature = (kind = "length", *, bytes_max = FRAME_BYTES_MAX))]
    fn new(kind: &str, bytes_max: usize) -> PyResult<Self> {
        if bytes_max == 0 || u32::try_from(bytes_max).is_err() {
            return Err(PyValueError::new_err("bytes_max is at least 1 and fits 32 bits"));
        }
        let decoder = Decoder::new(kind, bytes_max)?;
        Ok(Self { decoder, pieces: VecDeque::new(), at: 0, whole: Vec::new(), fault: None })
    }

    /// Takes what a socket gave; `bytes` are kept where they are.
    fn feed(&mut self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.pieces.len() >= PIECES_MAX {
            let words = format!("{PIECES_MAX} pieces were fed and no frame taken out");
            return Err(PyBufferError::new_err(words));
        }
        self.pieces.push_back(Input::of_buffer(data)?);
        Ok(())
    }

    /// The frames that are complete.
    fn __iter__(slf: Py<Self>) -> FrameIterator {
        FrameIterator { frames: slf }
    }

    /// Ends the stream: a last line without its newline, if there is one; a `ValueError` when the
    /// stream ended inside a frame with a length. All frames were taken out before.
    fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        match &mut self.decoder {
            Decoder::Length(decoder) if decoder.is_partial() => {
                Err(PyValueError::new_err("the stream ended inside a frame"))
            }
            Decoder::Length(_) => Ok(None),
            Decoder::Line(decoder) => {
                let last = decoder.finish_of(&mut self.whole);
                Ok(last.map(|_| self.whole(py)))
            }
        }
    }
}

impl Frames {
    fn next<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        if let Some(fault) = self.fault {
            return Err(refused(fault));
        }
        while let Some(piece) = self.pieces.front() {
            let bytes = piece.bytes(py);
            match self.decoder.next(bytes, &mut self.at, &mut self.whole) {
                Ok(Some(Place::Direct(range))) => return Ok(Some(PyBytes::new(py, &bytes[range]))),
                Ok(Some(Place::Whole)) => return Ok(Some(self.whole(py))),
                Ok(None) => {
                    self.pieces.pop_front();
                    self.at = 0;
                }
                Err(fault) => {
                    self.fault = Some(fault);
                    self.pieces.clear();
                    return Err(refused(fault));
                }
            }
        }
        Ok(None)
    }

    fn whole<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.whole[..self.whole.len() - SLACK_BYTES])
    }
}

/// Goes through the frames; it ends when more has to be fed.
#[pyclass(frozen, module = "mcpring._core")]
struct FrameIterator {
    frames: Py<Frames>,
}

#[pymethods]
impl FrameIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.frames.bind(py).try_borrow_mut()?.next(py)
    }
}

/// `message` as one frame.
#[pyfunction]
#[pyo3(signature = (message, kind = "length"))]
pub(crate) fn encode_frame<'py>(
    message: &Bound<'py, PyAny>,
    kind: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = message.py();
    let message = Input::of_buffer(message)?;
    let bytes = message.bytes(py);
    if bytes.is_empty() {
        return Err(PyValueError::new_err("no message is empty"));
    }
    match kind {
        "length" => {
            let len = u32::try_from(bytes.len())
                .map_err(|_| PyValueError::new_err("the message is longer than 32 bits can say"))?;
            joined(py, &len.to_be_bytes(), bytes)
        }
        "line" if bytes.contains(&b'\n') => {
            Err(PyValueError::new_err("the message has a newline, which ends a line"))
        }
        "line" => joined(py, bytes, b"\n"),
        other => Err(unknown(other)),
    }
}

/// Two pieces as one, with one copy of each.
fn joined<'py>(py: Python<'py>, first: &[u8], second: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, first.len() + second.len(), |room| {
        let (head, tail) = room.split_at_mut(first.len());
        head.copy_from_slice(first);
        tail.copy_from_slice(second);
        Ok(())
    })
}
