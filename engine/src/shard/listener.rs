//! Listening sockets: opened before any thread starts, so that a fault is the starter's to see.
//!
//! TCP gets one socket per shard on one port (`SO_REUSEPORT`), between which the kernel spreads
//! connections by their addresses. A Unix path can be bound only once: its one socket is shared by
//! all shards through duplicates, and whichever shard the kernel wakes takes the connection; the
//! spread is coarser, but such connections are few and long. What accepted sockets should have (no
//! delay, keep-alive) is set on the listening one, from which Linux lets them inherit it.

#![allow(clippy::disallowed_methods, reason = "listening sockets and their paths are opened here")]

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, TcpKeepalive, Type};

use crate::error::Error;
use crate::limits;

/// A TCP port with one listening socket per shard.
pub(crate) struct TcpPort {
    /// The real address: the port is known even when 0 was asked for.
    pub(crate) address: SocketAddr,
    /// One socket per shard.
    pub(crate) sockets: Vec<OwnedFd>,
}

/// Whose a port is.
#[derive(Clone, Copy)]
pub(crate) enum Owner {
    /// One process's: a port that another has is refused.
    Process,
    /// Any process's of this user that says the same.
    User,
}

/// Listens on `address`, such as `127.0.0.1:8080`, `[::1]:0`, `localhost:8080` or `:8080`, with one
/// socket for each of `shards`. Unless `public`, only addresses of this machine alone are taken.
pub(crate) fn tcp(
    address: &str,
    shards: usize,
    public: bool,
    owner: Owner,
) -> Result<TcpPort, Error> {
    let wanted = resolve(address)?;
    if !public && !wanted.ip().is_loopback() {
        return Err(Error::usage(format!(
            "{address} can be reached from other machines, and the engine does not ask who is \
             calling: listen on 127.0.0.1, configure authorization (HTTP only), or allow it with \
             the setting `public`"
        )));
    }
    let in_words = |fault| tcp_fault(address, wanted, &fault);
    let first = tcp_socket(wanted, matches!(owner, Owner::User)).map_err(in_words)?;
    let bound = first.local_addr().map(|address| address.as_socket()).map_err(in_words)?;
    let address = bound.unwrap_or(wanted);
    // Unless that was asked for, the first socket was bound without sharing, so that a port of
    // another process is refused rather than joined; from here on our own may share it.
    first.set_reuse_port(true).map_err(in_words)?;
    let others = (1..shards).map(|_| tcp_socket(address, true));
    let sockets = std::iter::once(Ok(first))
        .chain(others)
        .map(|socket| socket.and_then(listen))
        .collect::<Result<_, _>>()
        .map_err(in_words)?;
    Ok(TcpPort { address, sockets })
}

fn resolve(address: &str) -> Result<SocketAddr, Error> {
    let full = match address.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}"),
        None => address.to_owned(),
    };
    match full.to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Error::usage(format!("{address} names no address"))),
        Err(fault) => Err(Error::usage(format!(
            "{address} is not an address such as 127.0.0.1:8080: {fault}"
        ))),
    }
}

fn tcp_socket(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Lets a restarted server have the port while old connections linger.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(limits::KEEPALIVE_IDLE_SECONDS))
        .with_interval(Duration::from_secs(limits::KEEPALIVE_INTERVAL_SECONDS))
        .with_retries(limits::KEEPALIVE_PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(Duration::from_millis(limits::TCP_USER_TIMEOUT_MS)))?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

fn listen(socket: Socket) -> io::Result<OwnedFd> {
    socket.listen(limits::BACKLOG)?;
    Ok(socket.into())
}

fn tcp_fault(asked: &str, address: SocketAddr, fault: &io::Error) -> Error {
    let port = address.port();
    Error::system(match fault.kind() {
        ErrorKind::AddrInUse => format!(
            "{asked} is in use: stop the process that listens there (`ss -ltnp 'sport = :{port}'` \
             names it) or choose another port; port 0 takes a free one"
        ),
        ErrorKind::PermissionDenied => format!(
            "{asked} needs a privilege to listen on: choose a port from 1024 on, or grant \
             CAP_NET_BIND_SERVICE"
        ),
        ErrorKind::AddrNotAvailable => format!("{asked} is not an address of this machine"),
        _ => format!("cannot listen on {asked}: {fault}"),
    })
}

