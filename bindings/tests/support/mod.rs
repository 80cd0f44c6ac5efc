//! What the tests of the C library share: its functions called as C does, closures as callbacks,
//! and a plain client. The only unsafe code of the tests is here.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]
#![allow(
    clippy::disallowed_methods,
    reason = "the client has a socket, and callbacks have threads"
)]
#![allow(clippy::multiple_unsafe_ops_per_block, reason = "one call of C each")]

use std::ffi::c_void;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcpring_c::*;
use serde_json::{Value, json};

/// Longest any wait may take; only a failing test takes it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Calls one function of the library.
#[macro_export]
macro_rules! c {
    ($function:ident($($argument:expr),* $(,)?)) => {{
        #[allow(unused_unsafe, reason = "some functions are safe")]
        #[allow(clippy::macro_metavars_in_unsafe, reason = "arguments are handles and places")]
        // SAFETY: the tests keep the header's contract.
        let answer = unsafe { mcpring_c::$function($($argument),*) };
        answer
    }};
}

/// A view of `text`, good as long as that.
pub fn view(text: &str) -> mcpring_str {
    mcpring_str { data: text.as_ptr().cast(), len: text.len() }
}

pub fn view_bytes(bytes: &[u8]) -> mcpring_str {
    mcpring_str { data: bytes.as_ptr().cast(), len: bytes.len() }
}

pub const ABSENT: mcpring_str = mcpring_str { data: ptr::null(), len: 0 };

/// What a view shows now.
pub fn read(view: mcpring_str) -> Vec<u8> {
    if view.len == 0 {
        return Vec::new();
    }
    // SAFETY: views are good where the tests read them.
    unsafe { std::slice::from_raw_parts(view.data.cast::<u8>(), view.len) }.to_vec()
}

pub fn text(view: mcpring_str) -> String {
    String::from_utf8(read(view)).expect("views of text are UTF-8")
}

pub fn last_error() -> String {
    text(mcpring_last_error())
}

/// The content of an owned text, which is freed.
pub fn take(owned: *mut mcpring_text) -> String {
    let mut view = ABSENT;
    assert_eq!(c!(mcpring_text_view(owned, &raw mut view)), MCPRING_OK);
    let content = text(view);
    assert_eq!(c!(mcpring_text_free(owned)), MCPRING_OK);
    content
}

/// A struct of C with everything zero but its size.
pub fn zeroed<T>(set: impl FnOnce(&mut T)) -> T {
    // SAFETY: zero is a value of every field of the structs of C.
    let mut value: T = unsafe { std::mem::zeroed() };
    // SAFETY: they begin with their size.
    unsafe { (&raw mut value).cast::<usize>().write(size_of::<T>()) };
    set(&mut value);
    value
}

/// A call inside a test's callback.
#[derive(Clone, Copy, Debug)]
pub struct Call(pub *mut mcpring_call);

// SAFETY: a handle is a number.
unsafe impl Send for Call {}
// SAFETY: as above.
unsafe impl Sync for Call {}

/// What a view function gives, or its status.
macro_rules! view_of {
    ($function:ident($($argument:expr),*)) => {{
        let mut view = ABSENT;
        match c!($function($($argument,)* &raw mut view)) {
            MCPRING_OK => Ok(view),
            status => Err(status),
        }
    }};
}

impl Call {
    pub fn argument(self, name: &str) -> Result<String, mcpring_status> {
        view_of!(mcpring_call_argument(self.0, view(name))).map(text)
    }

    pub fn arguments(self) -> Result<String, mcpring_status> {
        view_of!(mcpring_call_arguments(self.0)).map(text)
    }

    pub fn fact(self, fact: mcpring_fact) -> Result<String, mcpring_status> {
        view_of!(mcpring_call_fact(self.0, fact)).map(text)
    }

    pub fn variable(self, name: &str) -> Result<String, mcpring_status> {
        view_of!(mcpring_call_variable(self.0, view(name))).map(text)
    }

    pub fn answer(self, key: &str) -> Result<String, mcpring_status> {
        view_of!(mcpring_call_answer(self.0, view(key))).map(text)
    }

    pub fn state(self) -> Result<Vec<u8>, mcpring_status> {
        view_of!(mcpring_call_state(self.0)).map(read)
    }

    pub fn reply(self, text: &str) -> mcpring_status {
        c!(mcpring_call_reply_text(self.0, view(text)))
    }

    pub fn ask(self, key: &str, method: &str, params: &str) -> mcpring_status {
        c!(mcpring_call_ask(self.0, view(key), view(method), view(params)))
    }

