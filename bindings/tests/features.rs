//! Resources, templates, prompts and completions, and how every feature is described to clients.

mod support;

use std::ptr;

use mcpring_c::{MCPRING_ERR_ARGUMENT as ARGUMENT, MCPRING_ERR_USAGE as USAGE, *};
use serde_json::{Value, json};

use support::{ABSENT, Call, Client, Function, Gone, Handle, drivers, last_error, tool, view};
use support::{view_bytes, zeroed};

fn resource(uri: &'static str, set: impl FnOnce(&mut mcpring_resource)) -> mcpring_resource {
    zeroed(|resource: &mut mcpring_resource| {
        (resource.uri, resource.name) = (view(uri), view("name"));
        set(resource);
    })
}

fn add(server: Handle, resource: &mcpring_resource) -> mcpring_status {
    c!(mcpring_server_add_resource(server.0, ptr::from_ref(resource)))
}

fn function(
    body: impl Fn(Call) -> mcpring_status + Send + Sync + 'static,
) -> (mcpring_call_fn, *mut std::ffi::c_void, mcpring_destroy_fn) {
    (Function::CALL, Function::new(body).user_data, Function::DESTROY)
}

/// A server of everything, on one driver, and a client of it.
fn served(driver: &str) -> (Handle, Client) {
    let server = Handle::new();
    let settings = json!({ "resource_subscriptions": true, "list_changes": true });
    assert_eq!(server.configure(&settings), MCPRING_OK);
    for fixed in [
        resource("demo://text", |it| it.text = view("fixed")),
        resource("demo://empty", |it| it.text = view("")),
        resource("demo://blob", |it| {
            it.blob = view_bytes(b"\0\xff");
            it.mime_type = view("x/y");
            it.title = view("Title");
            it.description = view("What it holds");
            it.icons = view(r#"[{"src":"data:,"}]"#);
            it.annotations = view(r#"{"priority":0.5}"#);
            it.meta = view(r#"{"k":1}"#);
            (it.cache_ttl_ms, it.cache_public) = (7, true);
        }),
        resource("demo://made", |it| {
            (it.call, it.user_data, it.destroy) = function(|call| {
                let uri = call.fact(MCPRING_FACT_URI).unwrap_or_default();
                let mime_type = call.fact(MCPRING_FACT_MIME_TYPE).unwrap_or_default();
                call.reply(&format!("{uri} {mime_type}"))
            });
            it.mime_type = view("text/x");
            it.size = 9;
        }),
        resource("demo://parts", |it| {
            (it.call, it.user_data, it.destroy) = function(parts);
        }),
        resource("demo://json", |it| {
            (it.call, it.user_data, it.destroy) =
                function(|call| c!(mcpring_call_reply_json(call.0, view("[1]"))));
        }),
    ] {
        assert_eq!(add(server, &fixed), MCPRING_OK, "{}", last_error());
    }
    add_template(server);
    add_prompt(server);
    let client = Client::open(&server.serve(driver));
    (server, client)
}

fn parts(call: Call) -> mcpring_status {
    let part = |set: &dyn Fn(&mut mcpring_content)| {
        let content = zeroed(|content: &mut mcpring_content| set(content));
        assert_eq!(
            c!(mcpring_call_add(call.0, &raw const content)),
            MCPRING_OK,
            "{}",
            last_error()
        );
    };
    part(&|it| (it.kind, it.data) = (MCPRING_CONTENT_RESOURCE_TEXT, view("t")));
    part(&|it| {
        it.kind = MCPRING_CONTENT_RESOURCE_BLOB;
        (it.uri, it.data, it.mime_type) = (view("demo://parts/2"), view("b"), view("a/b"));
    });
    c!(mcpring_call_finish(call.0))
}

fn add_template(server: Handle) {
    let values = [view("ann"), view("anton"), view("bea")];
    let completer = mcpring_completer {
        name: view("id"),
        values: values.as_ptr(),
        value_count: values.len(),
        execution: MCPRING_RUN_POOL,
        call: None,
        user_data: ptr::null_mut(),
        destroy: None,
    };
    let template = zeroed(|it: &mut mcpring_template| {
        (it.uri_template, it.name) = (view("users://{id}/{part}"), view("user"));
        (it.call, it.user_data, it.destroy) = function(|call| {
            let (id, part) = (call.variable("id"), call.variable("part"));
            assert_eq!(call.variable("other"), Err(MCPRING_ERR_NOT_FOUND));
            call.reply(&format!("{} {}", id.unwrap_or_default(), part.unwrap_or_default()))
        });
        (it.completers, it.completer_count) = (&raw const completer, 1);
    });
    let added = c!(mcpring_server_add_template(server.0, &raw const template));
    assert_eq!(added, MCPRING_OK, "{}", last_error());
}

fn add_prompt(server: Handle) {
    let arguments = [
        mcpring_argument {
            name: view("who"),
            title: ABSENT,
            description: view("Whom"),
            required: true,
        },
        mcpring_argument {
            name: view("how"),
            title: view("How"),
            description: ABSENT,
            required: false,
        },
    ];
    let (call, user_data, destroy) = function(|call| {
        let partial = call.fact(MCPRING_FACT_PARTIAL).unwrap_or_default();
        let name = call.fact(MCPRING_FACT_NAME).unwrap_or_default();
        let known = call.argument("who").unwrap_or_default();
        assert_eq!(call.ask("k", "roots/list", "{}"), MCPRING_ERR_UNSUPPORTED);
        let value = format!("{partial}-{name}-{known}");
        assert_eq!(c!(mcpring_call_add_text(call.0, view(&value))), MCPRING_OK);
        assert_eq!(c!(mcpring_call_set_total(call.0, 9, true)), MCPRING_OK);
        c!(mcpring_call_finish(call.0))
    });
    let completer = mcpring_completer {
        name: view("how"),
        values: ptr::null(),
        value_count: 0,
        execution: MCPRING_RUN_INLINE,
        call,
        user_data,
        destroy,
    };
    let prompt = zeroed(|it: &mut mcpring_prompt| {
        (it.name, it.title) = (view("greet"), view("Greet"));
        (it.arguments, it.argument_count) = (arguments.as_ptr(), arguments.len());
        (it.call, it.user_data, it.destroy) = function(|call| {
            let who = call.argument("who").unwrap_or_default();
            assert_eq!(c!(mcpring_call_add_text(call.0, view(&format!("Greet {who}.")))), 0);
            let content = zeroed(|it: &mut mcpring_content| {
                (it.role, it.data) = (MCPRING_ROLE_ASSISTANT, view("Hello!"));
            });
            assert_eq!(c!(mcpring_call_add(call.0, &raw const content)), MCPRING_OK);
            assert_eq!(c!(mcpring_call_set_description(call.0, view("A greeting"))), MCPRING_OK);
            let json = c!(mcpring_call_reply_json(call.0, view("{}")));
            assert_eq!(json, MCPRING_ERR_UNSUPPORTED, "a prompt has no JSON");
            c!(mcpring_call_finish(call.0))
        });
        (it.completers, it.completer_count) = (&raw const completer, 1);
    });
    let added = c!(mcpring_server_add_prompt(server.0, &raw const prompt));
    assert_eq!(added, MCPRING_OK, "{}", last_error());
}

#[test]
fn reads_prompts_and_completions_answer() {
    for driver in drivers() {
        let (server, mut client) = served(driver);
        let mut check = |method: &str, params: Value, want: Value| {
            let answer = client.ask(method, &params);
            let got = answer.get("result").or(answer.get("error")).unwrap_or(&answer);
            assert_eq!(got, &want, "{driver} {method} {params}");
        };
        let uri = |uri: &str| json!({ "uri": uri });
        let one = |part: Value| json!({ "contents": [part] });
        let plain = |uri: &str, text: &str| {
            one(json!({ "uri": uri, "mimeType": "text/plain", "text": text }))
        };
        check("resources/read", uri("demo://text"), plain("demo://text", "fixed"));
        check("resources/read", uri("demo://empty"), plain("demo://empty", ""));
        check("resources/read", uri("demo://blob"), {
            one(json!({ "uri": "demo://blob", "mimeType": "x/y", "blob": "AP8=" }))
        });
        check("resources/read", uri("demo://made"), {
            let text = "demo://made text/x";
            one(json!({ "uri": "demo://made", "mimeType": "text/x", "text": text }))
        });
        check("resources/read", uri("demo://parts"), {
            json!({ "contents": [{ "uri": "demo://parts", "text": "t" },
                { "uri": "demo://parts/2", "mimeType": "a/b", "blob": "Yg==" }] })
        });
        check("resources/read", uri("demo://json"), {
            one(json!({ "uri": "demo://json", "mimeType": "application/json", "text": "[1]" }))
        });
        check("resources/read", uri("users://a%20b/x"), {
            one(json!({ "uri": "users://a%20b/x", "text": "a b x" }))
        });
        check("prompts/get", json!({ "name": "greet", "arguments": { "who": "Ann" } }), {
            let text = |text: &str| json!({ "type": "text", "text": text });
            json!({ "description": "A greeting", "messages": [
                { "role": "user", "content": text("Greet Ann.") },
                { "role": "assistant", "content": text("Hello!") },
            ] })
        });
        check(
            "completion/complete",
            json!({ "ref": { "type": "ref/resource", "uri": "users://{id}/{part}" },
                "argument": { "name": "id", "value": "an" } }),
            json!({ "completion": { "values": ["ann", "anton"], "hasMore": false } }),
        );
        check(
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "greet" },
                "argument": { "name": "how", "value": "lo" },
                "context": { "arguments": { "who": "Ann" } } }),
            json!({ "completion": { "values": ["lo-how-Ann"], "total": 9, "hasMore": true } }),
        );
        assert_eq!(server.free(), MCPRING_OK);
    }
}

