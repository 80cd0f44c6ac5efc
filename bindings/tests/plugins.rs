//! Plugins compiled with the system's C compiler: loaded, refused, called, closed while called.

#![allow(clippy::disallowed_methods, reason = "plugins are compiled here, and called on threads")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use mcpring_c::*;
use serde_json::{Value, json};

use support::{Client, Handle, PATIENCE, drivers, last_error, view};

/// What a plugin's header will say, by hand: views, the tool's struct, the functions by name.
const HEAD: &str = r#"
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
#include <stdlib.h>
#include <pthread.h>
typedef struct { const char *data; size_t len; } str;
typedef int32_t status;
typedef status (*call_fn)(void *call, void *user_data);
typedef struct {
  size_t struct_size;
  str name, title, description, input_schema, output_schema, annotations, icons, meta, scopes;
  uint64_t timeout_ms; uint32_t execution, task_support; bool task_by_handler;
  call_fn call; void *user_data; void (*destroy)(void *);
} tool;
typedef struct { size_t struct_size; uint32_t abi; void *(*find)(const char *); } host_t;
static str of(const char *text) { str s = { text, strlen(text) }; return s; }
static status (*add_tool)(void *, const tool *);
static status (*reply_text)(void *, str);
static status (*call_server)(void *, void **);
static status (*close_plugin)(void *, str);
static status (*keep)(void *);
static status (*invoke)(void *, str, str, void **);
static status (*set_log)(void (*)(void *, uint32_t, str, str), void *, void (*)(void *));
/* Tells the test what happens, by a line in a file. */
static void tell(const char *what) {
  FILE *log = fopen(getenv("MCPRING_TEST_PLUGIN_LOG"), "a");
  /* A worker may let go of its last call when the test has ended and its folder is gone. */
  if (!log) return;
  fprintf(log, "%s\n", what);
  fclose(log);
}
static void destroyed(void *user_data) { tell(user_data); }
static status add(void *server, const char *name, call_fn call, void *user_data) {
  tool t = { sizeof t };
  t.name = of(name); t.call = call; t.user_data = user_data; t.destroy = destroyed;
  return add_tool(server, &t);
}
static void link_with(const host_t *host) {
  add_tool = (status (*)(void *, const tool *))host->find("mcpring_server_add_tool");
  reply_text = (status (*)(void *, str))host->find("mcpring_call_reply_text");
  call_server = (status (*)(void *, void **))host->find("mcpring_call_server");
  keep = (status (*)(void *))host->find("mcpring_call_keep");
  *(void **)&set_log = host->find("mcpring_set_log");
  invoke = (status (*)(void *, str, str, void **))host->find("mcpring_server_invoke");
  close_plugin = (status (*)(void *, str))host->find("mcpring_server_close_plugin");
}
static status hello(void *call, void *user_data) { return reply_text(call, of(user_data)); }
"#;

const ABI: &str = "const uint32_t mcpring_plugin_abi = 1;\n";

