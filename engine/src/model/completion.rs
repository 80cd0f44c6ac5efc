//! What an argument could be completed to.

use super::spot;
use super::{Meta, MetaExtra, Text};
use crate::error::Error;
use crate::json::Writer;

/// Suggested values for an argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The suggestions, best first; only the first hundred are sent.
    pub values: Vec<Text>,
    /// How many there are in all.
    pub total: Option<u64>,
    /// Whether there are more than were given.
    pub has_more: bool,
}

impl Completion {
    /// Most values one answer may hold, by the protocol.
    pub const VALUES_MAX: usize = 100;

    /// Reads the protocol's result: `{"completion":{"values":[…],"total":…,"hasMore":…}}`; other
    /// members are ignored.
    ///
    /// # Errors
    /// Usage: what is missing or of another type, by its path.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        spot::read("result", json, |spot| {
            let spot = spot.required("completion")?;
            Ok(Self {
                values: spot.required("values")?.items(|value| Ok(value.text()?.into()))?,
                total: spot.decode_if("total")?,
                has_more: spot.decode_if("hasMore")?.unwrap_or(false),
            })
        })
    }

    /// Writes the members into an object the caller opened, with `extra` as `_meta`.
    pub fn encode_members(&self, w: &mut Writer<'_>, extra: &MetaExtra<'_>) {
        w.key("completion");
        w.begin_object();
        w.key("values");
        w.begin_array();
        for value in self.values.iter().take(Self::VALUES_MAX) {
            w.string(value);
        }
        w.end_array();
        let is_cut = self.values.len() > Self::VALUES_MAX;
        let total = self.total.or(is_cut.then_some(self.values.len() as u64));
        if let Some(total) = total {
            w.key("total");
            w.uint(total);
        }
        w.key("hasMore");
        w.bool(self.has_more || is_cut);
        w.end_object();
        Meta::encode_member(None, w, extra);
    }
}

impl<T: Into<Text>> FromIterator<T> for Completion {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self { values: values.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

impl<T: Into<Text>> From<Vec<T>> for Completion {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}
