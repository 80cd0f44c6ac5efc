//! Typed values straight from the tape: a serde deserializer that reads nothing twice.
//!
//! The text was scanned and checked when it was parsed; decoding a handler's arguments from it
//! again would be half of a small call's work. Numbers become the narrowest of `u64`, `i64` and
//! `f64` that holds them, as serde_json does it.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer, MapDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tape::Kind;
use super::value::{Elements, Members, Value};

/// By this name serde_json asks for a piece of text as it is.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Why a value is not of the type asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<str>);

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

impl<'p> Value<'p> {
    /// The value as a type of the caller's; text it borrows is borrowed from the parsed text.
    pub fn decode<T: serde::Deserialize<'p>>(self) -> Result<T, DecodeError> {
        T::deserialize(self)
    }

    fn visit_number<V: Visitor<'p>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let Some(number) = self.as_u64() {
            return visitor.visit_u64(number);
        }
        // Only a float knows a negative zero.
        if let Some(number) = self.as_i64().filter(|number| *number != 0) {
            return visitor.visit_i64(number);
        }
        match self.as_f64() {
            Some(number) => visitor.visit_f64(number),
            None => Err(DecodeError::custom("number out of range")),
        }
    }

    fn visit_string<V: Visitor<'p>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.as_str() {
            Some(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Some(Cow::Owned(text)) => visitor.visit_string(text),
            None => Err(DecodeError::invalid_type(Unexpected::Other("no string"), &visitor)),
        }
    }
}

impl<'p> Deserializer<'p> for Value<'p> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'p>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(self.as_bool().unwrap_or_default()),
            Kind::Number => self.visit_number(visitor),
            Kind::String => self.visit_string(visitor),
            Kind::Array => visitor.visit_seq(Items(self.elements())),
            Kind::Object => visitor.visit_map(Entries { members: self.members(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'p>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.kind() == Kind::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'p>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        let raw = BorrowedStrDeserializer::new(self.lexeme());
        visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_VALUE, raw))))
    }

    fn deserialize_enum<V: Visitor<'p>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.kind() {
            Kind::String => visitor.visit_enum(Variant { name: self, content: None }),
            Kind::Object if self.len() == 1 => match self.members().next() {
                Some((name, content)) => {
                    visitor.visit_enum(Variant { name, content: Some(content) })
                }
                None => Err(DecodeError::custom("an enum needs its variant's name")),
            },
            _ => Err(DecodeError::custom("an enum is a string, or an object with one member")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'p>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'p>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

struct Items<'p>(Elements<'p>);

impl<'p> SeqAccess<'p> for Items<'p> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'p>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Entries<'p> {
    members: Members<'p>,
    value: Option<Value<'p>>,
}

impl<'p> MapAccess<'p> for Entries<'p> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'p>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some(value);
        match name.as_str().unwrap_or_default() {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            name @ Cow::Owned(_) => seed.deserialize(CowStrDeserializer::new(name)),
        }
        .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'p>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        match self.value.take() {
            Some(value) => seed.deserialize(value),
            None => Err(DecodeError::custom("a value was asked for before its name")),
        }
    }
}

struct Variant<'p> {
    name: Value<'p>,
    content: Option<Value<'p>>,
}

impl<'p> EnumAccess<'p> for Variant<'p> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'p>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        let name = CowStrDeserializer::new(self.name.as_str().unwrap_or_default());
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'p> Variant<'p> {
    fn content(self) -> Result<Value<'p>, DecodeError> {
        self.content.ok_or_else(|| DecodeError::custom("the enum's variant has a value"))
    }
}

impl<'p> VariantAccess<'p> for Variant<'p> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.content {
            None => Ok(()),
            Some(content) if content.kind() == Kind::Null => Ok(()),
            Some(_) => Err(DecodeError::custom("the enum's variant has no value")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'p>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'p>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'p>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.content()?.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::value::RawValue;

    use super::*;
    use crate::json::{PaddedBuf, Parser};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Form {
        name: String,
        #[serde(default)]
        count: u8,
        ratio: Option<f64>,
        tags: Vec<Tag>,
        inner: Option<Box<Form>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Tag {
        Plain,
        One(i64),
        Two(i64, bool),
        Named { key: char },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Loose {
        Number(f64),
        Text(String),
        Pair((i8, i8)),
    }

    /// The tape and serde_json come to the same, value or refusal.
    fn check<T: DeserializeOwned + PartialEq + fmt::Debug>(json: &str) {
        let text = PaddedBuf::copy(json.as_bytes());
        let mut parser = Parser::default();
        let value = parser.parse(text.padded()).expect("the test's text is JSON");
        let got = T::deserialize(value).ok();
        assert_eq!(got, serde_json::from_str::<T>(json).ok(), "{json}");
    }

    #[test]
    fn agrees_with_serde_json() {
        for json in [
            r#"{"name":"a\u0062","tags":[]}"#,
            r#"{"name":"a","tags":["Plain",{"One":-3},{"Two":[1,true]},{"Named":{"key":"x"}}]}"#,
            r#"{"name":"a","count":255,"ratio":1e3,"tags":[],"inner":{"name":"b","tags":[]}}"#,
            r#"{"n\u0061me":"a","ratio":null,"tags":[],"inner":null}"#,
            r#"{"name":"a","count":256,"tags":[]}"#,
            r#"{"name":1,"tags":[]}"#,
            r#"{"name":"a","tags":["Other"]}"#,
            r#"{"name":"a","tags":[{"Plain":null}]}"#,
            r#"{"name":"a","tags":[{"Plain":1}]}"#,
            r#"{"name":"a","tags":["One"]}"#,
            r#"{"name":"a","tags":[{"One":1,"Two":2}]}"#,
            r#"{"name":"a","tags":[],"more":1}"#,
            r#"{"tags":[]}"#,
            "[]",
        ] {
            check::<Form>(json);
        }
        for json in ["1", "1.5", "-0", "\"x\"", "[1,2]", "[1,300]", "{}", "null"] {
            check::<Loose>(json);
            check::<serde_json::Value>(json);
            check::<Option<i64>>(json);
            check::<BTreeMap<String, i64>>(json);
        }
        check::<serde_json::Value>(r#"{"a":[1,2.5,{"b":null}],"c":"\n","d":18446744073709551615}"#);
        check::<BTreeMap<String, (u8, String)>>(r#"{"\u0061":[1,"x"]}"#);
    }

    #[test]
    fn raw_text_stays_as_it_is() {
        let text = PaddedBuf::copy(br#"{"a": [1, 2.50 ], "b":"\u0061"}"#);
        let mut parser = Parser::default();
        let value = parser.parse(text.padded()).expect("valid");
        let raw: BTreeMap<&str, &RawValue> = value.decode().expect("an object of raw values");
        assert_eq!((raw["a"].get(), raw["b"].get()), ("[1, 2.50 ]", r#""\u0061""#));
    }
}
