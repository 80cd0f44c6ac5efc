//! A request for a path of the program's own, taken apart for the program.

use crate::codec::http1::{field_slots, parse_head};

use super::exchange::{Exchange, HttpRules, Route};

/// What the head of such a request says, owned.
#[derive(Clone, Debug, Default)]
pub struct OwnRequest {
    /// The method.
    pub method: Box<str>,
    /// The path, as sent.
    pub path: Box<str>,
    /// What stands behind the `?`, as sent.
    pub query: Box<str>,
    /// Name, in small letters, and value of each field, in order. A value that is no UTF-8 has a
    /// character for each byte.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// Name and decoded value of each variable of the route.
    pub variables: Vec<(Box<str>, Box<str>)>,
}

impl Exchange<'_> {
    /// The request's head, read again: only routes of the program want the whole of it.
    pub fn own_request(&self, rules: &HttpRules) -> Option<OwnRequest> {
        let Route::Own(number) = self.route else { return None };
        let mut slots = field_slots();
        let head = parse_head(self.facts.head(), &mut slots).ok()?;
        let (path, query) = head.path.split_once('?').unwrap_or((head.path, ""));
        let headers = head.fields.iter();
        Some(OwnRequest {
            method: head.method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers
                .map(|it| (it.name.to_ascii_lowercase().into(), text(it.value)))
                .collect(),
            variables: rules.own_paths.variables(number, path),
        })
    }
}

fn text(value: &[u8]) -> Box<str> {
    match std::str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect::<String>().into(),
    }
}
