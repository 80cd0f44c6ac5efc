//! An event stream as the browser standard cuts it: lines, of which only the data matters here.

use memchr::memchr2;

use crate::fault::Fault;
use crate::generator::reader::fits;

/// The messages of one event stream, put together from wherever it was cut.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
    /// The data of an event that has not ended yet.
    data: Vec<u8>,
    /// The last byte was a CR; a LF behind it ends the same line.
    after_return: bool,
}

impl Events {
    /// Takes the next bytes and hands out every message that they end. An event without data is no
    /// message: a stream begins with one, so that there is an id to resume from.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        message: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.after_return && !bytes.is_empty() {
            self.after_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(at) = memchr2(b'\n', b'\r', bytes) {
            if self.line.is_empty() {
                take(&bytes[..at], &mut self.data, message)?;
            } else {
                self.line.extend_from_slice(&bytes[..at]);
                take(&self.line, &mut self.data, message)?;
                self.line.clear();
            }
            let rest = &bytes[at + 1..];
            let is_return = bytes[at] == b'\r';
            self.after_return = is_return && rest.is_empty();
            bytes = if is_return { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
        }
        self.line.extend_from_slice(bytes);
        fits(self.line.len() + self.data.len(), &self.data).map_err(Fault::Target)
    }

    /// Forgets what came so far and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.line.clear();
        self.data.clear();
        self.after_return = false;
    }
}

/// Works off one line; an empty one ends the event.
fn take(
    line: &[u8],
    data: &mut Vec<u8>,
    message: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if let Some(rest) = line.strip_prefix(b"data:") {
        if !data.is_empty() {
            data.push(b'\n');
        }
        data.extend_from_slice(rest.strip_prefix(b" ").unwrap_or(rest));
    } else if line.is_empty() && !data.is_empty() {
        message(data)?;
        data.clear();
    }
    Ok(())
}