/// A folder with compiled plugins and the log they tell the test by.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mcpring-plugins-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a fresh folder");
        Self(path)
    }

    /// Compiles `source` behind the common head; gives the file's path.
    fn compile(&self, name: &str, source: &str) -> String {
        let (from, to) = (self.0.join(format!("{name}.c")), self.0.join(format!("{name}.so")));
        let log = self.log();
        let head = HEAD.replace(
            "getenv(\"MCPRING_TEST_PLUGIN_LOG\")",
            &format!("{:?}", log.to_string_lossy()),
        );
        std::fs::write(&from, format!("{head}{source}")).expect("a file");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-w", "-o"])
            .arg(&to)
            .arg(&from)
            .status()
            .expect("there is a C compiler");
        assert!(compiled.success(), "{source}");
        to.to_string_lossy().into_owned()
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// What the plugins have told so far.
    fn told(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until the plugin is told of its end, behind the last worker that held a call of it;
    /// gives all that was told.
    fn wait_for_close(&self) -> Vec<String> {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let told = self.told();
            if told.last().is_some_and(|last| last == "close") {
                return told;
            }
            assert!(std::time::Instant::now() < end, "{told:?}");
            std::thread::yield_now();
        }
    }

    /// Waits until they have told so much.
    fn wait_for(&self, want: &[&str]) {
        let end = std::time::Instant::now() + PATIENCE;
        while self.told() != want {
            assert!(std::time::Instant::now() < end, "{:?}, not {want:?}", self.told());
            std::thread::yield_now();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const GOOD: &str = r#"
const uint32_t mcpring_plugin_abi = 1;
/* Closes the plugin that it is of, while it runs. */
static status leave(void *call, void *user_data) {
  void *server;
  if (call_server(call, &server) || close_plugin(server, of(user_data))) return -100;
  return reply_text(call, of("left"));
}
/* Adds a tool while the server runs. */
static status grow(void *call, void *user_data) {
  void *server;
  if (call_server(call, &server) || add(server, "grown", hello, "grown")) return -100;
  return reply_text(call, of("grown"));
}
status mcpring_plugin_init(const host_t *host, void *server) {
  link_with(host);
  if (host->abi != 1 || host->find("mcpring_no_such_function")) return -1;
  tell("init");
  status failed = add(server, "hello", hello, "hello from C");
  if (!failed) failed = add(server, "grow", grow, "grow");
  if (!failed) failed = add(server, "leave", leave, PATH);
  return failed;
}
void mcpring_plugin_close(void) { tell("close"); }
"#;

fn good(folder: &Folder) -> String {
    let path = folder.0.join("good.so");
    folder.compile("good", &format!("#define PATH {:?}\n{GOOD}", path.to_string_lossy()))
}

fn load(server: Handle, path: &str) -> mcpring_status {
    c!(mcpring_server_load_plugin(server.0, view(path)))
}

fn close(server: Handle, path: &str) -> mcpring_status {
    c!(mcpring_server_close_plugin(server.0, view(path)))
}

fn text(answer: &Value) -> &Value {
    &answer["result"]["content"][0]["text"]
}

/// Loaded before the start and while it runs, a plugin's tools answer, and go with it.
#[test]
fn a_plugin_comes_and_goes() {
    for driver in drivers() {
        for is_early in [true, false] {
            let folder = Folder::new();
            let path = good(&folder);
            let server = Handle::new();
            assert_eq!(server.configure(&json!({ "list_changes": true })), MCPRING_OK);
            assert_eq!(server.plugins(), json!([]));
            if is_early {
                assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
            }
            let mut client = Client::open(&server.serve(driver));
            if !is_early {
                assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
            }
            assert_eq!(load(server, &path), MCPRING_ERR_PLUGIN);
            assert!(last_error().contains("loaded already"), "{}", last_error());
            let want = json!([{ "path": path, "tools": ["hello", "grow", "leave"],
                "resources": [], "templates": [], "prompts": [] }]);
            assert_eq!(server.plugins(), want);
            client.wait_for_tools(&["hello", "grow", "leave"]);
            assert_eq!(*text(&client.call("hello", &json!({}))), "hello from C", "{driver}");
            assert_eq!(*text(&client.call("grow", &json!({}))), "grown", "{driver}");
            client.wait_for_tools(&["hello", "grow", "leave", "grown"]);
            assert_eq!(*text(&client.call("grown", &json!({}))), "grown", "{driver}");
            assert_eq!(server.plugins()[0]["tools"], json!(["hello", "grow", "leave", "grown"]));
            assert_eq!(server.remove(MCPRING_TOOL, "grow"), MCPRING_OK);
            assert_eq!(server.plugins()[0]["tools"], json!(["hello", "leave", "grown"]));
            folder.wait_for(&["init", "grow"]);
            assert_eq!(*text(&client.call("leave", &json!({}))), "left", "{driver}");
            assert_eq!(server.plugins(), json!([]));
            assert_eq!(close(server, &path), MCPRING_ERR_NOT_FOUND);
            client.wait_for_tools(&[]);
            assert_eq!(folder.wait_for_close().len(), 6);
            // Unloaded, it can be loaded again.
            assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
            client.wait_for_tools(&["hello", "grow", "leave"]);
            assert_eq!(*text(&client.call("hello", &json!({}))), "hello from C", "{driver}");
            assert_eq!(close(server, &path), MCPRING_OK);
            assert_eq!(server.free(), MCPRING_OK);
        }
    }
}

/// A plugin's own thread, which is no callback of the library's, adds for the plugin too: by the
/// file that its code lies in.
#[test]
fn a_plugin_s_own_thread_adds_for_it() {
    const THREADED: &str = r#"
        #include <pthread.h>
        const uint32_t mcpring_plugin_abi = 1;
        static void *adds(void *server) {
          if (add(server, "later", hello, "later")) tell("not added");
          return NULL;
        }
        status mcpring_plugin_init(const host_t *host, void *server) {
          pthread_t thread;
          link_with(host);
          if (pthread_create(&thread, NULL, adds, server)) return -1;
          pthread_join(thread, NULL);
          return 0;
        }
        void mcpring_plugin_close(void) { tell("close"); }"#;
    let folder = Folder::new();
    let server = Handle::new();
    let other = Handle::new();
    let path = folder.compile("threaded", THREADED);
    assert_eq!(load(other, &path), MCPRING_OK, "{}", last_error());
    assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
    assert_eq!(server.plugins()[0]["tools"], json!(["later"]));
    assert_eq!(other.plugins()[0]["tools"], json!(["later"]), "each server has its own");
    assert_eq!(close(server, &path), MCPRING_OK);
    assert_eq!(server.invoke("later", "{}"), Err(MCPRING_ERR_NOT_FOUND));
    assert_eq!(other.invoke("later", "{}").expect("a result")["content"][0]["text"], "later");
    assert_eq!((server.free(), other.free()), (MCPRING_OK, MCPRING_OK));
    folder.wait_for(&["later", "close", "later", "close"]);
}

#[test]
fn what_is_no_plugin_is_refused_in_words() {
    let folder = Folder::new();
    let server = Handle::new();
    server.tool("hello", MCPRING_RUN_POOL, |call| call.reply("ours"));
    let check = |path: &str, words: &[&str]| {
        assert_eq!(load(server, path), MCPRING_ERR_PLUGIN, "{path}");
        let error = last_error();
        assert!(error.contains(path), "{path}: {error}");
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
        assert_eq!(server.plugins(), json!([]), "{path}");
    };
    check("/nowhere/at/all.so", &["there is no such file"]);
    check("no-such-plugin-anywhere.so", &["cannot open shared object file"]);
    let text = folder.0.join("text.so");
    std::fs::write(&text, "no library").expect("a file");
    check(&text.to_string_lossy(), &["file too short"]);
    check(&folder.compile("no_abi", ""), &["no symbol mcpring_plugin_abi"]);
    check(
        &folder.compile("abi", "const uint32_t mcpring_plugin_abi = 77;"),
        &["ABI 77", "has ABI 1", "compile it again"],
    );
    check(&folder.compile("no_init", ABI), &["mcpring_plugin_init"]);
    let failing = r#"
        status mcpring_plugin_init(const host_t *host, void *server) {
          link_with(host);
          if (add(server, "one", hello, "one")) return -1;
          return RESULT;
        }
        void mcpring_plugin_close(void) { tell("close"); }"#;
    let with = |result: &str| format!("{ABI}#define RESULT {result}\n{failing}");
    check(&folder.compile("fails", &with("-100")), &["returned MCPRING_ERR_CALLBACK (-100)"]);
    let taken = with(r#"add(server, "hello", hello, "two")"#);
    check(&folder.compile("taken", &taken), &["MCPRING_ERR_USAGE", "registered twice"]);
    folder.wait_for(&["one", "close", "two", "one", "close"]);
    // What they had added is gone, and what was there before is not.
    assert_eq!(server.invoke("one", "{}"), Err(MCPRING_ERR_NOT_FOUND));
    assert_eq!(server.invoke("hello", "{}").expect("a result")["content"][0]["text"], "ours");
    assert_eq!(server.free(), MCPRING_OK);
}

/// A server that goes takes its plugins along.
#[test]
fn plugins_go_with_their_server() {
    let folder = Folder::new();
    let path = good(&folder);
    let server = Handle::new();
    assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
    assert_eq!(server.free(), MCPRING_OK);
    let mut told = folder.told();
    assert_eq!(told.pop().as_deref(), Some("close"), "{told:?}");
    assert_eq!(told.len(), 4);
}

/// A program in Rust starts its own server over the plugins' features.
#[test]
fn a_rust_program_hosts_plugins() {
    let folder = Folder::new();
    let path = good(&folder);
    let host = Host::new("test", "1.0.0").expect("a host");
    let fault = host.load("/nowhere/at/all.so").expect_err("there is none").to_string();
    assert!(fault.contains("/nowhere/at/all.so"), "{fault}");
    host.load(&path).expect("a plugin");
    host.configure(r#"{"list_changes":true}"#).expect("a setting");
    let own = mcpring::Tool::raw("own", r#"{"type":"object"}"#, |_: &mut mcpring::Call<'_>| "own");
    let server = host.builder().tool(own).build().expect("a server");
    let engine = mcpring::Engine::new(server).tcp_line("127.0.0.1:0");
    let running = engine.start_with(|publisher| host.attach(publisher)).expect("it starts");
    let mut client = Client::open(&running.addresses()[0]);
    assert_eq!(*text(&client.call("own", &json!({}))), "own");
    assert_eq!(*text(&client.call("hello", &json!({}))), "hello from C");
    assert_eq!(*text(&client.call("grow", &json!({}))), "grown");
    client.wait_for_tools(&["hello", "grow", "leave", "own", "grown"]);
    assert_eq!(*text(&client.call("grown", &json!({}))), "grown");
    let plugins: Value = serde_json::from_str(&host.plugins()).expect("JSON");
    assert_eq!(plugins[0]["tools"], json!(["hello", "grow", "leave", "grown"]));
    host.close(Path::new(&path)).expect("it is loaded");
    assert_eq!(client.call("own", &json!({}))["result"]["content"][0]["text"], "own");
    drop(client);
    drop(running);
    drop(host);
    folder.wait_for_close();
}

/// A thread of the plugin's answers its last call when the plugin was closed: it gets back into the
/// plugin's code, and the plugin's end waits for it.
#[test]
fn a_thread_of_a_plugin_answers_its_last_call() {
    const SOURCE: &str = r#"
        static pthread_t thread; static void *kept; static int is_kept, is_told;
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
        static void *answer(void *unused) {
          pthread_mutex_lock(&lock);
          while (!is_told) pthread_cond_wait(&moved, &lock);
          pthread_mutex_unlock(&lock);
          status failed = reply_text(kept, of("late"));
          tell(failed ? "failed" : "answered");
          return unused;
        }
        static status later(void *call, void *user_data) {
          kept = call;
          return keep(call) || pthread_create(&thread, NULL, answer, NULL) ? -100 : 0;
        }
        static void go(void *user_data) {
          tell("go");
          pthread_mutex_lock(&lock);
          is_told = 1;
          pthread_cond_signal(&moved);
          pthread_mutex_unlock(&lock);
        }
        status mcpring_plugin_init(const host_t *host, void *server) {
          link_with(host);
          tool t = { sizeof t };
          t.name = of("go"); t.call = hello; t.user_data = "go"; t.destroy = go;
          return add(server, "later", later, "later") || add_tool(server, &t) ? -1 : 0;
        }
"#;
    const CLOSE: &str = r#"
        void mcpring_plugin_close(void) { tell(pthread_join(thread, NULL) ? "stuck" : "close"); }"#;
    for (driver, close_source) in drivers().into_iter().flat_map(|it| [(it, CLOSE), (it, "")]) {
        let folder = Folder::new();
        let path = folder.compile("later", &format!("{ABI}{SOURCE}{close_source}"));
        let server = Handle::new();
        assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
        let mut client = Client::open(&server.serve(driver));
        let id = client.send_call("later", &json!({}));
        // Answered behind it, so the call is with its callback.
        client.ask("ping", &json!({}));
        // The tool that goes has the thread answer.
        assert_eq!(close(server, &path), MCPRING_OK);
        let answer = client.receive().expect("an answer");
        assert_eq!((&answer["id"], text(&answer)), (&json!(id), &json!("late")), "{driver}");
        // Without a function that waits for its thread it stays loaded.
        let want = ["go", "later", "answered", "close"];
        folder.wait_for(if close_source.is_empty() { &want[..3] } else { &want });
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// What a plugin adds to another server than its own keeps it loaded, and what others add inside
/// its start is theirs.
#[test]
fn a_plugin_adds_to_other_servers() {
    let folder = Folder::new();
    let (server, other) = (Handle::new(), Handle::new());
    server.tool("ours", MCPRING_RUN_POOL, |call| {
        call.server().tool("stays", MCPRING_RUN_POOL, |call| call.reply("still here"));
        call.reply("added")
    });
    let source = format!(
        r#"{ABI}
        status mcpring_plugin_init(const host_t *host, void *server) {{
          link_with(host);
          void *result;
          if (invoke(server, of("ours"), of("{{}}"), &result)) return -1;
          return add((void *){}ul, "hello", hello, "from elsewhere");
        }}
        void mcpring_plugin_close(void) {{ tell("close"); }}"#,
        other.0.addr()
    );
    let path = folder.compile("other", &source);
    assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
    assert_eq!(close(server, &path), MCPRING_OK);
    let said = |server: Handle, tool: &str| {
        server.invoke(tool, "{}").expect("a result")["content"][0]["text"].clone()
    };
    assert_eq!(said(other, "hello"), "from elsewhere");
    assert_eq!(said(server, "stays"), "still here");
    assert_eq!(folder.told(), [""; 0]);
    assert_eq!(other.free(), MCPRING_OK);
    folder.wait_for(&["from elsewhere", "close"]);
    assert_eq!(server.free(), MCPRING_OK);
}

/// Words of failures before are not the plugin's.
#[test]
fn a_refusing_plugin_is_not_given_others_words() {
    let folder = Folder::new();
    let server = Handle::new();
    assert_eq!(server.listen("old words"), MCPRING_ERR_USAGE);
    let source =
        format!("{ABI}status mcpring_plugin_init(const host_t *h, void *s) {{ return -100; }}");
    let path = folder.compile("refuses", &source);
    assert_eq!(load(server, &path), MCPRING_ERR_PLUGIN);
    assert!(!last_error().contains("old words"), "{}", last_error());
    assert_eq!(server.free(), MCPRING_OK);
}

/// The log of a plugin that was closed is called as before, until another takes its place.
#[test]
fn a_log_keeps_its_plugin() {
    let folder = Folder::new();
    let server = Handle::new();
    server.tool("odd", MCPRING_RUN_POOL, |_| MCPRING_OK);
    let source = format!(
        r#"{ABI}
        static void line(void *user_data, uint32_t level, str reason, str words) {{
          if (memmem(words.data, words.len, "\"odd\"", 5)) tell(user_data);
        }}
        status mcpring_plugin_init(const host_t *host, void *server) {{
          link_with(host);
          return set_log(line, "line", destroyed);
        }}
        void mcpring_plugin_close(void) {{ tell("close"); }}"#
    );
    let path = folder.compile("log", &source);
    assert_eq!(load(server, &path), MCPRING_OK, "{}", last_error());
    assert_eq!(close(server, &path), MCPRING_OK);
    assert_eq!(server.invoke("odd", "{}").expect("a result")["isError"], true);
    folder.wait_for(&["line"]);
    assert_eq!(c!(mcpring_set_log(None, std::ptr::null_mut(), None)), MCPRING_OK);
    folder.wait_for(&["line", "line", "close"]);
    assert_eq!(server.free(), MCPRING_OK);
}
