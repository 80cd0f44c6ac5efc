//! The forms of the Rust peers, typed as their users would type them. Types are checked by serde;
//! these SDKs leave bounds to the server.

use crate::schemars;

/// Arguments of `form5`: five fields with bounds.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub struct Form5 {
    #[schemars(length(min = 1, max = 100))]
    name: String,
    #[schemars(length(min = 1, max = 200))]
    email: String,
    #[schemars(range(min = 0, max = 150))]
    age: u32,
    #[schemars(range(min = 0.0))]
    price: f64,
    active: Active,
}

/// A choice of two.
#[derive(Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Active {
    Yes,
    No,
}

impl Form5 {
    /// What is wrong with it, or its summary.
    pub fn summary(&self) -> Result<String, &'static str> {
        let letters = |text: &str, most| (1..=most).contains(&text.chars().count());
        if !letters(&self.name, 100) || !letters(&self.email, 200) {
            return Err("name has 1 to 100 letters, email 1 to 200");
        }
        if self.age > 150 || self.price < 0.0 {
            return Err("age is 0 to 150, price not less than 0");
        }
        let active = match self.active {
            Active::Yes => "yes",
            Active::No => "no",
        };
        let bytes = self.name.len() + self.email.len();
        Ok(format!("{bytes} bytes, {}, {}, {active}", self.age, self.price))
    }
}

/// Arguments of `form20`: twenty fields of four types, in the order the benchmarks send them.
#[derive(serde::Deserialize, schemars::JsonSchema)]
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
    pub fn summary(&self) -> String {
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
        let flags = [self.active, self.verified, self.newsletter]
            .iter()
            .filter(|on| **on)
            .count();
        format!("{words} bytes, {whole}, {part}, {flags} set")
    }
}
