//! What a client can be asked: which questions exist at which version, and which capability of the
//! client's each of them needs.

use serde_json::json;

use super::{Version, lookup_outgoing};
use crate::json::{Kind, Value};

/// The questions a client can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskMethod {
    /// Ask the person, by a form.
    Elicitation,
    /// Ask the person to visit a URL.
    UrlElicitation,
    /// Ask the client's model.
    Sampling,
    /// Ask the client's model, which may use tools.
    ToolSampling,
    /// Ask which folders the client works in.
    Roots,
}

impl AskMethod {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Elicitation, Self::UrlElicitation, Self::Sampling, Self::ToolSampling, Self::Roots];

    /// The method's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elicitation | Self::UrlElicitation => "elicitation/create",
            Self::Sampling | Self::ToolSampling => "sampling/createMessage",
            Self::Roots => "roots/list",
        }
    }

    /// Whether `version` has this question, in whichever way it asks.
    pub fn is_in(self, version: Version) -> bool {
        let has_method =
            version.asks_in_results() || lookup_outgoing(self.as_str(), version).is_some();
        has_method
            && match self {
                Self::UrlElicitation => version.fields().url_elicitation,
                Self::ToolSampling => version.fields().sampling_tools,
                Self::Elicitation | Self::Sampling | Self::Roots => true,
            }
    }

    /// The capability a client must have declared, for people.
    pub const fn capability(self) -> &'static str {
        match self {
            Self::Elicitation => "elicitation",
            Self::UrlElicitation => "elicitation.url",
            Self::Sampling => "sampling",
            Self::ToolSampling => "sampling.tools",
            Self::Roots => "roots",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Which questions a client takes, by the capabilities it declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Askable(u8);

impl Askable {
    /// Reads the client's capabilities object.
    pub fn read(capabilities: Option<Value<'_>>) -> Self {
        let member = |value: Option<Value<'_>>, name: &str| {
            value?.get(name).filter(|found| found.kind() == Kind::Object).map(|_| ())
        };
        let object =
            |name: &str| capabilities?.get(name).filter(|found| found.kind() == Kind::Object);
        let (elicitation, sampling) = (object("elicitation"), object("sampling"));
        let has_url = member(elicitation, "url").is_some();
        // Naming no mode means forms: there was nothing else before there were modes.
        let has_form = member(elicitation, "form").is_some() || !has_url;
        let mut askable = Self::default();
        for (method, is_declared) in [
            (AskMethod::Elicitation, elicitation.is_some() && has_form),
            (AskMethod::UrlElicitation, has_url),
            (AskMethod::Sampling, sampling.is_some()),
            (AskMethod::ToolSampling, member(sampling, "tools").is_some()),
            (AskMethod::Roots, object("roots").is_some()),
        ] {
            if is_declared {
                askable.0 |= method.bit();
            }
        }
        askable
    }

    /// Whether the client takes questions of this kind.
    pub fn takes(self, method: AskMethod) -> bool {
        self.0 & method.bit() != 0
    }
}

/// The capabilities object that declares all of `methods`.
pub fn required_capabilities(methods: impl IntoIterator<Item = AskMethod>) -> serde_json::Value {
    let mut required = json!({});
    for method in methods {
        let (name, part) = method.capability().split_once('.').unwrap_or((method.capability(), ""));
        if required.get(name).is_none() {
            required[name] = json!({});
        }
        if !part.is_empty() {
            required[name][part] = json!({});
        }
    }
    required
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{PaddedBuf, Parser};

    fn taken(capabilities: &str) -> String {
        let text = PaddedBuf::copy(capabilities.as_bytes());
        let mut parser = Parser::default();
        let value = parser.parse(text.padded()).expect("the test's JSON is JSON");
        let askable = Askable::read(Some(value));
        let names: Vec<_> = AskMethod::ALL
            .into_iter()
            .filter(|method| askable.takes(*method))
            .map(AskMethod::capability)
            .collect();
        names.join(" ")
    }

    #[test]
    fn capabilities_say_what_may_be_asked() {
        for (capabilities, want) in [
            ("{}", ""),
            ("[]", ""),
            (r#"{"elicitation":{}}"#, "elicitation"),
            (r#"{"elicitation":{"form":{}}}"#, "elicitation"),
            (r#"{"elicitation":{"url":{}}}"#, "elicitation.url"),
            (r#"{"elicitation":{"form":{},"url":{}}}"#, "elicitation elicitation.url"),
            (r#"{"elicitation":true}"#, ""),
            (r#"{"sampling":{}}"#, "sampling"),
            (r#"{"sampling":{"tools":{}}}"#, "sampling sampling.tools"),
            (r#"{"sampling":{"tools":false}}"#, "sampling"),
            (r#"{"roots":{"listChanged":true}}"#, "roots"),
            (r#"{"Roots":{}}"#, ""),
        ] {
            assert_eq!(taken(capabilities), want, "{capabilities}");
        }
        assert_eq!(Askable::read(None), Askable::default());
    }

    #[test]
    fn versions_say_what_may_be_asked() {
        use AskMethod::{Elicitation, Roots, Sampling, ToolSampling, UrlElicitation};
        for (method, first) in [
            (Sampling, Version::V2024_11_05),
            (Roots, Version::V2024_11_05),
            (Elicitation, Version::V2025_06_18),
            (UrlElicitation, Version::V2025_11_25),
            (ToolSampling, Version::V2025_11_25),
        ] {
            for version in Version::ALL {
                assert_eq!(method.is_in(version), version >= first, "{method:?} at {version}");
            }
        }
    }

    #[test]
    fn required_capabilities_are_one_object() {
        use AskMethod::{Elicitation, Sampling, ToolSampling, UrlElicitation};
        for (methods, want) in [
            (&[Sampling][..], json!({ "sampling": {} })),
            (&[ToolSampling, Sampling], json!({ "sampling": { "tools": {} } })),
            (
                &[Elicitation, UrlElicitation, Sampling],
                json!({ "elicitation": { "url": {} }, "sampling": {} }),
            ),
        ] {
            assert_eq!(required_capabilities(methods.iter().copied()), want);
        }
    }
}
