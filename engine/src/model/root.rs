//! Roots: the places a client works in, as it names them when it is asked.

use serde::Deserialize;

/// A place the client works in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Root {
    /// Where it is; a `file` URI so far. The client's word, not a right to go there.
    pub uri: String,
    /// Its name for people.
    #[serde(default)]
    pub name: Option<String>,
}

impl Root {
    /// Reads the result of `roots/list`.
    pub fn parse_list(json: &str) -> Result<Vec<Self>, serde_json::Error> {
        #[derive(Deserialize)]
        struct Answer {
            roots: Vec<Root>,
        }
        serde_json::from_str::<Answer>(json).map(|answer| answer.roots)
    }
}
