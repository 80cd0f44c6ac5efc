//! What a server's features look like at the wire, version by version: completions, structured
//! output, cache hints, capabilities, and errors that only one version has.

#![allow(clippy::disallowed_methods, clippy::type_complexity, reason = "a test program")]

mod harness;

use harness::{LINE, World};
use mcpring::Config;
use mcpring::model::{
    CacheHint, Completion, Elicitation, LogLevel, PromptArgument, RawJson, ResourceContents,
    ResourceResult, TaskSupport,
};
use mcpring::server::{
    Call, Completer, Deferred, Outcome, OutputPolicy, Prompt, Resource, ResourceTemplate, Server,
    ServerBuilder, Tool,
};
use serde_json::{Value, json};

const VERSIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// One connection on which one version is spoken.
struct Peer {
    world: World,
    slot: mcpring::slot::Slot,
    version: &'static str,
    introduction: Value,
}

impl Peer {
    fn new(server: ServerBuilder, version: &'static str) -> Self {
        let server = server.build().expect("the test's server is in order");
        let mut world = World::new(server, Config::default());
        let slot = world.connect(LINE);
        let mut peer = Self { world, slot, version, introduction: Value::Null };
        peer.introduction = if version == "2026-07-28" {
            peer.ask("server/discover", json!({}))
        } else {
            let client = json!({ "name": "test", "version": "1" });
            let params =
                json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
            peer.ask("initialize", params)
        };
        peer
    }

    /// The reply to a request: its result, or its error.
    fn ask(&mut self, method: &str, mut params: Value) -> Value {
        if self.version == "2026-07-28" {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.version,
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let sent = self.world.feed(self.slot, format!("{request}\n").as_bytes());
        let mut reply: Value = serde_json::from_slice(&sent).expect("one reply");
        match reply.get_mut("result") {
            Some(result) => result.take(),
            None => reply["error"].take(),
        }
    }

    fn call(&mut self, tool: &str) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": {} }))
    }
}

fn builder() -> ServerBuilder {
    Server::builder("test", "1.0.0")
}

