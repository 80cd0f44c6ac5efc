//! `_meta`: the open object that hosts and extensions hang their members on.
//!
//! Members keep their order and the bytes of their values. Key grammar is the author's duty.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::to_raw_value;

use super::{RawJson, Text, read, write};
use crate::error::Error;
use crate::json::Writer;

/// Ready members the protocol layer adds to a result's `_meta`: (key, JSON text). The keys are the
/// protocol's own, with nothing to escape.
pub type MetaExtra<'a> = [(&'a str, &'a [u8])];

/// The members of one `_meta` object.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    members: Vec<(Text, Box<RawJson>)>,
}

impl Meta {
    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a JSON object.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// As [`Meta::parse`], with a fault in the words of whoever offers a feature.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        read::value("meta", json)
    }

    /// Adds a member; one with the same key is replaced.
    pub fn with(self, key: impl Into<Text>, value: &serde_json::Value) -> Self {
        // A `Value` has string keys and finite numbers only, so it always has a text.
        match to_raw_value(value) {
            Ok(value) => self.with_raw(key, value),
            Err(_) => self,
        }
    }

    /// Adds a member whose value is already JSON text.
    pub fn with_raw(mut self, key: impl Into<Text>, value: Box<RawJson>) -> Self {
        let key = key.into();
        self.members.retain(|(present, _)| *present != key);
        self.members.push((key, value));
        self
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Writes the object's members, then `extra`.
    pub fn encode(&self, w: &mut Writer<'_>, extra: &MetaExtra<'_>) {
        w.begin_object();
        for (key, value) in &self.members {
            if extra.iter().all(|(taken, _)| taken != key) {
                w.key(key);
                write::splice(w, value);
            }
        }
        for (key, value) in extra {
            w.raw_parts(&[b"\"", key.as_bytes(), b"\":", value]);
        }
        w.end_object();
    }

    /// Writes `"_meta": {…}` when there is anything to write.
    pub(super) fn encode_member(own: Option<&Self>, w: &mut Writer<'_>, extra: &MetaExtra<'_>) {
        let empty = Self::default();
        let own = own.unwrap_or(&empty);
        if own.is_empty() && extra.is_empty() {
            return;
        }
        w.spelled(r#""_meta":"#);
        own.encode(w, extra);
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Meta;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meta, A::Error> {
                let mut meta = Meta::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawJson>>()? {
                    meta = meta.with_raw(key, value);
                }
                Ok(meta)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for Meta {
    fn from(map: serde_json::Map<String, serde_json::Value>) -> Self {
        map.into_iter().fold(Self::new(), |meta, (key, value)| meta.with(key, &value))
    }
}
