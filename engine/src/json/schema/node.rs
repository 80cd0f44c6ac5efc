//! The tape in jsonschema's terms: nodes, objects, arrays and numbers that only read.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object, cmp};
use serde_json::Number;

use crate::json::keys::{self, KeyIndex};
use crate::json::tape::Kind;
use crate::json::value::{Elements, Members, Value};
use crate::limits::JSON_LINEAR_MEMBERS_MAX;

/// Our representation of instances.
pub(super) struct Tape;

/// A property name of a schema, hashed once when the schema is compiled.
pub(super) struct Name {
    text: String,
    hash: u64,
}

impl Json for Tape {
    type Node<'a> = TapeNode<'a>;
    type PreparedKey = Name;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> Name {
        Name { text: key.to_owned(), hash: keys::hash(key.as_bytes()) }
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(TapeNode<'_>) -> T) -> T {
        f(TapeNode::Name(string))
    }
}

/// The key indexes of one check, by the object's place on the tape; made when first needed.
#[derive(Default)]
pub(super) struct Indexes {
    of_objects: RefCell<BTreeMap<u32, KeyIndex>>,
}

impl Indexes {
    fn get<'a>(&self, object: Value<'a>, name: &Name) -> Option<Value<'a>> {
        if object.len() <= JSON_LINEAR_MEMBERS_MAX {
            return object.get(&name.text);
        }
        let mut indexes = self.of_objects.borrow_mut();
        let index = indexes.entry(object.index()).or_insert_with(|| KeyIndex::new(object));
        index.get(object, &name.text, name.hash)
    }

    /// The first name in `instance`, at any depth, that an earlier member of its object has.
    pub(super) fn duplicate<'a>(&self, instance: Value<'a>) -> Option<Value<'a>> {
        let values = instance.subtree().map(|index| instance.at(index));
        let mut objects = values.filter(|value| value.kind() == Kind::Object);
        objects.find_map(|object| {
            if object.len() <= JSON_LINEAR_MEMBERS_MAX {
                return keys::duplicate_of_few(object);
            }
            let index = KeyIndex::new(object);
            let duplicate = index.duplicate(object);
            self.of_objects.borrow_mut().insert(object.index(), index);
            duplicate
        })
    }
}

/// A value on the tape, or a member's name looked at as a value.
#[derive(Clone, Copy)]
pub(super) enum TapeNode<'a> {
    Value(Value<'a>, &'a Indexes),
    Name(&'a str),
}

impl<'a> TapeNode<'a> {
    fn value(self) -> Option<Value<'a>> {
        match self {
            Self::Value(value, _) => Some(value),
            Self::Name(_) => None,
        }
    }

    fn of_kind(self, kind: Kind) -> Option<TapeContainer<'a>> {
        match self {
            Self::Value(value, indexes) if value.kind() == kind => {
                Some(TapeContainer { value, indexes })
            }
            _ => None,
        }
    }
}

impl<'a> Node<'a, Tape> for TapeNode<'a> {
    type Object = TapeContainer<'a>;
    type Array = TapeContainer<'a>;
    type Number = TapeNumber<'a>;

    fn as_object(&self) -> Option<TapeContainer<'a>> {
        self.of_kind(Kind::Object)
    }

    fn as_array(&self) -> Option<TapeContainer<'a>> {
        self.of_kind(Kind::Array)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Value(value, _) => value.as_str(),
            Self::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    fn as_number(&self) -> Option<TapeNumber<'a>> {
        self.value().filter(|value| value.kind() == Kind::Number).map(TapeNumber)
    }

    fn as_boolean(&self) -> Option<bool> {
        self.value()?.as_bool()
    }

    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    fn is_number(&self) -> bool {
        self.json_type() == JsonType::Number
    }

    fn json_type(&self) -> JsonType {
        match self.value().map_or(Kind::String, Value::kind) {
            Kind::Null => JsonType::Null,
            Kind::Bool => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        match (self, expected) {
            (Self::Value(value, _), serde_json::Value::String(text)) => value.eq_str(text),
            (Self::Value(value, _), serde_json::Value::Number(number)) => {
                value.kind() == Kind::Number && cmp::equal_numbers(&TapeNumber(*value), number)
            }
            (_, expected) => cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        Cow::Owned(match self {
            Self::Value(value, _) => tree(*value),
            Self::Name(name) => serde_json::Value::from(*name),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(match self {
            Self::Value(value, _) => {
                let (address, tag) = value.identity();
                NodeIdentity::tagged(address, tag)
            }
            Self::Name(name) => NodeIdentity::new(name.as_ptr().addr()),
        })
    }
}

/// An array or an object.
pub(super) struct TapeContainer<'a> {
    value: Value<'a>,
    indexes: &'a Indexes,
}

impl<'a> Object<'a, Tape> for TapeContainer<'a> {
    type Node = TapeNode<'a>;
    type MemberName = Cow<'a, str>;
    type MembersIter = TapeMembers<'a>;

    fn len(&self) -> usize {
        self.value.len()
    }

    fn get(&self, key: &Name) -> Option<TapeNode<'a>> {
        self.indexes.get(self.value, key).map(|value| TapeNode::Value(value, self.indexes))
    }

    fn members(&self) -> TapeMembers<'a> {
        TapeMembers { members: self.value.members(), indexes: self.indexes }
    }
}

