//! The ten resources: two that can be subscribed to and eight items.

use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents},
};

const KIND: &str = "text/plain";
const ITEMS: u32 = 8;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";

/// All of them in their order.
pub fn list() -> Vec<Resource> {
    let named = ["left", "right"].map(|name| (format!("bench:///{name}"), name.to_owned()));
    let items = (0..ITEMS).map(|item| (format!("bench:///item/{item}"), format!("item {item}")));
    let resource = |(uri, name): (String, String)| Resource::new(uri, name).with_mime_type(KIND);
    named.into_iter().chain(items).map(resource).collect()
}

/// The text under `uri`.
pub fn read(uri: String) -> Result<ReadResourceResult, ErrorData> {
    let Some(text) = text(&uri) else {
        return Err(ErrorData::resource_not_found(format!("no resource {uri}"), None));
    };
    let contents = ResourceContents::text(text, uri).with_mime_type(KIND);
    Ok(ReadResourceResult::new(vec![contents]))
}

fn text(uri: &str) -> Option<String> {
    match uri.strip_prefix("bench:///")? {
        name @ ("left" | "right") => Some(name.to_owned()),
        item => {
            let item: u32 = item.strip_prefix("item/")?.parse().ok()?;
            (item < ITEMS).then(|| format!("item {item}: {}", ALPHABET.repeat(7)))
        }
    }
}
