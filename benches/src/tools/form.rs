//! The forms: tools of five and of twenty typed parameters.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// Five fields of four types, with bounds that have to be checked.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Form5 {
    #[schemars(length(min = 1, max = 100))]
    name: String,
    #[schemars(length(min = 1, max = 200))]
    email: String,
    #[schemars(range(min = 0, max = 150))]
    age: i64,
    #[schemars(range(min = 0))]
    price: f64,
    active: Active,
}

/// A choice of two words.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Active {
    Yes,
    No,
}

impl fmt::Display for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}

impl Form5 {
    /// Reads every field, so that none of the decoding can be left out.
    pub(super) fn summary(&self) -> String {
        let Self { name, email, age, price, active } = self;
        format!("{} bytes, {age}, {price}, {active}", name.len() + email.len())
    }
}

/// Twenty fields of four types, in the order the benchmarks send them.
#[derive(Deserialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "a form has as many flags as it has")]
pub struct Form20 {
    name: String,
    email: String,
    street: String,
    city: String,
    country: String,
    phone: String,
    company: String,
    title: String,
    note: String,
    reference: String,
    age: u32,
    quantity: u32,
    floor: i64,
    year: u32,
    price: f64,
    discount: f64,
    weight: f64,
    active: bool,
    verified: bool,
    newsletter: bool,
}

impl Form20 {
    /// Reads every field, so that none of the decoding can be left out.
    pub(super) fn summary(&self) -> String {
        let words: usize = [
            &self.name,
            &self.email,
            &self.street,
            &self.city,
            &self.country,
            &self.phone,
            &self.company,
            &self.title,
            &self.note,
            &self.reference,
        ]
        .iter()
        .map(|word| word.len())
        .sum();
        let whole =
            i64::from(self.age) + i64::from(self.quantity) + self.floor + i64::from(self.year);
        let part = self.price + self.discount + self.weight;
        let flags = [self.active, self.verified, self.newsletter].iter().filter(|on| **on).count();
        format!("{words} bytes, {whole}, {part}, {flags} set")
    }
}
