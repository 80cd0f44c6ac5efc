//! What each optimisation is worth: switches that turn them off, for measuring.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The engine's optimisations, each on or off.
///
/// For measuring what each is worth, not for production: the default, all on, is the product.
/// Without one the engine does what an engine does that never had it, as fast as it can, and gives
/// the same answers byte for byte. Set with
/// [`ServerBuilder::ablation`](crate::ServerBuilder::ablation).
///
/// ```
/// use mcpring::config::Ablation;
///
/// let off: Ablation = "schema-cache,leases".parse()?;
/// assert_eq!(off, Ablation { schema_cache: false, leases: false, ..Ablation::default() });
/// # Ok::<(), mcpring::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Ablation {
    /// A tool's schemas are compiled once. Off: before every check.
    pub schema_cache: bool,
    /// A notification is encoded once, and many subscribers are told in one turn. Off: it is
    /// encoded for each subscriber, and one of them is told in a turn.
    pub fanout_batching: bool,
    /// Received bytes are lent to the protocol where the kernel put them. Off: they are copied
    /// into memory of their own first.
    pub leases: bool,
    /// The template that a URI fits is found in a radix tree. Off: all are tried in turn.
    pub template_router: bool,
}

/// A switch's name, and where it is.
type Switch = (&'static str, fn(&mut Ablation) -> &mut bool);

const SWITCHES: [Switch; 4] = [
    ("schema-cache", |all| &mut all.schema_cache),
    ("fanout-batching", |all| &mut all.fanout_batching),
    ("leases", |all| &mut all.leases),
    ("template-router", |all| &mut all.template_router),
];

impl Default for Ablation {
    fn default() -> Self {
        Self { schema_cache: true, fanout_batching: true, leases: true, template_router: true }
    }
}

/// The names of what is off, with commas between.
impl FromStr for Ablation {
    type Err = Error;

    fn from_str(off: &str) -> Result<Self, Error> {
        let mut all = Self::default();
        for name in off.split(',').filter(|name| !name.is_empty()) {
            let Some((_, switch)) = SWITCHES.iter().find(|(known, _)| *known == name) else {
                let known = SWITCHES.map(|(known, _)| known).join(", ");
                return Err(Error::usage(format!("no optimisation {name:?}: there is {known}")));
            };
            *switch(&mut all) = false;
        }
        Ok(all)
    }
}

/// As it is read.
impl fmt::Display for Ablation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = *self;
        let off = SWITCHES.iter().filter(|(_, switch)| !*switch(&mut all)).map(|(name, _)| *name);
        f.write_str(&off.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let check = |names: &str, off: usize| {
            let all: Ablation = names.parse().expect(names);
            let Ablation { schema_cache, fanout_batching, leases, template_router } = all;
            let on = [schema_cache, fanout_batching, leases, template_router];
            assert_eq!(on.iter().filter(|on| !**on).count(), off, "{names}");
            assert_eq!(all.to_string(), names);
        };
        check("", 0);
        for (name, _) in SWITCHES {
            check(name, 1);
        }
        check("schema-cache,fanout-batching,leases,template-router", 4);
        let fault = "schema-cache,cache".parse::<Ablation>().expect_err("unknown").to_string();
        assert!(fault.contains("\"cache\"") && fault.contains("template-router"), "{fault}");
    }
}
