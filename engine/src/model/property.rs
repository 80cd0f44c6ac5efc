//! What a form asks for: texts, numbers, flags and choices, and the little JSON Schema of each.
//!
//! Forms are flat, and every property is one of the few shapes a client can draw. Where a version
//! lacks a shape, the nearest one it has is written.

use super::{Fields, Text, write};
use crate::json::Writer;

/// What all properties have in common.
#[derive(Clone, Debug)]
struct Head {
    name: Text,
    title: Option<Text>,
    description: Option<Text>,
    is_required: bool,
}

impl Head {
    fn new(name: Text) -> Self {
        Self { name, title: None, description: None, is_required: false }
    }

    fn encode(&self, w: &mut Writer<'_>, kind: &str) {
        w.member_string("type", kind);
        write::text(w, "title", self.title.as_deref());
        write::text(w, "description", self.description.as_deref());
    }
}

/// One thing a form asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Property {
    /// A text.
    Text(TextProperty),
    /// A number.
    Number(NumberProperty),
    /// Yes or no.
    Flag(FlagProperty),
    /// One of several values.
    Choice(ChoiceProperty),
    /// Some of several values.
    Many(ManyProperty),
}

impl Property {
    /// A text.
    pub fn text(name: impl Into<Text>) -> TextProperty {
        TextProperty {
            head: Head::new(name.into()),
            min_length: None,
            max_length: None,
            format: None,
            default: None,
        }
    }

    /// A number.
    pub fn number(name: impl Into<Text>) -> NumberProperty {
        NumberProperty {
            head: Head::new(name.into()),
            is_integer: false,
            minimum: None,
            maximum: None,
            default: None,
        }
    }

    /// A number without a fraction.
    pub fn integer(name: impl Into<Text>) -> NumberProperty {
        NumberProperty { is_integer: true, ..Self::number(name) }
    }

    /// Yes or no.
    pub fn flag(name: impl Into<Text>) -> FlagProperty {
        FlagProperty { head: Head::new(name.into()), default: None }
    }

    /// One of the values that [`ChoiceProperty::option`] adds.
    pub fn choice(name: impl Into<Text>) -> ChoiceProperty {
        ChoiceProperty {
            head: Head::new(name.into()),
            options: Options::default(),
            has_enum_names: false,
            default: None,
        }
    }

    /// Some of the values that [`ManyProperty::option`] adds.
    pub fn many(name: impl Into<Text>) -> ManyProperty {
        ManyProperty {
            head: Head::new(name.into()),
            options: Options::default(),
            min_items: None,
            max_items: None,
            default: None,
        }
    }

    fn head(&self) -> &Head {
        match self {
            Self::Text(property) => &property.head,
            Self::Number(property) => &property.head,
            Self::Flag(property) => &property.head,
            Self::Choice(property) => &property.head,
            Self::Many(property) => &property.head,
        }
    }

    /// Its name in the answer.
    pub fn name(&self) -> &str {
        &self.head().name
    }

    /// Whether the person has to give it.
    pub fn is_required(&self) -> bool {
        self.head().is_required
    }

    /// Whether some shape of the version's can ask for it: a choice of at least two cannot be asked
    /// for as a choice of one.
    pub(super) fn is_supported(&self, fields: &Fields) -> bool {
        match self {
            Self::Many(property) => fields.rich_forms || property.min_items.is_none_or(|n| n < 2),
            Self::Text(_) | Self::Number(_) | Self::Flag(_) | Self::Choice(_) => true,
        }
    }

    /// Writes the property's schema.
    pub(super) fn encode(&self, w: &mut Writer<'_>, fields: &Fields) {
        w.begin_object();
        match self {
            Self::Text(property) => property.encode_members(w, fields),
            Self::Number(property) => property.encode_members(w, fields),
            Self::Flag(property) => property.encode_members(w),
            Self::Choice(property) => property.encode_members(w, fields),
            Self::Many(property) => property.encode_members(w, fields),
        }
        w.end_object();
    }
}

