//! The one notification that is due, and whether a message is it.

use serde_json::Value;

/// What every subscriber must be told next.
#[derive(Clone, Debug)]
pub struct Notice {
    method: &'static str,
    uri: Option<String>,
    /// The first message that was it: whatever equals it is it too.
    right: Vec<u8>,
}

impl Notice {
    /// The resource `uri` changed.
    pub fn updated(uri: &str) -> Self {
        let (method, uri) = ("notifications/resources/updated", Some(uri.to_owned()));
        Self { method, uri, right: Vec::new() }
    }

    /// A `subscriptions/listen` stream begins.
    pub fn acknowledged() -> Self {
        let method = "notifications/subscriptions/acknowledged";
        Self { method, uri: None, right: Vec::new() }
    }

    /// Whether `message` is what was due.
    pub(super) fn is(&mut self, message: &[u8]) -> bool {
        if !self.right.is_empty() && message == self.right {
            return true;
        }
        let Ok(value) = serde_json::from_slice::<Value>(message) else {
            return false;
        };
        let uri = value["params"]["uri"].as_str();
        let is = value["jsonrpc"] == "2.0"
            && value["method"] == self.method
            && value.get("id").is_none()
            && uri == self.uri.as_deref();
        if is {
            self.right = message.to_vec();
        }
        is
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_uri_is_another_notice() {
        let rows = [
            (r#"{"jsonrpc":"2.0","method":"M","params":{"uri":"a:b"}}"#, true),
            (r#"{"jsonrpc":"2.0","method":"M","params":{"uri":"a:b"}}"#, true),
            (r#"{"jsonrpc":"2.0","params":{"_meta":{},"uri":"a:b"},"method":"M"}"#, true),
            (r#"{"jsonrpc":"2.0","method":"M","params":{"uri":"a:c"}}"#, false),
            (r#"{"jsonrpc":"2.0","method":"M","params":{}}"#, false),
            (r#"{"jsonrpc":"2.0","id":1,"method":"M","params":{"uri":"a:b"}}"#, false),
            (r#"{"jsonrpc":"2.0","method":"N","params":{"uri":"a:b"}}"#, false),
            ("", false),
        ];
        let mut notice = Notice::updated("a:b");
        for (message, want) in rows {
            let message = message.replace(r#""M""#, r#""notifications/resources/updated""#);
            assert_eq!(notice.is(message.as_bytes()), want, "{message}");
        }
        assert!(!Notice::acknowledged().is(b""));
    }
}
