//! JSON documents of any number of fields, mostly strings, for encoding and decoding.

use mcpring::json::{Kind, Value, Writer};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// Words of the texts; one has a letter beyond ASCII, which a writer must leave alone.
const WORDS: [&str; 8] =
    ["ring ", "lease ", "shard ", "turn ", "caf\u{e9} ", "inbox ", "slot ", "driver "];
/// Words of one text: with the names and the rest, some 80 bytes a field.
const WORDS_OF_TEXT: usize = 14;
/// Numbers of one list.
const LIST: i64 = 8;

/// A document as a program has it before it is written.
pub struct Document {
    fields: Vec<(String, Field)>,
}

/// What a field holds.
enum Field {
    Whole(i64),
    Part(f64),
    Flag(bool),
    List { unit: &'static str, values: Vec<i64> },
    Text(String),
}

impl Document {
    /// A document of `fields` fields; the same for the same number.
    pub fn new(fields: usize) -> Self {
        let field = |at: usize| (format!("field_{at:04}"), Field::new(at));
        Self { fields: (0..fields).map(field).collect() }
    }

    /// Writes it with the engine's writer.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out);
        writer.begin_object();
        for (name, field) in &self.fields {
            writer.key(name);
            field.encode(&mut writer);
        }
        writer.end_object();
    }
}

impl Field {
    fn new(at: usize) -> Self {
        let number = at as i64;
        match at % 10 {
            0 => Self::Whole(number * 7919),
            1 => Self::Part(number as f64 * 31.0 + 0.5),
            2 => Self::Flag(at % 20 == 2),
            3 => Self::List { unit: "kg", values: (0..LIST).map(|step| number * step).collect() },
            4 => Self::Text(format!("say \"{at}\"\n{}", prose(at))),
            _ => Self::Text(prose(at)),
        }
    }

    fn encode(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Whole(number) => writer.int(*number),
            Self::Part(number) => writer.float(*number),
            Self::Flag(flag) => writer.bool(*flag),
            Self::Text(text) => writer.string(text),
            Self::List { unit, values } => {
                writer.begin_object();
                writer.member_string("unit", unit);
                writer.key("values");
                writer.begin_array();
                for value in values {
                    writer.int(*value);
                }
                writer.end_array();
                writer.end_object();
            }
        }
    }
}

/// As serde writes it, to compare with.
impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, field) in &self.fields {
            map.serialize_entry(name, field)?;
        }
        map.end()
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Part(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List { unit, values } => {
                let mut list = serializer.serialize_struct("List", 2)?;
                list.serialize_field("unit", unit)?;
                list.serialize_field("values", values)?;
                list.end()
            }
        }
    }
}

fn prose(at: usize) -> String {
    let mut word = at;
    let mut next = || {
        word = word.wrapping_mul(5).wrapping_add(3);
        WORDS[word % WORDS.len()]
    };
    (0..WORDS_OF_TEXT).map(|_| next()).collect()
}

/// A number that depends on every name and value in `value`, read from the engine's tape.
pub(super) fn checksum(value: Value<'_>) -> u64 {
    match value.kind() {
        Kind::Null => 1,
        Kind::Bool => 2 + u64::from(value.as_bool() == Some(true)),
        Kind::Number => number(value.as_f64().unwrap_or_default()),
        Kind::String => text(&value.as_str().unwrap_or_default()),
        Kind::Array => value.elements().fold(5, |sum, element| mix(sum, checksum(element))),
        Kind::Object => value.members().fold(7, |sum, (name, value)| {
            mix(sum, name.as_str().map_or(0, |name| name.len() as u64) ^ checksum(value))
        }),
    }
}

/// The same of a tree of `serde_json`.
pub(super) fn checksum_of_tree(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Null => 1,
        serde_json::Value::Bool(flag) => 2 + u64::from(*flag),
        serde_json::Value::Number(found) => number(found.as_f64().unwrap_or_default()),
        serde_json::Value::String(found) => text(found),
        serde_json::Value::Array(elements) => {
            elements.iter().fold(5, |sum, element| mix(sum, checksum_of_tree(element)))
        }
        serde_json::Value::Object(members) => members
            .iter()
            .fold(7, |sum, (name, value)| mix(sum, name.len() as u64 ^ checksum_of_tree(value))),
    }
}

fn number(found: f64) -> u64 {
    found.to_bits()
}

fn text(found: &str) -> u64 {
    let bytes = found.as_bytes();
    let ends = [bytes.first(), bytes.last()].into_iter().flatten();
    ends.fold(bytes.len() as u64, |sum, byte| mix(sum, u64::from(*byte)))
}

fn mix(sum: u64, next: u64) -> u64 {
    (sum.rotate_left(5) ^ next).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
