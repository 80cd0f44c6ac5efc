//! Who is asking, as the client tells it about itself.

use super::{AskMethod, Askable};
use crate::json::{Kind, Value};

/// A client's own words about itself. Nothing here is proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// `clientInfo.name`.
    pub name: String,
    /// `clientInfo.version`.
    pub version: String,
    /// The capabilities object, as JSON text.
    pub capabilities: String,
    /// Which questions it takes.
    pub askable: Askable,
}

/// Longest name, version or capabilities text kept of a client, in bytes.
const TEXT_BYTES_MAX: usize = 4096;

impl Client {
    /// Reads `clientInfo` and `capabilities`; what is missing or odd stays empty.
    pub fn read(info: Option<Value<'_>>, capabilities: Option<Value<'_>>) -> Self {
        let askable = Askable::read(capabilities);
        let text = |member: &str| {
            let value = info?.get(member)?;
            let text = value.as_str()?;
            (text.len() <= TEXT_BYTES_MAX).then(|| text.into_owned())
        };
        let capabilities = capabilities
            .filter(|value| value.kind() == Kind::Object && value.raw().len() <= TEXT_BYTES_MAX)
            .and_then(|value| String::from_utf8(value.raw().to_vec()).ok());
        Self {
            name: text("name").unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            capabilities: capabilities.unwrap_or_else(|| "{}".to_owned()),
            askable,
        }
    }

    /// Whether it declared that it can be asked this.
    pub fn supports(&self, method: AskMethod) -> bool {
        self.askable.takes(method)
    }
}