/// The setters all properties share, and the way into a [`Property`].
macro_rules! property {
    ($name:ident, $variant:ident) => {
        impl $name {
            /// Sets the name for people.
            pub fn title(mut self, title: impl Into<Text>) -> Self {
                self.head.title = Some(title.into());
                self
            }

            /// Says what is asked for.
            pub fn description(mut self, description: impl Into<Text>) -> Self {
                self.head.description = Some(description.into());
                self
            }

            /// The person has to give it.
            pub fn required(mut self) -> Self {
                self.head.is_required = true;
                self
            }
        }

        impl From<$name> for Property {
            fn from(property: $name) -> Self {
                Self::$variant(property)
            }
        }
    };
}

property!(TextProperty, Text);
property!(NumberProperty, Number);
property!(FlagProperty, Flag);
property!(ChoiceProperty, Choice);
property!(ManyProperty, Many);

/// What a text has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// An address for mail.
    Email,
    /// A URI.
    Uri,
    /// A day.
    Date,
    /// A moment.
    DateTime,
}

impl TextFormat {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Date => "date",
            Self::DateTime => "date-time",
        }
    }
}

/// A text a form asks for.
#[derive(Clone, Debug)]
pub struct TextProperty {
    head: Head,
    min_length: Option<u32>,
    max_length: Option<u32>,
    format: Option<TextFormat>,
    default: Option<Text>,
}

impl TextProperty {
    /// Fewest characters.
    pub fn min_length(mut self, characters: u32) -> Self {
        self.min_length = Some(characters);
        self
    }

    /// Most characters.
    pub fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// Says what it has to look like.
    pub fn format(mut self, format: TextFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// What stands there from the start.
    pub fn default(mut self, text: impl Into<Text>) -> Self {
        self.default = Some(text.into());
        self
    }

    fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.head.encode(w, "string");
        count(w, "minLength", self.min_length);
        count(w, "maxLength", self.max_length);
        write::text(w, "format", self.format.map(TextFormat::as_str));
        write::text(w, "default", self.default.as_deref().filter(|_| fields.rich_forms));
    }
}

/// A number a form asks for.
#[derive(Clone, Debug)]
pub struct NumberProperty {
    head: Head,
    is_integer: bool,
    minimum: Option<f64>,
    maximum: Option<f64>,
    default: Option<f64>,
}

impl NumberProperty {
    /// Least value.
    pub fn minimum(mut self, minimum: impl Into<f64>) -> Self {
        self.minimum = Some(minimum.into());
        self
    }

    /// Greatest value.
    pub fn maximum(mut self, maximum: impl Into<f64>) -> Self {
        self.maximum = Some(maximum.into());
        self
    }

    /// What stands there from the start.
    pub fn default(mut self, number: impl Into<f64>) -> Self {
        self.default = Some(number.into());
        self
    }

    fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.head.encode(w, if self.is_integer { "integer" } else { "number" });
        number(w, "minimum", self.minimum);
        number(w, "maximum", self.maximum);
        number(w, "default", self.default.filter(|_| fields.rich_forms));
    }
}

/// Yes or no.
#[derive(Clone, Debug)]
pub struct FlagProperty {
    head: Head,
    default: Option<bool>,
}

impl FlagProperty {
    /// What is set from the start.
    pub fn default(mut self, is_set: bool) -> Self {
        self.default = Some(is_set);
        self
    }

    fn encode_members(&self, w: &mut Writer<'_>) {
        self.head.encode(w, "boolean");
        write::flag(w, "default", self.default);
    }
}

/// The values to choose from, each perhaps with words for people.
#[derive(Clone, Debug, Default)]
struct Options(Vec<(Text, Option<Text>)>);

impl Options {
    fn has_titles(&self) -> bool {
        self.0.iter().any(|(_, title)| title.is_some())
    }