fn completing() -> ServerBuilder {
    let places = |call: &mut Call<'_>| match call.argument("country").as_deref() {
        Some("fr") => vec![format!("{}aris", call.partial())],
        Some(other) => vec![format!("none in {other}")],
        None => Vec::new(),
    };
    let prompt = Prompt::new("travel", |_: &mut Call<'_>| "go")
        .argument(PromptArgument::required("country"))
        .argument(PromptArgument::required("place"))
        .argument(PromptArgument::optional("mood"))
        .argument(PromptArgument::optional("many"))
        .argument(PromptArgument::optional("broken"))
        .completer("country", Completer::values(["fr", "fi", "de"]))
        .complete("place", places)
        .complete("many", |_: &mut Call<'_>| {
            (0..150).map(|n| n.to_string()).collect::<Completion>()
        })
        .complete("broken", |_: &mut Call<'_>| Err::<Completion, _>("no luck"));
    let template = ResourceTemplate::new("demo://{kind}/{id}", "thing", |_: &mut Call<'_>| "")
        .completer("id", Completer::new(|_: &mut Call<'_>| vec!["1", "2"]).pool());
    builder().prompt(prompt).template(template).resource(Resource::text("demo://one", "one", "1"))
}

#[test]
fn completions() {
    let prompt = || json!({ "type": "ref/prompt", "name": "travel" });
    let template = |uri: &str| json!({ "type": "ref/resource", "uri": uri });
    let asked = |name: &str, value: &str| json!({ "name": name, "value": value });
    let thing = || template("demo://{kind}/{id}");
    let many: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    let none = || json!({ "values": [], "hasMore": false });
    let rows: Vec<(Value, Value, Result<Value, i32>)> = vec![
        (prompt(), asked("country", "f"), Ok(json!({ "values": ["fr", "fi"], "hasMore": false }))),
        (prompt(), asked("country", "x"), Ok(none())),
        (prompt(), asked("mood", ""), Ok(none())),
        (prompt(), asked("unknown", ""), Ok(none())),
        (prompt(), asked("many", ""), Ok(json!({ "values": many, "total": 150, "hasMore": true }))),
        (thing(), asked("id", ""), Ok(json!({ "values": ["1", "2"], "hasMore": false }))),
        (thing(), asked("kind", ""), Ok(none())),
        (template("demo://one"), asked("id", ""), Ok(none())),
        (prompt(), asked("broken", ""), Err(-32603)),
        (template("demo://other"), asked("id", ""), Err(-32602)),
        (json!({ "type": "ref/prompt", "name": "other" }), asked("a", ""), Err(-32602)),
        (json!({ "type": "ref/tool", "name": "travel" }), asked("a", ""), Err(-32602)),
        (json!({ "type": "ref/prompt" }), asked("a", ""), Err(-32602)),
        (json!({ "name": "travel" }), asked("a", ""), Err(-32602)),
        (json!("travel"), asked("a", ""), Err(-32602)),
        (Value::Null, asked("a", ""), Err(-32602)),
        (prompt(), json!({ "name": "country" }), Err(-32602)),
        (prompt(), json!({ "name": "country", "value": 1 }), Err(-32602)),
        (prompt(), json!({ "value": "" }), Err(-32602)),
        (prompt(), json!([]), Err(-32602)),
    ];
    for version in VERSIONS {
        let mut peer = Peer::new(completing(), version);
        for (reference, argument, expected) in &rows {
            let params = json!({ "ref": reference, "argument": argument });
            let reply = peer.ask("completion/complete", params);
            match expected {
                Ok(completion) => assert_eq!(reply["completion"], *completion, "{argument}"),
                Err(code) => assert_eq!(reply["code"], *code, "{reference} {argument}: {reply}"),
            }
        }
    }
}

#[test]
fn completions_know_the_other_arguments_where_clients_send_them() {
    for (version, values) in
        VERSIONS.into_iter().zip([&[][..], &[], &["Paris"], &["Paris"], &["Paris"]])
    {
        let mut peer = Peer::new(completing(), version);
        let mut complete = |context: Value| {
            let reference = json!({ "type": "ref/prompt", "name": "travel" });
            let argument = json!({ "name": "place", "value": "P" });
            let params = json!({ "ref": reference, "argument": argument, "context": context });
            peer.ask("completion/complete", params)
        };
        let reply = complete(json!({ "arguments": { "country": "fr" } }));
        assert_eq!(reply["completion"]["values"], json!(values), "{version}");
        assert_eq!(complete(json!({}))["completion"]["values"], json!([]), "{version}");
        assert_eq!(complete(json!([]))["code"], -32602, "{version}");
        let is_read = !values.is_empty();
        assert_eq!(complete(json!({ "arguments": 1 }))["code"] == -32602, is_read, "{version}");
    }
}

#[test]
fn without_completers_there_is_no_such_method() {
    for version in VERSIONS {
        let silent = builder().prompt(Prompt::new("p", |_: &mut Call<'_>| "p"));
        let mut peer = Peer::new(silent, version);
        assert!(peer.introduction["capabilities"].get("completions").is_none());
        assert_eq!(peer.ask("completion/complete", json!({}))["code"], -32601, "{version}");
        let peer = Peer::new(completing(), version);
        let is_said = peer.introduction["capabilities"].get("completions").is_some();
        assert_eq!(is_said, version != "2024-11-05", "{version}");
    }
}

fn raw(json: &str) -> Box<RawJson> {
    RawJson::from_string(json.into()).expect("the test's JSON is JSON")
}

/// A tool that answers `structured`, and says so by an output schema of that `kind`.
fn structured(structured: &'static str, kind: &str) -> Tool {
    Tool::raw("t", json!({ "type": "object" }), move |_: &mut Call<'_>| {
        Outcome::structured(raw(structured))
    })
    .output_schema(json!({ "type": kind }))
}

#[test]
fn structured_output() {
    let absent = Value::Null;
    let (object, wrapped) = (json!({ "a": 1 }), json!({ "result": [1] }));
    for (version, of_object, of_list, is_object_listed, is_list_listed) in [
        ("2024-11-05", &absent, &absent, false, false),
        ("2025-03-26", &absent, &absent, false, false),
        ("2025-06-18", &object, &wrapped, true, false),
        ("2025-11-25", &object, &wrapped, true, false),
        ("2026-07-28", &object, &json!([1]), true, true),
    ] {
        for (json, kind, content, is_listed) in [
            (r#"{"a":1}"#, "object", of_object, is_object_listed),
            ("[1]", "array", of_list, is_list_listed),
        ] {
            let mut peer = Peer::new(builder().tool(structured(json, kind)), version);
            let tools = peer.ask("tools/list", json!({}));
            assert_eq!(tools["tools"][0].get("outputSchema").is_some(), is_listed, "{version}");
            let result = peer.call("t");
            assert_eq!(result["structuredContent"], *content, "{version} {kind}");
            assert_eq!(result["content"], json!([{ "type": "text", "text": json }]), "{version}");
        }
    }
}

#[test]
fn output_that_breaks_its_schema() {
    for version in VERSIONS {
        let strict = builder().tool(structured("[1]", "object"));
        assert_eq!(Peer::new(strict, version).call("t")["code"], -32603, "{version}");
        let lax = builder().output_policy(OutputPolicy::Warn).tool(structured("[1]", "object"));
        let result = Peer::new(lax, version).call("t");
        assert_eq!(result["content"][0]["text"], "[1]", "{version}: {result}");
    }
}

#[test]
fn cache_hints() {
    let hinted = || {
        builder()
            .cache_hint(CacheHint::public(60_000))
            .tool(Tool::raw("t", json!({ "type": "object" }), |_: &mut Call<'_>| "t"))
            .resource(Resource::text("demo://plain", "plain", ""))
            .resource(Resource::text("demo://kept", "kept", "").cache_hint(CacheHint::private(5)))
            .template(
                ResourceTemplate::new("demo://{id}/x", "x", |call: &mut Call<'_>| {
                    let contents = ResourceContents::text(call.uri().to_owned(), "");
                    match call.variable("id") {
                        Some("own") => {
                            ResourceResult::new(vec![contents]).cache(CacheHint::private(9))
                        }
                        _ => vec![contents].into(),
                    }
                })
                .cache_hint(CacheHint::public(7)),
            )
            .prompt(Prompt::new("p", |_: &mut Call<'_>| "p"))
    };
    let read = |uri: &str| ("resources/read", json!({ "uri": uri }));
    let rows = [
        (("server/discover", json!({})), json!([60_000, "public"])),
        (("tools/list", json!({})), json!([60_000, "public"])),
        (("prompts/list", json!({})), json!([60_000, "public"])),
        (("resources/list", json!({})), json!([60_000, "public"])),
        (("resources/templates/list", json!({})), json!([60_000, "public"])),
        (read("demo://plain"), json!([0, "private"])),
        (read("demo://kept"), json!([5, "private"])),
        (read("demo://a/x"), json!([7, "public"])),
        (read("demo://own/x"), json!([9, "private"])),
        (("tools/call", json!({ "name": "t" })), json!([null, null])),
        (("prompts/get", json!({ "name": "p" })), json!([null, null])),
    ];
    for version in VERSIONS {
        let mut peer = Peer::new(hinted(), version);
        let is_stateless = version == "2026-07-28";
        for ((method, params), hint) in &rows {
            if *method == "server/discover" && !is_stateless {
                continue;
            }
            let result = peer.ask(method, params.clone());
            assert!(result.get("code").is_none(), "{version} {method}: {result}");
            let expected = if is_stateless { hint } else { &json!([null, null]) };
            assert_eq!(json!([result["ttlMs"], result["cacheScope"]]), *expected, "{method}");
        }
    }
}

#[test]
fn urls_are_required_by_one_version() {
    let tool = || {
        Tool::raw("t", json!({ "type": "object" }), |_: &mut Call<'_>| {
            let question = Elicitation::url("Sign in.", "https://a.example/", "7");
            Outcome::urls_required("sign in first", &[question])
        })
    };
    for version in VERSIONS {
        let error = Peer::new(builder().tool(tool()), version).call("t");
        let expected = if version == "2025-11-25" {
            let question = json!({ "mode": "url", "message": "Sign in.", "elicitationId": "7",
                "url": "https://a.example/" });
            json!({ "code": -32042, "message": "sign in first",
                "data": { "elicitations": [question] } })
        } else {
            json!({ "code": -32603, "message": "sign in first" })
        };
        assert_eq!(error, expected, "{version}");
    }
}

#[test]
fn capabilities_are_what_was_declared() {
    let plain = || Tool::raw("t", json!({ "type": "object" }), |_: &mut Call<'_>| "t");
    let declared = || {
        builder()
            .tool(plain().task_support(TaskSupport::Optional))
            .resource(Resource::text("demo://a", "a", ""))
            .list_changes()
            .resource_subscriptions()
            .logging()
            .extension("com.example/x", &json!({ "y": 1 }))
            .experimental("z", &json!({}))
    };
    let said = |version, server| {
        let mut peer = Peer::new(server, version);
        peer.introduction["capabilities"].take()
    };
    let mut all = json!({
        "experimental": { "z": {} },
        "logging": {},
        "prompts": { "listChanged": true },
        "resources": { "subscribe": true, "listChanged": true },
        "tools": { "listChanged": true },
    });
    assert_eq!(said("2025-06-18", declared()), all);
    all["tasks"] = json!({ "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } });
    assert_eq!(said("2025-11-25", declared()), all);
    all.as_object_mut().expect("an object").remove("tasks");
    all["extensions"] = json!({ "io.modelcontextprotocol/tasks": {}, "com.example/x": { "y": 1 } });
    assert_eq!(said("2026-07-28", declared()), all);
    for version in VERSIONS {
        assert_eq!(said(version, builder().tool(plain())), json!({ "tools": {} }), "{version}");
        assert_eq!(said(version, builder()), json!({}), "{version}");
    }
}

#[test]
fn asynchronous_completers_run_like_every_feature() {
    let prompt =
        Prompt::new("p", |_: &mut Call<'_>| "p").argument(PromptArgument::required("a")).completer(
            "a",
            Completer::future(|call: Deferred| async move { vec![call.partial().to_owned()] }),
        );
    let server = builder().prompt(prompt).build().expect("the server is in order");
    let entry = server.features().prompts().find("p").expect("the prompt is there");
    let feature = entry.completers().find("a").expect("the completer is there");
    assert_eq!(feature.execution(), mcpring::server::Execution::Async);
}

/// Answers after far more words than a pipe keeps for a peer that takes none.
fn chatty(call: &mut Call<'_>) -> &'static str {
    let words = "x".repeat(1024);
    for step in 0..4096u32 {
        call.context().log(LogLevel::Warning, &words);
        call.context().progress(f64::from(step), None, Some(&words));
    }
    "done"
}

#[test]
fn a_slow_peer_is_spared_news_and_not_its_answer() {
    let tool = Tool::raw("chatty", json!({ "type": "object" }), chatty).pool();
    let mut peer = Peer::new(Server::builder("test", "1").logging().tool(tool), "2025-11-25");
    peer.world.hold(peer.slot);
    let params = json!({ "name": "chatty", "_meta": { "progressToken": 1 } });
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params });
    assert!(peer.world.feed(peer.slot, format!("{call}\n").as_bytes()).is_empty());
    assert!(peer.world.metrics.notifications_dropped.get() > 4096, "most were not kept");
    peer.world.release(peer.slot);
    let sent = peer.world.take(peer.slot);
    assert!(sent.len() < 2 << 20, "{} bytes were kept", sent.len());
    let last = sent.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().expect("a line");
    let answer: Value = serde_json::from_slice(last).expect("JSON");
    assert_eq!(answer["id"], 2, "{answer}");
}