    pub fn keep(self) -> mcpring_status {
        c!(mcpring_call_keep(self.0))
    }

    pub fn server(self) -> Handle {
        let mut server = ptr::null_mut();
        assert_eq!(c!(mcpring_call_server(self.0, &raw mut server)), MCPRING_OK);
        Handle(server)
    }
}

type Body = Box<dyn Fn(Call) -> mcpring_status + Send + Sync>;

/// A closure as C has functions: with user data that is destroyed.
pub struct Function {
    pub user_data: *mut c_void,
}

impl Function {
    pub fn new(body: impl Fn(Call) -> mcpring_status + Send + Sync + 'static) -> Self {
        let body: Box<Body> = Box::new(Box::new(body));
        Self { user_data: Box::into_raw(body).cast() }
    }

    pub const CALL: mcpring_call_fn = Some(run);
    pub const DESTROY: mcpring_destroy_fn = Some(destroy);
}

unsafe extern "C-unwind" fn run(call: *mut mcpring_call, user_data: *mut c_void) -> mcpring_status {
    // SAFETY: it was made by `Function::new` and is not destroyed yet.
    let body = unsafe { &*user_data.cast::<Body>() };
    body(Call(call))
}

unsafe extern "C-unwind" fn destroy(user_data: *mut c_void) {
    // SAFETY: it was made by `Function::new`, and this comes once.
    drop(unsafe { Box::from_raw(user_data.cast::<Body>()) });
}

/// Counts what is destroyed: captured by a closure, it counts when that goes.
#[derive(Clone, Default)]
pub struct Gone(Arc<AtomicUsize>);

pub struct Counted(Arc<AtomicUsize>);

