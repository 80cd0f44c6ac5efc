//! Issuers' key sets: read at the start, again from time to time, and when a shard asks.
//!
//! The only part of the engine that connects to anywhere, and it does so only where authorization
//! by a URL is configured: to that URL, without redirects, within limits of time and size. Each
//! source has a thread of its own, so that one that hangs keeps nobody else waiting; shards never
//! wait for any. When a reading fails the keys stay as they are, and a line of the log says so.

#![allow(clippy::disallowed_methods, reason = "key sets are read by threads, from files and URLs")]

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use ureq::tls::{TlsConfig, TlsProvider};

use crate::auth::{Guard, Jwks, JwksPlace, KeySet, KeyStore};
use crate::error::Error;
use crate::limits::{JWKS_BYTES_MAX, JWKS_EVERY_S, JWKS_FETCH_MS, JWKS_RETRY_S};
use crate::trace::{self, Level};

/// The threads that keep key sets fresh. They end after this is dropped, each when it next wakes
/// or its reading is done; nobody waits for them.
pub(crate) struct Refreshers {
    is_over: Arc<AtomicBool>,
    threads: Vec<thread::Thread>,
}

impl Refreshers {
    /// Reads every key set of `guard` once, then starts their threads. A file that cannot be read
    /// is a fault of the start; a URL may come to life later.
    pub(crate) fn start(guard: &Guard) -> Result<Self, Error> {
        let mut refreshers = Self { is_over: Arc::default(), threads: Vec::new() };
        for (issuer, jwks, store) in guard.sources() {
            let source = Source { issuer: issuer.to_owned(), jwks: jwks.clone() };
            let first = source.read(store);
            if let (Err(fault), JwksPlace::File(_)) = (&first, jwks.place()) {
                return Err(Error::usage(format!("keys of issuer {issuer}: {fault}")));
            }
            refreshers.spawn(source, store, first)?;
        }
        Ok(refreshers)
    }

    fn spawn(
        &mut self,
        source: Source,
        store: &Arc<KeyStore>,
        first: Result<(), Error>,
    ) -> Result<(), Error> {
        let (weak, is_over) = (Arc::downgrade(store), Arc::clone(&self.is_over));
        let thread = thread::Builder::new()
            .name("mcpring-keys".to_owned())
            .spawn(move || source.keep_fresh(first, &weak, &is_over))
            .map_err(|fault| Error::system(format!("thread for key sets: {fault}")))?
            .thread()
            .clone();
        let woken = thread.clone();
        store.on_ask(move || woken.unpark());
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Refreshers {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        for thread in &self.threads {
            thread.unpark();
        }
    }
}

/// One issuer's key set.
struct Source {
    issuer: String,
    jwks: Jwks,
}

impl Source {
    /// The thread: waits until the set is due or asked for, and reads it.
    fn keep_fresh(&self, first: Result<(), Error>, store: &Weak<KeyStore>, is_over: &AtomicBool) {
        let mut outcome = first;
        let mut failures = 0;
        loop {
            failures = match outcome {
                Ok(()) => 0,
                Err(fault) => {
                    self.complain(&fault);
                    failures + 1
                }
            };
            let read = Instant::now();
            loop {
                let Some(store) = store.upgrade() else { return };
                let wait = self.wait(failures, store.is_asked()).saturating_sub(read.elapsed());
                if wait.is_zero() {
                    break;
                }
                drop(store);
                thread::park_timeout(wait);
                if is_over.load(Ordering::Acquire) {
                    return;
                }
            }
            let Some(store) = store.upgrade() else { return };
            store.take_asked();
            outcome = self.read(&store);
        }
    }

    /// The time from one reading to the next.
    fn wait(&self, failures: u32, is_asked: bool) -> Duration {
        let retry = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
        let retry = Duration::from_secs(JWKS_RETRY_S.saturating_mul(retry).min(JWKS_EVERY_S));
        match (failures, is_asked) {
            (0, false) => self.jwks.time(),
            (0, true) => self.jwks.time().min(self.jwks.time_asked()),
            (_, false) => self.jwks.time().min(retry),
            (_, true) => self.jwks.time().min(retry).min(self.jwks.time_asked()),
        }
    }

