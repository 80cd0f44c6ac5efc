//! The page that tells clients where to get a token (RFC 9728).

use serde::Serialize;

use super::resource::Resource;

/// Where the page lies, before the path of the resource.
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The page's members.
#[derive(Serialize)]
struct Page<'a> {
    resource: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    authorization_servers: &'a [String],
    #[serde(skip_serializing_if = "<[Box<str>]>::is_empty")]
    scopes_supported: &'a [Box<str>],
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
}

/// The page as bytes.
pub(super) fn page(
    resource: &Resource,
    servers: &[String],
    scopes: &[Box<str>],
    name: Option<&str>,
) -> Vec<u8> {
    let page = Page {
        resource: resource.url(),
        authorization_servers: servers,
        scopes_supported: scopes,
        // Never in the query (OAuth 2.1), never in a form: the body is the message.
        bearer_methods_supported: ["header"],
        resource_name: name,
    };
    serde_json::to_vec(&page).expect("texts are JSON")
}
