//! Twenty parameters of many types: what a schema can ask of a tool's arguments.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    Reader,
    Writer,
    Admin,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Address {
    #[schemars(length(min = 1, max = 100))]
    street: String,
    #[schemars(length(min = 1, max = 60))]
    city: String,
    #[schemars(regex(pattern = "^[0-9]{4,6}$"))]
    zip: String,
}

/// The arguments of `form20`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    /// Full name.
    #[schemars(length(min = 1, max = 80))]
    name: String,
    /// Where mail goes.
    #[schemars(email, length(max = 120))]
    email: String,
    /// Years.
    #[schemars(range(min = 0, max = 150))]
    age: u32,
    /// Two capital letters.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    country: String,
    role: Role,
    /// Share from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    score: f64,
    active: bool,
    /// Up to eight different words.
    #[schemars(length(max = 8), extend("uniqueItems" = true), inner(length(min = 1, max = 20)))]
    tags: Vec<String>,
    address: Address,
    /// Latitude and longitude.
    #[schemars(inner(range(min = -180.0, max = 180.0)))]
    position: [f64; 2],
    /// A whole number of dozens.
    #[schemars(range(min = 12), extend("multipleOf" = 12))]
    quantity: u64,
    /// From 1, most urgent, to 5.
    #[schemars(range(min = 1, max = 5))]
    priority: u8,
    /// A day, such as 2026-07-28.
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    date: String,
    /// A time, such as 23:59.
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    time: String,
    /// Free words by name, at most sixteen.
    #[schemars(extend("maxProperties" = 16))]
    attributes: BTreeMap<String, String>,
    /// Degrees Celsius.
    #[schemars(extend("exclusiveMinimum" = -273.15))]
    temperature: f64,
    /// Must be agreed to.
    #[schemars(extend("const" = true))]
    consent: bool,
    /// A web address.
    #[serde(default)]
    #[schemars(url, length(max = 200))]
    website: Option<String>,
    /// A person's remark.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    notes: Option<String>,
    /// A discount in percent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    discount: Option<u8>,
}

impl Form {
    /// Every value once, so that none of them was parsed for nothing.
    pub(super) fn summary(&self) -> String {
        let Self { name, email, age, country, role, score, active, tags, address, .. } = self;
        let Self { position, quantity, priority, date, time, attributes, temperature, .. } = self;
        let Self { consent, website, notes, discount, .. } = self;
        let Address { street, city, zip } = address;
        let mut text = format!("{name} <{email}>, {age}, {country}, {role:?}, score {score}");
        let _ = write!(text, ", active {active}, tags {tags:?}, {street}, {zip} {city}");
        let _ = write!(text, ", at {position:?}, {quantity} pieces, priority {priority}");
        let _ = write!(text, ", {date} {time}, {attributes:?}, {temperature} °C");
        let _ = write!(text, ", consent {consent}, {website:?}, {notes:?}, {discount:?}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_form_has_twenty_parameters() {
        let schema = schemars::schema_for!(Form);
        let properties = schema.get("properties").and_then(Value::as_object).unwrap();
        assert_eq!(properties.len(), 20);
    }

    #[test]
    fn a_filled_form_is_read() {
        let form: Form = serde_json::from_value(json!({
            "name": "Ada", "email": "ada@example.org", "age": 36, "country": "GB",
            "role": "writer", "score": 0.5, "active": true, "tags": ["x"],
            "address": {"street": "S 1", "city": "L", "zip": "12345"},
            "position": [51.5, -0.1], "quantity": 24, "priority": 1, "date": "2026-07-28",
            "time": "23:59", "attributes": {"k": "v"}, "temperature": 21.5, "consent": true,
        }))
        .unwrap();
        let want = "Ada <ada@example.org>, 36, GB, Writer, score 0.5, active true, tags [\"x\"], \
                    S 1, 12345 L, at [51.5, -0.1], 24 pieces, priority 1, 2026-07-28 23:59, \
                    {\"k\": \"v\"}, 21.5 °C, consent true, None, None, None";
        assert_eq!(form.summary(), want);
    }
}