impl<'a> Array<'a, Tape> for TapeContainer<'a> {
    type Node = TapeNode<'a>;
    type ElementsIter = TapeElements<'a>;

    fn len(&self) -> usize {
        self.value.len()
    }

    fn elements(&self) -> TapeElements<'a> {
        TapeElements { elements: self.value.elements(), indexes: self.indexes }
    }
}

pub(super) struct TapeMembers<'a> {
    members: Members<'a>,
    indexes: &'a Indexes,
}

impl<'a> Iterator for TapeMembers<'a> {
    type Item = (Cow<'a, str>, TapeNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.members.next()?;
        Some((name.as_str().unwrap_or_default(), TapeNode::Value(value, self.indexes)))
    }
}

pub(super) struct TapeElements<'a> {
    elements: Elements<'a>,
    indexes: &'a Indexes,
}

impl<'a> Iterator for TapeElements<'a> {
    type Item = TapeNode<'a>;

    fn next(&mut self) -> Option<TapeNode<'a>> {
        Some(TapeNode::Value(self.elements.next()?, self.indexes))
    }
}

/// A number, still as it was written.
pub(super) struct TapeNumber<'a>(Value<'a>);

impl JsonNumber for TapeNumber<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    /// Beyond the finite floats the largest of them, so that bounds still hold.
    fn as_f64(&self) -> Option<f64> {
        let sign = if self.0.raw().starts_with(b"-") { -1.0 } else { 1.0 };
        Some(self.0.as_f64().unwrap_or(f64::MAX * sign))
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.lexeme())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        let whole = self.as_u64().map(Number::from).or_else(|| self.as_i64().map(Number::from));
        let number = whole.or_else(|| Number::from_f64(self.as_f64()?));
        Cow::Owned(number.expect("as_f64 gives finite floats only"))
    }

    fn is_integer(&self) -> bool {
        self.0.is_integer_lexeme() || self.as_f64().is_some_and(|number| number.fract() == 0.0)
    }
}

/// The value as a tree, for what jsonschema does on trees only. Recursion is as deep as the tape,
/// which the scan bounds by [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX).
fn tree(value: Value<'_>) -> serde_json::Value {
    use serde_json::Value as Tree;

    let string = |value: Value<'_>| value.as_str().unwrap_or_default().into_owned();
    match value.kind() {
        Kind::Null => Tree::Null,
        Kind::Bool => Tree::Bool(value.as_bool().unwrap_or_default()),
        Kind::Number => Tree::Number(TapeNumber(value).to_number().into_owned()),
        Kind::String => Tree::String(string(value)),
        Kind::Array => value.elements().map(tree).collect(),
        Kind::Object => value.members().map(|(name, value)| (string(name), tree(value))).collect(),
    }
}

/// The JSON Pointer from `root` to the object or array that directly holds `target`.
pub(super) fn pointer_to_parent(root: Value<'_>, target: Value<'_>) -> String {
    let mut pointer = String::new();
    let mut at = root;
    loop {
        let holds = |value: &Value<'_>| {
            value.index() < target.index() && value.subtree().contains(&target.index())
        };
        // Writing to a String cannot fail.
        if let Some((name, value)) = at.members().find(|(_, value)| holds(value)) {
            let name = name.as_str().unwrap_or_default();
            let _ = write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1"));
            at = value;
        } else if let Some((place, item)) = at.elements().enumerate().find(|(_, v)| holds(v)) {
            let _ = write!(pointer, "/{place}");
            at = item;
        } else {
            return pointer;
        }
    }
}
