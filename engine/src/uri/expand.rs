//! Expansion of a template from values, RFC 6570 §3.2 to the letter.

use std::collections::BTreeMap;

use super::percent::encode_into;
use super::template::{Modifier, Operator, Part, Spec, Template, TemplateError, TemplateErrorKind};

/// One variable's value. A variable that is absent, an empty list and an empty map are undefined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string, possibly empty.
    Text(String),
    /// Several strings in order.
    List(Vec<String>),
    /// Names and strings in order.
    Map(Vec<(String, String)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The values a template is expanded from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// No values yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one variable, over its former value.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The value of `name`, if it is defined in the sense of RFC 6570 §3.2.1.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| match value {
            Value::Text(_) => true,
            Value::List(items) => !items.is_empty(),
            Value::Map(pairs) => !pairs.is_empty(),
        })
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Template {
    /// Puts `variables` in; undefined ones leave no trace. Fails only when a prefix (`{x:3}`) is
    /// asked of a list or a map.
    pub fn expand(&self, variables: &Variables) -> Result<String, TemplateError> {
        let mut out = String::with_capacity(self.as_str().len());
        for part in self.parts() {
            match part {
                Part::Literal { text, .. } => out.push_str(text),
                Part::Expression { operator, specs } => {
                    expand_expression(&mut out, *operator, specs, variables)?;
                }
            }
        }
        Ok(out)
    }
}

fn expand_expression(
    out: &mut String,
    operator: Operator,
    specs: &[Spec],
    variables: &Variables,
) -> Result<(), TemplateError> {
    let mut lead = operator.first();
    for spec in specs {
        let Some(value) = variables.get(&spec.name) else {
            continue;
        };
        out.push_str(lead);
        lead = operator.separator();
        match (value, spec.modifier) {
            (Value::Text(text), modifier) => {
                expand_one(out, operator, &spec.name, prefix(text, modifier));
            }
            (_, Modifier::Prefix(_)) => {
                return Err(TemplateErrorKind::PrefixOfComposite.at(spec.offset));
            }
            (Value::List(items), Modifier::Explode) => {
                join(out, operator.separator(), items, |out, item| {
                    expand_one(out, operator, &spec.name, item);
                });
            }
            (Value::Map(pairs), Modifier::Explode) => {
                join(out, operator.separator(), pairs, |out, (key, item)| {
                    expand_pair(out, operator, key, item);
                });
            }
            (value, Modifier::None) => expand_joined(out, operator, &spec.name, value),
        }
    }
    Ok(())
}

/// `value`, or `name=value` where the operator names its values.
fn expand_one(out: &mut String, operator: Operator, name: &str, text: &str) {
    if operator.is_named() {
        out.push_str(name);
        if !text.is_empty() || operator != Operator::Parameter {
            out.push('=');
        }
    }
    encode_into(out, text, operator.keeps_reserved());
}

/// One member of an exploded map: its key takes the place of the variable's name.
fn expand_pair(out: &mut String, operator: Operator, key: &str, text: &str) {
    encode_into(out, key, operator.keeps_reserved());
    if !text.is_empty() || operator != Operator::Parameter {
        out.push('=');
    }
    encode_into(out, text, operator.keeps_reserved());
}

/// A list or map that is not exploded: everything behind one name, joined by commas.
fn expand_joined(out: &mut String, operator: Operator, name: &str, value: &Value) {
    let keep = operator.keeps_reserved();
    if operator.is_named() {
        out.push_str(name);
        out.push('=');
    }
    match value {
        Value::Text(text) => encode_into(out, text, keep),
        Value::List(items) => join(out, ",", items, |out, item| encode_into(out, item, keep)),
        Value::Map(pairs) => join(out, ",", pairs, |out, (key, item)| {
            encode_into(out, key, keep);
            out.push(',');
            encode_into(out, item, keep);
        }),
    }
}

fn join<T>(out: &mut String, separator: &str, items: &[T], each: impl Fn(&mut String, &T)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        each(out, item);
    }
}

/// The first characters of `text` that `modifier` leaves; counted before encoding.
fn prefix(text: &str, modifier: Modifier) -> &str {
    let Modifier::Prefix(length) = modifier else {
        return text;
    };
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    // The published examples run in `tests/uri_corpus.rs`; here is what they leave out.
    #[track_caller]
    fn check(template: &str, want: &str) {
        let variables = Variables::new()
            .set("word", "é€😀x")
            .set("none", Value::List(Vec::new()))
            .set("gap", Value::List(vec!["a".into(), String::new()]))
            .set("triplet", "a%20b%zz");
        let got = Template::parse(template).unwrap().expand(&variables).unwrap();
        assert_eq!(got, want, "{template}");
    }

    #[test]
    fn beyond_the_published_examples() {
        check("{word:2}", "%C3%A9%E2%82%AC");
        check("{word:3}x", "%C3%A9%E2%82%AC%F0%9F%98%80x");
        check("{?none,word:1}", "?word=%C3%A9");
        check("{?none}", "");
        check("{;gap*}", ";gap=a;gap");
        check("{?gap*}", "?gap=a&gap=");
        check("{/gap*}", "/a/");
        check("{triplet}", "a%2520b%25zz");
        check("{+triplet}", "a%20b%25zz");
        check("é/{word:1}", "%C3%A9/%C3%A9");
    }
}