#[test]
fn lists_show_what_was_said() {
    let (server, mut client) = served("epoll");
    let tool = {
        let mut tool = tool("full", |call| call.reply(""));
        (tool.title, tool.description) = (view("Full"), view("Everything"));
        tool.input_schema = view(r#"{"type":"object","required":["a"]}"#);
        tool.output_schema = view(r#"{"type":"object"}"#);
        tool.annotations = view(r#"{"readOnlyHint":true,"title":"T"}"#);
        tool.icons = view(r#"[{"src":"https://a.example/i.png","sizes":["any"]}]"#);
        tool.meta = view(r#"{"k":{"v":[1]}}"#);
        tool
    };
    assert_eq!(server.add(&tool), MCPRING_OK, "{}", last_error());
    let resources = client.ask("resources/list", &json!({}));
    let blob = &resources["result"]["resources"][2];
    let want = json!({ "uri": "demo://blob", "name": "name", "title": "Title",
        "description": "What it holds", "mimeType": "x/y", "size": 2,
        "annotations": { "priority": 0.5 }, "icons": [{ "src": "data:," }], "_meta": { "k": 1 } });
    assert_eq!(blob, &want);
    assert_eq!(resources["result"]["resources"][3]["size"], 9);
    let prompts = client.ask("prompts/list", &json!({}));
    let want = json!({ "name": "greet", "title": "Greet", "arguments": [
        { "name": "who", "description": "Whom", "required": true },
        { "name": "how", "title": "How", "required": false },
    ] });
    assert_eq!(prompts["result"]["prompts"][0], want);
    let tools = client.ask("tools/list", &json!({}));
    let want = json!({ "name": "full", "title": "Full", "description": "Everything",
        "inputSchema": { "type": "object", "required": ["a"] },
        "outputSchema": { "type": "object" },
        "annotations": { "readOnlyHint": true, "title": "T" },
        "icons": [{ "src": "https://a.example/i.png", "sizes": ["any"] }],
        "_meta": { "k": { "v": [1] } } });
    let listed = &mut tools["result"]["tools"][0].clone();
    if let Some(members) = listed.as_object_mut() {
        members.remove("execution");
    }
    assert_eq!(listed, &want);
    assert_eq!(server.free(), MCPRING_OK);
}

/// What is refused names its fault, changes nothing, and has its user data destroyed.
#[test]
fn what_is_refused_is_destroyed() {
    let server = Handle::new();
    let gone = Gone::default();
    let made = || {
        let guard = gone.guard();
        tool("a", move |call| {
            let _ = &guard;
            call.reply("")
        })
    };
    let mut refused = 0;
    let mut check = |set: &dyn Fn(&mut mcpring_tool), status: mcpring_status, words: &str| {
        let mut tool = made();
        set(&mut tool);
        assert_eq!(server.add(&tool), status, "{words}: {}", last_error());
        assert!(last_error().contains(words), "{words}: {}", last_error());
        refused += 1;
        assert_eq!(gone.count(), refused, "{words}");
    };
    check(&|it| it.name = ABSENT, ARGUMENT, "name is empty");
    check(&|it| it.name = view("a b"), USAGE, "characters other than");
    check(&|it| it.name = view_bytes(b"\xff"), ARGUMENT, "name is not UTF-8");
    check(&|it| it.input_schema = view("{"), USAGE, "the input schema is not JSON");
    check(&|it| it.input_schema = view("{}"), USAGE, "\"type\": \"object\"");
    check(&|it| it.output_schema = view(r#"{"type":"thing"}"#), USAGE, "the output schema");
    check(&|it| it.annotations = view(r#"{"readOnly":true}"#), ARGUMENT, "unknown field");
    check(&|it| it.icons = view("[{}]"), ARGUMENT, "missing field `src`");
    check(&|it| it.icons = view(r#"[{"src":"file:///x"}]"#), USAGE, "icon");
    check(&|it| it.meta = view("7"), ARGUMENT, "meta");
    check(&|it| it.scopes = view("a\"b"), USAGE, "scope");
    check(&|it| it.execution = 3, ARGUMENT, "there is no execution 3");
    check(&|it| it.task_support = 3, ARGUMENT, "there is no task_support 3");
    check(&|it| it.call = None, ARGUMENT, "call is NULL");
    assert_eq!(Handle(ptr::null_mut()).add(&made()), MCPRING_ERR_HANDLE);
    assert_eq!(gone.count(), refused + 1);
    assert_eq!(c!(mcpring_server_add_tool(server.0, ptr::null())), ARGUMENT);
    assert_eq!(server.add(&made()), MCPRING_OK, "nothing of the others is left");
    assert_eq!(server.add(&made()), USAGE, "the name is taken");
    assert_eq!(gone.count(), refused + 2);
    for resource in [
        resource("demo://x", |_| {}),
        resource("demo://x", |it| (it.text, it.blob) = (view("t"), view("b"))),
    ] {
        assert_eq!(add(server, &resource), ARGUMENT, "{}", last_error());
    }
    assert_eq!(add(server, &resource("no uri", |it| it.text = view("t"))), USAGE);
    assert_eq!(server.free(), MCPRING_OK);
    assert_eq!(gone.count(), refused + 3);
}

/// A completer's user data is the library's as well, whatever becomes of its feature.
#[test]
fn completers_are_destroyed_with_their_feature() {
    let server = Handle::new();
    let gone = Gone::default();
    let completer = |name: &'static str| {
        let guard = gone.guard();
        let (call, user_data, destroy) = function(move |call| {
            let _ = &guard;
            call.reply("")
        });
        let (values, value_count, execution) = (ptr::null(), 0, MCPRING_RUN_POOL);
        mcpring_completer {
            name: view(name),
            values,
            value_count,
            execution,
            call,
            user_data,
            destroy,
        }
    };
    let add = |completers: &[mcpring_completer]| {
        let template = zeroed(|it: &mut mcpring_template| {
            (it.uri_template, it.name) = (view("a://{x}"), view("a"));
            let guard = gone.guard();
            (it.call, it.user_data, it.destroy) = function(move |call| {
                let _ = &guard;
                call.reply("")
            });
            (it.completers, it.completer_count) = (completers.as_ptr(), completers.len());
        });
        c!(mcpring_server_add_template(server.0, &raw const template))
    };
    assert_eq!(add(&[completer("x"), completer("y")]), MCPRING_ERR_USAGE, "{}", last_error());
    assert!(last_error().contains("it completes \"y\""), "{}", last_error());
    assert_eq!(gone.count(), 3);
    assert_eq!(add(&[completer("x")]), MCPRING_OK, "{}", last_error());
    assert_eq!(gone.count(), 3);
    assert_eq!(server.remove(MCPRING_TEMPLATE, "a://{y}"), MCPRING_ERR_NOT_FOUND);
    assert_eq!(server.remove(MCPRING_TEMPLATE, "a://{x}"), MCPRING_OK);
    assert_eq!(gone.count(), 5);
    assert_eq!(server.free(), MCPRING_OK);
}