    fn titled(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(value, title)| (&**value, title.as_deref().unwrap_or(value)))
    }

    /// Writes `name: [{const, title}, …]`.
    fn encode_titled(&self, w: &mut Writer<'_>, name: &str) {
        w.key(name);
        w.begin_array();
        for (value, title) in self.titled() {
            w.begin_object();
            w.member_string("const", value);
            w.member_string("title", title);
            w.end_object();
        }
        w.end_array();
    }

    fn encode_values(&self, w: &mut Writer<'_>) {
        texts(w, "enum", self.titled().map(|(value, _)| value));
    }

    /// Writes `enum`, and `enumNames` where there are words for people.
    fn encode_named(&self, w: &mut Writer<'_>) {
        self.encode_values(w);
        if self.has_titles() {
            texts(w, "enumNames", self.titled().map(|(_, title)| title));
        }
    }
}

/// One of several values.
#[derive(Clone, Debug)]
pub struct ChoiceProperty {
    head: Head,
    options: Options,
    has_enum_names: bool,
    default: Option<Text>,
}

impl ChoiceProperty {
    /// Adds a value.
    pub fn option(mut self, value: impl Into<Text>) -> Self {
        self.options.0.push((value.into(), None));
        self
    }

    /// Adds a value with words for people.
    pub fn titled(mut self, value: impl Into<Text>, title: impl Into<Text>) -> Self {
        self.options.0.push((value.into(), Some(title.into())));
        self
    }

    /// Writes titles as `enumNames` at every version: the old form, for clients that know no other.
    pub fn enum_names(mut self) -> Self {
        self.has_enum_names = true;
        self
    }

    /// What is chosen from the start.
    pub fn default(mut self, value: impl Into<Text>) -> Self {
        self.default = Some(value.into());
        self
    }

    fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        self.head.encode(w, "string");
        if self.options.has_titles() && fields.rich_forms && !self.has_enum_names {
            self.options.encode_titled(w, "oneOf");
        } else {
            self.options.encode_named(w);
        }
        write::text(w, "default", self.default.as_deref().filter(|_| fields.rich_forms));
    }
}

/// Some of several values.
#[derive(Clone, Debug)]
pub struct ManyProperty {
    head: Head,
    options: Options,
    min_items: Option<u32>,
    max_items: Option<u32>,
    default: Option<Vec<Text>>,
}

impl ManyProperty {
    /// Adds a value.
    pub fn option(mut self, value: impl Into<Text>) -> Self {
        self.options.0.push((value.into(), None));
        self
    }

    /// Adds a value with words for people.
    pub fn titled(mut self, value: impl Into<Text>, title: impl Into<Text>) -> Self {
        self.options.0.push((value.into(), Some(title.into())));
        self
    }

    /// Fewest values.
    pub fn min_items(mut self, items: u32) -> Self {
        self.min_items = Some(items);
        self
    }

    /// Most values.
    pub fn max_items(mut self, items: u32) -> Self {
        self.max_items = Some(items);
        self
    }

    /// What is chosen from the start.
    pub fn default<T: Into<Text>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.default = Some(values.into_iter().map(Into::into).collect());
        self
    }

    fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields) {
        if !fields.rich_forms {
            self.head.encode(w, "string");
            return self.options.encode_named(w);
        }
        self.head.encode(w, "array");
        count(w, "minItems", self.min_items);
        count(w, "maxItems", self.max_items);
        w.key("items");
        w.begin_object();
        if self.options.has_titles() {
            self.options.encode_titled(w, "anyOf");
        } else {
            w.member_string("type", "string");
            self.options.encode_values(w);
        }
        w.end_object();
        if let Some(default) = &self.default {
            texts(w, "default", default.iter().map(|value| &**value));
        }
    }
}

fn count(w: &mut Writer<'_>, name: &str, count: Option<u32>) {
    if let Some(count) = count {
        w.member_uint(name, count.into());
    }
}

/// Whole numbers are written without a fraction, as people and `integer` properties want them.
fn number(w: &mut Writer<'_>, name: &str, number: Option<f64>) {
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    match number {
        None => {}
        Some(number) if number.fract() == 0.0 && number.abs() <= EXACT_MAX => {
            w.member_int(name, number as i64);
        }
        Some(number) => w.member_float(name, number),
    }
}

fn texts<'t>(w: &mut Writer<'_>, name: &str, texts: impl Iterator<Item = &'t str>) {
    w.key(name);
    w.begin_array();
    for text in texts {
        w.string(text);
    }
    w.end_array();
}
