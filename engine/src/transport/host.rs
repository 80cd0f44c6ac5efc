//! Which hosts and origins a listener answers for: the guard against DNS rebinding.
//!
//! A browser always sends the Host it connected to and the Origin of the page, so a page that was
//! rebound to this machine shows itself in both. Names are compared as text and never resolved:
//! another spelling of a listed host is another host.

/// Entry of a list that allows everything.
const ANY: &str = "*";

/// Whether `host` (a Host header or an authority) is on the list. An entry with a port allows that
/// port alone, an entry without one allows every port.
pub(super) fn is_allowed_host(allowed: &[String], host: &[u8]) -> bool {
    split_port(host).is_some_and(|name| {
        allowed.iter().any(|entry| is_entry(entry, host, name) || (entry == ANY && is_plain(name)))
    })
}

/// Whether a page of `origin` may call: it is listed itself, or its host is an allowed host.
///
/// An allowed-hosts entry of `*` says nothing about pages, or rebinding would be allowed with it.
pub(super) fn is_allowed_origin(origins: &[String], hosts: &[String], origin: &[u8]) -> bool {
    let Some(authority) = authority_of(origin) else {
        return false;
    };
    let Some(name) = split_port(authority) else {
        return false;
    };
    hosts.iter().any(|entry| is_entry(entry, authority, name))
        || origins.iter().any(|entry| {
            origin.eq_ignore_ascii_case(entry.as_bytes()) || (entry == ANY && is_plain(name))
        })
}

/// What is written like an entry is as well formed as the entry.
fn is_entry(entry: &str, host: &[u8], name: &[u8]) -> bool {
    let entry = entry.as_bytes();
    (name.eq_ignore_ascii_case(entry) || host.eq_ignore_ascii_case(entry))
        && entry != ANY.as_bytes()
}

/// The authority of a web origin; `null` and other schemes have none that could be allowed.
fn authority_of(origin: &[u8]) -> Option<&[u8]> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let (head, authority) = origin.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme.as_bytes()).then_some(authority)
    })
}

/// The name of `name[:port]` or `[address][:port]`, whatever the name holds; `None` when what is
/// behind it is no port.
fn split_port(host: &[u8]) -> Option<&[u8]> {
    let name_len = match host.first()? {
        b'[' => memchr::memchr(b']', host)? + 1,
        _ => memchr::memchr(b':', host).unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(name_len);
    is_port(port).then_some(name)
}

fn is_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] if matches!(digits.len(), 1..=5) => digits
            .iter()
            .try_fold(0, |sum, byte| {
                byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
            })
            .is_some_and(|number| u16::try_from(number).is_ok()),
        _ => false,
    }
}

/// Whether a name consists of what host names and bracketed addresses consist of.
fn is_plain(name: &[u8]) -> bool {
    match name {
        [b'[', inside @ .., b']'] => inside.iter().all(|&byte| is_address(byte)),
        _ => !name.is_empty() && name.iter().all(|&byte| is_label(byte)),
    }
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

fn is_address(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}
