//! Connections from several local addresses, so that ports do not run out.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket,
    sockopt::IpBindAddressNoPort,
};

use crate::fault::Fault;

/// Connects to `address` from one of six local addresses. The kernel picks the port when it knows
/// both ends, so a port serves once for each pair and not once in all.
pub fn dial(address: SocketAddr, number: usize) -> Result<TcpStream, Fault> {
    let SocketAddr::V4(address) = address else {
        return Err(Fault::Invalid("idle connections are held over IPv4".into()));
    };
    let source = Ipv4Addr::new(127, 0, 0, 2 + (number % 6) as u8);
    let dial = || -> nix::Result<OwnedFd> {
        let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        setsockopt(&socket, IpBindAddressNoPort, &true)?;
        bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0)))?;
        connect(socket.as_raw_fd(), &SockaddrIn::from(address))?;
        Ok(socket)
    };
    let dialed = dial().map_err(|error| Fault::Target(format!("connect from {source}: {error}")));
    dialed.map(TcpStream::from)
}
