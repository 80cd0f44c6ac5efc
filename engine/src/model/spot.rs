//! A place in a JSON text that a program wrote, which knows its path, for the words about a fault.
//!
//! Members that are `null` count as absent: that is how many programs write what is not set.

use std::fmt;

use super::{Text, base64};
use crate::error::Error;
use crate::json::{Backend, Kind, PaddedBuf, Parser, Value};

/// One value and the way to it.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    value: Value<'a>,
    step: Step<'a>,
}

/// How a value is reached from the one around it.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// It is the whole text, which is called so.
    Root(&'a str),
    Member(&'a Spot<'a>, &'a str),
    Item(&'a Spot<'a>, usize),
}

/// What `read` makes of the text `json`; faults in it begin with `what`.
pub(super) fn read<T>(
    what: &str,
    json: &str,
    read: impl FnOnce(&Spot<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let text = PaddedBuf::copy(json.as_bytes());
    let mut parser = Parser::new(Backend::default());
    let value =
        parser.parse(text.padded()).map_err(|fault| Error::usage(format!("{what}: {fault}")))?;
    read(&Spot { value, step: Step::Root(what) })
}

impl Spot<'_> {
    /// What is wrong here.
    pub(super) fn fault(&self, words: &str) -> Error {
        Error::usage(format!("{self} {words}"))
    }

    fn is_of(&self, kind: Kind, words: &str) -> Result<(), Error> {
        if self.value.kind() == kind { Ok(()) } else { Err(self.fault(words)) }
    }

    /// A member of this object that may be left out.
    pub(super) fn optional<'s>(&'s self, name: &'s str) -> Result<Option<Spot<'s>>, Error> {
        self.is_of(Kind::Object, "is no object")?;
        let value = self.value.get(name).filter(|value| value.kind() != Kind::Null);
        Ok(value.map(|value| Spot { value, step: Step::Member(self, name) }))
    }

    /// A member of this object.
    pub(super) fn required<'s>(&'s self, name: &'s str) -> Result<Spot<'s>, Error> {
        let missing = Spot { value: self.value, step: Step::Member(self, name) };
        self.optional(name)?.ok_or_else(|| missing.fault("is missing"))
    }

    /// What `read` makes of each item of this array.
    pub(super) fn items<T>(
        &self,
        read: impl Fn(&Spot<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.is_of(Kind::Array, "is no array")?;
        let item = |(place, value)| read(&Spot { value, step: Step::Item(self, place) });
        self.value.elements().enumerate().map(item).collect()
    }

    /// What `read` makes of each item of an array that may be left out.
    pub(super) fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&Spot<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.optional(name)?.map_or_else(|| Ok(Vec::new()), |list| list.items(read))
    }

    /// What `read` makes of a member that may be left out.
    pub(super) fn part<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Spot<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.optional(name)?.map(|part| read(&part)).transpose()
    }

    /// The string.
    pub(super) fn text(&self) -> Result<String, Error> {
        match self.value.as_str() {
            Some(text) => Ok(text.into_owned()),
            None => Err(self.fault("is no string")),
        }
    }

    /// The string of a member.
    pub(super) fn text_of(&self, name: &str) -> Result<Text, Error> {
        Ok(self.required(name)?.text()?.into())
    }

    /// The string of a member that may be left out.
    pub(super) fn text_if(&self, name: &str) -> Result<Option<Text>, Error> {
        self.part(name, |text| Ok(text.text()?.into()))
    }

    /// The bytes that a string is the base64 of.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Error> {
        base64::decode(&self.text()?).ok_or_else(|| self.fault("is no padded base64"))
    }

    /// The value as a type of ours.
    pub(super) fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        self.value.decode().map_err(|fault| self.fault(&format!("does not fit: {fault}")))
    }

    /// A member that may be left out, as a type of ours.
    pub(super) fn decode_if<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Error> {
        match self.optional(name)? {
            Some(part) => part.decode().map(Some),
            None => Ok(None),
        }
    }
}

impl fmt::Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Step::Root(what) => f.write_str(what),
            Step::Member(outer, name) => write!(f, "{outer}.{name}"),
            Step::Item(outer, place) => write!(f, "{outer}[{place}]"),
        }
    }
}
