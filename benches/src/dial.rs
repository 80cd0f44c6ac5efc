//! Connections: to whatever place a target names, and from several local addresses so that ports do
//! not run out.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrStorage, bind,
    connect as connect_socket, setsockopt, socket,
    sockopt::{IpBindAddressNoPort, TcpNoDelay},
};

use crate::fault::Fault;
use crate::target::Address;

/// A connection to a server.
#[derive(Debug)]
pub enum Stream {
    /// Over the network.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

/// Connects to `address`, of a name to the first address that accepts, each within `patience`.
pub fn connect(address: &Address, patience: Duration) -> Result<Stream, Fault> {
    let failed = |error: io::Error| {
        Fault::Target(format!("connect to {address}: {error}; is a server listening there?"))
    };
    match address {
        Address::Unix(path) => UnixStream::connect(path).map(Stream::Unix).map_err(failed),
        Address::Program(_) => {
            Err(Fault::Usage(format!("{address} is a program: it is started, not connected to")))
        }
        Address::Socket(_) | Address::Name(..) => {
            let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
            for socket in address.sockets()? {
                match TcpStream::connect_timeout(&socket, patience) {
                    Ok(stream) => {
                        stream.set_nodelay(true).map_err(Fault::harness("prepare a socket"))?;
                        return Ok(Stream::Tcp(stream));
                    }
                    Err(error) => refused = error,
                }
            }
            Err(failed(refused))
        }
    }
}

/// A socket on its way to `peer`, which nobody waits for: whether it gets there shows when something
/// is sent or received.
pub fn begin(peer: SocketAddr) -> Result<OwnedFd, Fault> {
    let family = if peer.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let begin = || -> nix::Result<OwnedFd> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(family, SockType::Stream, flags, None)?;
        setsockopt(&socket, TcpNoDelay, &true)?;
        match connect_socket(socket.as_raw_fd(), &SockaddrStorage::from(peer)) {
            Ok(()) | Err(nix::Error::EINPROGRESS) => Ok(socket),
            Err(error) => Err(error),
        }
    };
    begin().map_err(|error| Fault::Target(format!("connect to {peer}: {error}")))
}

impl Stream {
    /// Whom it is connected to over the network.
    pub fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Bounds each read and each write from here on.
    pub fn set_timeouts(&self, patience: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))
            }
        }
    }
}

impl From<Stream> for OwnedFd {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Tcp(stream) => stream.into(),
            Stream::Unix(stream) => stream.into(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Connects to `address` from one of six local addresses. The kernel picks the port when it knows
/// both ends, so a port serves once for each pair and not once in all.
pub fn dial(address: &Address, number: usize) -> Result<TcpStream, Fault> {
    let &Address::Socket(SocketAddr::V4(address)) = address else {
        return Err(Fault::Usage(format!("idle connections are held over IPv4, not to {address}")));
    };
    let source = Ipv4Addr::new(127, 0, 0, 2 + (number % 6) as u8);
    let dial = || -> nix::Result<OwnedFd> {
        let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        setsockopt(&socket, IpBindAddressNoPort, &true)?;
        bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0)))?;
        connect_socket(socket.as_raw_fd(), &SockaddrIn::from(address))?;
        Ok(socket)
    };
    let dialed = dial().map_err(|error| Fault::Target(format!("connect from {source}: {error}")));
    let stream = TcpStream::from(dialed?);
    stream.set_nodelay(true).map_err(Fault::harness("prepare a socket"))?;
    Ok(stream)
}