impl Gone {
    pub fn guard(&self) -> Counted {
        Counted(Arc::clone(&self.0))
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until so many are gone.
    pub fn wait_for(&self, count: usize) {
        let end = std::time::Instant::now() + PATIENCE;
        while self.count() < count {
            assert!(std::time::Instant::now() < end, "{} of {count} are gone", self.count());
            std::thread::yield_now();
        }
        assert_eq!(self.count(), count);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A server's handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub *mut mcpring_server);

// SAFETY: a handle is a number.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// A tool over `body` that can still be changed.
pub fn tool(
    name: &str,
    body: impl Fn(Call) -> mcpring_status + Send + Sync + 'static,
) -> mcpring_tool {
    zeroed(|tool: &mut mcpring_tool| {
        tool.name = view(name);
        tool.call = Function::CALL;
        tool.destroy = Function::DESTROY;
        tool.user_data = Function::new(body).user_data;
    })
}

impl Handle {
    pub fn new() -> Self {
        let mut server = ptr::null_mut();
        let made = c!(mcpring_server_new(view("test"), view("1.0.0"), &raw mut server));
        assert_eq!(made, MCPRING_OK, "{}", last_error());
        Self(server)
    }

    pub fn add(self, tool: &mcpring_tool) -> mcpring_status {
        c!(mcpring_server_add_tool(self.0, ptr::from_ref(tool)))
    }

    /// Adds a tool that runs at `execution`.
    #[track_caller]
    pub fn tool(
        self,
        name: &str,
        execution: mcpring_execution,
        body: impl Fn(Call) -> mcpring_status + Send + Sync + 'static,
    ) {
        let mut tool = tool(name, body);
        tool.execution = execution;
        assert_eq!(self.add(&tool), MCPRING_OK, "{}", last_error());
    }

    pub fn configure(self, json: &Value) -> mcpring_status {
        c!(mcpring_server_configure(self.0, view(&json.to_string())))
    }

    pub fn listen(self, url: &str) -> mcpring_status {
        c!(mcpring_server_listen(self.0, view(url)))
    }

    /// Starts on a free port with the given driver and gives the address.
    #[track_caller]
    pub fn serve(self, driver: &str) -> String {
        let settings = json!({ "driver": driver, "shards": 2 });
        assert_eq!(self.configure(&settings), MCPRING_OK, "{}", last_error());
        assert_eq!(self.listen("tcp+line://127.0.0.1:0"), MCPRING_OK);
        assert_eq!(self.start(), MCPRING_OK, "{}", last_error());
        self.address(0).expect("an address")
    }

    pub fn start(self) -> mcpring_status {
        c!(mcpring_server_start(self.0))
    }

    pub fn run(self) -> mcpring_status {
        c!(mcpring_server_run(self.0))
    }

    pub fn stop(self, now: bool) -> mcpring_status {
        c!(mcpring_server_stop(self.0, now))
    }

    pub fn join(self) -> mcpring_status {
        c!(mcpring_server_join(self.0))
    }

    pub fn free(self) -> mcpring_status {
        c!(mcpring_server_free(self.0))
    }

    pub fn address(self, index: usize) -> Result<String, mcpring_status> {
        view_of!(mcpring_server_address(self.0, index)).map(text)
    }

    pub fn remove(self, feature: mcpring_feature, name: &str) -> mcpring_status {
        c!(mcpring_server_remove(self.0, feature, view(name)))
    }

    /// Polls; the status and how many ran.
    pub fn poll(self, timeout_ms: i32) -> (mcpring_status, usize) {
        let mut ran = 0;
        let status = c!(mcpring_server_poll(self.0, timeout_ms, &raw mut ran));
        (status, ran)
    }

    pub fn invoke(self, tool: &str, arguments: &str) -> Result<Value, mcpring_status> {
        let mut result = ptr::null_mut();
        let status =
            c!(mcpring_server_invoke(self.0, view(tool), view(arguments), &raw mut result));
        match status {
            MCPRING_OK => Ok(serde_json::from_str(&take(result)).expect("results are JSON")),
            status => Err(status),
        }
    }

    pub fn metrics(self) -> Result<Value, mcpring_status> {
        let mut json = ptr::null_mut();
        match c!(mcpring_server_metrics(self.0, &raw mut json)) {
            MCPRING_OK => Ok(serde_json::from_str(&take(json)).expect("metrics are JSON")),
            status => Err(status),
        }
    }

    pub fn plugins(self) -> Value {
        let mut json = ptr::null_mut();
        assert_eq!(c!(mcpring_server_plugins(self.0, &raw mut json)), MCPRING_OK);
        serde_json::from_str(&take(json)).expect("JSON")
    }
}

/// The drivers that work here: epoll always, `io_uring` unless it is forbidden.
pub fn drivers() -> Vec<&'static str> {
    let server = Handle::new();
    assert_eq!(server.configure(&json!({ "driver": "uring" })), MCPRING_OK);
    assert_eq!(server.listen("tcp://127.0.0.1:0"), MCPRING_OK);
    let works = server.start() == MCPRING_OK;
    assert_eq!(server.free(), MCPRING_OK);
    if works { vec!["uring", "epoll"] } else { vec!["epoll"] }
}

/// One connection that speaks lines and blocks.
pub struct Client {
    read: BufReader<TcpStream>,
    write: TcpStream,
    next: u64,
}

impl Client {
    /// Connects and shakes hands as a client that can be asked everything.
    pub fn open(address: &str) -> Self {
        let capabilities = json!({ "elicitation": {}, "sampling": {}, "roots": {} });
        Self::open_as(address, &capabilities)
    }

    pub fn open_as(address: &str, capabilities: &Value) -> Self {
        let authority = address.strip_prefix("tcp+line://").expect("lines over TCP");
        let write = TcpStream::connect(authority).expect("a connection");
        write.set_read_timeout(Some(PATIENCE)).expect("an option");
        write.set_nodelay(true).expect("an option");
        let read = BufReader::new(write.try_clone().expect("a descriptor"));
        let mut client = Self { read, write, next: 0 };
        let answer = client.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities,
                "clientInfo": { "name": "client", "version": "7" } }),
        );
        assert_eq!(answer["result"]["serverInfo"]["name"], "test", "{answer}");
        client.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        // Answered behind the note: from now on this client is told of changes.
        client.ask("ping", &json!({}));
        client
    }

    pub fn say(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.write.write_all(line.as_bytes()).expect("the server reads");
    }

    /// Sends a request; gives its id.
    pub fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.next += 1;
        let id = self.next;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    pub fn send_call(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.send("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    /// The next message; `None` at the end of the connection.
    pub fn receive(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.read.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("a line is a message")),
            Err(fault) => {
                let kind = fault.kind();
                let is_late =
                    matches!(kind, std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
                assert!(!is_late, "nothing came for {PATIENCE:?}");
                None
            }
        }
    }

    /// Asks, and waits for the answer; other messages on the way are left out.
    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        loop {
            let message = self.receive().expect("an answer");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Waits until the server's shard shows exactly these tools: edits take a moment to arrive.
    pub fn wait_for_tools(&mut self, want: &[&str]) {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let listed = self.ask("tools/list", &json!({}));
            let tools = listed["result"]["tools"].as_array().expect("a list");
            let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
            if names == want {
                return;
            }
            assert!(std::time::Instant::now() < end, "{names:?}, not {want:?}");
        }
    }

    /// Calls a tool.
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }
}
