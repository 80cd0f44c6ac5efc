//! Page cursors: opaque to clients, checked when they come back.

/// Where the next page of one list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which list, so that a cursor of one is no cursor of another.
    pub list: u8,
    /// Place of the page's first item.
    pub position: u32,
}

/// The text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorError;

impl Cursor {
    /// The text clients send back. The last two digits are a check sum: a cursor that was cut or
    /// edited is refused instead of silently showing another page.
    pub fn encode(self) -> String {
        let body = (u64::from(self.list) << 32) | u64::from(self.position);
        format!("{body:010x}{:02x}", check_sum(body))
    }

    /// Reads a cursor of `list`.
    pub fn decode(text: &str, list: u8) -> Result<Self, CursorError> {
        if text.len() != 12 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(CursorError);
        }
        let body = u64::from_str_radix(&text[..10], 16).map_err(|_| CursorError)?;
        let sum = u8::from_str_radix(&text[10..], 16).map_err(|_| CursorError)?;
        let cursor = Self { list: (body >> 32) as u8, position: body as u32 };
        (check_sum(body) == sum && cursor.list == list).then_some(cursor).ok_or(CursorError)
    }
}

fn check_sum(body: u64) -> u8 {
    (body.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_others_are_refused() {
        for (list, position) in [(0, 0), (3, 1000), (255, u32::MAX)] {
            let cursor = Cursor { list, position };
            assert_eq!(Cursor::decode(&cursor.encode(), list), Ok(cursor));
            assert_eq!(Cursor::decode(&cursor.encode(), list ^ 1), Err(CursorError));
        }
        for text in ["", "0", "zzzzzzzzzzzz", "+00000000000", "000000000001é", "00000003e8ff"] {
            assert_eq!(Cursor::decode(text, 0), Err(CursorError), "{text}");
        }
    }
}
