//! HTTP routes of the program's own, over real sockets on both drivers: what they are asked, how
//! they answer, in which order, and what they are never asked.

#![allow(clippy::disallowed_methods, reason = "these tests are about sockets and threads")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use mcpring::ring::Choice;
use mcpring::server::{RouteCall, RouteResponse};
use mcpring::{Authorization, Config, Engine, ErrorKind, Principal, Running, Server};

use support::{Gate, PATIENCE, drivers, server};

/// Calls that wait until the test answers them.
#[derive(Clone)]
struct Desk {
    sender: mpsc::Sender<RouteCall>,
    receiver: Arc<Mutex<mpsc::Receiver<RouteCall>>>,
}

impl Desk {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Arc::new(Mutex::new(receiver)) }
    }

    fn put(&self, call: RouteCall) {
        self.sender.send(call).expect("the desk is there");
    }

    fn take(&self) -> RouteCall {
        let receiver = self.receiver.lock().expect("no test panics here");
        receiver.recv_timeout(PATIENCE).expect("a request comes")
    }
}

/// Says what it was asked.
fn echo(call: RouteCall) {
    let request = call.request();
    let variables = ["name", "rest"].map(|name| request.variable(name).unwrap_or("-").to_owned());
    let text = format!(
        "{} {} ?{} {} {} x={} body={}",
        request.method(),
        request.path(),
        request.query(),
        variables[0],
        variables[1],
        request.header("X-Test").unwrap_or("-"),
        String::from_utf8_lossy(request.body()),
    );
    call.respond(RouteResponse::text(text)).expect("a good answer");
}

fn engine(choice: Choice, config: Config, desk: &Desk) -> Engine {
    let desk = desk.clone();
    Engine::new(server(&Gate::new()))
        .config(Config { driver: choice, shards: 1, ..config })
        .http("127.0.0.1:0")
        .route(["GET", "POST"], "/echo", echo)
        .route(["PUT"], "/echo", echo)
        .route(["GET"], "/files/{name}/{rest*}", echo)
        .route(["GET", "POST"], "/later", move |call| desk.put(call))
        .route(["GET"], "/elsewhere", |call: RouteCall| {
            thread::spawn(move || echo(call));
        })
        .route(["GET"], "/forgotten", drop)
        .route(["GET"], "/panics", |call: RouteCall| {
            let _held = call;
            std::panic::resume_unwind(Box::new("on purpose"));
        })
        .route(["GET"], "/wrong", |call: RouteCall| {
            let split = RouteResponse::text("x").header("x-a", "b\r\nx-evil: yes");
            let fault = call.respond(split).expect_err("this would be two headers");
            assert_eq!(fault.kind(), ErrorKind::Usage);
        })
        .route(["GET"], "/nothing", |call: RouteCall| {
            let answer = RouteResponse::new(204).header("x-a", "b");
            call.respond(answer).expect("a good answer");
        })
        .route(["GET"], "/moved", |call: RouteCall| {
            let answer = RouteResponse::new(302).header("location", "/echo?moved");
            call.respond(answer.body("moved")).expect("a good answer");
        })
}

fn start(choice: Choice, desk: &Desk) -> Running {
    engine(choice, Config::default(), desk).start().expect("the engine starts")
}

fn end(running: Running) {
    running.stop();
    assert_eq!(running.join(), Ok(()));
}

/// One answer.
#[derive(Debug)]
struct Page {
    status: u16,
    head: String,
    body: String,
}

impl Page {
    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A client that says what it likes.
struct Browser(BufReader<TcpStream>);

impl Browser {
    fn open(running: &Running) -> Self {
        let url = &running.addresses()[0];
        let rest = url.strip_prefix("http://").expect("HTTP");
        let stream = TcpStream::connect(rest.split('/').next().expect("an authority"));
        let stream = stream.expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        Self(BufReader::new(stream))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("the server reads");
    }

    /// Asks for `line` without a body.
    fn ask(&mut self, line: &str) -> Page {
        self.send(&format!("{line} HTTP/1.1\r\nHost: localhost\r\nX-Test: yes\r\n\r\n"));
        self.read(!line.starts_with("HEAD"))
    }

