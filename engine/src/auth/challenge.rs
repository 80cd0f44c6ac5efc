//! The answer to a request that may not be here: a status, a header, and words for a person.

use super::token::{Class, Fault};

/// How to refuse a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    status: u16,
    header: (&'static str, String),
    text: String,
}

impl Challenge {
    /// The HTTP status: 401, 403, 400, or 503 while there are no keys to check with.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header that goes with it: `WWW-Authenticate`, or `Retry-After`.
    pub fn header(&self) -> (&str, &str) {
        (self.header.0, &self.header.1)
    }

    /// What is wrong and what to do, in one line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The token is not accepted, or there is none. RFC 6750 gives a request without credentials
    /// no error code: it may not have known.
    pub(super) fn refused(fault: Fault, scope: &str, metadata_url: &str) -> Self {
        let what = fault.text();
        match fault.class() {
            Class::Absent => Self {
                status: 401,
                header: bearer(None, "", scope, metadata_url),
                text: format!(
                    "Unauthorized: {what}. Send Authorization: Bearer with an access token; where \
                     to get one is told at {metadata_url}"
                ),
            },
            Class::Malformed => Self {
                status: 400,
                header: bearer(Some("invalid_request"), what, scope, metadata_url),
                text: format!(
                    "Bad request: {what}. Send one header, Authorization: Bearer, a blank, and the \
                     token"
                ),
            },
            Class::Invalid => Self {
                status: 401,
                header: bearer(Some("invalid_token"), what, scope, metadata_url),
                text: format!(
                    "Unauthorized: {what}. Get a new access token; where is told at {metadata_url}"
                ),
            },
            Class::Unready => Self {
                status: 503,
                header: ("retry-after", "5".to_owned()),
                text: format!("Service unavailable: {what}. Try again a little later"),
            },
        }
    }

    /// The token is good, but not for this.
    pub(super) fn forbidden(scope: &str, metadata_url: &str) -> Self {
        let what = "the token lacks a scope that this needs";
        Self {
            status: 403,
            header: bearer(Some("insufficient_scope"), what, scope, metadata_url),
            text: format!("Forbidden: {what}. Ask for a token with all of: {scope}"),
        }
    }
}

/// The header's value. Every part is plain: scopes and URLs have no quotes, texts are ours.
fn bearer(
    error: Option<&str>,
    description: &str,
    scope: &str,
    metadata_url: &str,
) -> (&'static str, String) {
    let mut value = "Bearer ".to_owned();
    if let Some(error) = error {
        value += &format!("error=\"{error}\", error_description=\"{description}\", ");
    }
    if !scope.is_empty() {
        value += &format!("scope=\"{scope}\", ");
    }
    value += &format!("resource_metadata=\"{metadata_url}\"");
    ("www-authenticate", value)
}
