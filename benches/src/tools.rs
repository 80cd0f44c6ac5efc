//! The tools that every peer offers too, on the library.
//!
//! They run on the shard's own thread, for they only compute. What each answers is expected in
//! [`crate::question`].

use mcpring::error::LimitError;
use mcpring::json::Value;
use mcpring::{Call, Error, Resource, Server, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

/// The resources that can be subscribed to.
pub const RESOURCES: [&str; 2] = ["bench:///left", "bench:///right"];

/// A server that offers `echo`, `add`, `form20`, `form1000`, and `update_resource`, which tells
/// the subscribers of one of [`RESOURCES`].
pub fn server() -> Result<Server, Error> {
    Server::builder("mcpring-bench", env!("CARGO_PKG_VERSION"))
        .tool(Tool::new("echo", |Echo { message }| message).inline())
        .tool(Tool::new("add", |Add { a, b }| a + b).inline())
        .tool(Tool::new("form20", |form: Form20| form.summary()).inline())
        .tool(Tool::raw("form1000", serde_json::json!({ "type": "object" }), count).inline())
        .tool(Tool::with_call("update_resource", update).inline())
        .resource(Resource::text(RESOURCES[0], "left", "left"))
        .resource(Resource::text(RESOURCES[1], "right", "right"))
        .resource_subscriptions()
        .build()
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Update {
    uri: String,
}

fn update(Update { uri }: Update, call: &mut Call<'_>) -> Result<&'static str, LimitError> {
    call.context().publisher().resource_updated(uri).map(|()| "updated")
}

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

/// Twenty fields of four types, in the order the benchmarks send them.
#[derive(Deserialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools, reason = "a form has as many flags as it has")]
struct Form20 {
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
    fn summary(&self) -> String {
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

/// Counts the fields where they lie: nobody needs a map of them.
fn count(call: &mut Call<'_>) -> String {
    format!("{} fields", call.arguments_value().map_or(0, Value::len))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use mcpring::ring::Choice;
    use mcpring::{Config, Engine};

    use super::*;
    use crate::generator::{Extent, Load, run};
    use crate::question::{Question, form20, form1000};
    use crate::target::{Era, Target, Wire};

    fn check(driver: Choice, wire: Wire, address: SocketAddr) {
        for era in [Era::Handshake, Era::Stateless] {
            for (question, requests) in [(Question::echo(100), 40), (form20(), 40), (form1000(), 7)]
            {
                let target = Target::new(address, wire, era);
                let load = Load { driver, ..Load::closed(3, 2, Extent::Requests(requests)) };
                let place = format!("{driver}, {wire:?}, {era:?}, {}", question.name);
                let tally = run(&target, &question, &load, &mut |_| Ok(()))
                    .unwrap_or_else(|fault| panic!("{place}: {fault}"));
                assert_eq!((tally.requests, tally.errors.first), (requests, None), "{place}");
            }
        }
    }

    #[test]
    fn every_question_is_answered_on_every_wire() {
        for driver in [Choice::Auto, Choice::Epoll] {
            let config = Config { shards: 1, driver, ..Config::default() };
            let engine = Engine::new(server().expect("a sound server")).config(config);
            let engine = engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0");
            let running = engine.start().expect("free ports");
            for (wire, url) in
                [Wire::Http, Wire::Length, Wire::Line].iter().zip(running.addresses())
            {
                let scheme = url.split_once("://").expect("a URL").0;
                let address = crate::child::address(url, scheme).expect("an address");
                check(driver, *wire, address);
            }
            running.stop_now();
            running.join().expect("a sound end");
        }
    }
}