    fn read(&self, store: &KeyStore) -> Result<(), Error> {
        let bytes = match self.jwks.place() {
            JwksPlace::Url(url) => fetch(url)?,
            JwksPlace::File(path) => read_file(path)?,
            JwksPlace::Text(text) => text.clone().into_bytes(),
        };
        store.replace(KeySet::parse(&bytes)?);
        Ok(())
    }

    fn complain(&self, fault: &Error) {
        let issuer = &self.issuer;
        trace::line(
            Level::Warning,
            "keys",
            format_args!("keys of issuer {issuer} could not be read, those before stay: {fault}"),
        );
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let fault = |fault| Error::system(format!("{}: {fault}", path.display()));
    read_limited(std::fs::File::open(path).map_err(fault)?).map_err(fault)
}

/// The URL's own text stays out of the faults: its query may hold a key.
fn fetch(url: &str) -> Result<Vec<u8>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_idle_connections(0)
        .user_agent(concat!("mcpring/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(Duration::from_millis(JWKS_FETCH_MS)))
        .build();
    let unreachable = |fault: ureq::Error| Error::system(format!("{fault}"));
    let agent: ureq::Agent = config.into();
    let request = agent.get(url).header("accept", "application/jwk-set+json, application/json");
    let mut response = request.call().map_err(unreachable)?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(Error::system(format!("the server answered with status {status}, not 200")));
    }
    read_limited(response.body_mut().as_reader()).map_err(|fault| Error::system(format!("{fault}")))
}

/// One byte over the limit shows that there is more.
fn read_limited(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(JWKS_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one connection with `answer`; gives the URL and the request line it gets.
    fn serve_once(answer: String) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().expect("a copy"));
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap_or(0) > 0 {}
            // A client that has seen enough hangs up.
            let _ = stream.write_all(answer.as_bytes());
            head
        });
        (format!("http://{address}/keys"), thread)
    }

    #[test]
    fn what_is_no_key_set_is_a_fault_and_no_redirect_is_followed() {
        let body =
            |text: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
        let check = |answer: String, words: &str| {
            let (url, server) = serve_once(answer);
            let store = KeyStore::default();
            let source = Source { issuer: "i".to_owned(), jwks: Jwks::url(url) };
            let fault = source.read(&store).expect_err(words).to_string();
            assert!(fault.contains(words), "{fault} should say {words}");
            assert_eq!(store.generation(), 0, "nothing replaces the keys");
            assert!(server.join().expect("served").starts_with("GET /keys HTTP/1.1\r\n"));
        };
        check("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(), "404");
        let redirect = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\
                        content-length: 0\r\n\r\n";
        check(redirect.to_owned(), "302");
        check(body("<html>"), "not a JSON Web Key Set");
        check(body("{\"keys\":[]}"), "no key");
        check(body(&" ".repeat(JWKS_BYTES_MAX + 2)), "over 262144 bytes");
    }

    #[test]
    fn a_server_without_tls_is_no_https_server() {
        let (url, server) = serve_once("HTTP/1.1 200 OK\r\n\r\n".to_owned());
        let fault = fetch(&url.replace("http://", "https://")).expect_err("no TLS there");
        assert!(!fault.to_string().is_empty());
        drop(server);
    }

    #[test]
    fn waits_grow_with_failures_and_shrink_with_questions() {
        let jwks = Jwks::url("https://example.com");
        let source = Source { issuer: "i".to_owned(), jwks };
        let check = |failures: u32, is_asked: bool, want: u64| {
            assert_eq!(source.wait(failures, is_asked), Duration::from_secs(want));
        };
        check(0, false, JWKS_EVERY_S);
        check(0, true, crate::limits::JWKS_ASKED_EVERY_S);
        check(1, false, 2);
        check(2, false, 4);
        check(6, false, 64);
        check(6, true, 30);
        check(200, false, JWKS_EVERY_S);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let fault = read_file(Path::new("/nonexistent/keys.json")).expect_err("no such file");
        assert!(fault.to_string().contains("/nonexistent/keys.json"), "{fault}");
    }
}
