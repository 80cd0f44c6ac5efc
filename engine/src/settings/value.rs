//! How JSON becomes the value of a setting, by the type that the setting has.

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};

use super::authorization;
use crate::auth::Authorization;
use crate::config::StateKey;
use crate::json::Backend;
use crate::model::{CacheHint, Icon};
use crate::ring::Choice;
use crate::server::OutputPolicy;

/// Capabilities by name, with their settings.
#[derive(Clone, Default)]
pub(super) struct Named(pub(super) Vec<(String, Value)>);

/// A value that a setting may have. Front ends read their own settings with it, so that their
/// faults are told alike.
pub trait Setting: Sized {
    /// The value in JSON. The error says what is wanted, or what is wrong inside, in words that go
    /// behind the name of the setting.
    fn read(value: &Value) -> Result<Self, String>;

    /// Puts what `value` says into `place`, which a fault leaves as it was.
    fn set(place: &mut Self, value: &Value) -> Result<(), String> {
        *place = Self::read(value)?;
        Ok(())
    }
}

/// What is wanted, and what came instead, as long as that is no secret and short.
fn wants<T>(what: &str, value: &Value) -> Result<T, String> {
    let mut words = format!("wants {what}");
    match value {
        Value::Array(_) => words.push_str(", not an array"),
        Value::Object(_) => words.push_str(", not an object"),
        Value::String(text) if text.len() > SHOWN_BYTES_MAX => words.push_str(", not this text"),
        // Writing to a string cannot fail.
        other => drop(write!(words, ", not {other}")),
    }
    Err(words)
}

/// Longest text that is shown again.
const SHOWN_BYTES_MAX: usize = 32;

impl Setting for bool {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().map_or_else(|| wants("true or false", value), Ok)
    }
}

impl Setting for u64 {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_u64().map_or_else(|| wants("a whole number of 0 or more", value), Ok)
    }
}

impl Setting for usize {
    fn read(value: &Value) -> Result<Self, String> {
        u64::read(value).map(|number| number as Self)
    }
}

/// Permission bits. As a number they would be decimal, which nobody means.
impl Setting for u32 {
    fn read(value: &Value) -> Result<Self, String> {
        let bits = value.as_str().and_then(|text| Self::from_str_radix(text, 8).ok());
        bits.map_or_else(|| wants("permission bits as text, such as \"660\"", value), Ok)
    }
}

impl Setting for String {
    fn read(value: &Value) -> Result<Self, String> {
        value.as_str().map_or_else(|| wants("text", value), |text| Ok(text.to_owned()))
    }
}

impl Setting for Vec<String> {
    fn read(value: &Value) -> Result<Self, String> {
        let Some(items) = value.as_array() else { return wants("an array of texts", value) };
        items.iter().map(String::read).collect()
    }
}

/// `null` is "as if it had not been said".
impl<T: Setting> Setting for Option<T> {
    fn read(value: &Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
}

/// In milliseconds.
impl Setting for Duration {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_u64() {
            None | Some(0) => wants("a number of milliseconds, 1 or more", value),
            Some(ms) => Ok(Self::from_millis(ms)),
        }
    }
}

fn word<T: FromStr>(what: &str, value: &Value) -> Result<T, String> {
    value.as_str().and_then(|text| text.parse().ok()).map_or_else(|| wants(what, value), Ok)
}

impl Setting for Choice {
    fn read(value: &Value) -> Result<Self, String> {
        word("\"auto\", \"uring\" or \"epoll\"", value)
    }
}

impl Setting for Backend {
    fn read(value: &Value) -> Result<Self, String> {
        word("\"scan\", \"simd-json\" or \"serde\"", value)
    }
}

impl Setting for OutputPolicy {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some("error") => Ok(Self::Error),
            Some("warn") => Ok(Self::Warn),
            _ => wants("\"error\" or \"warn\"", value),
        }
    }
}

impl Setting for CacheHint {
    fn read(value: &Value) -> Result<Self, String> {
        let what = "{\"scope\":\"public\" or \"private\",\"ttl_ms\":a whole number}";
        Self::from_json(&value.to_string()).or_else(|_| wants(what, value))
    }
}

impl Setting for Vec<Icon> {
    fn read(value: &Value) -> Result<Self, String> {
        Icon::list_from_json(&value.to_string()).map_err(|fault| format!("has a fault: {fault}"))
    }
}

impl Setting for Named {
    fn read(value: &Value) -> Result<Self, String> {
        let Some(members) = value.as_object() else { return wants("a JSON object", value) };
        Ok(Self(Map::clone(members).into_iter().collect()))
    }
}

/// Each 64 hexadecimal digits; what was wrong is not shown, for it is a secret.
impl Setting for Vec<StateKey> {
    fn read(value: &Value) -> Result<Self, String> {
        let key = |text: &str| {
            let mut key = [0; 32];
            let (digits, rest) = text.as_bytes().as_chunks::<2>();
            if digits.len() != key.len() || !rest.is_empty() {
                return None;
            }
            for (byte, pair) in key.iter_mut().zip(digits) {
                let digit = |at: usize| char::from(pair[at]).to_digit(16);
                *byte = (digit(0)? * 16 + digit(1)?) as u8;
            }
            Some(StateKey::new(key))
        };
        let items = value.as_array();
        let keys = items.and_then(|items| items.iter().map(|it| key(it.as_str()?)).collect());
        keys.ok_or_else(|| "wants an array of keys of 64 hexadecimal digits each".to_owned())
    }
}

impl Setting for Authorization {
    fn read(value: &Value) -> Result<Self, String> {
        authorization::read(value)
    }
}
