//! Which process listens on a socket of this machine, so that a server that somebody else started
//! shows its processor time and memory too.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::measure::process::Process;

/// The kernel's number for a socket that listens.
const LISTENS: &str = "0A";

/// The process that listens on `address`, if that is this machine, the process is ours to look
/// into, and it is the only one: of several workers nobody can say which one answers.
pub(super) fn of(address: SocketAddr) -> Option<Process> {
    if !(address.ip().is_loopback() || address.ip().is_unspecified()) {
        return None;
    }
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| fs::read_to_string(file).ok());
    let lines = tables.iter().flatten().flat_map(|table| table.lines().skip(1));
    let sockets: BTreeSet<String> = lines.filter_map(|line| socket(line, address)).collect();
    let mut holders = holders(&sockets).into_iter();
    match (holders.next(), holders.next()) {
        (Some(only), None) if only != std::process::id() => Some(Process(only)),
        _ => None,
    }
}

/// What a descriptor of the socket in this line of the kernel's table is called, if it listens
/// where `address` leads.
fn socket(line: &str, address: SocketAddr) -> Option<String> {
    let mut words = line.split_whitespace();
    let local = words.nth(1)?;
    let (state, inode) = (words.nth(1)?, words.nth(5)?);
    let (ip, port) = local.split_once(':')?;
    let ip = ip_of(ip)?;
    let leads = ip == address.ip() || ip.is_unspecified() || address.ip().is_unspecified();
    (state == LISTENS && u16::from_str_radix(port, 16).ok()? == address.port() && leads)
        .then(|| format!("socket:[{inode}]"))
}

/// An address as the kernel prints it: words of 32 bits, each in the machine's order.
fn ip_of(hex: &str) -> Option<IpAddr> {
    let words = hex.as_bytes().chunks(8).map(|word| {
        u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok().map(u32::to_ne_bytes)
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    match bytes.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()),
        _ => None,
    }
}

/// The processes that hold one of the sockets; those of other users do not show what they hold.
fn holders(sockets: &BTreeSet<String>) -> BTreeSet<u32> {
    let holds = |pid: u32| {
        let held = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        held.filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|link| link.to_str().is_some_and(|link| sockets.contains(link)))
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    if sockets.is_empty() { BTreeSet::new() } else { pids.filter(|pid| holds(*pid)).collect() }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_line_of_the_kernel_names_its_socket() {
        let line = |local: &str, state: &str| {
            format!(
                "   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0"
            )
        };
        let v6 = "00000000000000000000000001000000:0050";
        let rows = [
            (line("0100007F:0050", "0A"), "127.0.0.1:80", true),
            (line("00000000:0050", "0A"), "127.0.0.1:80", true),
            (line(v6, "0A"), "[::1]:80", true),
            (line("0100007F:0050", "01"), "127.0.0.1:80", false),
            (line("0200007F:0050", "0A"), "127.0.0.1:80", false),
            (line("0100007F:0051", "0A"), "127.0.0.1:80", false),
        ];
        for (line, address, want) in rows {
            let got = socket(&line, address.parse().expect("an address"));
            assert_eq!(got.as_deref(), want.then_some("socket:[4711]"), "{line}");
        }
    }

    #[test]
    fn this_process_is_found_and_not_taken_for_a_server() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let table = fs::read_to_string("/proc/net/tcp").expect("a table");
        let sockets: BTreeSet<_> = table.lines().filter_map(|line| socket(line, address)).collect();
        assert_eq!(holders(&sockets), BTreeSet::from([std::process::id()]));
        assert_eq!(of(address), None);
    }
}