/// A Unix socket with one duplicate per shard.
pub(crate) struct UnixPort {
    /// Removes the path when dropped.
    pub(crate) path: SocketPath,
    /// One descriptor per shard, all of the one socket.
    pub(crate) sockets: Vec<OwnedFd>,
}

/// A socket's path, removed on drop if it still is the socket that was bound.
pub(crate) struct SocketPath {
    path: PathBuf,
    /// Device and inode: a later server may have taken the path over.
    identity: (u64, u64),
}

impl SocketPath {
    /// The path as it was given.
    pub(crate) fn as_path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens on `path` with permission bits `mode`, and gives one descriptor to each of `shards`. A
/// socket file that nobody answers on any more is replaced.
pub(crate) fn unix(path: &Path, mode: u32, shards: usize) -> Result<UnixPort, Error> {
    let shown = path.display();
    remove_stale(path)?;
    let in_words = |fault| unix_fault(path, &fault);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(in_words)?;
    let address = SockAddr::unix(path)
        .map_err(|fault| Error::usage(format!("{shown} cannot name a Unix socket: {fault}")))?;
    socket.bind(&address).map_err(in_words)?;
    let found = fs::symlink_metadata(path).map_err(in_words)?;
    let path = SocketPath { path: path.to_owned(), identity: identity(&found) };
    // Nobody can connect before `listen`, so nobody slips in before the bits are set.
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(path.as_path(), permissions).map_err(in_words)?;
    let socket = listen(socket).map_err(in_words)?;
    let mut sockets = (1..shards)
        .map(|_| socket.try_clone())
        .collect::<io::Result<Vec<_>>>()
        .map_err(in_words)?;
    sockets.push(socket);
    Ok(UnixPort { path, sockets })
}

fn identity(found: &fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// Removes a socket file left by a process that is gone.
fn remove_stale(path: &Path) -> Result<(), Error> {
    let shown = path.display();
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err(Error::usage(format!(
            "{shown} exists and is not a socket: remove it or choose another path"
        )));
    }
    match UnixStream::connect(path) {
        Err(fault) if fault.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|fault| unix_fault(path, &fault))
        }
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(unix_fault(path, &fault)),
        Ok(_) => Err(Error::system(format!(
            "{shown} is in use: stop the process that listens there (`ss -lxp` names it) or \
             choose another path"
        ))),
    }
}

