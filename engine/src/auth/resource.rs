//! The URL that names this server to authorization servers and in tokens' audience.

use super::metadata::WELL_KNOWN;
use crate::error::Error;

/// The canonical URI of the server (RFC 8707, MCP authorization): `https://host[:port][/path]`.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    origin: String,
    /// Without a slash at its end; empty for the root.
    path: String,
}

impl Resource {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(|| {
            Error::usage(format!(
                "{text:?} is no resource URL: write https://host/path, without query or fragment"
            ))
        })
    }

    /// The canonical form: scheme and host in lower case, no default port, no slash at the end.
    pub(super) fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where its metadata lies: between host and path (RFC 9728, 3.1).
    pub(super) fn metadata_url(&self) -> String {
        format!("{}{WELL_KNOWN}{}", self.origin, self.path)
    }

    fn read(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"\\<>".contains(&byte)) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match &*scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
        if authority.is_empty() || authority.contains('@') || authority.starts_with(':') {
            return None;
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        Some(Self { origin: format!("{scheme}://{authority}"), path: path.to_owned() })
    }
}

/// Whether both texts mean the same audience: the same URL, however its scheme and host are
/// written, or the same text.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (Resource::read(one), Resource::read(other)) {
        (Some(one), Some(other)) => one.origin == other.origin && one.path == other.path,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_one_form() {
        let check = |text: &str, url: &str, metadata: &str| {
            let resource = Resource::parse(text).expect(text);
            assert_eq!((&*resource.url(), &*resource.metadata_url()), (url, metadata));
        };
        let well_known = "https://example.com/.well-known/oauth-protected-resource";
        check("https://example.com", "https://example.com", well_known);
        check("HTTPS://Example.COM:443/", "https://example.com", well_known);
        check("https://Example.com/MCP/", "https://example.com/MCP", &format!("{well_known}/MCP"));
        check(
            "http://[::1]:8080/mcp",
            "http://[::1]:8080/mcp",
            "http://[::1]:8080/.well-known/oauth-protected-resource/mcp",
        );
    }

    #[test]
    fn other_texts_are_no_resource() {
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///mcp",
            "https://user@example.com",
            "https://example.com/#x",
            "https://example.com/?x",
            "https://exam ple.com",
            "https://example.com/\"",
            "https://ex\u{e4}mple.com",
        ] {
            assert!(Resource::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn audiences_are_compared_as_urls() {
        let ours = "https://example.com/mcp";
        for same in [ours, "HTTPS://EXAMPLE.com/mcp", "https://example.com:443/mcp/"] {
            assert!(is_same(ours, same), "{same}");
        }
        for other in [
            "https://example.com",
            "https://example.com/MCP",
            "https://example.com/mcp/x",
            "https://example.com/mcp//",
            "https://example.com:8443/mcp",
            "https://example.com.evil/mcp",
            "http://example.com/mcp",
            "https://example.com/mcp#",
            "",
        ] {
            assert!(!is_same(ours, other), "{other}");
        }
        assert!(is_same("api://x", "api://x") && !is_same("api://x", "API://x"));
    }
}