    fn read(&mut self, has_body: bool) -> Page {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.0.read_line(&mut head).expect("an answer");
            assert!(read > 0, "it ends after {head:?}");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut page = Page { status: status.expect("a status"), head, body: String::new() };
        let length = page.header("content-length").map(|it| it.parse().expect("a length"));
        if has_body {
            let mut body = vec![0; length.unwrap_or(0)];
            self.0.read_exact(&mut body).expect("a whole body");
            page.body = String::from_utf8(body).expect("text");
        }
        page
    }

    fn is_closed(&mut self) -> bool {
        !matches!(self.0.read(&mut [0]), Ok(1..))
    }
}

#[test]
fn requests_arrive_whole_and_answers_as_they_were_made() {
    for choice in drivers() {
        let running = start(choice, &Desk::new());
        let mut browser = Browser::open(&running);
        let mut check = |line: &str, status: u16, body: &str| {
            let page = browser.ask(line);
            assert_eq!((page.status, &*page.body), (status, body), "{choice} {line}: {page:?}");
            page
        };
        check("GET /echo?a=b&c", 200, "GET /echo ?a=b&c - - x=yes body=");
        check("GET /echo?access_token=x", 200, "GET /echo ?access_token=x - - x=yes body=");
        check("GET http://localhost/echo", 200, "GET /echo ? - - x=yes body=");
        check("PUT /echo", 200, "PUT /echo ? - - x=yes body=");
        check("GET /files/a%20b/c/d%C3%A9", 200, {
            "GET /files/a%20b/c/d%C3%A9 ? a b c/d\u{e9} x=yes body="
        });
        check("GET /files/a/", 200, "GET /files/a/ ? a  x=yes body=");
        check("GET /elsewhere", 200, "GET /elsewhere ? - - x=yes body=");
        let page = check("GET /nothing", 204, "");
        assert_eq!((page.header("content-length"), page.header("x-a")), (None, Some("b")));
        let page = check("GET /moved", 302, "moved");
        assert_eq!(page.header("location"), Some("/echo?moved"));
        assert_eq!(page.header("connection"), None);
        // HEAD is as GET without the body.
        let page = check("HEAD /echo", 200, "");
        assert_eq!(page.header("content-length"), Some("28"));
        let page = check("DELETE /echo", 405, {
            "Method not allowed: see the Allow header for those that are.\n"
        });
        assert_eq!(page.header("allow"), Some("GET, HEAD, POST, PUT"));
        let page = check("HEAD /nowhere", 404, "");
        assert!(page.header("content-length").is_some());
        // What the engine serves itself is as it was.
        check("GET /healthz", 200, "ok\n");
        drop(browser);
        let mut client = support::Client::open(&running.addresses()[0]);
        assert_eq!(client.initialize()["result"]["serverInfo"]["name"], "test");
        end(running);
    }
}

#[test]
fn bodies_come_whole_however_they_were_sent() {
    for choice in drivers() {
        let running = start(choice, &Desk::new());
        let mut browser = Browser::open(&running);
        let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
        let want = "POST /echo ? - - x=- body=";
        browser.send(&format!("{head}Content-Length: 5\r\n\r\nhello"));
        assert_eq!(browser.read(true).body, format!("{want}hello"), "{choice}");
        browser.send(&format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n"));
        browser.send("2;x=y\r\nlo\r\n0\r\n\r\n");
        assert_eq!(browser.read(true).body, format!("{want}hello"), "{choice}");
        browser.send(&format!("{head}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
        assert_eq!(browser.read(false).status, 100, "{choice}");
        browser.send("later");
        assert_eq!(browser.read(true).body, format!("{want}later"), "{choice}");
        let long = "x".repeat(300_000);
        browser.send(&format!("{head}Content-Length: {}\r\n\r\n{long}", long.len()));
        assert_eq!(browser.read(true).body, format!("{want}{long}"), "{choice}");
        end(running);
    }
}

/// Pipelined requests are answered in their order, a late answer holding up those behind it.
#[test]
fn answers_keep_their_order() {
    for choice in drivers() {
        let desk = Desk::new();
        let running = start(choice, &desk);
        let mut browser = Browser::open(&running);
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let post = format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{ping}",
            ping.len()
        );
        browser
            .send(&[get("/later?1"), get("/echo"), post, get("/later?2"), get("/echo?3")].concat());
        let first = desk.take();
        assert!(!first.is_cancelled() && first.time_left().is_some());
        first.respond(RouteResponse::text("first")).expect("a good answer");
        assert_eq!(browser.read(true).body, "first", "{choice}");
        assert!(browser.read(true).body.starts_with("GET /echo ?"), "{choice}");
        assert!(browser.read(true).body.contains("jsonrpc"), "{choice}");
        let second = desk.take();
        assert_eq!(second.request().query(), "2");
        thread::spawn(move || second.respond(RouteResponse::json("{}")))
            .join()
            .expect("a thread")
            .expect("a good answer");
        let page = browser.read(true);
        assert_eq!(page.header("content-type"), Some("application/json"), "{choice}: {page:?}");
        assert!(browser.read(true).body.starts_with("GET /echo ?3"), "{choice}");
        end(running);
    }
}

#[test]
fn what_is_not_answered_is_answered_for() {
    for choice in drivers() {
        let desk = Desk::new();
        let config = Config { call_ms: 60, ..Config::default() };
        let running = engine(choice, config, &desk).start().expect("the engine starts");
        let mut browser = Browser::open(&running);
        for path in ["/forgotten", "/panics", "/wrong"] {
            let page = browser.ask(&format!("GET {path}"));
            assert_eq!((page.status, &*page.body), (500, "Internal server error\n"), "{path}");
            assert_eq!(page.header("x-evil"), None);
        }
        // Too late: the client is told, whoever works on it too, and the connection goes on.
        browser.send("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let call = desk.take();
        let (told, heard) = mpsc::channel();
        call.on_cancel(move || told.send(()).expect("the test waits"));
        assert_eq!(browser.read(true).status, 504, "{choice}");
        heard.recv_timeout(PATIENCE).expect("who works on it is told");
        assert!(call.is_cancelled());
        call.respond(RouteResponse::text("late")).expect("nothing is wrong with it");
        assert!(browser.ask("GET /echo").body.starts_with("GET /echo"), "{choice}");
        end(running);
    }
}

#[test]
fn who_works_is_told_when_the_client_goes() {
    for choice in drivers() {
        let desk = Desk::new();
        let running = start(choice, &desk);
        let mut browser = Browser::open(&running);
        let request = "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n";
        browser.send(request);
        let call = desk.take();
        // Whoever only sends no more still wants the answer.
        browser.0.get_mut().shutdown(Shutdown::Write).expect("half a connection");
        call.respond(RouteResponse::text("still here")).expect("a good answer");
        assert_eq!(browser.read(true).body, "still here", "{choice}");
        assert!(browser.is_closed());
        let mut browser = Browser::open(&running);
        browser.send(request);
        let call = desk.take();
        let (told, heard) = mpsc::channel();
        call.on_cancel(move || told.send(()).expect("the test waits"));
        running.stop_now();
        heard.recv_timeout(PATIENCE).expect("who works on it is told");
        call.respond(RouteResponse::text("nobody is there")).expect("nothing is wrong with it");
        assert_eq!(running.join(), Ok(()));
    }
}

#[test]
fn a_drain_waits_for_them() {
    for choice in drivers() {
        let desk = Desk::new();
        let running = start(choice, &desk);
        let mut browser = Browser::open(&running);
        browser.send("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let call = desk.take();
        running.stop();
        call.respond(RouteResponse::text("done")).expect("a good answer");
        let page = browser.read(true);
        assert_eq!((&*page.body, page.header("connection")), ("done", Some("close")), "{choice}");
        assert!(browser.is_closed());
        assert_eq!(running.join(), Ok(()));
    }
}

/// Whatever two readers could understand differently never reaches a route, and closes.
#[test]
fn attacks_are_turned_away() {
    for choice in drivers() {
        let desk = Desk::new();
        let config = Config { frame_bytes_max: 64 << 10, ..Config::default() };
        let running = engine(choice, config, &desk).start().expect("the engine starts");
        let smuggled = "0\r\n\r\nGET /later HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let check = |line: &str, fields: &str, body: &str, status: u16, closes: bool| {
            let mut browser = Browser::open(&running);
            browser.send(&format!("{line} HTTP/1.1\r\n{fields}\r\n{body}"));
            let page = browser.read(true);
            assert_eq!(page.status, status, "{choice} {line} {fields}: {page:?}");
            if closes {
                assert!(browser.is_closed(), "{choice} {line} {fields}");
            } else {
                assert_eq!(browser.ask("GET /echo").status, 200, "{choice} {line} {fields}");
            }
        };
        let host = "Host: localhost\r\n";
        let with = |fields: &str| format!("{host}{fields}");
        let both = with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n");
        check("POST /later", &both, smuggled, 400, true);
        let twice = with("Content-Length: 4\r\nContent-Length: 5\r\n");
        check("POST /later", &twice, smuggled, 400, true);
        check("POST /later", &with("Content-Length: +4\r\n"), smuggled, 400, true);
        check("POST /later", &with("Transfer-Encoding: xchunked\r\n"), smuggled, 400, true);
        check("POST /later", &with("Transfer-Encoding : chunked\r\n"), smuggled, 400, true);
        check("POST /later", &with("Transfer-Encoding:\r\n chunked\r\n"), smuggled, 400, true);
        check("POST /later", &with("Transfer-Encoding: chunked\r\n"), "zz\r\n", 400, true);
        check("POST /later", &with("Content-Length: 65537\r\n"), "", 413, true);
        let chunked = format!("11000\r\n{}", "x".repeat(0x11000));
        check("POST /later", &with("Transfer-Encoding: chunked\r\n"), &chunked, 413, true);
        check("GET /later", "Host: evil.example\r\n", "", 421, true);
        check("GET /later", "", "", 400, true);
        check("GET /later", &with("Host: evil.example\r\n"), "", 400, true);
        check("GET /later", &with("Origin: http://evil.example\r\n"), "", 403, true);
        check("GET /echo", &with("Origin: http://localhost:1\r\n"), "", 200, false);
        check("GET http://evil.example/later", host, "", 400, true);
        check("GET /later#x", host, "", 400, true);
        for path in ["/files/%", "/files/%zz/x", "/files/%C3/x", "/%"] {
            check(&format!("GET {path}"), host, "", 400, false);
        }
        for path in [
            "/files/../later/x",
            "/files/%2e%2e/x",
            "/files/a/%2E%2E/%2e%2e/etc",
            "/files/a%2fb/x",
            "/files/a/b%00",
            "/files//x",
            "/%65cho/",
            "/echo/",
            "//echo",
        ] {
            check(&format!("GET {path}"), host, "", 404, false);
        }
        // The engine's own paths have one spelling; a route's has all that decode to it.
        check("GET /%65cho", host, "", 200, false);
        check("GET /%68ealthz", host, "", 404, false);
        check("BREW /echo", host, "", 501, true);
        check("BREW /nowhere", host, "", 404, false);
        check("TRACE /echo", host, "", 405, false);
        assert!(
            desk.receiver.lock().expect("a lock").try_recv().is_err(),
            "{choice}: one came through"
        );
        end(running);
    }
}

#[test]
fn nobody_is_asked_for_a_token() {
    for choice in drivers() {
        let own = Authorization::new("http://localhost/mcp");
        let own = own.static_token("0123456789abcdef", Principal::new("ann"));
        let engine = engine(choice, Config::default(), &Desk::new()).authorization(own);
        let running = engine.start().expect("the engine starts");
        let mut browser = Browser::open(&running);
        assert_eq!(browser.ask("GET /echo").status, 200, "{choice}");
        assert_eq!(browser.ask("GET /metrics").status, 401, "{choice}");
        end(running);
    }
}

#[test]
fn what_cannot_be_served_is_found_at_the_start() {
    let bare = || {
        let server = Server::builder("test", "1.0.0").build().expect("a server");
        Engine::new(server).driver(Choice::Epoll).shards(1).http("127.0.0.1:0")
    };
    let check = |engine: Engine, words: &str| {
        let fault = engine.start().err().expect(words);
        assert_eq!(fault.kind(), ErrorKind::Usage, "{fault}");
        assert!(fault.to_string().contains(words), "{fault}");
    };
    for path in ["/mcp", "/mcp/", "/healthz", "/metrics", "/sse", "/messages"] {
        check(bare().route(["GET"], path, echo), "the engine itself serves");
    }
    let config = Config { http_path: "/rpc".to_owned(), ..Config::default() };
    check(bare().config(config).route(["GET"], "/rpc", echo), "the engine itself serves");
    check(bare().route(["GET"], "echo", echo), "begins with /");
    check(bare().route(["CONNECT"], "/echo", echo), "none of its methods");
    check(bare().route(["GET"], "/a", echo).route(["GET"], "/a", echo), "another route");
    // Variables fit what nothing else does.
    end(bare().route(["GET"], "/{rest*}", echo).start().expect("the engine starts"));
}
