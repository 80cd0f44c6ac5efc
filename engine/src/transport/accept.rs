//! Media types: what an Accept header allows, and whether a Content-Type is JSON.

/// What nearly every client sends, recognised without being taken apart.
const USUAL: &[u8] = b"application/json, text/event-stream";

/// What the Accept lines seen so far allow of the two types an answer may have.
///
/// The most specific range that matches a type decides (exact over `type/*` over `*/*`), and a
/// weight of zero forbids. Without any Accept line nothing is allowed: the protocol demands one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Acceptance {
    json: Verdict,
    event_stream: Verdict,
}

#[derive(Clone, Copy, Debug, Default)]
struct Verdict {
    /// 0 = nothing matched, 1 = `*/*`, 2 = `type/*`, 3 = the type itself.
    specificity: u8,
    allowed: bool,
}

impl Verdict {
    fn note(&mut self, specificity: u8, allowed: bool) {
        if specificity > self.specificity {
            *self = Self { specificity, allowed };
        } else if specificity == self.specificity {
            self.allowed |= allowed;
        }
    }
}

impl Acceptance {
    /// Reads one Accept line; several lines are one list.
    pub(super) fn note(&mut self, line: &[u8]) {
        if line == USUAL {
            self.json.note(3, true);
            self.event_stream.note(3, true);
            return;
        }
        for range in line.split(|&byte| byte == b',') {
            let mut parts = range.split(|&byte| byte == b';');
            let media = parts.next().unwrap_or_default().trim_ascii();
            let allowed = !parts.any(is_zero_weight);
            let named = |name: &[u8]| media.eq_ignore_ascii_case(name);
            if named(b"application/json") {
                self.json.note(3, allowed);
            } else if named(b"text/event-stream") {
                self.event_stream.note(3, allowed);
            } else if named(b"application/*") {
                self.json.note(2, allowed);
            } else if named(b"text/*") {
                self.event_stream.note(2, allowed);
            } else if named(b"*/*") {
                self.json.note(1, allowed);
                self.event_stream.note(1, allowed);
            }
        }
    }

    pub(super) fn json(self) -> bool {
        self.json.allowed
    }

    pub(super) fn event_stream(self) -> bool {
        self.event_stream.allowed
    }
}

/// Whether a Content-Type says JSON, with parameters or without.
pub(super) fn is_json(content_type: &[u8]) -> bool {
    let json = b"application/json";
    if content_type == json {
        return true;
    }
    let end = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    content_type[..end].trim_ascii().eq_ignore_ascii_case(json)
}

/// `q=0`, `q=0.`, `q=0.000`: the range is forbidden.
fn is_zero_weight(parameter: &[u8]) -> bool {
    match parameter.trim_ascii() {
        [b'q' | b'Q', b'=', b'0', fraction @ ..] => {
            fraction.iter().all(|&byte| matches!(byte, b'.' | b'0'))
        }
        _ => false,
    }
}
