//! The server's own counters, as it shows them under `/metrics`.

use std::net::SocketAddr;

use crate::client;
use crate::fault::Fault;
use crate::target::{Era, Target, Wire};

/// Where a server shows its counters.
#[derive(Clone, Debug)]
pub struct Counters {
    target: Target,
}

impl Counters {
    /// The counters of the server that speaks HTTP on `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self { target: Target::new(address, Wire::Http, Era::Stateless) }
    }

    /// The sum of `name` over all its labels, or none if the server has no such counter.
    pub fn sum(&self, name: &str) -> Result<Option<f64>, Fault> {
        Ok(sum(&client::get(&self.target, "/metrics")?, name))
    }
}

fn sum(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let behind = match rest.strip_prefix('{') {
            Some(labels) => labels.rsplit_once('}')?.1,
            None => rest.strip_prefix(' ')?,
        };
        behind.split_whitespace().next()?.parse::<f64>().ok()
    });
    values.reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_summed_and_longer_names_are_others() {
        let text =
            "# TYPE a counter\na{shard=\"0\"} 3\na{shard=\"1\"} 4.5\nab 100\nc 7 1700000000\n";
        for (name, want) in [("a", Some(7.5)), ("ab", Some(100.0)), ("c", Some(7.0)), ("d", None)] {
            assert_eq!(sum(text, name), want, "{name}");
        }
    }
}