fn unix_fault(path: &Path, fault: &io::Error) -> Error {
    let shown = path.display();
    Error::system(match fault.kind() {
        ErrorKind::NotFound => {
            format!("{shown} cannot be listened on: its directory does not exist")
        }
        ErrorKind::PermissionDenied => {
            format!("{shown} cannot be listened on: no permission to write its directory")
        }
        _ => format!("cannot listen on {shown}: {fault}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixListener;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A directory of its own for each test, removed afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("mcpring-listener-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path).expect("a fresh directory");
            Self(path)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn fault<T>(outcome: Result<T, Error>) -> String {
        outcome.err().expect("this should fail").to_string()
    }

    #[test]
    fn every_shard_has_a_socket_on_the_same_port() {
        let port = tcp("127.0.0.1:0", 3, false, Owner::Process).expect("a free port");
        assert_ne!(port.address.port(), 0);
        assert_eq!(port.sockets.len(), 3);
        for socket in port.sockets {
            let listener = TcpListener::from(socket);
            assert_eq!(listener.local_addr().ok(), Some(port.address));
        }
    }

    #[test]
    fn a_port_is_shared_by_those_who_say_so() {
        let first = tcp("127.0.0.1:0", 1, false, Owner::User).expect("a free port");
        let address = first.address.to_string();
        let second = tcp(&address, 2, false, Owner::User).expect("the same port");
        assert_eq!(second.address, first.address);
        assert!(fault(tcp(&address, 1, false, Owner::Process)).contains("is in use"));
    }

    #[test]
    fn connections_are_spread_and_inherit_the_options() {
        let port = tcp("127.0.0.1:0", 2, false, Owner::Process).expect("a free port");
        let listeners: Vec<_> = port.sockets.into_iter().map(TcpListener::from).collect();
        for listener in &listeners {
            listener.set_nonblocking(true).expect("a flag");
        }
        let clients: Vec<_> =
            (0..64).map(|_| TcpStream::connect(port.address).expect("a connection")).collect();
        let accepted: Vec<Vec<_>> = listeners
            .iter()
            .map(|listener| std::iter::from_fn(|| listener.accept().ok()).collect())
            .collect();
        assert_eq!(accepted.iter().map(Vec::len).sum::<usize>(), clients.len());
        // The odds that one of two gets none of 64 are 2^-63.
        assert!(accepted.iter().all(|each| !each.is_empty()));
        let socket = Socket::from(accepted.into_iter().flatten().next().expect("one").0);
        assert!(socket.tcp_nodelay().expect("an option"));
        assert!(socket.keepalive().expect("an option"));
        let timeout = socket.tcp_user_timeout().expect("an option");
        assert_eq!(timeout, Some(Duration::from_millis(limits::TCP_USER_TIMEOUT_MS)));
    }

    #[test]
    fn a_port_in_use_is_refused_with_advice() {
        let first = tcp("127.0.0.1:0", 2, false, Owner::Process).expect("a free port");
        let again = fault(tcp(&first.address.to_string(), 2, false, Owner::Process));
        assert!(again.contains(&first.address.to_string()), "{again}");
        assert!(again.contains("is in use") && again.contains("ss -ltnp"), "{again}");
    }

    #[test]
    fn only_local_addresses_by_default() {
        for address in ["0.0.0.0:0", "[::]:0"] {
            assert!(fault(tcp(address, 1, false, Owner::Process)).contains("public"));
        }
        assert!(tcp("0.0.0.0:0", 1, true, Owner::Process).is_ok());
        assert!(
            tcp(":0", 1, false, Owner::Process).expect("a free port").address.ip().is_loopback()
        );
        assert!(fault(tcp("nonsense", 1, false, Owner::Process)).contains("nonsense"));
        // 192.0.2.0/24 is set aside for documentation: no machine has it.
        assert!(
            fault(tcp("192.0.2.1:0", 1, true, Owner::Process))
                .contains("not an address of this machine")
        );
    }

    #[test]
    fn a_path_lives_as_long_as_its_server() {
        let scratch = Scratch::new();
        let path = scratch.path("socket");
        let port = unix(&path, 0o600, 2).expect("a fresh path");
        assert_eq!(port.sockets.len(), 2);
        let mode = fs::metadata(&path).expect("the socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        UnixStream::connect(&path).expect("somebody listens");
        let again = fault(unix(&path, 0o600, 1));
        assert!(again.contains("is in use") && again.contains("socket"), "{again}");
        drop(port);
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_socket_is_replaced_and_nothing_else() {
        let scratch = Scratch::new();
        let path = scratch.path("socket");
        drop(UnixListener::bind(&path).expect("a fresh path"));
        assert!(path.exists(), "std leaves the file behind");
        drop(unix(&path, 0o600, 1).expect("a stale path"));
        fs::write(&path, "precious").expect("a file");
        assert!(fault(unix(&path, 0o600, 1)).contains("not a socket"));
        assert_eq!(fs::read(&path).expect("the file"), b"precious");
        let missing = fault(unix(&scratch.path("missing/socket"), 0o600, 1));
        assert!(missing.contains("directory does not exist"), "{missing}");
        let long = fault(unix(&scratch.path(&"x".repeat(200)), 0o600, 1));
        assert!(long.contains("cannot name a Unix socket"), "{long}");
    }

    #[test]
    fn a_path_taken_over_is_left_alone() {
        let scratch = Scratch::new();
        let path = scratch.path("socket");
        let first = unix(&path, 0o600, 1).expect("a fresh path");
        fs::remove_file(&path).expect("the socket");
        let second = unix(&path, 0o600, 1).expect("a free path");
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }
}
